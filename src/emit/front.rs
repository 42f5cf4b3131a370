//! What stands in front of a media server.

use std::net::{Ipv4Addr, SocketAddr};

use crate::wire::Name;

/// A media server, and the name under which a proxy offers it.
#[derive(Debug, Clone)]
pub struct Front {
    /// The public name.
    pub host: Name,
    /// The port of the public name.
    pub port: u16,
    /// What stands behind it.
    pub server: Server,
}

/// A media server.
#[derive(Debug, Clone)]
pub enum Server {
    /// Plex, which is always encrypted here. Only IPv4: it believes X-Forwarded-For from private IPv4 addresses alone.
    Plex {
        /// Its address.
        address: Ipv4Addr,
        /// The name that its certificate is for, which carries that address.
        name: Box<Name>,
    },
    /// Jellyfin, without encryption on its side.
    Jellyfin {
        /// Its address and port.
        address: SocketAddr,
    },
}

impl Server {
    /// The port of Plex.
    pub const PLEX_PORT: u16 = 32400;
    /// The port of Jellyfin, unless it was changed.
    pub const JELLYFIN_PORT: u16 = 8096;
}

impl Front {
    /// What the snippet does, in one sentence.
    pub(super) fn purpose(&self, title: &str) -> String {
        let host = &self.host;
        match &self.server {
            Server::Plex { address, name } => {
                format!(
                    "{title} offers the Plex server at {address} as {host}, and verifies it as {name}"
                )
            }
            Server::Jellyfin { address } => {
                format!("{title} offers the Jellyfin server at {address} as {host}")
            }
        }
    }

    /// One request that must work, and one that shows whether the server is verified.
    pub(super) fn verify(&self) -> Vec<(String, String)> {
        let url = self.url();
        match &self.server {
            Server::Plex { address, name } => vec![
                (
                    format!("curl -sS {url}/identity"),
                    "says the machineIdentifier of your server".to_owned(),
                ),
                (
                    format!(
                        "curl -sS --connect-to {name}:{port}:{address}:{port} https://{name}:{port}/identity",
                        port = Server::PLEX_PORT
                    ),
                    "says the same: address and id belong together; if it fails, the proxy must fail, too"
                        .to_owned(),
                ),
            ],
            Server::Jellyfin { .. } => vec![(
                format!("curl -sS {url}/health"),
                "says Healthy".to_owned(),
            )],
        }
    }

    /// The address for clients.
    pub fn url(&self) -> String {
        match self.port {
            443 => format!("https://{}", self.host),
            port => format!("https://{}:{port}", self.host),
        }
    }
}
