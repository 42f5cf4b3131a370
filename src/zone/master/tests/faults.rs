//! The exact words in which faults are told.

use super::{read, read_with};
use crate::zone::master::LIMITS;

/// The only finding for a line of this text, behind file, line and text.
fn check(line: &str, expected: &str) {
    let text = format!("$TTL 1\n{line}\n");
    let shown: Vec<_> = line.split_whitespace().collect();
    let expected = format!("zone:2: {:?}: {expected}", shown.join(" "));
    assert_eq!(read(&text), Err(vec![expected]));
}

#[test]
fn what_is_wrong_in_a_line_is_told() {
    let kinds = "allowed: a mnemonic such as A, AAAA, HTTPS, or TYPE and a number up to 65535";
    check("nas A 192.168.1", "\"192.168.1\" is no IPv4 address");
    check("nas A", "the IPv4 address is missing");
    check(
        "nas A 192.168.1.1 192.168.1.2",
        "\"192.168.1.2\" is too much here",
    );
    check("nas AAAA 192.168.1.1", "\"192.168.1.1\" is no IPv6 address");
    check("nas", "the type is missing");
    check("nas 1 IN", "the type is missing");
    check("nas FOO 1", &format!("\"FOO\" is no record type; {kinds}"));
    check(
        "nas IN IN A 192.0.2.1",
        &format!("\"IN\" is no record type; {kinds}"),
    );
    check("nas CH A 192.0.2.1", "class \"CH\" is not served, only IN");
    check(
        "nas CLASS3 A 192.0.2.1",
        "class \"CLASS3\" is not served, only IN",
    );
    check("nas ANY 1", "class \"ANY\" is not served, only IN");
    check("nas OPT 1", "OPT does not stand in zones");
    check("nas TYPE255 \\# 0", "ANY does not stand in zones");
    check(
        "nas 1x A 192.0.2.1",
        "\"1x\" is no TTL; allowed: seconds up to 2147483647, or units as in 1h30m",
    );
    check(
        "nas 2147483648 A 192.0.2.1",
        "\"2147483648\" is no TTL; allowed: seconds up to 2147483647, or units as in 1h30m",
    );
    check("a..b A 192.0.2.1", "\"a..b\" is no name: a label is empty");
    check(
        "b\u{fc}ro A 192.0.2.1",
        "\"b\u{fc}ro\" is no name: it holds '\u{fc}'; write names in ASCII, letters of other scripts in their xn-- form",
    );
    check(
        " A 192.0.2.1",
        "there is no record before it whose owner it could have",
    );
    check("nas MX mail", "\"mail\" is no number from 0 to 65535");
    check("nas MX 10", "the target is missing");
    check("nas CNAME a b", "\"b\" is too much here");
    check(
        "@ SOA ns host 1 1d 1h 1x 1",
        "\"1x\" is no time; allowed: seconds, or units as in 1h30m",
    );
    check(
        "@ SOA ns host 1h 1 1 1 1",
        "\"1h\" is no number from 0 to 4294967295",
    );
    check("a TXT", "the text is missing");
    check("a TXT \"b", "the quote is not closed on its line");
    check("a A ( 192.0.2.1", "\"(\" is never closed");
    check("a A ) 192.0.2.1", "\")\" without \"(\"");
}

#[test]
fn what_is_wrong_in_data_is_told() {
    let long = "a".repeat(256);
    let shown = format!("\"{}…\"", "a".repeat(80));
    let told = read(&format!("a 1 TXT {long}")).unwrap_err();
    assert!(
        told[0].ends_with(&format!(
            "{shown} is longer than 255 octets; split it into several strings"
        )),
        "{told:?}"
    );
    check(
        "a TXT k=\"v\"",
        "\"k=\\\"v\\\"\" has a quote inside; put the whole text in quotes, with \\\" for each inside",
    );
    check(
        r"a TXT \25",
        r#""\\25": a backslash is not followed by a character or by three digits up to 255"#,
    );
    check(
        "a CAA 0 is-sue x",
        "\"is-sue\" is no tag; allowed: letters and digits",
    );
    check(
        "a SSHFP 1 1 abc",
        "\"abc\" is not an even number of hexadecimal digits",
    );
    check("a SSHFP 1 1", "the fingerprint is missing");
    check("a OPENPGPKEY !", "\"!\" is not base 64");
    check(
        "a RRSIG A 5 2 1h 20261319000000",
        "\"20261319000000\" is no moment; allowed: YYYYMMDDHHMMSS, or seconds since 1970",
    );
    check(
        "a TYPE65280 x",
        "data of type TYPE65280 are written as \\#, their length, and hexadecimal digits",
    );
    check(r"a TYPE65280 \# 3 0102", "2 octets follow, not 3");
    check(r"a TYPE65280 \# x", "\"x\" is no number from 0 to 65535");
    check(r"a TYPE65280 \#", "the length is missing");
    check(r"a A \# 3 010203", "these octets are no data of type A");
    check(r"a NS \# 2 c000", "these octets are no data of type NS");
}

