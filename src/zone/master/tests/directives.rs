//! Owners, TTLs and directives.

use super::super::{LIMITS, Limits};
use super::{read, read_with, records};

/// Owner, TTL and line of each record of type A.
fn heads(text: &str, files: &[(&str, &str)]) -> Vec<String> {
    let records = read_with(text, files, LIMITS).unwrap();
    let head =
        |record: &crate::zone::Record| format!("{} {} :{}", record.owner, record.ttl, record.line);
    records.iter().map(head).collect()
}

#[test]
fn owner_ttl_and_class_may_be_left_out() {
    let text = "\
@ 1 IN A 192.0.2.1
NAS IN 2 A 192.0.2.1
  A 192.0.2.2
  in 3 a 192.0.2.2
\t class1 A 192.0.2.3
a.b 1h30m A ( 192.0.2.4 ; comment
)
* A 192.0.2.1
ns.example. A 192.0.2.1
";
    let expected = [
        "home.arpa 1 :1",
        "nas.home.arpa 2 :2",
        "nas.home.arpa 2 :3",
        "nas.home.arpa 3 :4",
        "nas.home.arpa 3 :5",
        "a.b.home.arpa 5400 :6",
        "*.home.arpa 5400 :8",
        "ns.example 5400 :9",
    ];
    assert_eq!(heads(text, &[]), expected);
}

#[test]
fn a_ttl_comes_from_the_nearest_source() {
    let soa = "@ SOA ns host 1 2 3 4 300\n";
    let cases = [
        ("$TTL 1h\na A 192.0.2.1\n", "3600"),
        ("$ttl 7\na A 192.0.2.1\n", "7"),
        ("$TTL 7\na 5 A 192.0.2.1\nb A 192.0.2.1\n", "5 7"),
        ("a 5 A 192.0.2.1\nb A 192.0.2.1\n", "5 5"),
        ("a 5 A 192.0.2.1\n$TTL 9\nb A 192.0.2.1", "5 9"),
        (&format!("{soa}a A 192.0.2.1\n"), "300 300"),
        (&format!("a 5 A 192.0.2.1\n{soa}"), "5 5"),
        ("@ SOA ns host 1 2 3 4 4294967295\n", "2147483647"),
    ];
    for (text, expected) in cases {
        let ttls: Vec<_> = read(text)
            .unwrap()
            .iter()
            .map(|record| record.ttl.to_string())
            .collect();
        assert_eq!(ttls.join(" "), expected, "{text}");
    }
}

#[test]
fn an_origin_completes_names_and_keeps_its_letters() {
    let text = "$TTL 1\n$ORIGIN Sub\na NS B\n$ORIGIN x.\n@ NS @\n$ORIGIN .\ny NS z\n";
    let expected = [
        "a.sub.home.arpa 1 NS 01420353756204686f6d65046172706100",
        "x 1 NS 017800",
        "y 1 NS 017a00",
    ];
    // The origin that the caller gave has no letters but small ones.
    assert_eq!(records(text), expected);
}

#[test]
fn included_files_have_an_origin_and_owners_of_their_own() {
    let files = [
        ("a", "x A 192.0.2.1\n$INCLUDE c\n"),
        ("b c", "$ORIGIN z\n@ A 192.0.2.1\n$TTL 9\n"),
        ("c", "w A 192.0.2.1\n"),
    ];
    let text = "\
$TTL 1
o A 192.0.2.1
$INCLUDE a
 A 192.0.2.2
$include \"b c\" sub ; comment
 A 192.0.2.3
p A 192.0.2.1
";
    let expected = [
        "o.home.arpa 1 :2",
        "x.home.arpa 1 :3",
        "w.home.arpa 1 :3",
        "o.home.arpa 1 :4",
        "z.sub.home.arpa 1 :5",
        "o.home.arpa 9 :6",
        "p.home.arpa 9 :7",
    ];
    assert_eq!(heads(text, &files), expected);
}

#[test]
fn one_line_generates_many_records() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "$GENERATE 1-2 h-$ 5 A 192.0.2.$",
            &["h-1.home.arpa 5 A c0000201", "h-2.home.arpa 5 A c0000202"],
        ),
        (
            "$TTL 1\n$GENERATE 0-10/5 h${0,3} IN A 192.0.2.$",
            &[
                "h000.home.arpa 1 A c0000200",
                "h005.home.arpa 1 A c0000205",
                "h010.home.arpa 1 A c000020a",
            ],
        ),
        (
            "$TTL 1\n$GENERATE 7-7 @ MX \"$ m$\"",
            &["home.arpa 1 MX 0007026d3704686f6d65046172706100"],
        ),
        (
            "$TTL 1\n$GENERATE 7-7 @ MX $ m$",
            &["home.arpa 1 MX 0007026d3704686f6d65046172706100"],
        ),
        (
            r#"$TTL 1
$GENERATE 7-7 a TXT "\"a $\" \\$ $$""#,
            &["a.home.arpa 1 TXT 03612037025c370124"],
        ),
        (
            "$TTL 1\nx A 192.0.2.1\n$GENERATE 7-7 y A 192.0.2.2\n A 192.0.2.3",
            &[
                "x.home.arpa 1 A c0000201",
                "y.home.arpa 1 A c0000202",
                "x.home.arpa 1 A c0000203",
            ],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(records(text), expected, "{text}");
    }
}

#[test]
fn a_zone_is_bounded() {
    let limits = |records, octets, files| Limits {
        records,
        octets,
        files,
    };
    let a = "a 1 A 192.0.2.1\n";
    let cases = [
        (a.repeat(3), limits(3, 100, 1), None),
        (
            a.repeat(4),
            limits(3, 100, 1),
            Some("zone:4: \"a 1 A 192.0.2.1\": the zone has more than 3 records"),
        ),
        (
            a.repeat(4),
            limits(9, 60, 1),
            Some("zone: the zone has more than 60 octets of text"),
        ),
        (
            "$GENERATE 1-9 a 1 A 192.0.2.$\n".to_owned(),
            limits(9, 60, 1),
            Some(
                "zone:1: \"$GENERATE 1-9 a 1 A 192.0.2.$\": with 3 for $: the zone has more than 60 octets of text",
            ),
        ),
        (
            "$INCLUDE long\n".to_owned(),
            limits(9, 60, 2),
            Some("zone:1: \"$INCLUDE long\": the zone has more than 60 octets of text"),
        ),
        (
            "$INCLUDE a\n$INCLUDE a\n".to_owned(),
            limits(9, 60, 2),
            Some("zone:2: \"$INCLUDE a\": the zone has more than 2 files"),
        ),
        (
            "$INCLUDE self\n".to_owned(),
            LIMITS,
            Some("self:1: \"$INCLUDE self\": more than 8 files include one another"),
        ),
    ];
    let long = a.repeat(4);
    let files = [("a", a), ("long", long.as_str()), ("self", "$INCLUDE self")];
    for (text, limits, expected) in cases {
        let findings = read_with(&text, &files, limits).err().unwrap_or_default();
        assert_eq!(findings, Vec::from_iter(expected), "{text}");
    }
}
