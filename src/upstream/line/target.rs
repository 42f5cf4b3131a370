//! What a line leads to.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

/// What questions travel in, where it outlives a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP (RFC 7766).
    Tcp,
    /// TLS over TCP (RFC 7858).
    Tls,
    /// HTTPS over HTTP/2 (RFC 8484).
    Https,
    /// QUIC (RFC 9250).
    Quic,
    /// HTTPS over HTTP/3.
    H3,
}

impl Transport {
    /// Whether nobody on the way can read the questions. Then their length shall tell nothing either.
    pub(in crate::upstream) fn is_encrypted(self) -> bool {
        self != Self::Tcp
    }

    /// Whether the server may say in EDNS for how long it keeps an idle connection: HTTP and QUIC have words of their own for it
    /// (RFC 7828 §3, RFC 9250 §5.5.2).
    pub(in crate::upstream) fn negotiates_keepalive(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

/// A server at the far end of a line.
#[derive(Debug, Clone)]
pub struct Target {
    /// What questions travel in.
    pub transport: Transport,
    /// Where the server is; tried in this order.
    pub addresses: Vec<SocketAddr>,
    /// Whose certificate it must show. None only where nothing is encrypted.
    pub name: Option<ServerName<'static>>,
    /// Its name and port as HTTP writes them.
    pub authority: String,
    /// Where on it DNS is served, from the slash on. HTTP only.
    pub path: String,
    /// Whom to trust. None only where nothing is encrypted.
    pub tls: Option<Arc<ClientConfig>>,
}

impl Target {
    /// A server that is asked over plain TCP.
    pub fn tcp(address: SocketAddr) -> Self {
        Self {
            transport: Transport::Tcp,
            addresses: vec![address],
            name: None,
            authority: String::new(),
            path: String::new(),
            tls: None,
        }
    }
}
