//! One list of behaviours; replies are read by hickory-proto, so that a fault in our reader does not hide one in our writer.

mod cost;
mod replies;

use hickory_proto::op::Message;
use hickory_proto::rr::Record as Read;

use super::*;
use crate::wire::{Name, Query, RecordType};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn numbers(words: &[&str]) -> Vec<u8> {
    let octets = |word: &&str| word.parse::<u16>().unwrap().to_be_bytes();
    words.iter().flat_map(octets).collect()
}

/// The data of a record as wire format.
fn data(kind: RecordType, words: &[&str]) -> Vec<u8> {
    let wire = |text: &str| name(text).as_wire().to_vec();
    match kind {
        RecordType::A => words[0]
            .parse::<std::net::Ipv4Addr>()
            .unwrap()
            .octets()
            .into(),
        RecordType::AAAA => words[0]
            .parse::<std::net::Ipv6Addr>()
            .unwrap()
            .octets()
            .into(),
        RecordType::NS | RecordType::CNAME | RecordType::DNAME | RecordType::PTR => wire(words[0]),
        RecordType::MX | RecordType::HTTPS => [numbers(&words[..1]), wire(words[1])].concat(),
        RecordType::SRV => [numbers(&words[..3]), wire(words[3])].concat(),
        RecordType::TXT => [
            &[u8::try_from(words[0].len()).unwrap()],
            words[0].as_bytes(),
        ]
        .concat(),
        RecordType::SOA => [
            wire("ns.example"),
            wire("host.example"),
            vec![0; 16],
            words[0].parse::<u32>().unwrap().to_be_bytes().into(),
        ]
        .concat(),
        RecordType::RRSIG => {
            let covered: RecordType = words[0].parse().unwrap();
            [
                &covered.0.to_be_bytes()[..],
                &[8, 2],
                &[0; 14],
                b"\x07example\0sig",
            ]
            .concat()
        }
        _ => words[0].as_bytes().into(),
    }
}

/// `owner ttl type data` on each line.
fn records(text: &str) -> Vec<Record> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let kind = words[2].parse().unwrap();
            Record {
                owner: name(words[0]),
                kind,
                ttl: words[1].parse().unwrap(),
                data: data(kind, &words[3..]).into(),
                line: 0,
            }
        })
        .collect()
}

const EXAMPLE: &str = r"
example 3600 SOA 600
example 3600 NS ns.example
example 3600 NS ns.elsewhere.test
example 3600 RRSIG SOA
ns.example 300 A 192.0.2.53
a.example 300 A 192.0.2.1
a.example 200 A 192.0.2.2
a.example 250 A 192.0.2.1
a.example 300 RRSIG A
a.b.c.example 300 TXT deep
*.wild.example 300 TXT wild
*.wild.example 300 MX 10 a.example
host.wild.example 300 A 192.0.2.3
x.y.wild.example 300 A 192.0.2.4
*.alias.example 300 CNAME a.example
*.ent.*.star.example 300 TXT star
cname.example 300 CNAME a.example
cname2.example 300 CNAME cname.example
dangling.example 300 CNAME missing.example
nodata.example 300 CNAME a.b.c.example
out.example 300 CNAME www.elsewhere.test
loop1.example 300 CNAME loop2.example
loop2.example 300 CNAME loop1.example
tocut.example 300 CNAME www.cut.example
dname.example 120 DNAME b.c.example
dname.example 120 TXT self
dout.example 120 DNAME elsewhere.test
dlong.example 120 DNAME aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example
cut.example 300 NS ns.cut.example
cut.example 300 NS ns.example
cut.example 300 NS ns.elsewhere.test
cut.example 300 DS hash
cut.example 300 RRSIG DS
ns.cut.example 300 A 192.0.2.54
www.cut.example 300 A 192.0.2.55
mx.example 300 MX 10 a.example
mx.example 300 MX 20 ns.cut.example
mx.example 300 MX 30 m.wild.example
mx.example 300 MX 40 .
srv.example 300 SRV 1 2 3 a.example
https.example 300 HTTPS 1 .
https.example 300 A 192.0.2.9
odd.example 300 TYPE65280 octets
";

