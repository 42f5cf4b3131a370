//! What leads inside, written a second time: plain lists of networks and names, sharing nothing with the program's table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// IANA's special-purpose blocks that are not global, multicast, and what is reserved.
const INSIDE: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/32",
    "2001:1::/64",
    "2001:2::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "3fff::/20",
];

/// Names that no alias from outside may lead to, and all below them.
const PROTECTED: &[&str] = &[
    "plex.direct",
    "corp.example",
    "corp2.example",
    "home.lan",
    "localhost",
    "local",
    "home.arpa",
    "internal",
];

pub(super) fn is_inside(address: IpAddr) -> bool {
    let listed = |address: IpAddr| {
        INSIDE
            .iter()
            .any(|net| net.parse::<IpNet>().unwrap().contains(&address))
    };
    let IpAddr::V6(six) = address else {
        return listed(address);
    };
    let s = six.segments();
    let four =
        |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match s {
        // NAT64's well-known prefix, the own one of the configuration with NAT64, and 6to4.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, 0xabcd, 0, 0, high, low]
        | [0x2002, high, low, ..] => listed(four(high, low)),
        _ => s[0] & 0xe000 != 0x2000 || listed(address),
    }
}

pub(super) fn is_protected(name: &str) -> bool {
    let below = |zone: &str| {
        name.strip_suffix(zone)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    // A single label is a host of this network; the root stands for "the owner itself" in SVCB.
    (!name.is_empty() && !name.contains('.')) || PROTECTED.iter().any(|zone| below(zone))
}

pub(super) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => Ipv6Addr::octets(&six).to_vec(),
    }
}
