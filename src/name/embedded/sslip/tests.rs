//! The vectors of `xip_test.go` and `integration_test.go` of cunnie/sslip.io, and the edges of its expressions.

use super::*;

fn check_v4(address: Option<&str>, texts: &[&str]) {
    for text in texts {
        assert_eq!(
            v4(text.as_bytes()),
            address.map(|address| address.parse().unwrap()),
            "{text}"
        );
    }
}

fn check_v6(address: Option<&str>, texts: &[&str]) {
    for text in texts {
        assert_eq!(
            v6(text.as_bytes()),
            address.map(|address| address.parse().unwrap()),
            "{text}"
        );
    }
}

#[test]
fn ipv4_dashed_before_dotted_and_leftmost() {
    check_v4(
        Some("127.0.0.1"),
        &[
            "127.0.0.1",
            "www-127-0-0-1.sslip.io",
            "nono.io.127.0.0.1.192.168.0.1.sslip.io",
        ],
    );
    check_v4(Some("255.254.253.252"), &["255.254.253.252.com"]);
    check_v4(Some("0.1.2.3"), &["nono.io.0.1.2.3.ssLIp.IO"]);
    check_v4(
        Some("172.16.0.30"),
        &["nono.io.172.16.0.30.172.31.255.255.sslip.io"],
    );
    check_v4(
        Some("192.168.0.1"),
        &[
            "nono.io.127.0.0.1.192-168-0-1.sslip.io",
            "www.192.168.0.1.sslip.io",
        ],
    );
    check_v4(Some("100.64.1.2"), &["100-64-1-2"]);
    check_v4(Some("169.254.168.253"), &["169-254-168-253-com"]);
    check_v4(Some("192.0.0.1"), &["www-192-0-0-1-com"]);
    check_v4(Some("192.168.1.100"), &["minio-01.192-168-1-100.sslip.io"]);
    check_v4(
        Some("52.0.56.137"),
        &[
            "ubuntu20.04.52.0.56.137.181-notify.sslip.io.",
            "34003889.nip.io",
        ],
    );
    check_v4(Some("10.1.4.133"), &["funprdmongo30-03.10.1.4.133.nip.io."]);
    check_v4(
        Some("132.145.157.105"),
        &["olvm-engine-01.132.145.157.105.nip.io."],
    );
    check_v4(
        Some("172.26.131.29"),
        &["wt32-ETh01-03.172.26.131.29.NIp.IO."],
    );
    check_v4(Some("23.45.67.89"), &["prepend-zeros.01.23.45.67.89."]);
}

#[test]
fn ipv4_in_eight_digits_comes_last() {
    check_v4(
        Some("127.0.0.1"),
        &["filer.7f000001.sslip.io", "filer-7f000001-sslip.io"],
    );
    check_v4(
        Some("10.9.9.30"),
        &[
            "0A09091E",
            "0A09091E.",
            ".0A09091E.",
            "www.0A09091E.",
            "-0A09091E.",
            "www-0A09091E.",
        ],
    );
    check_v4(Some("255.255.255.255"), &["ffffFFFF.nip.io"]);
    check_v4(
        Some("254.220.186.152"),
        &["www.fedcba98.nip.io", "www.fedcba98-nip.io"],
    );
    check_v4(
        Some("118.84.50.16"),
        &["www.76543210.nip.io", "www-76543210.nip.io"],
    );
    let both = [
        "www.127-0-0-53.76543210.nip.io",
        "www.76543210.127-0-0-53.nip.io",
        "www.127.0.0.53.76543210.nip.io",
    ];
    check_v4(Some("127.0.0.53"), &both);
    let both = [
        "www.76543210.127.0.0.53.nip.io",
        "www.127-0-0-53-76543210-nip.io",
        "www-76543210-127-0-0-53.nip.io",
    ];
    check_v4(Some("127.0.0.53"), &both);
    check_v4(
        Some("127.0.0.53"),
        &[
            "www-127.0.0.53-76543210.nip.io",
            "www-76543210-127.0.0.53.nip.io",
        ],
    );
}

#[test]
fn no_ipv4() {
    check_v4(
        None,
        &[
            "",
            "nono.io",
            "sslip.io",
            "www.sslip.io",
            "538.sslip.io",
            "256.254.253.252",
            "ns-01.nip.io",
            "p-ns-01.nip.io",
        ],
    );
    check_v4(
        None,
        &[
            "www-192.0-2.3.example-me.com",
            "www.0A09091E0.com",
            "www.0A09091.com",
            "prepend-zeros.23.45.67.09.",
        ],
    );
    check_v4(
        None,
        &["01-02-03-04.x", "1-2-3", "1.2.3.", "1-2-3-4x", "x1-2-3-4"],
    );
}