#[test]
fn what_is_wrong_with_service_parameters_is_told() {
    let keys = "mandatory, alpn, no-default-alpn, port, ipv4hint, ech, ipv6hint, dohpath, ohttp";
    check(
        "a HTTPS 1 . foo=1",
        &format!(
            "\"foo\" is no service parameter; allowed: {keys}, or key and a number up to 65534"
        ),
    );
    check("a HTTPS 1 . port=a", "\"port=a\" is not what port takes");
    check("a HTTPS 1 . alpn", "\"alpn\" is not what alpn takes");
    check(
        "a HTTPS 1 . ipv4hint=::1",
        "\"ipv4hint=::1\" is not what ipv4hint takes",
    );
    check("a HTTPS 1 . port=1 key3=1", "port is there twice");
    check(
        "a HTTPS 1 . mandatory=port",
        "mandatory names port, which is not there",
    );
    check(
        "a HTTPS 1 . mandatory=mandatory",
        "mandatory names mandatory, which is not there",
    );
}

#[test]
fn what_is_wrong_with_directives_is_told() {
    let range = "is no range; allowed: START-STOP or START-STOP/STEP, at most 65536 values";
    check(
        "$FOO 1",
        "\"$FOO\" is no directive; allowed: $ORIGIN, $TTL, $INCLUDE, $GENERATE; a name that begins with $ is written \\$",
    );
    check("$ORIGIN", "the origin is missing");
    check("$ORIGIN a b", "\"b\" is too much here");
    check(
        "$TTL x",
        "\"x\" is no TTL; allowed: seconds up to 2147483647, or units as in 1h30m",
    );
    check("$INCLUDE", "the file is missing");
    check("$INCLUDE \"\"", "it is no file name");
    check("$INCLUDE x", "\"x\" is not there");
    check("$INCLUDE x a b", "\"b\" is too much here");
    check(
        "$GENERATE 1-65537 a A 192.0.2.$",
        &format!("\"1-65537\" {range}"),
    );
    check("$GENERATE 1-2", "the owner is missing");
    check("$GENERATE 1-2 a", "the type is missing");
    check(
        "$GENERATE 255-256 a A 192.0.2.$",
        "with 256 for $: \"192.0.2.256\" is no IPv4 address",
    );
    assert_eq!(
        read("a A 192.0.2.1"),
        Err(vec![
            "zone:1: \"a A 192.0.2.1\": it has no TTL; put a line such as \"$TTL 1h\" before it"
                .to_owned()
        ])
    );
}

#[test]
fn faults_are_told_together_and_where_they_are() {
    let files = [("inc", "x A 1\ny A 192.0.2.1\nz A 2\n")];
    let text = "$TTL 1\na A (\n 1\n)\n$INCLUDE inc\nb A 3";
    let expected = [
        "zone:3: \"1\": \"1\" is no IPv4 address",
        "inc:1: \"x A 1\": \"1\" is no IPv4 address",
        "inc:3: \"z A 2\": \"2\" is no IPv4 address",
        "zone:6: \"b A 3\": \"3\" is no IPv4 address",
    ];
    assert_eq!(read_with(text, &files, LIMITS).unwrap_err(), expected);
    assert_eq!(read(&"a 1 A x\n".repeat(100)).unwrap_err().len(), 20);
}
