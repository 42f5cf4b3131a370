//! DNS over QUIC (RFC 9250): a stream of its own for each question. HTTP/3 begins in the same way.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::{
    ConnectError, Endpoint, IdleTimeout, ReadError, ReadExactError, RecvStream, TransportConfig,
    VarInt, WriteError,
};
use tokio::runtime::Handle;

use super::connection::Broken;
use super::life::Life;
use crate::upstream::reach::Target;

/// So many questions may be under way on one connection: what most servers let a client have.
pub(super) const SEATS: usize = 100;

/// The connection is closed as it should be (`DOQ_NO_ERROR`, RFC 9250 §4.3).
const NO_ERROR: VarInt = VarInt::from_u32(0);
/// Nobody waits for the answer any more (`DOQ_REQUEST_CANCELLED`).
const REQUEST_CANCELLED: VarInt = VarInt::from_u32(3);

/// After so long without a word from the server the connection is over, in milliseconds.
const LONGEST_SILENCE: VarInt = VarInt::from_u32(60_000);
/// The first guess at the round-trip time: a lost first packet is sent again after three times as long (RFC 9002 §6.2.2 has
/// 333 ms, but others are asked meanwhile).
const FIRST_GUESS: Duration = Duration::from_millis(100);
/// The streams that a server may open for HTTP/3, which needs three (RFC 9114 §6.2). DNS needs none, and nobody would read them.
const STREAMS_OF_SERVER: VarInt = VarInt::from_u32(8);
/// How much a server may send ahead on one stream, where the longest message fits, and on all of a connection.
const WINDOW: VarInt = VarInt::from_u32(1 << 17);
const ALL_WINDOWS: VarInt = VarInt::from_u32(1 << 20);

/// Connects to one of the addresses of `target`, from a port of its own. Nothing is sent before the server has proven itself:
/// early data can be sent again by anybody (RFC 9250 §4.5).
pub(super) async fn connect(target: &Target, address: SocketAddr) -> io::Result<quinn::Connection> {
    let (tls, identity) = target.secrets()?;
    let crypto = QuicClientConfig::try_from(tls).map_err(io::Error::other)?;
    let mut transport = TransportConfig::default();
    transport
        .max_idle_timeout(Some(IdleTimeout::from(LONGEST_SILENCE)))
        .initial_rtt(FIRST_GUESS)
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        .max_concurrent_uni_streams(if target.transport.is_http() {
            STREAMS_OF_SERVER
        } else {
            VarInt::from_u32(0)
        })
        .stream_receive_window(WINDOW)
        .receive_window(ALL_WINDOWS)
        .datagram_receive_buffer_size(None);
    let mut config = quinn::ClientConfig::new(Arc::new(crypto));
    config.transport_config(Arc::new(transport));
    let local: SocketAddr = if address.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let connecting = Endpoint::client(local)?
        .connect_with(config, address, &identity.to_str())
        .map_err(|error: ConnectError| io::Error::other(error))?;
    Ok(connecting.await?)
}

/// A connection that needs nobody to keep it going but its end.
#[derive(Debug)]
pub(super) struct Quic {
    connection: quinn::Connection,
}

impl Quic {
    /// Has a task on `runtime` end the connection with its `life`.
    pub(super) fn new(connection: quinn::Connection, life: &Arc<Life>, runtime: &Handle) -> Self {
        let life = Arc::clone(life);
        let kept = connection.clone();
        drop(runtime.spawn(async move {
            tokio::select! {
                ended = kept.closed() => {
                    // To close it as well would hide the reason from those who still wait.
                    life.end(ended.into());
                    return;
                }
                () = life.rested() => {}
                () = life.ended() => {}
            }
            life.end(io::ErrorKind::ConnectionAborted.into());
            kept.close(NO_ERROR, b"");
        }));
        Self { connection }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, question: &[u8], life: &Life) -> Result<Vec<u8>, Broken> {
        let gone = |error: quinn::ConnectionError| Broken::Gone(error.into());
        let (mut send, receive) = self.connection.open_bi().await.map_err(gone)?;
        let mut receive = Receive(receive);
        let length = u16::try_from(question.len()).map_err(io::Error::other)?;
        let frame = [&length.to_be_bytes(), question].concat();
        send.write_all(&frame).await?;
        // No second question comes on this stream (RFC 9250 §4.2).
        send.finish().map_err(io::Error::other)?;
        let mut length = [0; 2];
        receive.0.read_exact(&mut length).await?;
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        receive.0.read_exact(&mut answer).await?;
        life.note_answer();
        Ok(answer)
    }
}

/// The half of a stream by which the answer comes. The server hears of it when nobody waits any more.
struct Receive(RecvStream);

impl Drop for Receive {
    fn drop(&mut self) {
        // What has come to its end cannot be stopped, and need not.
        let _ended = self.0.stop(REQUEST_CANCELLED);
    }
}

impl From<WriteError> for Broken {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Stopped(_) => Self::Refused(error.into()),
            WriteError::ConnectionLost(lost) => Self::Gone(lost.into()),
            other => Self::Gone(other.into()),
        }
    }
}

impl From<ReadExactError> for Broken {
    fn from(error: ReadExactError) -> Self {
        match error {
            ReadExactError::ReadError(ReadError::ConnectionLost(lost)) => Self::Gone(lost.into()),
            ReadExactError::ReadError(error) => Self::Refused(error.into()),
            ReadExactError::FinishedEarly(_) => {
                Self::Refused(io::Error::other("it ends before the answer does"))
            }
        }
    }
}
