//! How connections over QUIC come in, whatever is spoken on them.
//!
//! Nothing is kept of a client, and no seat given away, before it has shown that it is at the address from which it speaks: each
//! is asked to come again with a token (a Retry, RFC 9000 §8.1.2), for which nothing has to be remembered.

mod guarded;

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;

use quinn::{
    Endpoint, EndpointConfig, IdleTimeout, Incoming, Runtime, ServerConfig, TokioRuntime,
    TransportConfig, VarInt,
};
use tokio::time::timeout;

use super::{HANDSHAKE, IDLE, STREAMS, Tls};
use crate::metrics::Counter;
use crate::server::House;
use crate::server::accept::Guest;
use guarded::Guarded;

/// How much a client may send ahead on one stream, and on all of a connection.
const WINDOW: VarInt = VarInt::from_u32(16 << 10);
const ALL_WINDOWS: VarInt = VarInt::from_u32(64 << 10);
/// How much may be on its way to a client that has not said that it came; the longest reply fits.
const SENT: u64 = 128 << 10;
/// Connections that wait to be looked at, and what is kept of their first datagrams: they are looked at at once.
const INCOMING: usize = 256;
const INCOMING_OCTETS: u64 = 8 << 10;
const ALL_INCOMING_OCTETS: u64 = 1 << 20;
/// Connections that there are, with those that have ended: QUIC remembers them for a while (RFC 9000 §10.2), a second and more if
/// the client has not been heard of since, and a client may begin thousands meanwhile.
const REMEMBERED: usize = 1024;

/// Serves connections that come in at a socket.
#[derive(Debug)]
pub(super) struct Door {
    endpoint: Endpoint,
    house: House,
}

impl Door {
    /// A door of a socket, at which this application protocol is spoken; a client may open so many streams of its own on which
    /// nothing is sent back. Must be called inside a runtime.
    pub(super) fn new(
        socket: UdpSocket,
        house: House,
        tls: &Tls,
        protocol: &[u8],
        one_way: u32,
    ) -> io::Result<Self> {
        let crypto = tls.for_quic(protocol).map_err(io::Error::other)?;
        let mut config = ServerConfig::with_crypto(Arc::new(crypto));
        config
            .transport_config(Arc::new(transport(one_way)))
            // Who moves to another address would take along what the old one may do.
            .migration(false)
            .max_incoming(INCOMING)
            .incoming_buffer_size(INCOMING_OCTETS)
            .incoming_buffer_size_total(ALL_INCOMING_OCTETS);
        let socket = TokioRuntime.wrap_udp_socket(socket)?;
        let endpoint = Endpoint::new_with_abstract_socket(
            EndpointConfig::default(),
            Some(config),
            Arc::new(Guarded::new(socket, house.clone())),
            Arc::new(TokioRuntime),
        )?;
        Ok(Self { endpoint, house })
    }

    /// Accepts connections until the end, and has those of clients that may ask served.
    pub(super) async fn accept<F>(
        self,
        serve: impl Fn(quinn::Connection, Guest) -> F + Clone + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        loop {
            let incoming = tokio::select! {
                incoming = self.endpoint.accept() => incoming,
                () = self.house.stop.cancelled() => break,
            };
            match incoming {
                Some(incoming) => self.admit(incoming, &serve),
                // The socket is broken, which quinn has said.
                None => return,
            }
        }
        // Whoever comes now is refused; who is there finishes, and is told that this is the end.
        self.endpoint.set_server_config(None);
        tokio::select! {
            () = self.endpoint.wait_idle() => return,
            () = self.house.over.cancelled() => {}
        }
        // 0 is no error in DoQ, and as good as that in HTTP/3 (RFC 9114 §8.1).
        self.endpoint.close(VarInt::from_u32(0), b"");
        self.endpoint.wait_idle().await;
    }

    fn admit<F>(
        &self,
        incoming: Incoming,
        serve: &(impl Fn(quinn::Connection, Guest) -> F + Clone + Send + 'static),
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let peer = incoming.remote_address();
        if !incoming.remote_address_validated() {
            // Who may not be asked to come again has done so, and is refused.
            drop(incoming.retry());
            return;
        }
        if self.endpoint.open_connections() >= REMEMBERED {
            self.house.metrics.shard(0).count(Counter::Crowded);
            return incoming.refuse();
        }
        let Some(guest) = Guest::admit(peer, &self.house) else {
            return incoming.refuse();
        };
        let Ok(connecting) = incoming.accept() else {
            return;
        };
        let (serve, stop) = (serve.clone(), self.house.stop.clone());
        guest.serve(|guest| async move {
            let shaken = tokio::select! {
                shaken = timeout(HANDSHAKE, connecting) => shaken,
                () = stop.cancelled() => return,
            };
            if let Ok(Ok(connection)) = shaken {
                serve(connection, guest).await;
            }
        });
    }
}

fn transport(one_way: u32) -> TransportConfig {
    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(IdleTimeout::try_from(IDLE).ok())
        .max_concurrent_bidi_streams(STREAMS.into())
        .max_concurrent_uni_streams(one_way.into())
        .stream_receive_window(WINDOW)
        .receive_window(ALL_WINDOWS)
        .send_window(SENT)
        .datagram_receive_buffer_size(None);
    transport
}