const OVERLAY: &str = r"
corp.test 60 SOA 60
corp.test 60 NS ns.corp.test
nas.corp.test 60 A 192.168.1.5
deep.ent.corp.test 60 A 192.168.1.6
*.apps.corp.test 60 A 192.168.1.7
public.corp.test 60 CNAME www.corp.test
inner.corp.test 60 CNAME nas.corp.test
";

fn zones() -> Zones {
    let host = |text, addresses: &[&str]| Host {
        name: name(text),
        addresses: addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect(),
        ttl: 60,
    };
    Zones::new(
        vec![
            Zone::new(name("example"), Mode::Authoritative, records(EXAMPLE)),
            Zone::new(name("corp.test"), Mode::Overlay, records(OVERLAY)),
            Zone::new(
                name("sub.corp.test"),
                Mode::Overlay,
                records("x.sub.corp.test 60 A 192.168.1.8"),
            ),
            Zone::new(
                name("child.example"),
                Mode::Authoritative,
                records("child.example 60 SOA 60\nchild.example 60 A 192.0.2.60"),
            ),
            Zone::new(
                name("2.0.192.in-addr.arpa"),
                Mode::Authoritative,
                records(
                    "2.0.192.in-addr.arpa 60 SOA 60\n77.2.0.192.in-addr.arpa 60 PTR file.example",
                ),
            ),
        ],
        &[
            host("jellyfin.example.com", &["192.168.1.20", "fd00::20"]),
            host("second.example.com", &["192.168.1.20"]),
            host("four.example.com", &["192.0.2.77", "192.0.2.78"]),
            host("*.apps.example.com", &["192.168.1.21"]),
            host("a.child.example", &["192.168.1.22"]),
        ],
    )
}

fn packet(asked: &str, kind: RecordType, dnssec: bool) -> Vec<u8> {
    let mut bytes = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(dnssec)];
    for label in asked.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(&kind.0.to_be_bytes());
    bytes.extend_from_slice(&[0, 1]);
    if dnssec {
        bytes.extend_from_slice(b"\0\0\x29\x04\xd0\0\0\x80\0\0\0");
    }
    bytes
}

fn shown(records: &[Read]) -> String {
    let one = |record: &Read| {
        let data = record.data.to_string();
        let kind = record.record_type().to_string();
        let data = if kind == "SOA" || kind == "RRSIG" {
            String::new()
        } else {
            format!(" {data}")
        };
        format!(
            "{} {} {kind}{data}",
            record.name.to_string().trim_end_matches('.'),
            record.ttl
        )
    };
    let mut lines: Vec<String> = records.iter().map(one).collect();
    lines.sort();
    lines.join(", ")
}

fn summary(bytes: &[u8]) -> String {
    let message = Message::from_vec(bytes).unwrap();
    let metadata = message.metadata;
    format!(
        "{}{} | {} | {} | {}",
        u16::from(metadata.response_code),
        if metadata.authoritative { " AA" } else { "" },
        shown(&message.answers),
        shown(&message.authorities),
        shown(&message.additionals)
    )
}

/// `name TYPE [do]` answered from `zones`, in short.
fn ask(zones: &Zones, question: &str) -> String {
    let words: Vec<&str> = question.split_whitespace().collect();
    let bytes = packet(words[0], words[1].parse().unwrap(), words.len() > 2);
    let query = Query::read(&bytes).unwrap();
    let mut out = Vec::new();
    match zones.answer(&query, 65535, &mut out) {
        Looked::Pass => "pass".to_owned(),
        Looked::Reply => summary(&out),
        Looked::Leaves { target, records } => {
            end(&mut out, &query, records, 65535);
            format!("leaves to {target}: {}", summary(&out))
        }
    }
}

fn check(cases: &[(&str, &str)]) {
    let zones = zones();
    for (question, expected) in cases {
        assert_eq!(
            ask(&zones, question)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            *expected,
            "{question}"
        );
    }
}

