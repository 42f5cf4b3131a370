//! Where lanward listens: what stands in each other's way there, and that it never asks itself.

use std::net::SocketAddr;

use super::Settings;
use super::file::{File, Text};
use super::finding::Prover;
use crate::server::encrypted::Protocol;
use crate::server::interfaces;
use crate::upstream::{OwnDoors, Server, Transport};

/// A place where lanward is to listen.
struct Door<'a> {
    key: &'static str,
    text: &'a Text,
    address: SocketAddr,
    /// What it takes there.
    streams: bool,
    datagrams: bool,
}

impl Door<'_> {
    /// Whether both cannot be opened.
    fn clashes(&self, other: &Self) -> bool {
        let [one, another] = [self.address, other.address];
        let covers = one.ip().is_unspecified() || another.ip().is_unspecified();
        let same_family = one.is_ipv4() == another.is_ipv4();
        let same_ip = one.ip() == another.ip() || covers && same_family;
        let same_kind = self.streams && other.streams || self.datagrams && other.datagrams;
        same_kind && same_ip && one.port() == another.port() && one.port() != 0
    }
}

/// Tells of doors that another one covers already. Addresses that cannot be read were told of before.
pub(super) fn check_clashes(prover: &mut Prover<'_>, file: &File) {
    let doors = doors(file);
    for (place, door) in doors.iter().enumerate() {
        let mut before = doors.iter().take(place);
        if let Some(other) = before.find(|other| door.clashes(other)) {
            let (key, text) = (door.key, door.text.get_ref());
            let whose = if key == other.key {
                String::new()
            } else {
                format!(" of {}", other.key)
            };
            let problem = format!(
                "{key}: {text} is covered by {}{whose} already",
                other.address
            );
            prover.error(Some(door.text.span()), problem);
        }
    }
    if file.server.listen.as_ref().is_some_and(Vec::is_empty) {
        prover.error(
            None,
            "listen: no address to listen on; allowed: at least one, such as \"0.0.0.0:53\"",
        );
    }
}

/// All doors in the file, those for plain DNS first.
fn doors(file: &File) -> Vec<Door<'_>> {
    fn read<'a>(
        key: &'static str,
        texts: impl IntoIterator<Item = &'a Text>,
        (streams, datagrams): (bool, bool),
    ) -> impl Iterator<Item = Door<'a>> {
        texts.into_iter().filter_map(move |text| {
            let address = text.get_ref().parse().ok()?;
            Some(Door {
                key,
                text,
                address,
                streams,
                datagrams,
            })
        })
    }
    let plain = read("listen", file.server.listen.iter().flatten(), (true, true));
    let encrypted = file.server.tls.iter().flat_map(|section| {
        section
            .doors()
            .into_iter()
            .flat_map(|(key, protocol, texts)| {
                let stream = protocol.is_stream();
                read(key, texts, (stream, !stream))
            })
    });
    plain.chain(encrypted).collect()
}

/// Tells of servers that are lanward itself.
pub(super) fn check_servers(prover: &mut Prover<'_>, file: &File, settings: &Settings) {
    let servers = file.upstream.servers.iter().flatten();
    let routes = file.route.iter().flat_map(|route| route.servers.get_ref());
    let servers = servers.chain(routes).map(|text| ("servers", text));
    let bootstrap = file.upstream.bootstrap.iter();
    for (key, text) in servers.chain(bootstrap.map(|text| ("bootstrap", text))) {
        let server = text.get_ref().parse::<Server>().ok();
        if let Some(server) = server.filter(|server| settings.own_address(server).is_some()) {
            prover.error(
                Some(text.span()),
                format!(
                    "{key}: {server} is where lanward itself listens; it would ask itself for ever"
                ),
            );
        }
    }
}

impl Settings {
    /// The sockets that lanward listens on.
    pub fn own_doors(&self) -> OwnDoors {
        let (mut streams, mut datagrams) = (self.listen.clone(), self.listen.clone());
        let encrypted = self.encrypted.iter().flat_map(|encrypted| &encrypted.doors);
        for (protocol, address) in encrypted {
            if Protocol::is_stream(*protocol) {
                streams.push(*address);
            } else {
                datagrams.push(*address);
            }
        }
        OwnDoors {
            streams,
            datagrams,
            is_local: interfaces::is_local,
        }
    }

    /// The address of a server, or of a resolver that is written with it, at which lanward would ask itself.
    pub fn own_address(&self, server: &Server) -> Option<SocketAddr> {
        let doors = self.own_doors();
        let own = |transport: Transport, addresses: &[SocketAddr]| {
            let mut addresses = addresses.iter().copied();
            addresses.find(|address| doors.are_at(transport, *address))
        };
        own(server.transport(), server.addresses())
            .or_else(|| own(Transport::Udp, server.bootstrap()))
    }
}
