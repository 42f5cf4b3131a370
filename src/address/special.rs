//! Which addresses are not public.
//!
//! The table follows the IANA IPv4 and IPv6 special-purpose address registries, with what they leave out: multicast, the
//! reserved block, and every IPv6 form that carries an IPv4 address. IPv6 is judged by a positive model: public is only what
//! lies in `2000::/3` and in none of the blocks below. `Ipv4Addr::is_global` and its kin are unstable or too generous here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Why an address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// `0.0.0.0` or `::`, which lead to the own host on several systems (RFC 1122 §3.2.1.3).
    Unspecified,
    /// The rest of `0.0.0.0/8` (RFC 791).
    ThisNetwork,
    /// `10/8`, `172.16/12`, `192.168/16` (RFC 1918).
    Private,
    /// `100.64/10`: carrier-grade NAT, Tailscale (RFC 6598).
    Shared,
    /// `127/8`, `::1` (RFC 1122, RFC 4291).
    Loopback,
    /// `169.254/16`, `fe80::/10` (RFC 3927, RFC 4291).
    LinkLocal,
    /// `192.0.0/24` and `2001::/23`: protocol assignments (RFC 6890).
    Protocol,
    /// `192.0.0.170` and `.171`: NAT64 discovery (RFC 7050, RFC 8880).
    Nat64Discovery,
    /// Blocks for examples (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// `192.88.99/24`: the retired anycast relay of 6to4 (RFC 7526).
    Relay,
    /// `198.18/15`, `2001:2::/48`: tests of network gear, and the fake addresses of some proxies (RFC 2544, RFC 5180).
    Benchmarking,
    /// `224/4`, `ff00::/8` (RFC 5771, RFC 4291).
    Multicast,
    /// `240/4` (RFC 1112 §4).
    Reserved,
    /// `255.255.255.255` (RFC 919).
    Broadcast,
    /// `::/96` but for `::` and `::1` (RFC 4291 §2.5.5.1).
    Compatible,
    /// `::ffff:0:0/96`: never legal in the DNS, connects over IPv4 (RFC 4291 §2.5.5.2).
    Mapped,
    /// `::ffff:0:0:0/96` (RFC 2765).
    Translated,
    /// `64:ff9b:1::/48`: a NAT64 of the own network (RFC 8215).
    Nat64Local,
    /// `100::/64`, `100:0:0:1::/64` (RFC 6666, RFC 9780).
    Discard,
    /// `2001::/32` (RFC 4380).
    Teredo,
    /// `2001:10::/28`, `2001:20::/28`, `2001:30::/28`: identifiers that are not routed (RFC 4843, RFC 7343, RFC 9374).
    Orchid,
    /// `5f00::/16`: segment identifiers (RFC 9602).
    SegmentRouting,
    /// `fc00::/7` (RFC 4193).
    UniqueLocal,
    /// `fec0::/10` (RFC 3879).
    SiteLocal,
    /// IPv6 outside `2000::/3`: not assigned, so whoever answers there is near.
    Unassigned,
}

impl Reason {
    /// The word that logs, answers and `explain` use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::ThisNetwork => "this-network",
            Self::Private => "rfc1918",
            Self::Shared => "shared",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Protocol => "protocol-assignment",
            Self::Nat64Discovery => "nat64-discovery",
            Self::Documentation => "documentation",
            Self::Relay => "6to4-relay",
            Self::Benchmarking => "benchmarking",
            Self::Multicast => "multicast",
            Self::Reserved => "reserved",
            Self::Broadcast => "broadcast",
            Self::Compatible => "ipv4-compatible",
            Self::Mapped => "ipv4-mapped",
            Self::Translated => "ipv4-translated",
            Self::Nat64Local => "nat64-local",
            Self::Discard => "discard",
            Self::Teredo => "teredo",
            Self::Orchid => "orchid",
            Self::SegmentRouting => "segment-routing",
            Self::UniqueLocal => "unique-local",
            Self::SiteLocal => "site-local",
            Self::Unassigned => "unassigned",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Why `address` is not public; `None` if it is.
///
/// An address that carries an IPv4 address for a translator that anybody may run into (NAT64's well-known prefix, 6to4) is
/// judged by what it carries: blocking all of NAT64 would cut off networks that have no IPv4 (RFC 6052).
pub fn classify(address: IpAddr) -> Option<Reason> {
    match address {
        IpAddr::V4(v4) => classify_v4(v4),
        IpAddr::V6(v6) => classify_v6(v6),
    }
}

type Row<A> = (A, u8, Option<Reason>);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

const fn v6(a: u16, b: u16, c: u16, d: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)
}