#[test]
fn ipv6_dashed_leftmost_and_longest() {
    check_v6(Some("::1"), &["--1", "www---1.x"]);
    let whole = "fffe-fdfc-fbfa-f9f8-f7f6-f5f4-f3f2-f1f0.com";
    check_v6(
        Some("fffe:fdfc:fbfa:f9f8:f7f6:f5f4:f3f2:f1f0"),
        &[whole, &format!("www.{whole}"), &format!("1.www-{whole}")],
    );
    check_v6(
        Some("fffe:fdfc:fbfa:f9f8:f7f6:f5f4:f3f2:f1f0"),
        &["fffe-fdfc-fbfa-f9f8-f7f6-f5f4-f3f2-f1f0-1.com"],
    );
    check_v6(
        Some("2006:41d0:2:e01e::56db:3598"),
        &["2006-41d0-2-e01e--56dB-3598.sSLIP.io."],
    );
    check_v6(Some("1:2:3::4:5:6"), &["1-2-3--4-5-6.sSLIP.io."]);
    check_v6(Some("1::2:3:4:5:6"), &["1--2-3-4-5-6.sSLIP.io."]);
    check_v6(
        Some("2600::"),
        &["www.2600--.00000000000000000000000000000001.nip.io"],
    );
    check_v6(
        Some("::2"),
        &["www.00000000000000000000000000000001.--2.nip.io"],
    );
    check_v6(
        Some("2601:645:8103:e3a0:1c09:bae7:aa42:146c"),
        &["www-2601-645-8103-e3a0-1c09-bae7-aa42-146c.sslip.io"],
    );
    check_v6(
        Some("2600:1f18:aaf:6900::b"),
        &["2600-1f18-aaf-6900--b.sslip.io"],
    );
    check_v6(Some("2a01:4f8:c17:b8f::2"), &["2a01-4f8-c17-b8f--2.nip.io"]);
}

#[test]
fn ipv6_in_32_digits_stands_between_dots() {
    let digits = "00000000000000000000000000000001";
    check_v6(
        Some("::1"),
        &[
            digits,
            &format!("filer.{digits}.sslip.io"),
            &format!(".{digits}"),
            &format!("{digits}."),
            &format!("www.{digits}"),
        ],
    );
    check_v6(
        Some("89ab:cdef::89ab:cdef:0:0"),
        &["89abcdef0000000089ABCDEF00000000.nip.io"],
    );
    check_v6(
        Some("123:4567:89ab:cdef:123:4567:89ab:cdef"),
        &["www.0123456789abcdef0123456789abcdef.nip.io"],
    );
    check_v6(
        None,
        &[
            &format!("www.{digits}0.com"),
            "www.0000000000000000000000000000001.com",
            &format!("www-{digits}.com"),
            &format!("www.{digits}-com"),
        ],
    );
}

#[test]
fn no_ipv6() {
    check_v6(
        None,
        &[
            "",
            "nono.io",
            "sslip.io",
            "www.sslip.io",
            "-1",
            "--g",
            "face--book.x",
            "x--y",
            "01-02-03-04.x",
            "1-2-3-4-5-6-7.x",
        ],
    );
}

#[test]
fn edges_of_the_expressions() {
    check_v6(Some("::"), &["--.sslip.io", "---", "----1"]);
    check_v6(Some("1::"), &["1--.x", "1---2.x"]);
    check_v6(Some("abc::def"), &["abc--def.x"]);
    check_v4(Some("1.2.3.4"), &["1-2-3-4-5-6-7-8.x"]);
    check_v6(
        Some("1:2:3:4:5:6:7:8"),
        &["1-2-3-4-5-6-7-8.x", "1-2-3-4-5-6-7-8-9.x"],
    );
    check_v4(Some("2.3.4.5"), &["1--2-3-4-5-6.x"]);
    check_v4(Some("4.5.6.7"), &["1.2.3.4-5-6-7-8.x"]);
    check_v6(Some("1:2:3:4:5:6:7:0"), &["1-2-3-4-5-6-7--.x"]);
    check_v6(Some("0:2:3:4:5:6:7:8"), &["--2-3-4-5-6-7-8.x"]);
}

/// The definition, by trying every match: the leftmost first, of these the longest.
fn naive_dashed(text: &[u8]) -> Option<Ipv6Addr> {
    let border = |at: usize| text.get(at).is_some_and(|octet| is_border(*octet));
    let mut matches = Vec::new();
    for from in 0..text.len() {
        for to in from + 1..=text.len() {
            let (begins, ends) = (
                from == 0 || border(from - 1),
                to == text.len() || border(to),
            );
            if let (true, true, Some(address)) = (begins, ends, label::dashed_v6(&text[from..to])) {
                let start = from.saturating_sub(1);
                matches.push((start, std::cmp::Reverse(to), address));
            }
        }
    }
    matches.into_iter().min().map(|(_, _, address)| address)
}

proptest::proptest! {
    #[test]
    fn the_search_finds_what_trying_every_match_finds(text in "[0-9a-g.-]{0,24}|([0-9a-f]{1,5}-{1,2}){1,9}[0-9a-g.-]{0,6}|-{0,3}([0-9]-{1,2}){0,12}") {
        proptest::prop_assert_eq!(dashed(text.as_bytes()), naive_dashed(text.as_bytes()), "{}", text);
    }

    #[test]
    fn every_address_as_it_is_printed_is_read_back(v4_bits: u32, v6_bits: u128, zeros in 0..8_u32) {
        let four = Ipv4Addr::from_bits(v4_bits);
        check_v4(Some(&four.to_string()), &[&format!("a.{four}.b"), &format!("a-{}-b", four.to_string().replace('.', "-")), &format!("{v4_bits:08x}.b")]);
        let six = Ipv6Addr::from_bits(v6_bits >> (16 * zeros));
        if six.to_ipv4_mapped().is_none() {
            check_v6(Some(&six.to_string()), &[&six.to_string().replace(':', "-"), &format!("www.{:032x}.b", six.to_bits())]);
        }
    }
}
