//! The addresses that are not public, as a list of networks, for programs that take one.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::special::{Reason, blocks, classify};

/// NAT64's well-known prefix (RFC 6052 §2.1) and 6to4 (RFC 3056 §2): what lies in them is judged by the IPv4 address it carries.
const CARRIERS: [(Ipv6Addr, u8); 2] = [
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

/// The narrowest part of unassigned IPv6 space that is listed: no registry gives out less to a provider.
const NARROWEST: u8 = 32;

/// The networks that hold the addresses that are not public and none that is, IPv4 first, in order, each with its reason. A
/// block that a registry names stands there by itself, also inside the unassigned space, so that a reader finds it again. What is
/// left out is the dust of unassigned space around NAT64's prefix and AS112: it would double the list, and leads nowhere.
pub fn networks() -> Vec<(IpNet, Reason)> {
    let edges = edges();
    let everything = [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
    let parts = everything.into_iter().map(|all| split(all, &edges));
    let is_dust = |net: &IpNet| net.prefix_len() > NARROWEST && !edges.contains(net);
    let found = parts.flat_map(|(found, _)| found);
    found
        .filter(|(net, _)| net.network().is_ipv4() || !is_dust(net))
        .collect()
}

/// Every block behind whose borders another reason may hold.
fn edges() -> Vec<IpNet> {
    let special: Vec<IpNet> = blocks().collect();
    let carried = |net: &IpNet| {
        let IpNet::V4(net) = *net else {
            return Vec::new();
        };
        let inside = |(carrier, length): (Ipv6Addr, u8)| {
            let room = u32::from(96 - length);
            let bits = carrier.to_bits() | u128::from(net.network().to_bits()) << room;
            Ipv6Net::new(Ipv6Addr::from_bits(bits), length + net.prefix_len())
        };
        let nets = CARRIERS.into_iter().map(inside);
        nets.filter_map(Result::ok).map(IpNet::V6).collect()
    };
    let mut edges: Vec<IpNet> = special.iter().flat_map(carried).collect();
    edges.extend(special);
    edges
}

/// What of `net` is not public, and whether that is all of it.
fn split(net: IpNet, edges: &[IpNet]) -> (Vec<(IpNet, Reason)>, bool) {
    let inside: Vec<IpNet> = (edges.iter().copied())
        .filter(|edge| net.contains(edge) && *edge != net)
        .collect();
    if inside.is_empty() {
        let reason = classify(net.network());
        return (
            reason.map(|reason| (net, reason)).into_iter().collect(),
            reason.is_some(),
        );
    }
    let mut found = Vec::new();
    let mut is_whole = true;
    for half in net.subnets(net.prefix_len() + 1).into_iter().flatten() {
        let (part, whole) = split(half, &inside);
        found.extend(part);
        is_whole &= whole;
    }
    let is_named = edges.contains(&net);
    if !is_whole || matches!(net, IpNet::V4(_)) && !is_named {
        return (found, is_whole);
    }
    let Some(reason) = classify(net.broadcast()) else {
        return (found, is_whole);
    };
    if is_named {
        return (vec![(net, reason)], true);
    }
    found.retain(|(part, _)| edges.contains(part));
    found.insert(0, (net, Reason::Unassigned));
    (found, true)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    fn assert_listed(address: IpAddr) {
        let listed = networks().iter().any(|(net, _)| net.contains(&address));
        let reason = classify(address);
        let is_dust = matches!(reason, Some(Reason::Unassigned | Reason::Protocol));
        assert!(
            listed == reason.is_some() || is_dust && address.is_ipv6(),
            "{address}: {reason:?}"
        );
    }

    /// Addresses next to borders, where a mistake would be.
    fn near(net: IpNet, distance: u8) -> [IpAddr; 4] {
        let step = u128::from(distance);
        let shift = |address: IpAddr, up: bool| match address {
            IpAddr::V4(v4) => {
                let bits = v4.to_bits();
                let step = u32::from(distance);
                IpAddr::V4(Ipv4Addr::from_bits(if up {
                    bits.wrapping_add(step)
                } else {
                    bits.wrapping_sub(step)
                }))
            }
            IpAddr::V6(v6) => {
                let bits = v6.to_bits();
                IpAddr::V6(Ipv6Addr::from_bits(if up {
                    bits.wrapping_add(step)
                } else {
                    bits.wrapping_sub(step)
                }))
            }
        };
        let (first, last) = (net.network(), net.broadcast());
        [
            shift(first, true),
            shift(first, false),
            shift(last, true),
            shift(last, false),
        ]
    }

    #[test]
    fn the_list_is_what_the_table_says_around_every_border() {
        for edge in edges() {
            for address in [0, 1, 2].into_iter().flat_map(|step| near(edge, step)) {
                assert_listed(address);
            }
        }
    }

    proptest! {
        #[test]
        fn the_list_is_what_the_table_says(bits: u128, v4: u32, zeros in 0..128_u32) {
            for address in [
                IpAddr::V6(Ipv6Addr::from_bits(bits)),
                IpAddr::V6(Ipv6Addr::from_bits(bits >> zeros)),
                IpAddr::V4(Ipv4Addr::from_bits(v4)),
            ] {
                assert_listed(address);
            }
        }
    }

    #[test]
    fn the_usual_ones_stand_there_by_themselves() {
        let nets: Vec<IpNet> = networks().into_iter().map(|(net, _)| net).collect();
        for usual in [
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "::/96",
            "::ffff:0.0.0.0/96",
            "fc00::/7",
            "fe80::/10",
            "fec0::/10",
        ] {
            let usual: IpNet = usual.parse().unwrap();
            assert!(nets.contains(&usual), "{usual} in {nets:#?}");
        }
        for (at, net) in nets.iter().enumerate() {
            assert!(!nets[at + 1..].contains(net), "{net} stands there twice");
        }
        assert!(nets.len() < 120, "{}", nets.len());
    }
}