/// First match wins, so the narrower block stands above the wider.
const V4: &[Row<Ipv4Addr>] = &[
    (v4(0, 0, 0, 0), 32, Some(Reason::Unspecified)),
    (v4(0, 0, 0, 0), 8, Some(Reason::ThisNetwork)),
    (v4(10, 0, 0, 0), 8, Some(Reason::Private)),
    (v4(100, 64, 0, 0), 10, Some(Reason::Shared)),
    (v4(127, 0, 0, 0), 8, Some(Reason::Loopback)),
    (v4(169, 254, 0, 0), 16, Some(Reason::LinkLocal)),
    (v4(172, 16, 0, 0), 12, Some(Reason::Private)),
    (v4(192, 0, 0, 170), 31, Some(Reason::Nat64Discovery)),
    (v4(192, 0, 0, 0), 24, Some(Reason::Protocol)),
    (v4(192, 0, 2, 0), 24, Some(Reason::Documentation)),
    (v4(192, 88, 99, 0), 24, Some(Reason::Relay)),
    (v4(192, 168, 0, 0), 16, Some(Reason::Private)),
    (v4(198, 18, 0, 0), 15, Some(Reason::Benchmarking)),
    (v4(198, 51, 100, 0), 24, Some(Reason::Documentation)),
    (v4(203, 0, 113, 0), 24, Some(Reason::Documentation)),
    (v4(224, 0, 0, 0), 4, Some(Reason::Multicast)),
    (v4(255, 255, 255, 255), 32, Some(Reason::Broadcast)),
    (v4(240, 0, 0, 0), 4, Some(Reason::Reserved)),
];

/// As above. `None` marks a public block inside a special one. What carries IPv4 is told apart before the table is read.
const V6: &[Row<Ipv6Addr>] = &[
    (v6(0x64, 0xff9b, 1, 0), 48, Some(Reason::Nat64Local)),
    (v6(0x100, 0, 0, 0), 63, Some(Reason::Discard)),
    (v6(0x2001, 0, 0, 0), 32, Some(Reason::Teredo)),
    (v6(0x2001, 2, 0, 0), 48, Some(Reason::Benchmarking)),
    (v6(0x2001, 3, 0, 0), 32, None),
    (v6(0x2001, 4, 0x112, 0), 48, None),
    (v6(0x2001, 0x10, 0, 0), 28, Some(Reason::Orchid)),
    (v6(0x2001, 0x20, 0, 0), 28, Some(Reason::Orchid)),
    (v6(0x2001, 0x30, 0, 0), 28, Some(Reason::Orchid)),
    (v6(0x2001, 0, 0, 0), 23, Some(Reason::Protocol)),
    (v6(0x2001, 0xdb8, 0, 0), 32, Some(Reason::Documentation)),
    (v6(0x3fff, 0, 0, 0), 20, Some(Reason::Documentation)),
    (v6(0x5f00, 0, 0, 0), 16, Some(Reason::SegmentRouting)),
    (v6(0xfc00, 0, 0, 0), 7, Some(Reason::UniqueLocal)),
    (v6(0xfe80, 0, 0, 0), 10, Some(Reason::LinkLocal)),
    (v6(0xfec0, 0, 0, 0), 10, Some(Reason::SiteLocal)),
    (v6(0xff00, 0, 0, 0), 8, Some(Reason::Multicast)),
    (v6(0x2000, 0, 0, 0), 3, None),
    (Ipv6Addr::UNSPECIFIED, 0, Some(Reason::Unassigned)),
];

/// Where one reason ends and another, or none, begins: the rows of both tables, and the forms that are told apart before.
pub(super) fn blocks() -> impl Iterator<Item = IpNet> {
    let v4 = (V4.iter()).filter_map(|row| Ipv4Net::new(row.0, row.1).ok());
    let v6 = V6.iter().map(|row| (row.0, row.1));
    let v6 = FORMS.into_iter().chain(v6);
    let v6 = v6.filter_map(|(net, length)| Ipv6Net::new(net, length).ok());
    v4.map(IpNet::V4).chain(v6.map(IpNet::V6))
}

/// The forms that [`classify_v6`] knows by their segments.
const FORMS: [(Ipv6Addr, u8); 7] = [
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::LOCALHOST, 128),
    (Ipv6Addr::UNSPECIFIED, 96),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96),
    (v6(0x64, 0xff9b, 0, 0), 96),
    (v6(0x2002, 0, 0, 0), 16),
];

fn classify_v4(address: Ipv4Addr) -> Option<Reason> {
    let covers = |net: Ipv4Addr, length: u8| {
        (address.to_bits() ^ net.to_bits())
            .checked_shr(32 - u32::from(length))
            .unwrap_or(0)
            == 0
    };
    V4.iter()
        .find(|(net, length, _)| covers(*net, *length))
        .and_then(|row| row.2)
}

