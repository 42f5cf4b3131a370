//! DNS over TLS (RFC 7858): the messages of TCP, inside TLS.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{IDLE, Tls, TlsError, shake};
use crate::server::House;
use crate::server::accept::accept;
use crate::server::stream::{self, Terms};

/// The application protocol (RFC 7858 has none, IANA registered it later). Clients that name none are served as well.
const PROTOCOL: &[u8] = b"dot";

/// Questions under way on one connection, as many as over the other encrypted ways: a phone, or a resolver that asks for others,
/// has only one, and a few names whose servers are silent must not hold all that come after them.
const UNDER_WAY: usize = 100;

/// Makes a door of a listener: the future that serves it until the end.
pub fn serve(
    listener: TcpListener,
    house: House,
    tls: &Tls,
) -> Result<impl Future<Output = ()> + Send + use<>, TlsError> {
    let acceptor = TlsAcceptor::from(Arc::new(tls.for_streams(&[PROTOCOL])?));
    let terms = Terms {
        idle: IDLE,
        under_way: UNDER_WAY,
        encrypted: true,
    };
    Ok(accept(listener, house, move |stream, guest| {
        let shaken = shake(&acceptor, stream, guest.house.stop.clone());
        async move {
            // Who cannot agree with us on TLS has been told so by an alert.
            if let Some(stream) = shaken.await {
                stream::serve(stream, guest, terms).await;
            }
        }
    }))
}
