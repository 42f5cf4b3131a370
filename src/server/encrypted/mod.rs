//! The encrypted doors: the same resolver's answers, octet for octet, over TLS, HTTPS, QUIC and HTTP/3.
//!
//! They stand on tokio-rustls, hyper, quinn and h3, not on hickory-server, which takes answers only as records and writes them
//! anew, serves the questions of a connection one after another, knows neither GET nor HTTP/1.1, has one limit for handshake and
//! idleness, and none for the number of connections.

mod certificate;
mod dot;
mod facts;
mod self_signed;
mod tls;

use std::fmt;
use std::time::Duration;

pub use certificate::{Certificate, CertificateError, Half};
pub use dot::serve as serve_dot;
pub use facts::Facts;
pub use self_signed::{Made, SelfSigned, SelfSignedError};
pub use tls::{Tls, TlsError};

/// What is spoken at an encrypted door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over HTTPS (RFC 8484), with HTTP/1.1 and HTTP/2.
    Https,
    /// DNS over QUIC (RFC 9250).
    Quic,
    /// DNS over HTTPS with HTTP/3 (RFC 9114).
    H3,
}

impl Protocol {
    /// Whether it runs over TCP; the others run over UDP.
    pub fn is_stream(self) -> bool {
        matches!(self, Self::Tls | Self::Https)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls => "DNS over TLS",
            Self::Https => "DNS over HTTPS",
            Self::Quic => "DNS over QUIC",
            Self::H3 => "DNS over HTTP/3",
        })
    }
}

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a connection may lie idle: longer than over TCP, since a new one costs a handshake. Idle connections make room for
/// new ones, so this keeps nobody out.
const IDLE: Duration = Duration::from_secs(30);