#[test]
fn what_is_there_and_what_is_not() {
    check(&[
        (
            "a.example A",
            "0 AA | a.example 200 A 192.0.2.1, a.example 200 A 192.0.2.2 | |",
        ),
        ("A.eXaMpLe AAAA", "0 AA | | eXaMpLe 600 SOA |"),
        (
            "a.example A do",
            "0 AA | a.example 200 A 192.0.2.1, a.example 200 A 192.0.2.2, a.example 300 RRSIG | |",
        ),
        ("a.example RRSIG", "0 AA | a.example 300 RRSIG | |"),
        (
            "odd.example TYPE65280",
            "0 AA | odd.example 300 Unknown b2N0ZXRz | |",
        ),
        ("example SOA", "0 AA | example 3600 SOA | |"),
        (
            "example NS",
            "0 AA | example 3600 NS ns.elsewhere.test., example 3600 NS ns.example. | | ns.example 300 A 192.0.2.53",
        ),
        (
            "example SOA do",
            "0 AA | example 3600 RRSIG, example 3600 SOA | |",
        ),
        ("missing.example A", "3 AA | | example 600 SOA |"),
        ("x.missing.example A", "3 AA | | example 600 SOA |"),
        ("nothing.here A", "pass"),
    ]);
}

#[test]
fn names_that_only_have_names_below_them_exist() {
    check(&[
        ("b.c.example A", "0 AA | | example 600 SOA |"),
        ("c.example TXT", "0 AA | | example 600 SOA |"),
        ("x.c.example A", "3 AA | | example 600 SOA |"),
    ]);
}

#[test]
fn a_wildcard_answers_at_its_closest_encloser_only() {
    check(&[
        (
            "q.wild.example TXT",
            "0 AA | q.wild.example 300 TXT wild | |",
        ),
        (
            "p.q.wild.example TXT",
            "0 AA | p.q.wild.example 300 TXT wild | |",
        ),
        ("q.wild.example A", "0 AA | | example 600 SOA |"),
        (
            "q.wild.example MX",
            "0 AA | q.wild.example 300 MX 10 a.example. | | a.example 200 A 192.0.2.1, a.example 200 A 192.0.2.2",
        ),
        (
            "*.wild.example TXT",
            "0 AA | *.wild.example 300 TXT wild | |",
        ),
        ("wild.example TXT", "0 AA | | example 600 SOA |"),
        ("host.wild.example TXT", "0 AA | | example 600 SOA |"),
        ("x.host.wild.example TXT", "3 AA | | example 600 SOA |"),
        ("y.wild.example TXT", "0 AA | | example 600 SOA |"),
        ("z.y.wild.example TXT", "3 AA | | example 600 SOA |"),
        (
            "q.alias.example A",
            "0 AA | a.example 200 A 192.0.2.1, a.example 200 A 192.0.2.2, q.alias.example 300 CNAME a.example. | |",
        ),
        (
            "q.alias.example CNAME",
            "0 AA | q.alias.example 300 CNAME a.example. | |",
        ),
        ("one.star.example TXT", "0 AA | | example 600 SOA |"),
        ("ent.two.star.example TXT", "0 AA | | example 600 SOA |"),
        (
            "foo.ent.*.star.example TXT",
            "0 AA | foo.ent.*.star.example 300 TXT star | |",
        ),
        ("a.two.star.example TXT", "0 AA | | example 600 SOA |"),
    ]);
}

#[test]
fn aliases_are_followed_and_the_last_name_decides() {
    check(&[
        (
            "cname2.example A",
            "0 AA | a.example 200 A 192.0.2.1, a.example 200 A 192.0.2.2, cname.example 300 CNAME a.example., cname2.example 300 CNAME cname.example. | |",
        ),
        (
            "cname2.example CNAME",
            "0 AA | cname2.example 300 CNAME cname.example. | |",
        ),
        (
            "cname.example TXT",
            "0 AA | cname.example 300 CNAME a.example. | example 600 SOA |",
        ),
        (
            "dangling.example A",
            "3 AA | dangling.example 300 CNAME missing.example. | example 600 SOA |",
        ),
        (
            "nodata.example A",
            "0 AA | nodata.example 300 CNAME a.b.c.example. | example 600 SOA |",
        ),
        (
            "out.example A",
            "leaves to www.elsewhere.test: 0 AA | out.example 300 CNAME www.elsewhere.test. | |",
        ),
        ("loop1.example A", "2 | | |"),
        (
            "tocut.example A",
            "0 AA | tocut.example 300 CNAME www.cut.example. | cut.example 300 NS ns.cut.example., cut.example 300 NS ns.elsewhere.test., cut.example 300 NS ns.example. | ns.cut.example 300 A 192.0.2.54, ns.example 300 A 192.0.2.53",
        ),
    ]);
}

