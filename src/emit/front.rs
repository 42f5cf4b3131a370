//! What stands in front of a media server.

use std::net::{Ipv4Addr, SocketAddr};

use super::Snippet;
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

    /// The public name as a `Host` header has it: with the port, unless that goes without saying.
    pub(super) fn authority(&self) -> String {
        match self.port {
            443 => self.host.to_string(),
            port => format!("{}:{port}", self.host),
        }
    }

    /// The parameter of a query in which a token travels. Whole queries stay out of logs: Plex also has addresses with a token within
    /// addresses (`/photo/:/transcode?url=…%3FX-Plex-Token%3D…`), and Jellyfin writes `api_key` and `ApiKey`.
    pub(super) fn token(&self) -> &'static str {
        match self.server {
            Server::Plex { .. } => "X-Plex-Token",
            Server::Jellyfin { .. } => "api_key",
        }
    }

    /// What must be set in the media server itself; `urls` is how clients reach Plex, each with its port: without one Plex takes 32400.
    pub(super) fn remarks(&self, snippet: &mut Snippet, urls: &str) {
        match self.server {
            Server::Plex { .. } => {
                snippet.note(format!(
                    "In Plex, Settings > Network: Custom server access URLs is {urls} (with the port), and Secure connections is Preferred or \
                     Required."
                ));
                snippet.note(
                    "The proxy's address must not be in Plex's \"List of IP addresses and networks that are allowed without auth\". Plex believes the \
                     client's address that a proxy names only from a private IPv4 address.",
                );
            }
            Server::Jellyfin { address } => {
                let proxy = if address.ip().is_loopback() {
                    format!("is {}", address.ip())
                } else {
                    "is the address from which the proxy reaches it, such as 192.168.1.3".to_owned()
                };
                snippet.note(format!(
                    "In Jellyfin, Dashboard > Networking: Known proxies {proxy}; then restart Jellyfin. Without it every client seems to come from \
                     the proxy."
                ));
                if !address.ip().is_loopback() {
                    snippet.note(
                        "Nothing encrypts the way from the proxy to Jellyfin: keep it within a network that you trust.",
                    );
                }
            }
        }
    }

    /// [`remarks`](Self::remarks) of a proxy that offers one port.
    pub(super) fn remarks_at_port(&self, snippet: &mut Snippet) {
        self.remarks(snippet, &format!("https://{}:{}", self.host, self.port));
    }

    /// Where else the root certificates may be, by which Plex is verified.
    pub(super) fn remark_of_roots(&self, snippet: &mut Snippet) {
        if matches!(self.server, Server::Plex { .. }) {
            snippet.note(
                "Fedora and its relatives have the root certificates in /etc/pki/tls/certs/ca-bundle.crt.",
            );
        }
    }
}
