//! Responses written as lines of text, and what is made of them. The tests of higher floors write theirs the same way.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::answer::{Kind, MAX_CHAIN, Unusable};
use super::edns::{ExtendedError, Options, extended_errors, passable, write_opt};
use super::header::{HEADER, flag};
use super::reply::{self, Head};
use super::*;

/// The question in `name TYPE`.
pub(crate) fn question(text: &str) -> Question {
    let (name, kind) = text.split_once(' ').unwrap();
    Question {
        name: name.parse().unwrap(),
        kind: kind.parse().unwrap(),
        class: types::class::IN,
    }
}

/// A response to `name TYPE`. Each line is `[section: ]owner ttl [class] type data…`, the lines in the order of the sections;
/// `opt: hex` is an OPT record with these options.
pub(crate) fn response(asked: &str, rcode: u16, lines: &[&str]) -> Vec<u8> {
    let question = question(asked);
    let mut counts = [0_u16; 3];
    let mut records = Vec::new();
    for line in lines {
        let (section, line) = match line.split_once(": ") {
            Some(("authority", rest)) => (1, rest),
            Some(("additional", rest)) => (2, rest),
            Some(("opt", rest)) => {
                write_opt(&mut records, Rcode(rcode), false, &hex(rest), None);
                counts[2] += 1;
                continue;
            }
            _ => (0, *line),
        };
        counts[section] += 1;
        write_record(&mut records, &question.name, line);
    }
    let header = Header {
        id: 0x4c57,
        flags: flag::QR | flag::RD | flag::RA | rcode & flag::RCODE,
        questions: 1,
        answers: counts[0],
        authorities: counts[1],
        additionals: counts[2],
    };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend_from_slice(question.name.as_wire());
    bytes.extend_from_slice(&question.kind.0.to_be_bytes());
    bytes.extend_from_slice(&question.class.to_be_bytes());
    bytes.extend(records);
    bytes
}

fn write_record(out: &mut Vec<u8>, asked: &Name, line: &str) {
    let mut words = line.split_whitespace().peekable();
    let mut word = || words.next().unwrap_or_else(|| panic!("{line}: cut"));
    let owner: Name = word().parse().unwrap();
    let ttl: u32 = word().parse().unwrap();
    let mut kind = word();
    let mut class = types::class::IN;
    if kind == "CH" {
        (class, kind) = (types::class::CH, word());
    }
    let kind: RecordType = kind.parse().unwrap();
    let data = write_data(kind, &words.collect::<Vec<_>>());
    if owner == *asked {
        out.extend_from_slice(&[0xc0, 0x0c]);
    } else {
        out.extend_from_slice(owner.as_wire());
    }
    out.extend_from_slice(&kind.0.to_be_bytes());
    out.extend_from_slice(&class.to_be_bytes());
    out.extend_from_slice(&ttl.to_be_bytes());
    out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
    out.extend(data);
}

