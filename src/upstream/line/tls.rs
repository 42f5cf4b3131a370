//! TLS over TCP: what DNS over TLS (RFC 7858) and HTTP/2 run over.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::dial;
use crate::upstream::reach::Target;

/// Connects to one of the addresses of `target`, which proves there that it is the right server.
pub(super) async fn connect(
    target: &Target,
    address: SocketAddr,
) -> io::Result<TlsStream<TcpStream>> {
    let (tls, identity) = target.secrets()?;
    let stream = dial::tcp(address).await?;
    TlsConnector::from(tls).connect(identity, stream).await
}
