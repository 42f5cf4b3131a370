//! The data of each type.

use data_encoding::HEXLOWER;
use hickory_proto::rr::{RData, RecordType as HickoryType};
use hickory_proto::serialize::binary::{BinEncodable, BinEncoder, NameEncoding};

use super::{read, shown};

/// The wire data that hickory-proto makes of its own record data.
pub(super) fn hickory_wire(data: &RData) -> Vec<u8> {
    let mut wire = Vec::new();
    let mut encoder = BinEncoder::new(&mut wire);
    encoder.set_name_encoding(NameEncoding::Uncompressed);
    data.emit(&mut encoder).unwrap();
    wire
}

/// `every-type.bind.zone` is what named-compilezone of BIND 9 made of `every-type.zone`.
#[test]
fn bind_reads_the_same_records() {
    let read = |text: &str| {
        let mut records: Vec<_> = read(text).unwrap().iter().map(shown).collect();
        records.sort();
        records
    };
    let ours = read(include_str!("every-type.zone"));
    let theirs = read(include_str!("every-type.bind.zone"));
    assert!(ours.len() > 40);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());
}

/// Names in small letters: hickory-proto does not keep others.
#[test]
fn hickory_reads_the_same_data() {
    let cases = [
        "A 192.0.2.1",
        "AAAA 2001:db8::192.0.2.1",
        "NS ns.example.",
        "CNAME a.example.",
        "PTR a.example.",
        "MX 10 mail.example.",
        "SOA ns.example. host\\.master.example. 2024010101 1d 2h 4w 300",
        "SRV 1 2 443 a.example.",
        "SRV 0 0 0 .",
        "TXT \"a b\" c \"\"",
        "CAA 128 issue \"letsencrypt.org\"",
        "CSYNC 66 3 A NS AAAA",
        "HINFO PC \"Linux 6\"",
        "HTTPS 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
        "SVCB 0 a.example.",
        "SVCB 1 a.example. mandatory=alpn alpn=\"h2,h3\" ech=AEX+DQBB",
        "NAPTR 100 10 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.com!\" .",
        "OPENPGPKEY Q2VydA==",
        "CERT 1 12179 3 Q2VydGlmaWNhdGUgZGF0YQ==",
        "SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef678901234",
        "TLSA 3 1 1 d2abde24 0d7cd3ee",
        "SMIMEA 3 1 1 d2abde240d7cd3ee",
    ];
    for case in cases {
        let (kind, text) = case.split_once(' ').unwrap();
        let theirs = RData::try_from_str(kind.parse::<HickoryType>().unwrap(), text).unwrap();
        let ours = read(&format!("a 1 {case}")).unwrap();
        assert_eq!(
            HEXLOWER.encode(&ours[0].data),
            HEXLOWER.encode(&hickory_wire(&theirs)),
            "{case}"
        );
    }
}

#[test]
fn data_have_the_octets_of_their_type() {
    let cases: [(&str, Option<&str>); 31] = [
        ("DNAME @", Some("04686f6d65046172706100")),
        ("CNAME a.B", Some("0161014204686f6d65046172706100")),
        (r"TXT \000\255\;", Some("0300ff3b")),
        ("TXT \"\u{fc}\" x;y", Some("02c3bc0178")),
        ("CAA 0 issue \";\"", Some("000569737375653b")),
        ("CAA 0 issue \"\"", Some("00056973737565")),
        ("URI 1 2 \"https://a\"", Some("0001000268747470733a2f2f61")),
        (r"TYPE65280 \# 0", Some("")),
        (r"TYPE65280 \# 3 01 0203", Some("010203")),
        (r"TYPE1 192.0.2.1", Some("c0000201")),
        (r"TYPE1 \# 4 c0000201", Some("c0000201")),
        (r"NS \# 3 016100", Some("016100")),
        (r"RRSIG \# 2 0102", None),
        (
            "RRSIG A 8 2 3600 20261119103000 1763548200 7 a.b. AQID",
            Some("0001080200000e106afecfa8691d9c2800070161016200010203"),
        ),
        (
            "NSEC3 1 0 10 AABB 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG",
            Some("0100000a02aabb1417f3df17b2b2adaef615257de4d2020b80ac6c7c0006400000000002"),
        ),
        ("NSEC3PARAM 1 0 10 -", Some("0100000a00")),
        ("NSEC3 1 0 10 - 2vp! A", None),
        (r"NAPTR \# 8 0001000200000000", Some("0001000200000000")),
        (r"TXT \# 3 016101", None),
        (r"TXT \# 0", None),
        (r"HTTPS \# 9 000100000300021f90", Some("000100000300021f90")),
        (r"HTTPS \# 11 0001000003000000010000", None),
        (r"NSEC \# 4 00000140", Some("00000140")),
        (r"NSEC \# 3 000000", None),
        ("NSEC . A TYPE256 A", Some("00000140010180")),
        ("DS 1 ED25519 2 00", Some("00010f0200")),
        ("CERT PGP 0 0 AQ==", Some("000300000001")),
        (
            r#"HTTPS 1 . alpn="f\\,oo\\\\bar,h2""#,
            Some("0001000001000c08662c6f6f5c626172026832"),
        ),
        (
            r#"SVCB 1 . key65000="a b\001""#,
            Some("000100fde8000461206201"),
        ),
        (
            "SVCB 1 . no-default-alpn alpn=h3",
            Some("0001000001000302683300020000"),
        ),
        ("HTTPS 1 b", Some("0001016204686f6d65046172706100")),
    ];
    for (text, expected) in cases {
        let found = read(&format!("a 1 {text}")).ok();
        let found = found.map(|records| HEXLOWER.encode(&records[0].data));
        assert_eq!(found.as_deref(), expected, "{text}");
    }
}
