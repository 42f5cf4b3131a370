//! How replies end: limits, chains that upstream completes, compression; and hosts files.

use super::*;
use crate::wire::{Rcode, reply};

/// The reply to `asked`, at most `limit` octets.
fn answer(zone: Zone, asked: &str, kind: RecordType, edns: bool, limit: usize) -> Vec<u8> {
    let bytes = packet(asked, kind, edns);
    let query = Query::read(&bytes).unwrap();
    let mut out = Vec::new();
    assert_eq!(
        Zones::new(vec![zone], &[]).answer(&query, limit, &mut out),
        Looked::Reply
    );
    out
}

fn zone(text: &str) -> Zone {
    Zone::new(name("example"), Mode::Authoritative, records(text))
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().concat()
}

fn truncated(bytes: &[u8]) -> bool {
    Message::from_vec(bytes).unwrap().metadata.truncation
}

#[test]
fn additional_records_are_left_out_before_an_answer_is_cut() {
    let text = lines(20, |n| {
        format!("example 60 MX {n} m{n}.example\nm{n}.example 60 AAAA 2001:db8::{n}\n")
    });
    let whole = answer(zone(&text), "example", RecordType::MX, true, 65535);
    let message = Message::from_vec(&whole).unwrap();
    assert_eq!((message.answers.len(), message.additionals.len()), (20, 20));
    for limit in [512, whole.len() - 1] {
        let less = answer(zone(&text), "example", RecordType::MX, true, limit);
        let message = Message::from_vec(&less).unwrap();
        assert!(less.len() <= limit && !message.metadata.truncation && message.edns.is_some());
        assert_eq!(message.answers.len(), 20);
        assert!(message.additionals.len() < 20 && limit - less.len() < 30);
    }
    let cut = answer(zone(&text), "example", RecordType::MX, true, 300);
    assert!(truncated(&cut) && cut.len() < 50);
}

#[test]
fn a_referral_is_cut_rather_than_sent_without_its_glue() {
    let text = lines(12, |n| {
        format!(
            "cut.example 60 NS n{n}.cut.example\nn{n}.cut.example 60 AAAA 2001:db8::{n}\n\
             cut.example 60 NS n{n}.example\nn{n}.example 60 AAAA 2001:db8::{n}\n"
        )
    });
    let whole = answer(zone(&text), "cut.example", RecordType::A, false, 65535);
    let less = answer(
        zone(&text),
        "cut.example",
        RecordType::A,
        false,
        whole.len() - 300,
    );
    assert!(!truncated(&less));
    let message = Message::from_vec(&less).unwrap();
    assert_eq!(
        (message.authorities.len(), message.additionals.len()),
        (24, 13)
    );
    let cut = answer(
        zone(&text),
        "cut.example",
        RecordType::A,
        false,
        whole.len() - 400,
    );
    assert!(truncated(&cut));
}

#[test]
fn names_are_compressed_and_mean_the_same() {
    let label = "x".repeat(63);
    let long = format!("{label}.{label}.{label}.{}.example", "y".repeat(53));
    assert_eq!(name(&long).as_wire().len(), 255);
    let other = long.replace('y', "z");
    let text = format!("{long} 60 CNAME {other}\n{other} 60 MX 1 {long}\n");
    let bytes = answer(zone(&text), &long, RecordType::MX, true, 65535);
    let message = Message::from_vec(&bytes).unwrap();
    assert_eq!(message.answers[1].name.to_string(), format!("{other}."));
    assert_eq!(message.answers[1].data.to_string(), format!("1 {long}."));
    assert!(bytes.len() < 255 * 3, "{}", bytes.len());

    let many = lines(2000, |n| format!("example 60 NS n{n}.of.{n}.example\n"));
    let bytes = answer(zone(&many), "ExAmPlE", RecordType::NS, false, 65535);
    let message = Message::from_vec(&bytes).unwrap();
    assert_eq!(message.answers.len(), 2000);
    for (n, record) in message.answers.iter().enumerate() {
        assert_eq!(record.data.to_string(), format!("n{n}.of.{n}.ExAmPlE."));
    }
}

#[test]
fn ttls_duplicates_and_foreign_owners_are_put_right() {
    let zone = zone(
        "example 9 NS NS.example\nexample 5 NS ns.EXAMPLE\nexample 7 NS other.test\nelsewhere.test 1 A 192.0.2.1\nexample 1 A 192.0.2.1",
    );
    assert_eq!(zone.record_count(), 3);
    let zones = Zones::new(vec![zone], &[]);
    assert_eq!(
        ask(&zones, "example NS"),
        "0 AA | example 5 NS ns.example., example 5 NS other.test. |  | "
    );
    assert_eq!(ask(&zones, "elsewhere.test A"), "pass");
    assert_eq!(zones.origins().collect::<Vec<_>>(), [&name("example")]);
    assert!(!zones.is_empty() && Zones::new(Vec::<Zone>::new(), &[]).is_empty());
}