fn classify_v6(address: Ipv6Addr) -> Option<Reason> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => return Some(Reason::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => return Some(Reason::Loopback),
        [0, 0, 0, 0, 0, 0, _, _] => return Some(Reason::Compatible),
        [0, 0, 0, 0, 0, 0xffff, _, _] => return Some(Reason::Mapped),
        [0, 0, 0, 0, 0xffff, 0, _, _] => return Some(Reason::Translated),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            return classify_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
        }
        _ => {}
    }
    let covers = |net: Ipv6Addr, length: u8| {
        (address.to_bits() ^ net.to_bits())
            .checked_shr(128 - u32::from(length))
            .unwrap_or(0)
            == 0
    };
    V6.iter()
        .find(|(net, length, _)| covers(*net, *length))
        .and_then(|row| row.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, addresses: &[&str]) {
        for text in addresses {
            let found = classify(text.parse().unwrap()).map_or("public", Reason::word);
            assert_eq!(found, word, "{text}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table, better in one piece")]
    fn every_block_ends_where_its_registry_says() {
        check(
            "public",
            &[
                "1.0.0.0",
                "8.8.8.8",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
            ],
        );
        check(
            "public",
            &[
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "191.255.255.255",
                "192.0.1.0",
                "192.0.3.0",
            ],
        );
        check(
            "public",
            &[
                "192.31.196.1",
                "192.52.193.1",
                "192.175.48.1",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
            ],
        );
        check(
            "public",
            &[
                "192.88.98.255",
                "192.88.100.0",
                "198.51.99.255",
                "198.51.101.0",
                "203.0.112.255",
                "203.0.114.0",
                "223.255.255.255",
                "168.63.129.16",
            ],
        );
        check("unspecified", &["0.0.0.0", "::"]);
        check("this-network", &["0.0.0.1", "0.255.255.255"]);
        check(
            "rfc1918",
            &[
                "10.0.0.0",
                "10.255.255.255",
                "172.16.0.0",
                "172.31.255.255",
                "192.168.0.0",
                "192.168.255.255",
            ],
        );
        check("shared", &["100.64.0.0", "100.127.255.255"]);
        check("loopback", &["127.0.0.0", "127.255.255.255", "::1"]);
        check(
            "link-local",
            &["169.254.0.0", "169.254.255.255", "fe80::1", "febf:ffff::"],
        );
        check(
            "protocol-assignment",
            &[
                "192.0.0.0",
                "192.0.0.8",
                "192.0.0.169",
                "192.0.0.172",
                "192.0.0.192",
                "2001:1::1",
                "2001:1ff::1",
            ],
        );
        check("nat64-discovery", &["192.0.0.170", "192.0.0.171"]);
        check(
            "documentation",
            &[
                "192.0.2.1",
                "198.51.100.1",
                "203.0.113.255",
                "2001:db8::1",
                "3fff::1",
                "3fff:fff:ffff::",
            ],
        );
        check("6to4-relay", &["192.88.99.2"]);
        check(
            "benchmarking",
            &["198.18.0.0", "198.19.255.255", "2001:2::1"],
        );
        check(
            "multicast",
            &["224.0.0.0", "239.255.255.255", "ff00::", "ff02::fb"],
        );
        check("reserved", &["240.0.0.0", "255.255.255.254"]);
        check("broadcast", &["255.255.255.255"]);
    }

    #[test]
    fn ipv6_is_public_only_where_the_registry_gives_it_out() {
        check(
            "public",
            &[
                "2000::",
                "2001:200::1",
                "2001:3::1",
                "2001:4:112::1",
                "2606:4700::1111",
                "2620:4f:8000::1",
                "3ffe::1",
                "3fff:1000::1",
            ],
        );
        check(
            "unassigned",
            &[
                "2::1",
                "200::1",
                "400::1",
                "1fff::1",
                "4000::1",
                "64:ff9b::1:0:0:1",
                "e000::",
                "100:0:0:2::",
            ],
        );
        check("ipv4-compatible", &["::192.168.1.1", "::8.8.8.8", "::2"]);
        check("ipv4-mapped", &["::ffff:192.168.1.1", "::ffff:8.8.8.8"]);
        check("ipv4-translated", &["::ffff:0:192.168.1.1"]);
        check("nat64-local", &["64:ff9b:1:abcd::c0a8:101"]);
        check("discard", &["100::1", "100:0:0:1::1"]);
        check("teredo", &["2001:0:53aa:64c::3f57:fefe"]);
        check("orchid", &["2001:10::1", "2001:2f:ffff::", "2001:30::1"]);
        check("segment-routing", &["5f00::1"]);
        check("unique-local", &["fc00::1", "fdff:ffff::"]);
        check("site-local", &["fec0::1", "feff::1"]);
    }

    #[test]
    fn what_translators_carry_is_judged_by_what_it_is() {
        check("rfc1918", &["64:ff9b::c0a8:101", "2002:c0a8:101::1"]);
        check("loopback", &["64:ff9b::7f00:1", "2002:7f00:1::"]);
        check("public", &["64:ff9b::808:808", "2002:808:808::1"]);
    }
}
