//! The encrypted doors as devices are told of them.

use std::net::{IpAddr, SocketAddr};

use super::Encrypted;
use crate::server::encrypted::Protocol;
use crate::server::interfaces;
use crate::wire::Endpoint;

impl Encrypted {
    /// The doors that somebody can reach for whom this machine has the addresses `here`, the best first. A door that is open on
    /// one address has that one; one on a loopback address is for this machine alone, and where there is another address, that is it.
    ///
    /// The order is that of the layers between a question and its network: with fewer of them both sides have less to do. TLS,
    /// which every client knows that looks for doors, comes before QUIC.
    pub fn doors_at(&self, here: &[IpAddr]) -> Vec<Endpoint> {
        let mut doors = self.doors.clone();
        doors.sort_by_key(|(protocol, address)| (rank(*protocol), address.port()));
        let mut found: Vec<Endpoint> = Vec::new();
        for (protocol, address) in doors {
            let door = Endpoint {
                protocols: vec![word(protocol)],
                port: address.port(),
                addresses: reachable(address, here),
                path: is_http(protocol).then(|| self.path.clone()),
            };
            let known = found
                .iter_mut()
                .find(|known| known.protocols == door.protocols && known.port == door.port);
            match known {
                Some(known) => known.addresses.extend(door.addresses),
                None => found.push(door),
            }
        }
        for door in &mut found {
            door.addresses.sort_unstable();
            door.addresses.dedup();
            // Who asks on this machine may pass the answer on, as other resolvers in front of this one do.
            let is_of_network = |address: &IpAddr| !address.is_loopback();
            if door.addresses.iter().any(is_of_network) {
                door.addresses.retain(is_of_network);
            }
        }
        found.retain(|door| !door.addresses.is_empty());
        together(found)
    }
}

/// Doors for HTTP at the same place are one: a client finds out by itself which version it gets.
fn together(doors: Vec<Endpoint>) -> Vec<Endpoint> {
    let mut found: Vec<Endpoint> = Vec::new();
    for door in doors {
        let twin = found.iter_mut().find(|known| {
            let same = known.port == door.port && known.addresses == door.addresses;
            same && known.path.is_some() && door.path.is_some()
        });
        match twin {
            Some(twin) => twin.protocols.extend(door.protocols),
            None => found.push(door),
        }
    }
    found
}

/// The addresses at which a door is reached.
fn reachable(door: SocketAddr, here: &[IpAddr]) -> Vec<IpAddr> {
    let ip = door.ip();
    if ip.is_unspecified() {
        let same_family = |address: &IpAddr| address.is_ipv4() == ip.is_ipv4();
        return here.iter().copied().filter(same_family).collect();
    }
    let on_machine = here.iter().any(IpAddr::is_loopback);
    if ip.is_loopback() && !on_machine || interfaces::is_link_local(ip) {
        return Vec::new();
    }
    vec![ip]
}

fn is_http(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::Https | Protocol::H3)
}

fn rank(protocol: Protocol) -> u8 {
    match protocol {
        Protocol::Tls => 0,
        Protocol::Quic => 1,
        Protocol::H3 => 2,
        Protocol::Https => 3,
    }
}

/// The name of a protocol (IANA "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs").
fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tls => "dot",
        Protocol::Quic => "doq",
        Protocol::H3 => "h3",
        Protocol::Https => "h2",
    }
}