/// A: address. AAAA: address. SOA: minimum. RRSIG: covered type. HTTPS, SVCB: priority, target, key=hex. MX: preference and
/// name. Types that are names: the name. All others: hex.
fn write_data(kind: RecordType, words: &[&str]) -> Vec<u8> {
    let name = |text: &str| text.parse::<Name>().unwrap().as_wire().to_vec();
    let number = |text: &str| text.parse::<u16>().unwrap().to_be_bytes().to_vec();
    match (kind, words) {
        (RecordType::A, [address]) => address.parse::<Ipv4Addr>().unwrap().octets().to_vec(),
        (RecordType::AAAA, [address]) => address.parse::<Ipv6Addr>().unwrap().octets().to_vec(),
        (RecordType::CNAME | RecordType::DNAME | RecordType::NS | RecordType::PTR, [target]) => {
            name(target)
        }
        (RecordType::MX, [preference, target]) => [number(preference), name(target)].concat(),
        (RecordType::SOA, [minimum]) => reply::soa_data(minimum.parse().unwrap()),
        (RecordType::RRSIG, [covers]) => [
            covers
                .parse::<RecordType>()
                .unwrap()
                .0
                .to_be_bytes()
                .to_vec(),
            vec![13, 2, 0, 0, 1, 44, 0, 0, 0, 2, 0, 0, 0, 1, 0, 7],
            name("example"),
            vec![0xab; 8],
        ]
        .concat(),
        (RecordType::HTTPS | RecordType::SVCB, [priority, target, parameters @ ..]) => {
            let mut data = [number(priority), name(target)].concat();
            for parameter in parameters {
                let (key, value) = parameter.split_once('=').unwrap();
                let value = hex(value);
                data.extend(number(key));
                data.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
                data.extend(value);
            }
            data
        }
        (_, words) => hex(&words.concat()),
    }
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// What of a response written as lines is used.
pub(crate) fn answer(asked: &str, rcode: u16, lines: &[&str]) -> Result<Answer, Unusable> {
    let bytes = response(asked, rcode, lines);
    Answer::read(&Message::read(&bytes)?, &question(asked))
}

/// A query of `name TYPE` with these flags, and an OPT record with these options if there are any.
pub(crate) fn query(asked: &str, flags: u16, options: Option<(u16, bool, &str)>) -> Vec<u8> {
    let question = question(asked);
    let header = Header {
        id: 0x1234,
        flags,
        questions: 1,
        answers: 0,
        authorities: 0,
        additionals: u16::from(options.is_some()),
    };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend(question.name.as_wire().to_ascii_uppercase());
    bytes.extend_from_slice(&question.kind.0.to_be_bytes());
    bytes.extend_from_slice(&question.class.to_be_bytes());
    if let Some((payload, dnssec_ok, options)) = options {
        let at = bytes.len() + 3;
        write_opt(&mut bytes, Rcode::NOERROR, dnssec_ok, &hex(options), None);
        overwrite(&mut bytes, at, &payload.to_be_bytes());
    }
    bytes
}

/// The records of a message as `owner TYPE`, those behind the answer section after a `|`.
fn shown(bytes: &[u8]) -> String {
    let message = Message::read(bytes).unwrap();
    let mut words = Vec::new();
    for record in &message.records {
        if record.section == Section::Authority && !words.iter().any(|word| word == "|") {
            words.push("|".to_owned());
        }
        assert_ne!(record.section, Section::Additional);
        words.push(format!("{} {}", message.owner(record), record.kind));
    }
    words.join(" ")
}

/// What is kept of a response, or why it is not used.
fn check(asked: &str, rcode: u16, lines: &[&str], wanted: &str) {
    let found = match answer(asked, rcode, lines) {
        Ok(answer) => format!("{:?}: {}", answer.kind, shown(&answer.bytes)),
        Err(error) => format!("{error:?}"),
    };
    assert_eq!(found.trim_end(), wanted, "{asked} {lines:#?}");
}

#[test]
fn only_what_answers_the_question_is_kept() {
    let address = "a.example 60 A 93.184.216.34";
    check("a.example A", 0, &[address], "Positive: a.example A");
    check(
        "a.example A",
        0,
        &[
            "b.example 60 A 10.0.0.1",
            address,
            "a.example 60 AAAA ::1",
            "a.example 60 CH A 10.0.0.1",
            "authority: a.example 60 A 10.0.0.1",
            "authority: example 60 NS ns.example",
            "additional: a.example 60 A 10.0.0.1",
            "additional: ns.example 60 A 10.0.0.1",
        ],
        "Positive: a.example A",
    );
    check(
        "a.example A",
        0,
        &[
            "c.example 60 A 93.184.216.34",
            "a.example 60 CNAME b.example",
            "b.example 60 CNAME c.example",
            "x.example 60 CNAME c.example",
            "a.example 60 A 10.0.0.1",
        ],
        "Positive: c.example A a.example CNAME b.example CNAME",
    );
    check(
        "a.example CNAME",
        0,
        &[
            "a.example 60 CNAME b.example",
            "b.example 60 CNAME c.example",
        ],
        "Positive: a.example CNAME",
    );
    check(
        "a.b.example A",
        0,
        &[
            "b.example 60 DNAME c.example",
            "b.example 60 RRSIG DNAME",
            "a.b.example 60 CNAME a.c.example",
            "a.c.example 60 A 93.184.216.34",
            "other.example 60 DNAME c.example",
            "a.c.example 60 DNAME d.example",
        ],
        "Positive: b.example DNAME b.example RRSIG a.b.example CNAME a.c.example A",
    );
}

#[test]
fn signatures_and_proofs_of_what_is_kept_stay() {
    check(
        "a.example A",
        0,
        &[
            "a.example 60 CNAME b.example",
            "a.example 60 RRSIG CNAME",
            "a.example 60 RRSIG A",
            "b.example 60 A 93.184.216.34",
            "b.example 60 RRSIG A",
            "b.example 60 RRSIG AAAA",
            "authority: b.example 60 NSEC 00",
            "authority: b.example 60 RRSIG NSEC",
            "authority: b.example 60 RRSIG NS",
            "authority: example 60 NS ns.example",
        ],
        "Positive: a.example CNAME a.example RRSIG b.example A b.example RRSIG | b.example NSEC b.example RRSIG",
    );
    check(
        "a.example A",
        3,
        &[
            "authority: example 60 SOA 30",
            "authority: example 60 RRSIG SOA",
            "authority: elsewhere.test 60 SOA 30",
            "authority: h.example 60 NSEC3 00",
        ],
        "Nxdomain: | example SOA example RRSIG h.example NSEC3",
    );
}

#[test]
fn a_code_other_than_noerror_brings_no_data() {
    // Whoever says that a name does not exist and gives its address contradicts itself; a client might take the address.
    check(
        "a.example A",
        3,
        &["a.example 60 A 10.0.0.1", "authority: example 60 SOA 30"],
        "Nxdomain: | example SOA",
    );
    check(
        "a.example A",
        3,
        &[
            "a.example 60 CNAME b.example",
            "b.example 60 A 10.0.0.1",
            "authority: example 60 SOA 30",
        ],
        "Nxdomain: a.example CNAME | example SOA",
    );
    for rcode in [1, 2, 4, 5, 9] {
        check(
            "a.example A",
            rcode,
            &["a.example 60 A 10.0.0.1", "authority: example 60 SOA 30"],
            "Failure:",
        );
    }
}

#[test]
fn chains_end() {
    let chain = |aliases: usize| {
        let mut lines: Vec<String> = (0..aliases)
            .map(|index| format!("n{index}.example 60 CNAME n{}.example", index + 1))
            .collect();
        lines.push(format!("n{aliases}.example 60 A 93.184.216.34"));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        answer("n0.example A", 0, &lines).map(|answer| answer.kind)
    };
    assert_eq!(MAX_CHAIN, 11);
    assert_eq!(chain(11).unwrap(), Kind::Positive);
    assert_eq!(chain(12).unwrap_err(), Unusable::Chain);
    check("a.example A", 0, &["a.example 60 CNAME a.example"], "Chain");
    check(
        "a.example A",
        0,
        &[
            "a.example 60 CNAME b.example",
            "b.example 60 CNAME a.example",
        ],
        "Chain",
    );
}

#[test]
fn no_data_and_a_referral_look_alike_but_are_not() {
    let soa = "authority: example 60 SOA 30";
    let ns = "authority: example 60 NS ns.example";
    check("a.example A", 0, &[], "Nodata:");
    check("a.example A", 0, &[soa], "Nodata: | example SOA");
    check("a.example A", 0, &[ns, soa], "Nodata: | example SOA");
    check(
        "a.example A",
        0,
        &[ns, "additional: ns.example 60 A 192.0.2.1"],
        "Referral",
    );
    check(
        "a.example A",
        0,
        &["a.example 60 CNAME b.example", ns],
        "Nodata: a.example CNAME",
    );
}

#[test]
fn another_question_is_no_answer() {
    let bytes = response("a.example A", 0, &["a.example 60 A 93.184.216.34"]);
    let message = Message::read(&bytes).unwrap();
    for other in ["b.example A", "a.example AAAA", "example A"] {
        let found = Answer::read(&message, &question(other));
        assert_eq!(found.err(), Some(Unusable::OtherQuestion), "{other}");
    }
}

#[test]
fn a_lifetime_is_the_smallest_ttl_or_the_word_of_the_soa() {
    let positive = [
        "a.example 300 CNAME b.example",
        "b.example 60 A 93.184.216.34",
    ];
    let cases: &[(u16, &[&str], Option<u32>)] = &[
        (0, &positive, Some(60)),
        (0, &["a.example 0 A 93.184.216.34"], Some(0)),
        (0, &["a.example 4294967295 A 93.184.216.34"], Some(u32::MAX)),
        // The smaller of the SOA's own TTL and its last field (RFC 2308 §5).
        (0, &["authority: example 600 SOA 30"], Some(30)),
        (0, &["authority: example 20 SOA 30"], Some(20)),
        (3, &["authority: example 600 SOA 30"], Some(30)),
        (
            3,
            &[
                "a.example 5 CNAME b.example",
                "authority: example 600 SOA 30",
            ],
            Some(5),
        ),
        // Without a SOA a negative answer is not kept (RFC 2308 §5).
        (0, &[], None),
        (3, &["a.example 60 CNAME b.example"], None),
        (3, &["authority: elsewhere.test 600 SOA 30"], None),
        (2, &["authority: example 600 SOA 30"], None),
    ];
    for (rcode, lines, wanted) in cases {
        let found = answer("a.example A", *rcode, lines).unwrap().lifetime;
        assert_eq!(found, *wanted, "{rcode} {lines:?}");
    }
}

#[test]
fn what_is_kept_whole_keeps_its_octets() {
    let lines = [
        "a.example 60 CNAME b.example",
        "b.example 60 A 93.184.216.34",
    ];
    let bytes = response("a.example A", 0, &lines);
    let with_more = response(
        "a.example A",
        0,
        &[
            lines[0],
            lines[1],
            "additional: a.example 60 A 10.0.0.1",
            "opt: 000a0000",
        ],
    );
    let kept = answer("a.example A", 0, &lines).unwrap();
    let message = Message::read(&with_more).unwrap();
    let cut = Answer::read(&message, &message.question).unwrap();
    assert_eq!(kept.bytes, bytes);
    assert_eq!(cut.bytes, bytes);
    assert_eq!(kept.ttls, cut.ttls);
}

#[test]
fn what_moves_is_written_with_its_names_in_full() {
    // An MX record whose name ends in a record that is dropped: the pointer must not survive its target.
    let mut bytes = response("a.example MX", 0, &["BAIT.Example 60 A 10.0.0.1"]);
    let bait = bytes.len() - 4 - 10 - 14;
    assert_eq!(bytes[bait], 4);
    bytes.extend_from_slice(b"\xc0\x0c\0\x0f\0\x01\0\0\0\x3c\0\x09\0\x0a\x04MaIl\xc0");
    bytes.push(u8::try_from(bait).unwrap());
    bytes[7] = 2;
    let message = Message::read(&bytes).unwrap();
    let answer = Answer::read(&message, &message.question).unwrap();
    let end = HEADER + question("a.example MX").name.as_wire().len() + 4;
    let wanted = b"\xc0\x0c\0\x0f\0\x01\0\0\0\x3c\0\x15\0\x0a\x04MaIl\x04bait\x07example\0";
    assert_eq!(answer.bytes[end..], wanted[..]);
    assert_eq!(answer.ttls, [u16::try_from(end + 6).unwrap()]);
    assert_eq!(answer.bytes[..HEADER][6..12], [0, 1, 0, 0, 0, 0]);
}

#[test]
fn options_pass_unless_they_belong_to_one_hop() {
    // Client subnet, extended error 3 "x", cookie, keep-alive, padding, a private code.
    let options = "0008000400011800 000f0003000378 000a00021122 000b0000 000c00020000 fde90001ff"
        .replace(' ', "");
    let options = hex(&options);
    let passed: Vec<u8> = passable(Options(&options));
    assert_eq!(passed, hex("000f0003000378fde90001ff"));
    let errors: Vec<_> = extended_errors(Options(&passed)).collect();
    assert_eq!(errors, [(3, "x".to_owned())]);
    let answer = answer("a.example A", 2, &["opt: 000f0003000378000a00021122"]).unwrap();
    assert_eq!(answer.options, hex("000f0003000378"));
    assert_eq!(answer.rcode, Rcode::SERVFAIL);
    assert_eq!(answer.kind, Kind::Failure);
}

#[test]
fn an_option_that_is_cut_makes_the_message_unreadable() {
    for bad in ["00", "000f0003", "000f000300", "000f000200030000"] {
        let bytes = response("a.example A", 0, &[&format!("opt: {bad}")]);
        assert_eq!(Message::read(&bytes).err(), Some(Malformed), "{bad}");
    }
}

/// A reply with so many address records to a query with these options, cut to `limit`.
fn finished(query: &[u8], records: usize, limit: usize) -> Vec<u8> {
    let query = Query::read(query).unwrap();
    let mut out = Vec::new();
    reply::start(&mut out, &query);
    for _ in 0..records {
        reply::push_address(&mut out, Ipv4Addr::new(93, 184, 216, 34).into(), 60);
    }
    let error = ExtendedError {
        code: 15,
        text: "a reason",
    };
    let head = Head {
        counts: [u16::try_from(records).unwrap(), 0],
        flags: flag::AA,
        error: Some(error),
        ..Head::code(Rcode(0x015))
    };
    reply::finish(&mut out, &query, &head, limit);
    out
}

#[test]
fn a_reply_that_does_not_fit_is_the_question_alone() {
    let plain = query("a.example A", flag::RD | flag::CD, None);
    let whole = finished(&plain, 29, 512);
    assert_eq!(whole.len(), 12 + 15 + 29 * 16);
    // Without OPT there is no room for the code, so it is SERVFAIL.
    assert_eq!(whole[2..4], [0x85, 0x92]);
    let cut = finished(&plain, 31, 512);
    assert_eq!(
        cut[..],
        [&b"\x12\x34\x87\x92\0\x01\0\0\0\0\0\0"[..], &plain[12..]].concat()
    );

    let edns = query("a.example A", 0, Some((1232, true, "")));
    let whole = finished(&edns, 28, 512);
    assert_eq!(whole.len(), 12 + 15 + 28 * 16 + 25);
    assert_eq!(finished(&edns, 28, whole.len()), whole);
    let cut = finished(&edns, 28, whole.len() - 1);
    let opt = b"\0\0\x29\x04\xd0\x01\0\x80\0\0\0";
    assert_eq!(
        cut[..],
        [
            &b"\x12\x34\x86\x85\0\x01\0\0\0\0\0\x01"[..],
            &edns[12..27],
            opt
        ]
        .concat()
    );
    assert_eq!(finished(&edns, 30, 1232).len(), 12 + 15 + 30 * 16 + 25);
}

#[test]
fn a_client_without_edns_gets_no_opt_record() {
    let plain = finished(&query("a.example A", 0, None), 1, 512);
    assert_eq!((plain[11], plain.len()), (0, 12 + 15 + 16));
}

proptest! {
    #[test]
    fn a_reply_fits_its_limit_and_says_when_it_was_cut(records in 0..200_usize, limit in 512..2000_usize, edns: bool, dnssec_ok: bool) {
        let query = query("a.example A", flag::RD, edns.then_some((1232, dnssec_ok, "")));
        let out = finished(&query, records, limit);
        let header = Header::read(&out).unwrap();
        prop_assert!(out.len() <= limit);
        prop_assert_eq!(header.has(flag::TC), usize::from(header.answers) != records);
        let read = Message::read(&out).unwrap();
        prop_assert_eq!(read.edns.is_some(), edns);
        prop_assert_eq!(read.edns.is_some_and(|edns| edns.dnssec_ok), edns && dnssec_ok);
        prop_assert_eq!(read.question_bytes, &query[12..27]);
        prop_assert!(hickory_proto::op::Message::from_vec(&out).is_ok());
    }

    #[test]
    fn no_packet_makes_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let query = Query::read(&bytes);
        prop_assert!(bytes.len() >= HEADER || query.is_err());
        if let Ok(message) = Message::read(&bytes) {
            let answer = Answer::read(&message, &message.question);
            prop_assert!(answer.is_err() || bytes.len() > HEADER);
        }
    }
}
