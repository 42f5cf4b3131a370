//! An address as the text of one label: `192-168-1-10`, `2001-db8--1`, `c0a8010a`.
//!
//! Readers take what has one reading only, so that a decoded name cannot mean two addresses: IPv4 in four groups without
//! leading zeros (some parsers take those for octal), IPv6 by the rules of the standard library after `-` became `:`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How the names of a domain write an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Eight groups of four digits: `2001-0db8-0000-0000-0000-0000-0000-0001`.
    Expanded,
    /// As addresses are printed (RFC 5952): `2001-db8--1`.
    Compressed,
    /// As above, with a zero where the label would begin or end with a hyphen: `0--1`.
    Guarded,
    /// 32 digits without a separator. A domain that writes so also reads eight digits as IPv4.
    Hex,
}

/// The longest text of an IPv6 address that this reads: eight groups of four and seven separators.
const LONGEST_V6: usize = 39;

/// A decimal number from 0 to 255 without leading zeros.
pub(super) fn octet(digits: &[u8]) -> Option<u8> {
    let canonical = match digits {
        [_] => true,
        [first, _] | [first, _, _] => *first != b'0',
        _ => false,
    };
    if !canonical {
        return None;
    }
    digits.iter().try_fold(0_u8, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Exactly four octets.
pub(super) fn quad<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Option<Ipv4Addr> {
    let mut parts = parts.into_iter();
    let address = Ipv4Addr::new(
        octet(parts.next()?)?,
        octet(parts.next()?)?,
        octet(parts.next()?)?,
        octet(parts.next()?)?,
    );
    if parts.next().is_some() {
        None
    } else {
        Some(address)
    }
}

/// `192-168-1-10`.
pub(super) fn dashed_v4(label: &[u8]) -> Option<Ipv4Addr> {
    quad(label.split(|octet| *octet == b'-'))
}

/// `2001-db8--1`, with up to four digits in each group.
pub(super) fn dashed_v6(label: &[u8]) -> Option<Ipv6Addr> {
    let mut text = [0; LONGEST_V6];
    let text = text.get_mut(..label.len())?;
    for (place, octet) in text.iter_mut().zip(label) {
        *place = match octet {
            b'-' => b':',
            digit if digit.is_ascii_hexdigit() => *digit,
            _ => return None,
        };
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Eight hexadecimal digits.
pub(super) fn hex_v4(label: &[u8]) -> Option<Ipv4Addr> {
    let value = if label.len() == 8 {
        hexadecimal(label)?
    } else {
        return None;
    };
    u32::try_from(value).ok().map(Ipv4Addr::from_bits)
}

/// 32 hexadecimal digits.
pub(super) fn hex_v6(label: &[u8]) -> Option<Ipv6Addr> {
    if label.len() == 32 {
        hexadecimal(label).map(Ipv6Addr::from_bits)
    } else {
        None
    }
}

/// Up to four hexadecimal digits.
pub(super) fn group(label: &[u8]) -> Option<u16> {
    if matches!(label.len(), 1..=4) {
        u16::try_from(hexadecimal(label)?).ok()
    } else {
        None
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |value, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        value.checked_mul(16)?.checked_add(u128::from(digit))
    })
}

/// The label that the readers above read as `address`.
pub(super) fn write(address: IpAddr, writing: Writing) -> String {
    let v6 = match address {
        IpAddr::V4(v4) => return v4.to_string().replace('.', "-"),
        IpAddr::V6(v6) => v6,
    };
    match writing {
        Writing::Expanded => v6.segments().map(|group| format!("{group:04x}")).join("-"),
        Writing::Compressed => compressed(v6),
        Writing::Guarded => {
            let text = compressed(v6);
            let before = if text.starts_with('-') { "0" } else { "" };
            let behind = if text.ends_with('-') { "0" } else { "" };
            format!("{before}{text}{behind}")
        }
        Writing::Hex => format!("{:032x}", v6.to_bits()),
    }
}

fn compressed(address: Ipv6Addr) -> String {
    address.to_string().replace(':', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv4_has_one_reading_or_none() {
        for (label, address) in [
            ("192-168-1-10", "192.168.1.10"),
            ("0-0-0-0", "0.0.0.0"),
            ("255-255-255-255", "255.255.255.255"),
        ] {
            assert_eq!(
                dashed_v4(label.as_bytes()),
                Some(address.parse().unwrap()),
                "{label}"
            );
        }
        let bad = [
            "",
            "-",
            "1-2-3",
            "1-2-3-4-5",
            "1-2-3-",
            "-1-2-3",
            "1--2-3",
            "256-1-1-1",
            "999-1-1-1",
            "01-2-3-4",
            "00-0-0-0",
            "1-2-3-0004",
        ];
        for label in bad.into_iter().chain([
            "a-1-1-1",
            "1-2-3-4x",
            "+1-2-3-4",
            "1.2.3.4",
            "0x1-2-3-4",
            "1-2-3-4 ",
        ]) {
            assert_eq!(dashed_v4(label.as_bytes()), None, "{label}");
        }
    }

    #[test]
    fn ipv6_is_read_as_the_standard_library_reads_it() {
        let cases = [
            (
                "240e-03a1-02f1-9f70-ca8a-d8ff-fe32-766b",
                "240e:3a1:2f1:9f70:ca8a:d8ff:fe32:766b",
            ),
            (
                "3210-488D-188F-5660-0000-0000-0000-9A52",
                "3210:488d:188f:5660::9a52",
            ),
            ("2001-db8--1", "2001:db8::1"),
            ("--1", "::1"),
            ("1--", "1::"),
            ("--", "::"),
            ("2001-DB8-0-0-0-0-0-1", "2001:db8::1"),
            ("1-2-3-4-5-6-7--", "1:2:3:4:5:6:7:0"),
        ];
        for (label, address) in cases {
            assert_eq!(
                dashed_v6(label.as_bytes()),
                Some(address.parse().unwrap()),
                "{label}"
            );
        }
        for label in [
            "",
            "-",
            "-1",
            "1-",
            "---",
            "1---2",
            "1--2--3",
            "1-2-3-4",
            "1-2-3-4-5-6-7-8-9",
            "12345--1",
            "g--1",
            "1:2--3",
            "--1.2.3.4",
            "fe80--1%eth0",
        ] {
            assert_eq!(dashed_v6(label.as_bytes()), None, "{label}");
        }
        assert_eq!(dashed_v6(&[b'0'; 63]), None);
    }

    #[test]
    fn digits_without_separator_have_a_fixed_length() {
        assert_eq!(hex_v4(b"7f000001"), Some(Ipv4Addr::LOCALHOST));
        assert_eq!(hex_v4(b"7f00001"), None);
        assert_eq!(hex_v4(b"7f00000g"), None);
        assert_eq!(
            hex_v6(b"00000000000000000000000000000001"),
            Some(Ipv6Addr::LOCALHOST)
        );
        assert_eq!(hex_v6(&[b'f'; 33]), None);
    }

    #[test]
    fn every_writing_is_read_back() {
        let written = |writing| {
            ["::1", "2001:db8::", "2001:db8::1"]
                .map(|address| write(address.parse().unwrap(), writing))
        };
        assert_eq!(
            written(Writing::Compressed),
            ["--1", "2001-db8--", "2001-db8--1"]
        );
        assert_eq!(
            written(Writing::Guarded),
            ["0--1", "2001-db8--0", "2001-db8--1"]
        );
        assert_eq!(
            written(Writing::Expanded)[2],
            "2001-0db8-0000-0000-0000-0000-0000-0001"
        );
        assert_eq!(written(Writing::Hex)[2], "20010db8000000000000000000000001");
    }
}