#[test]
fn a_dname_moves_the_names_below_it() {
    check(&[
        ("dname.example TXT", "0 AA | dname.example 120 TXT self | |"),
        ("dname.example A", "0 AA | | example 600 SOA |"),
        (
            "dname.example DNAME",
            "0 AA | dname.example 120 DNAME AWIBYwdleGFtcGxlAA== | |",
        ),
        (
            "a.dname.example TXT",
            "0 AA | a.b.c.example 300 TXT deep, a.dname.example 120 CNAME a.b.c.example., dname.example 120 DNAME AWIBYwdleGFtcGxlAA== | |",
        ),
        (
            "a.dname.example CNAME",
            "0 AA | a.dname.example 120 CNAME a.b.c.example., dname.example 120 DNAME AWIBYwdleGFtcGxlAA== | |",
        ),
        (
            "x.dname.example TXT",
            "3 AA | dname.example 120 DNAME AWIBYwdleGFtcGxlAA==, x.dname.example 120 CNAME x.b.c.example. | example 600 SOA |",
        ),
        (
            "www.dout.example A",
            "leaves to www.elsewhere.test: 0 AA | dout.example 120 DNAME CWVsc2V3aGVyZQR0ZXN0AA==, www.dout.example 120 CNAME www.elsewhere.test. | |",
        ),
        (
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.dlong.example A",
            "6 AA | dlong.example 120 DNAME P2FhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQdleGFtcGxlAA== | |",
        ),
    ]);
}

#[test]
fn below_a_cut_others_are_responsible() {
    check(&[
        (
            "cut.example A",
            "0 | | cut.example 300 NS ns.cut.example., cut.example 300 NS ns.elsewhere.test., cut.example 300 NS ns.example. | ns.cut.example 300 A 192.0.2.54, ns.example 300 A 192.0.2.53",
        ),
        (
            "www.cut.example A",
            "0 | | cut.example 300 NS ns.cut.example., cut.example 300 NS ns.elsewhere.test., cut.example 300 NS ns.example. | ns.cut.example 300 A 192.0.2.54, ns.example 300 A 192.0.2.53",
        ),
        (
            "cut.example NS",
            "0 | | cut.example 300 NS ns.cut.example., cut.example 300 NS ns.elsewhere.test., cut.example 300 NS ns.example. | ns.cut.example 300 A 192.0.2.54, ns.example 300 A 192.0.2.53",
        ),
        (
            "cut.example DS",
            "0 AA | cut.example 300 DS 26721 115 104 | |",
        ),
        (
            "cut.example DS do",
            "0 AA | cut.example 300 DS 26721 115 104 , cut.example 300 RRSIG | |",
        ),
        (
            "cut.example A do",
            "0 | | cut.example 300 DS 26721 115 104 , cut.example 300 NS ns.cut.example., cut.example 300 NS ns.elsewhere.test., cut.example 300 NS ns.example., cut.example 300 RRSIG | ns.cut.example 300 A 192.0.2.54, ns.example 300 A 192.0.2.53",
        ),
        (
            "ns.cut.example A",
            "0 | | cut.example 300 NS ns.cut.example., cut.example 300 NS ns.elsewhere.test., cut.example 300 NS ns.example. | ns.cut.example 300 A 192.0.2.54, ns.example 300 A 192.0.2.53",
        ),
    ]);
}

