//! Every finding, in its exact words.

use super::super::master::{Source, read};
use super::*;

/// What is told of this zone, without its usual apex and line numbers shifted accordingly.
fn told(origin: &str, mode: Mode, text: &str) -> Vec<String> {
    let origin: Name = origin.parse().unwrap();
    let source = Source {
        path: "zone".into(),
        bytes: text.as_bytes().to_vec(),
    };
    let records = read(&source, &origin, &mut |name| Err(name.to_owned())).unwrap();
    let findings = check(&origin, mode, &records, &SpecialUse::new());
    findings.iter().map(ToString::to_string).collect()
}

/// The findings of a zone `example.org` whose apex is as it should be, so that its own lines begin with 4.
fn check_lines(lines: &str, expected: &[&str]) {
    let apex = "$TTL 1h\n@ SOA ns host 1 1d 2h 4w 5m\n@ NS ns.example.net.\n";
    let found = told(
        "example.org",
        Mode::Authoritative,
        &format!("{apex}{lines}"),
    );
    assert_eq!(found, expected, "{lines}");
}

#[test]
fn a_good_zone_has_no_findings() {
    check_lines(
        "a A 192.0.2.1
b CNAME a
b RRSIG CNAME 8 3 3600 20261119103000 20261019103000 7 @ AQID
c.d A 192.0.2.1
e CNAME d
*.w A 192.0.2.1
f CNAME x.w
sub NS ns.sub
ns.sub AAAA 2001:db8::1
g CNAME below.sub
h DNAME example.net.
i CNAME x.h
j MX 0 .
k SRV 0 0 0 .
l HTTPS 1 .
m CNAME elsewhere.example.
n NS ns.other.sub
o NS ns.sub
a A 192.0.2.1
b CNAME a
",
        &[],
    );
}

#[test]
fn the_apex_of_an_authoritative_zone_is_needed() {
    let text = "a 1 A 192.0.2.1\n";
    assert_eq!(
        told("example.org", Mode::Authoritative, text),
        [
            "example.org has no SOA record; an authoritative zone needs one",
            "warning: example.org has no NS record",
        ]
    );
    assert_eq!(told("example.org", Mode::Overlay, text), [""; 0]);
}

#[test]
fn records_that_contradict_each_other_are_errors() {
    check_lines(
        "@ SOA ns host 2 1d 2h 4w 5m",
        &["4: example.org has more than one SOA record"],
    );
    check_lines(
        "a SOA ns host 2 1d 2h 4w 5m",
        &["4: the SOA record of a.example.org is not at the apex example.org"],
    );
    check_lines(
        "a.example.com. A 192.0.2.1\nxexample.org. A 192.0.2.1",
        &[
            "4: a.example.com is not in the zone example.org",
            "5: xexample.org is not in the zone example.org",
        ],
    );
    check_lines(
        "a CNAME example.net.\nA A 192.0.2.1",
        &[
            "5: a.example.org has a CNAME record and a record of type A; an alias has nothing beside it",
        ],
    );
    check_lines(
        "a CNAME example.net.\na CNAME example.com.",
        &["5: a.example.org has more than one CNAME record"],
    );
    check_lines(
        "a DNAME example.net.\nx.y.a A 192.0.2.1",
        &["5: x.y.a.example.org is below the DNAME record of a.example.org"],
    );
    check_lines(
        "a DNAME example.net.\na DNAME example.com.\na A 192.0.2.1",
        &["5: a.example.org has more than one DNAME record"],
    );
}

#[test]
fn ttls_that_are_hardly_meant_are_warnings() {
    check_lines(
        "a 0 A 192.0.2.1\na 0 A 192.0.2.2",
        &["4: warning: a.example.org A has a TTL of 0, so that nobody may keep it"],
    );
    check_lines(
        "a 60 A 192.0.2.1\na 30 A 192.0.2.2\na 5 AAAA ::1",
        &[
            "5: warning: the records of a.example.org A have different TTLs; the smallest, 30, holds for all (RFC 2181 §5.2)",
        ],
    );
}

#[test]
fn targets_that_lead_nowhere_are_warnings() {
    check_lines(
        "a CNAME x\nb MX 1 x\nc SRV 1 1 1 x\nd PTR x\ne HTTPS 1 x\n*.w A 192.0.2.1\nz.w TXT t\nf CNAME y.z.w",
        &[
            "4: warning: a.example.org CNAME leads to x.example.org, which does not exist",
            "5: warning: b.example.org MX leads to x.example.org, which does not exist",
            "6: warning: c.example.org SRV leads to x.example.org, which does not exist",
            "7: warning: d.example.org PTR leads to x.example.org, which does not exist",
            "8: warning: e.example.org HTTPS leads to x.example.org, which does not exist",
            "11: warning: f.example.org CNAME leads to y.z.w.example.org, which does not exist",
        ],
    );
    check_lines(
        "@ NS ns\nsub NS ns.sub\nb NS t\nt TXT t",
        &[
            "4: warning: example.org NS leads to ns.example.org, which has no address in this zone",
            "5: warning: sub.example.org NS leads to ns.sub.example.org, which has no address in this zone",
            "6: warning: b.example.org NS leads to t.example.org, which has no address in this zone",
        ],
    );
    assert_eq!(
        told("example.org", Mode::Overlay, "a 1 CNAME x\nb 1 NS x\n"),
        [""; 0]
    );
}

#[test]
fn names_of_special_use_are_warnings() {
    let rest = "it is answered from here only because zones come first";
    assert_eq!(
        told("onion", Mode::Overlay, "x 1 A 192.0.2.1\ny 1 A 192.0.2.1\n"),
        [format!(
            "1: warning: x.onion falls under the special-use rule for onion (RFC 7686 §2); {rest}"
        )]
    );
    assert_eq!(
        told("localhost", Mode::Overlay, "@ 1 A 127.0.0.1\n"),
        [format!(
            "1: warning: localhost falls under the special-use rule for localhost (RFC 6761 §6.3); {rest}"
        )]
    );
    assert_eq!(
        told("arpa", Mode::Overlay, "nas.home 1 A 192.0.2.1\n"),
        [format!(
            "1: warning: nas.home.arpa falls under the special-use rule for home.arpa (RFC 8375 §4); {rest}"
        )]
    );
    for meant in [
        "home.arpa",
        "lan.home.arpa",
        "168.192.in-addr.arpa",
        "local",
        "example.org",
    ] {
        assert_eq!(
            told(meant, Mode::Overlay, "x 1 A 192.0.2.1\n"),
            [""; 0],
            "{meant}"
        );
    }
}

#[test]
fn the_same_fault_many_times_is_told_a_few_times() {
    let text = "$GENERATE 1-100 a$ 0 A 192.0.2.1
";
    let found = told("example.org", Mode::Overlay, text);
    assert_eq!(found.len(), 21);
    assert_eq!(found[20], "warning: 80 more: TTLs of 0");
}
