//! DNS over TLS (RFC 7858): the messages of TCP, inside TLS.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{IDLE, Tls, TlsError, shake};
use crate::server::House;
use crate::server::accept::accept;
use crate::server::stream;
use crate::wire::hop::Hop;

/// The application protocol (RFC 7858 has none, IANA registered it later). Clients that name none are served as well.
const PROTOCOL: &[u8] = b"dot";

/// Makes a door of a listener: the future that serves it until the end.
pub fn serve(
    listener: TcpListener,
    house: House,
    tls: &Tls,
) -> Result<impl Future<Output = ()> + Send + use<>, TlsError> {
    let acceptor = TlsAcceptor::from(Arc::new(tls.for_streams(&[PROTOCOL])?));
    let hop = Hop {
        keepalive: Some(IDLE),
        encrypted: true,
    };
    Ok(accept(listener, house, move |stream, guest| {
        let shaken = shake(&acceptor, stream, guest.house.stop.clone());
        async move {
            // Who cannot agree with us on TLS has been told so by an alert.
            if let Some(stream) = shaken.await {
                stream::serve(stream, guest, hop, IDLE).await;
            }
        }
    }))
}
