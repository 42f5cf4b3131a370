//! Which of the addresses that a name may carry are answered at all.
//!
//! A decoded name is chosen by whoever wrote the link, so decoding must not open what a public name could not reach safely:
//! link-local addresses (metadata services of clouds), the unspecified address (the own host on several systems), the forms of
//! IPv6 that carry an IPv4 address past a filter. What stays is what servers at home and public servers have.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::{Reason, classify};

/// Which addresses a domain is decoded for; names with others go upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// All that may be answered.
    Any,
    /// Private and loopback addresses only.
    Local,
}

impl Scope {
    pub(super) fn covers(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Local => {
                is_loopback(address)
                    || (!carries_v4(address) && classify(address).is_some_and(is_private))
            }
        }
    }
}

/// Whether no name may lead to `address`. `loopback` allows `127.0.0.1` and `::1`, and only these two.
pub(super) fn is_refused(address: IpAddr, loopback: bool) -> bool {
    if is_loopback(address) {
        return !loopback;
    }
    match classify(address) {
        // 6to4 around a public address is routed like any other; NAT64 is a detour around filters, wherever it leads.
        None => is_nat64(address),
        Some(reason) => {
            carries_v4(address) || !(is_private(reason) || reason == Reason::Documentation)
        }
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address == IpAddr::V4(Ipv4Addr::LOCALHOST) || address == IpAddr::V6(Ipv6Addr::LOCALHOST)
}

fn is_private(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Private | Reason::Shared | Reason::UniqueLocal
    )
}

/// Whether `classify` judges the address by an IPv4 address inside it.
fn carries_v4(address: IpAddr) -> bool {
    is_nat64(address) || matches!(address, IpAddr::V6(v6) if matches!(v6.segments(), [0x2002, ..]))
}

fn is_nat64(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if matches!(v6.segments(), [0x64, 0xff9b, 0, 0, 0, 0, _, _]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(refused: bool, addresses: &[&str]) {
        for text in addresses {
            assert_eq!(is_refused(text.parse().unwrap(), true), refused, "{text}");
        }
    }

    #[test]
    fn servers_at_home_and_public_servers_are_answered() {
        check(
            false,
            &[
                "10.0.0.1",
                "172.16.0.1",
                "192.168.255.255",
                "100.64.0.1",
                "192.0.2.1",
                "198.51.100.7",
                "203.0.113.9",
                "8.8.8.8",
                "127.0.0.1",
            ],
        );
        check(
            false,
            &[
                "fd00::1",
                "fc00::1",
                "2001:db8::1",
                "3fff::1",
                "2606:4700::1111",
                "::1",
                "2002:808:808::1",
            ],
        );
    }

    #[test]
    fn the_rest_is_refused() {
        check(
            true,
            &[
                "0.0.0.0",
                "0.1.2.3",
                "127.0.0.2",
                "127.0.0.0",
                "169.254.169.254",
                "224.0.0.1",
                "239.255.255.250",
                "240.0.0.1",
                "255.255.255.255",
            ],
        );
        check(
            true,
            &["198.18.0.1", "192.0.0.192", "192.0.0.170", "192.88.99.1"],
        );
        check(
            true,
            &[
                "::",
                "::2",
                "::192.168.1.1",
                "::ffff:192.168.1.1",
                "::ffff:8.8.8.8",
                "::ffff:0:8.8.8.8",
                "fe80::1",
                "fec0::1",
                "ff02::1",
            ],
        );
        check(
            true,
            &[
                "64:ff9b::808:808",
                "64:ff9b::c0a8:101",
                "64:ff9b:1::808:808",
                "2002:c0a8:101::1",
                "2002:c000:201::1",
                "2001::1",
                "100::1",
                "4000::1",
            ],
        );
        assert!(
            is_refused("127.0.0.1".parse().unwrap(), false)
                && is_refused("::1".parse().unwrap(), false)
        );
    }

    #[test]
    fn local_means_private_or_loopback() {
        for (text, wanted) in [
            ("192.168.1.1", true),
            ("127.0.0.1", true),
            ("fd00::1", true),
            ("::1", true),
            ("100.64.0.1", true),
        ] {
            assert_eq!(Scope::Local.covers(text.parse().unwrap()), wanted);
        }
        for text in [
            "8.8.8.8",
            "169.254.1.1",
            "127.0.0.53",
            "192.0.2.1",
            "2002:c0a8:101::1",
            "64:ff9b::c0a8:101",
            "fe80::1",
            "0.0.0.0",
        ] {
            assert!(!Scope::Local.covers(text.parse().unwrap()), "{text}");
        }
    }
}