#[test]
fn any_gets_one_set_and_other_classes_none() {
    let zones = zones();
    assert_eq!(
        ask(&zones, "wild.example ANY"),
        "0 AA |  | example 600 SOA | "
    );
    assert_eq!(
        ask(&zones, "cname.example ANY"),
        "0 AA | cname.example 300 CNAME a.example. |  | "
    );
    let mut bytes = packet("a.example", RecordType::A, false);
    *bytes.last_mut().unwrap() = 3;
    let mut out = Vec::new();
    assert_eq!(
        zones.answer(&Query::read(&bytes).unwrap(), 512, &mut out),
        Looked::Pass
    );
    assert!(out.is_empty());
}

/// What an upstream says about `www.elsewhere.test`.
fn upstream(rcode: Rcode, authority: bool) -> Vec<u8> {
    let bytes = packet("www.elsewhere.test", RecordType::A, true);
    let query = Query::read(&bytes).unwrap();
    let mut out = Vec::new();
    reply::start(&mut out, &query);
    if authority {
        reply::push_soa(&mut out, &query, &name("test"), 30);
    } else {
        reply::push_record(&mut out, RecordType::CNAME, 40, b"\x03cdn\xc0\x10");
        out.extend_from_slice(b"\x03cdn\xc0\x10\0\x01\0\x01\0\0\0\x32\0\x04\xc6\x33\x64\x01");
    }
    let counts = if authority { [0, 1] } else { [2, 0] };
    let head = reply::Head {
        counts,
        options: b"\0\x0f\0\x02\0\x03",
        ..reply::Head::code(rcode)
    };
    reply::finish(&mut out, &query, &head, 65535);
    out
}

#[test]
fn upstream_completes_a_chain_that_leaves() {
    let zones = zones();
    let complete_with = |upstream: Option<&[u8]>, limit| {
        let bytes = packet("OUT.example", RecordType::A, true);
        let query = Query::read(&bytes).unwrap();
        let mut out = Vec::new();
        let Looked::Leaves { target, records } = zones.answer(&query, limit, &mut out) else {
            panic!("it does not leave")
        };
        assert_eq!((target, records), (name("www.elsewhere.test"), 1));
        complete(&mut out, &query, records, upstream, limit);
        out
    };
    let cases = [
        (
            Some(upstream(Rcode::NOERROR, false)),
            "0 AA | OUT.example 300 CNAME www.elsewhere.test., cdn.elsewhere.test 50 A 198.51.100.1, www.elsewhere.test 40 CNAME cdn.elsewhere.test. |  | ",
        ),
        (
            Some(upstream(Rcode::NXDOMAIN, true)),
            "3 AA | OUT.example 300 CNAME www.elsewhere.test. | test 30 SOA | ",
        ),
        (Some(upstream(Rcode::REFUSED, true)), "2 |  |  | "),
        (Some(b"nonsense".to_vec()), "2 |  |  | "),
        (None, "2 |  |  | "),
    ];
    for (upstream, expected) in cases {
        let out = complete_with(upstream.as_deref(), 65535);
        assert_eq!(summary(&out), expected);
    }
    let stale = complete_with(Some(&upstream(Rcode::NOERROR, false)), 65535);
    assert!(
        stale.ends_with(b"\0\x0f\0\x02\0\x03"),
        "the upstream's extended error goes along"
    );
    assert!(truncated(&complete_with(
        Some(&upstream(Rcode::NOERROR, false)),
        80
    )));
}

#[test]
fn a_hosts_file_is_read_line_by_line() {
    let text = "# comment\n\n127.0.0.1 localhost # loop\n192.168.1.9\tNAS.lan nas\nfe80::1%lo0 localhost\n192.168.1.300 x\n192.168.1.9\n\
                192.168.1.9 a..b\n192.168.1.9 *.lan\n::1 ip6-localhost\r\n0.0.0.0 nothing.lan\n";
    let (hosts, faults) = read_hosts(text);
    let names: Vec<String> = hosts.iter().map(|host| host.name.to_string()).collect();
    assert_eq!(
        names,
        [
            "localhost",
            "nas.lan",
            "nas",
            "ip6-localhost",
            "nothing.lan"
        ]
    );
    let lines: Vec<(usize, String)> = faults
        .iter()
        .map(|(line, fault)| (*line, fault.to_string()))
        .collect();
    assert_eq!(
        lines,
        [
            (5, r#""fe80::1%lo0" is no address"#.to_owned()),
            (6, r#""192.168.1.300" is no address"#.to_owned()),
            (7, "no name follows the address 192.168.1.9".to_owned()),
            (8, r#""a..b" is no name: a label is empty"#.to_owned()),
            (9, r#""*.lan" is no host name; allowed: letters, digits, hyphens and underscores between dots"#.to_owned()),
        ]
    );
    let zones = Zones::new(Vec::<Zone>::new(), &hosts);
    assert_eq!(
        ask(&zones, "9.1.168.192.in-addr.arpa PTR"),
        "0 AA | 9.1.168.192.in-addr.arpa 60 PTR nas.lan. |  | "
    );
    assert_eq!(ask(&zones, "0.0.0.0.in-addr.arpa PTR"), "pass");
}
