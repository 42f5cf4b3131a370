//! The resolvers that the system uses.

use std::net::SocketAddr;

use hickory_resolver::system_conf::read_system_conf;

use crate::config::Settings;
use crate::upstream::{Server, Transport};

/// The system's resolvers, our own listeners left out: a machine that asks itself through lanward must not make it ask itself.
/// Without a readable configuration there are none; local names are answered all the same.
pub(super) fn servers(settings: &Settings) -> Vec<Server> {
    let Ok((config, _)) = read_system_conf() else {
        return Vec::new();
    };
    let own = settings.own_doors();
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for server in config.name_servers() {
        let port = server
            .connections
            .first()
            .map_or(53, |connection| connection.port);
        let address = SocketAddr::new(server.ip, port);
        if !addresses.contains(&address) && !own.are_at(Transport::Udp, address) {
            addresses.push(address);
        }
    }
    addresses.into_iter().map(Server::new).collect()
}
