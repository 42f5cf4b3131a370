//! Regular expressions for the text of the addresses in a network, for programs that know addresses as text only.
//!
//! Nothing but groups, classes, `*`, `+` and counts: every dialect reads them.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The expression for the addresses of a network, as RFC 5952 has them written. None for one of IPv6 that is narrower than the
/// first group: zeros that are left out let the rest look in too many ways.
pub(super) fn pattern(network: &IpNet) -> Option<String> {
    match network {
        IpNet::V4(network) => Some(v4(*network)),
        IpNet::V6(network) => v6(network),
    }
}

/// All four octets, so that no name of a host looks the same.
fn v4(network: Ipv4Net) -> String {
    let octets = network.network().octets();
    let mut left = network.prefix_len();
    let parts = octets.map(|octet| {
        let fixed = left.min(8);
        left -= fixed;
        octet_of(octet, fixed)
    });
    format!("^{}$", parts.join("\\."))
}

/// An octet of which the first bits are fixed.
fn octet_of(octet: u8, fixed: u8) -> String {
    match fixed {
        0 => return "[0-9]+".to_owned(),
        8 => return octet.to_string(),
        _ => {}
    }
    let last = octet | (u8::MAX >> fixed);
    let tens = (octet / 10)..=(last / 10);
    let choices = tens.map(|ten| {
        let from = if ten == octet / 10 { octet % 10 } else { 0 };
        let to = if ten == last / 10 { last % 10 } else { 9 };
        let before = if ten == 0 {
            String::new()
        } else {
            ten.to_string()
        };
        if from == to {
            format!("{before}{from}")
        } else {
            format!("{before}[{from}-{to}]")
        }
    });
    let choices: Vec<String> = choices.collect();
    match choices.as_slice() {
        [only] => only.clone(),
        _ => format!("({})", choices.join("|")),
    }
}

/// The first group; a colon follows, so that no name of a host looks the same.
fn v6(network: &Ipv6Net) -> Option<String> {
    let [first, ..] = network.network().segments();
    let free = 16_u8.checked_sub(network.prefix_len())?;
    // So many digits are free, and so many bits of the one in front of them.
    let (digits, bits) = (free / 4, free % 4);
    let tail = match digits {
        0 => String::new(),
        1 => HEX.to_owned(),
        more => format!("{HEX}{{{more}}}"),
    };
    if first == 0 {
        // Zeros in front are not written, nor is a zero that others follow: `::`.
        let group = match (digits, bits) {
            (0, _) => digit(0, bits),
            (1, 0) => HEX.to_owned(),
            (1, _) => format!("{}?{HEX}", digit(0, bits)),
            (_, 0) => format!("{HEX}{{1,{digits}}}"),
            _ => format!("{}?{HEX}{{1,{digits}}}", digit(0, bits)),
        };
        return Some(format!("^(:|{group}):"));
    }
    let written = first >> (4 * digits);
    let (before, last) = (written >> 4, u32::from(written & 15));
    let before = if before == 0 {
        String::new()
    } else {
        format!("{before:x}")
    };
    Some(format!("^{before}{}{tail}:", digit(last, bits)))
}

const HEX: &str = "[0-9a-f]";

/// A hexadecimal digit of which the last bits are free.
fn digit(digit: u32, free: u8) -> String {
    let all = digit..digit + (1 << free);
    let digits: String = all
        .filter_map(|digit| char::from_digit(digit, 16))
        .collect();
    if free == 0 {
        digits
    } else {
        format!("[{digits}]")
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn compiled(network: IpNet) -> Regex {
        let pattern = pattern(&network).unwrap();
        Regex::new(&pattern).unwrap_or_else(|error| panic!("{network}: {pattern}: {error}"))
    }

    #[test]
    fn are_written_as_a_person_would() {
        for (network, written) in [
            ("10.0.0.0/8", r"^10\.[0-9]+\.[0-9]+\.[0-9]+$"),
            (
                "172.16.0.0/12",
                r"^172\.(1[6-9]|2[0-9]|3[0-1])\.[0-9]+\.[0-9]+$",
            ),
            ("192.168.7.1/32", r"^192\.168\.7\.1$"),
            ("0.0.0.0/0", r"^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$"),
            ("::/10", r"^(:|[0123]?[0-9a-f]):"),
            ("fc00::/7", r"^f[cd][0-9a-f]{2}:"),
            ("fe80::/10", r"^fe[89ab][0-9a-f]:"),
            ("8000::/1", r"^[89abcdef][0-9a-f]{3}:"),
            ("66::/15", r"^6[67]:"),
            ("100::/8", r"^1[0-9a-f]{2}:"),
        ] {
            let network: IpNet = network.parse().unwrap();
            assert_eq!(pattern(&network).as_deref(), Some(written), "{network}");
        }
        assert_eq!(pattern(&"2001:db8::/32".parse().unwrap()), None);
    }

    #[test]
    fn match_no_name() {
        for name in [
            "10.example",
            "10.0.0.1.example",
            "1.0.0.10.in-addr.arpa",
            "fc00.example",
            "x10.0.0.1",
        ] {
            for network in ["10.0.0.0/8", "0.0.0.0/0", "fc00::/7", "::/1", "8000::/1"] {
                let network: IpNet = network.parse().unwrap();
                assert!(!compiled(network).is_match(name), "{network} {name}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn match_what_the_network_contains(bits: u32, prefix in 0_u8..=32, other: u32, near in 0_u32..=32) {
            let network = Ipv4Net::new(Ipv4Addr::from(bits), prefix).unwrap().trunc();
            // Often one that has much in common with it.
            let other = Ipv4Addr::from(bits ^ other.checked_shr(near).unwrap_or(0));
            let matches = compiled(network.into()).is_match(&other.to_string());
            prop_assert_eq!(matches, network.contains(&other), "{} {}", network, other);
        }

        #[test]
        fn match_what_the_network_of_ipv6_contains(bits: u128, prefix in 1_u8..=16, other: u128, near in 0_u32..=128, zeros in 0_u32..=16) {
            // Often one whose first digits are zeros.
            let bits = bits >> zeros;
            let network = Ipv6Net::new(Ipv6Addr::from(bits), prefix).unwrap().trunc();
            let other = Ipv6Addr::from(bits ^ other.checked_shr(near).unwrap_or(0));
            let matches = compiled(network.into()).is_match(&other.to_string());
            prop_assert_eq!(matches, network.contains(&other), "{} {}", network, other);
        }
    }

    /// Every address that is not public, and no public one, as far as text can tell.
    #[test]
    fn know_the_table_of_addresses() {
        let networks: Vec<IpNet> = crate::address::networks()
            .into_iter()
            .map(|(network, _)| network)
            .collect();
        for network in networks {
            let Some(_) = pattern(&network) else {
                assert!(
                    network.prefix_len() > 16 && network.addr().is_ipv6(),
                    "{network}"
                );
                continue;
            };
            let regex = compiled(network);
            let last: IpAddr = network.broadcast();
            for address in [network.network(), last] {
                assert!(regex.is_match(&address.to_string()), "{network} {address}");
            }
            assert!(
                !regex.is_match("1.1.1.1") && !regex.is_match("2606:4700:4700::1111"),
                "{network}"
            );
        }
    }
}