#[test]
fn addresses_come_along() {
    check(&[
        (
            "mx.example MX",
            "0 AA | mx.example 300 MX 10 a.example., mx.example 300 MX 20 ns.cut.example., mx.example 300 MX 30 m.wild.example., mx.example 300 MX 40 . | | a.example 200 A 192.0.2.1, a.example 200 A 192.0.2.2",
        ),
        (
            "srv.example SRV",
            "0 AA | srv.example 300 SRV 1 2 3 a.example. | | a.example 200 A 192.0.2.1, a.example 200 A 192.0.2.2",
        ),
        (
            "https.example HTTPS",
            "0 AA | https.example 300 HTTPS 1 . | | https.example 300 A 192.0.2.9",
        ),
    ]);
}

#[test]
fn the_longest_origin_wins() {
    check(&[
        (
            "child.example A",
            "0 AA | child.example 60 A 192.0.2.60 | |",
        ),
        ("child.example DS", "0 AA | | child.example 60 SOA |"),
        ("x.child.example A", "3 AA | | child.example 60 SOA |"),
        (
            "a.child.example A",
            "0 AA | a.child.example 60 A 192.168.1.22 | |",
        ),
    ]);
}

#[test]
fn an_overlay_answers_what_it_has_and_passes_on_the_rest() {
    check(&[
        (
            "nas.corp.test A",
            "0 AA | nas.corp.test 60 A 192.168.1.5 | |",
        ),
        ("nas.corp.test AAAA", "0 AA | | corp.test 60 SOA |"),
        ("corp.test SOA", "pass"),
        ("corp.test A", "pass"),
        ("ent.corp.test A", "pass"),
        ("other.corp.test A", "pass"),
        (
            "q.apps.corp.test A",
            "0 AA | q.apps.corp.test 60 A 192.168.1.7 | |",
        ),
        ("q.apps.corp.test TXT", "0 AA | | corp.test 60 SOA |"),
        (
            "public.corp.test A",
            "leaves to www.corp.test: 0 AA | public.corp.test 60 CNAME www.corp.test. | |",
        ),
        (
            "inner.corp.test A",
            "0 AA | inner.corp.test 60 CNAME nas.corp.test., nas.corp.test 60 A 192.168.1.5 | |",
        ),
        (
            "x.sub.corp.test A",
            "0 AA | x.sub.corp.test 60 A 192.168.1.8 | |",
        ),
        ("y.sub.corp.test A", "pass"),
    ]);
}

#[test]
fn hosts_need_no_zone_and_have_reverse_names() {
    check(&[
        (
            "jellyfin.example.com A",
            "0 AA | jellyfin.example.com 60 A 192.168.1.20 | |",
        ),
        (
            "JELLYFIN.example.com AAAA",
            "0 AA | JELLYFIN.example.com 60 AAAA fd00::20 | |",
        ),
        (
            "jellyfin.example.com TXT",
            "0 AA | | jellyfin.example.com 300 SOA |",
        ),
        (
            "four.example.com AAAA",
            "0 AA | | four.example.com 300 SOA |",
        ),
        ("x.jellyfin.example.com A", "pass"),
        ("example.com A", "pass"),
        (
            "q.apps.example.com A",
            "0 AA | q.apps.example.com 60 A 192.168.1.21 | |",
        ),
        (
            "20.1.168.192.in-addr.arpa PTR",
            "0 AA | 20.1.168.192.in-addr.arpa 60 PTR jellyfin.example.com. | |",
        ),
        (
            "20.1.168.192.in-addr.arpa A",
            "0 AA | | 20.1.168.192.in-addr.arpa 300 SOA |",
        ),
        (
            "77.2.0.192.in-addr.arpa PTR",
            "0 AA | 77.2.0.192.in-addr.arpa 60 PTR file.example. | |",
        ),
        (
            "78.2.0.192.in-addr.arpa PTR",
            "0 AA | 78.2.0.192.in-addr.arpa 60 PTR four.example.com. | |",
        ),
        ("21.1.168.192.in-addr.arpa PTR", "pass"),
        (
            "0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa PTR",
            "0 AA | 0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa 60 PTR jellyfin.example.com. | |",
        ),
    ]);
}
