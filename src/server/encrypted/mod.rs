//! The encrypted doors: the same resolver's answers, octet for octet, over TLS, HTTPS, QUIC and HTTP/3.
//!
//! They stand on tokio-rustls, hyper, quinn and h3, not on hickory-server, which takes answers only as records and writes them
//! anew, serves the questions of a connection one after another, knows neither GET nor HTTP/1.1, has one limit for handshake and
//! idleness, and none for the number of connections.

mod activity;
mod certificate;
mod doq;
mod dot;
mod exchange;
mod facts;
mod h3;
mod https;
mod patient;
mod quic;
mod root;
mod self_signed;
mod tls;

use std::fmt;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::wire::hop::Hop;

pub use certificate::{Certificate, CertificateError, Half};
pub use doq::serve as serve_doq;
pub use dot::serve as serve_dot;
pub use facts::Facts;
pub use h3::serve as serve_h3;
pub use https::serve as serve_https;
pub use self_signed::{Authority, Made, NewAuthority, SelfSigned, SelfSignedError};
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
/// How long a request may take to come in, or its reply to be taken.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a client may take to see that a connection is to end on which nothing is under way.
const FAREWELL: Duration = Duration::from_secs(1);
/// Requests that a client may have under way on one connection; fewer would limit what it can do at the same time (RFC 9113
/// §6.5.2). How many of them may wait for upstream is for the resolver to say.
const STREAMS: u32 = 100;

/// What is kept of encrypted octets while the client does not take them: a record.
const UNTAKEN: usize = 16 << 10;

/// What replies over HTTP and QUIC say about the way. How long a connection stays they tell by their own means; the option for that
/// is one of TCP and TLS (RFC 7828; RFC 9250 §5.5.2 forbids it).
const HOP: Hop = Hop {
    keepalive: None,
    encrypted: true,
};

/// Shakes hands. None if the client cannot agree with us, takes too long, or the end comes first.
fn shake(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    stop: CancellationToken,
) -> impl Future<Output = Option<TlsStream<TcpStream>>> + Send + use<> {
    let shaking = acceptor.accept_with(stream, |session| session.set_buffer_limit(Some(UNTAKEN)));
    async move {
        tokio::select! {
            shaken = timeout(HANDSHAKE, shaking) => shaken.ok()?.ok(),
            () = stop.cancelled() => None,
        }
    }
}
