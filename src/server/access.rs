//! Who may ask.
//!
//! Closed by default: an open resolver is a weapon in the hands of others. Who may not ask hears nothing.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::interfaces::{Link, is_link_local};

/// One word of the `allow` list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The machine itself.
    Loopback,
    /// RFC 1918, unique local and link-local addresses. Not 100.64/10: behind carrier-grade NAT those are strangers.
    Private,
    /// The networks that the machine's interfaces are in.
    Connected,
    /// A network.
    Network(IpNet),
}

/// Why a word is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no client; allowed: \"loopback\", \"private\", \"connected\", or a network such as \"192.168.1.0/24\""
)]
pub struct RuleError(String);

impl FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        match text {
            "loopback" => Ok(Self::Loopback),
            "private" => Ok(Self::Private),
            "connected" => Ok(Self::Connected),
            other => parse_network(other)
                .map(Self::Network)
                .ok_or_else(|| RuleError(text.to_owned())),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback => f.write_str("loopback"),
            Self::Private => f.write_str("private"),
            Self::Connected => f.write_str("connected"),
            Self::Network(net) => write!(f, "{net}"),
        }
    }
}

/// A network, or an address as the network of itself.
pub fn parse_network(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The rules, made into networks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    v4: Vec<Ipv4Net>,
    v6: Vec<Ipv6Net>,
}

impl Access {
    /// What these rules allow on a machine whose interfaces are in the `connected` networks.
    pub fn new(rules: &[Rule], connected: &[IpNet]) -> Self {
        let mut access = Self::default();
        for rule in rules {
            match rule {
                Rule::Loopback => access.add(&[v4(127, 0, 8), v6(0, 1, 128)]),
                Rule::Private => access.add(&[
                    v4(10, 0, 8),
                    v4(172, 16, 12),
                    v4(192, 168, 16),
                    v4(169, 254, 16),
                    v6(0xfc00, 0, 7),
                    v6(0xfe80, 0, 10),
                ]),
                Rule::Connected => access.add(connected),
                Rule::Network(net) => access.add(&[*net]),
            }
        }
        access
    }

    /// Whether a client may ask. An IPv4 client of an IPv6 socket is an IPv4 client. Port 0 is nobody's: an answer there could
    /// only be part of somebody's game.
    pub fn allows(&self, client: IpAddr, port: u16) -> bool {
        let inside = match client.to_canonical() {
            IpAddr::V4(client) => self.v4.iter().any(|net| net.contains(&client)),
            IpAddr::V6(client) => self.v6.iter().any(|net| net.contains(&client)),
        };
        inside && port != 0
    }

    /// The first of these places, all on this machine, at which it may ask its own server.
    pub fn own_door(&self, places: &[SocketAddr]) -> Option<SocketAddr> {
        let mut places = places.iter().copied();
        places.find(|place| self.allows(place.ip(), place.port()))
    }

    fn add(&mut self, nets: &[IpNet]) {
        for net in nets {
            match net {
                IpNet::V4(net) => self.v4.push(*net),
                IpNet::V6(net) => self.v6.push(*net),
            }
        }
    }
}

/// Where these doors are found on their own machine, if that has these interfaces. IPv4 first: where IPv6 is switched off, a door can be
/// open on all addresses while there is none.
pub fn places(doors: &[SocketAddr], links: &[Link]) -> Vec<SocketAddr> {
    let all = doors.iter().flat_map(|door| places_of(*door, links));
    let mut places: Vec<SocketAddr> = all.collect();
    places.sort_by_key(SocketAddr::is_ipv6);
    places
}

fn places_of(door: SocketAddr, links: &[Link]) -> Vec<SocketAddr> {
    if !door.ip().is_unspecified() {
        return vec![door];
    }
    let loopback: IpAddr = if door.is_ipv4() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        Ipv6Addr::LOCALHOST.into()
    };
    let networks = links.iter().flat_map(|link| &link.addresses);
    let others = networks
        .map(IpNet::addr)
        .filter(|address| address.is_ipv4() == door.is_ipv4() && !is_link_local(*address));
    let all = std::iter::once(loopback).chain(others);
    all.map(|address| SocketAddr::new(address, door.port()))
        .collect()
}

fn v4(a: u8, b: u8, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length))
}

fn v6(first: u16, last: u16, length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, last),
        length,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_asks_itself_where_it_may() {
        let links = [Link {
            name: "eth0".to_owned(),
            addresses: ["172.17.0.2/16", "2001:db8::2/64", "fe80::2/64"]
                .map(|network| network.parse().unwrap())
                .to_vec(),
        }];
        for (rules, doors, expected) in [
            (
                vec!["loopback"],
                vec!["[::]:53", "0.0.0.0:53"],
                "127.0.0.1:53",
            ),
            (
                vec!["loopback"],
                vec!["192.168.1.2:53", "[::1]:5335"],
                "[::1]:5335",
            ),
            (vec!["private"], vec!["0.0.0.0:53"], "172.17.0.2:53"),
            (
                vec!["2001:db8::/64"],
                vec!["0.0.0.0:53", "[::]:53"],
                "[2001:db8::2]:53",
            ),
            (vec!["private"], vec!["[::]:53"], ""),
            (vec!["192.168.1.0/24"], vec!["0.0.0.0:53", "[::]:53"], ""),
        ] {
            let rules: Vec<Rule> = rules.iter().map(|rule| rule.parse().unwrap()).collect();
            let doors: Vec<SocketAddr> = doors.iter().map(|door| door.parse().unwrap()).collect();
            let door = Access::new(&rules, &[]).own_door(&places(&doors, &links));
            assert_eq!(door, expected.parse().ok(), "{rules:?} {doors:?}");
        }
    }

    #[test]
    fn only_who_is_named_may_ask() {
        let rules: Vec<Rule> = ["loopback", "private", "connected", "203.0.113.9"]
            .map(|text| text.parse().unwrap())
            .to_vec();
        let access = Access::new(
            &rules,
            &[
                "198.51.100.0/24".parse().unwrap(),
                "2001:db8:1::/64".parse().unwrap(),
            ],
        );
        for client in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "fd00::1",
            "fe80::1",
            "198.51.100.7",
            "2001:db8:1::7",
            "203.0.113.9",
            "::ffff:10.0.0.1",
        ] {
            assert!(access.allows(client.parse().unwrap(), 1024), "{client}");
            assert!(
                !access.allows(client.parse().unwrap(), 0),
                "{client} from port 0"
            );
        }
        for stranger in [
            "8.8.8.8",
            "100.64.0.1",
            "172.32.0.1",
            "198.51.101.1",
            "203.0.113.8",
            "2001:db8:2::1",
            "::ffff:8.8.8.8",
            "::",
        ] {
            assert!(
                !access.allows(stranger.parse().unwrap(), 1024),
                "{stranger}"
            );
        }
        assert!(
            !Access::default().allows(IpAddr::from(Ipv4Addr::LOCALHOST), 1024),
            "closed where nothing is said"
        );
        assert!("everyone".parse::<Rule>().is_err());
    }
}
