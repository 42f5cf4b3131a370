//! Where lanward itself listens, so that it never asks itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Transport;

/// The resolver that stands in `/etc/resolv.conf` of containers in networks of their own (libnetwork, `resolver_unix.go`): Docker leads
/// what goes there to its own socket, before it meets one that listens on all addresses.
const DOCKER: (IpAddr, u16) = (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11)), 53);

/// The sockets of this program's own doors.
#[derive(Debug, Clone)]
pub struct OwnDoors {
    /// Those for connections.
    pub streams: Vec<SocketAddr>,
    /// Those for datagrams.
    pub datagrams: Vec<SocketAddr>,
    /// Whether an address is one of this machine's, now.
    pub is_local: fn(IpAddr) -> bool,
}

impl OwnDoors {
    /// Whether somebody who asks in this way at this address would ask this program itself. What is spoken there does not matter:
    /// nobody else can listen there.
    pub fn are_at(&self, transport: Transport, address: SocketAddr) -> bool {
        match transport {
            // What does not fit into datagrams is asked over TCP.
            Transport::Udp => {
                self.has(&self.datagrams, address) || self.has(&self.streams, address)
            }
            Transport::Tcp | Transport::Tls | Transport::Https => self.has(&self.streams, address),
            Transport::Quic | Transport::H3 => self.has(&self.datagrams, address),
        }
    }

    fn has(&self, doors: &[SocketAddr], address: SocketAddr) -> bool {
        // Whoever connects to no address in particular meets this machine.
        let ip = match address.ip().to_canonical() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        doors.iter().any(|door| {
            let covers = door.ip().is_unspecified()
                && door.is_ipv4() == ip.is_ipv4()
                && (self.is_local)(ip)
                && (ip, address.port()) != DOCKER;
            door.port() == address.port() && (door.ip() == ip || covers)
        })
    }
}

/// Of a program without doors.
impl Default for OwnDoors {
    fn default() -> Self {
        Self {
            streams: Vec::new(),
            datagrams: Vec::new(),
            is_local: |_| false,
        }
    }
}

/// The same doors; what addresses the machine has is nobody's choice.
impl PartialEq for OwnDoors {
    fn eq(&self, other: &Self) -> bool {
        self.streams == other.streams && self.datagrams == other.datagrams
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_met_by_what_runs_over_the_same_protocol() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let doors = OwnDoors {
            streams: addresses(&["127.0.0.1:53", "0.0.0.0:853", "[::]:443"]),
            datagrams: addresses(&["127.0.0.1:53", "192.0.2.1:443"]),
            is_local: |ip| ip.is_loopback() || ip == IpAddr::from([192, 0, 2, 1]),
        };
        for (transport, address, own) in [
            (Transport::Udp, "127.0.0.1:53", true),
            (Transport::Udp, "[::ffff:127.0.0.1]:53", true),
            (Transport::Udp, "0.0.0.0:53", true),
            (Transport::Udp, "127.0.0.2:53", false),
            (Transport::Tcp, "127.0.0.1:53", true),
            (Transport::Tls, "192.0.2.1:853", true),
            (Transport::Tls, "192.0.2.2:853", false),
            (Transport::Tls, "[::1]:853", false),
            (Transport::Https, "[::1]:443", true),
            (Transport::Https, "192.0.2.1:443", false),
            (Transport::H3, "192.0.2.1:443", true),
            (Transport::Quic, "192.0.2.1:853", false),
        ] {
            let met = doors.are_at(transport, address.parse().unwrap());
            assert_eq!(met, own, "{transport}://{address}");
        }
    }

    #[test]
    fn dockers_resolver_is_met_unless_it_is_written_over() {
        for (door, address, own) in [
            ("0.0.0.0:53", "127.0.0.11:53", false),
            ("0.0.0.0:53", "127.0.0.12:53", true),
            ("0.0.0.0:5335", "127.0.0.11:5335", true),
            ("127.0.0.11:53", "127.0.0.11:53", true),
        ] {
            let doors = vec![door.parse().unwrap()];
            let doors = OwnDoors {
                streams: doors.clone(),
                datagrams: doors,
                is_local: |ip| ip.is_loopback(),
            };
            let met = doors.are_at(Transport::Udp, address.parse().unwrap());
            assert_eq!(met, own, "{address} through {door}");
        }
    }
}
