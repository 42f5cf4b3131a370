//! HTTP/2 (RFC 9113).

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use h2::Reason;
use h2::client::{Builder, SendRequest};
use http::Uri;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio_rustls::client::TlsStream;

use super::{MOST_HEAD, check, request, take};
use crate::upstream::line::connection::Broken;
use crate::upstream::line::life::Life;

/// How much a server may send ahead for one question, and for all of a connection.
const WINDOW: u32 = 65_535;
const ALL_WINDOWS: u32 = 1 << 20;

/// A connection whose task moves frames.
pub(in crate::upstream::line) struct Http2 {
    send: SendRequest<Bytes>,
    uri: Uri,
}

impl Http2 {
    /// Begins HTTP/2 over `io` and has a task on `runtime` move its frames until its `life` ends.
    pub(in crate::upstream::line) async fn new(
        io: TlsStream<TcpStream>,
        uri: Uri,
        life: &Arc<Life>,
        runtime: &Handle,
    ) -> io::Result<Self> {
        if io.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("it does not speak HTTP/2"));
        }
        let (send, connection) = Builder::new()
            .enable_push(false)
            // One question leaves at once; how many more, the server says before it can answer that.
            .initial_max_send_streams(1)
            .initial_window_size(WINDOW)
            .initial_connection_window_size(ALL_WINDOWS)
            .max_header_list_size(MOST_HEAD)
            .handshake(io)
            .await
            .map_err(io_error)?;
        let life = Arc::clone(life);
        drop(runtime.spawn(async move {
            let why = tokio::select! {
                ended = connection => ended.err().map(io_error),
                () = life.rested() => None,
                () = life.ended() => None,
            };
            life.end(why.unwrap_or_else(|| io::ErrorKind::ConnectionAborted.into()));
        }));
        Ok(Self { send, uri })
    }

    /// Asks, and waits for the answer.
    pub(in crate::upstream::line) async fn ask(
        &self,
        question: &[u8],
        life: &Life,
    ) -> Result<Vec<u8>, Broken> {
        let mut send = self.send.clone().ready().await.map_err(broken)?;
        let request = request(&self.uri, question.len());
        let (response, mut body) = send.send_request(request, false).map_err(broken)?;
        body.send_data(Bytes::copy_from_slice(question), true)
            .map_err(broken)?;
        let response = response.await.map_err(broken)?;
        check(&response)?;
        let mut body = response.into_body();
        let mut answer = Vec::new();
        while let Some(piece) = body.data().await {
            let piece = piece.map_err(broken)?;
            take(&mut answer, &piece)?;
            // Whether there is anybody left to tell shows with the next piece.
            let _told = body.flow_control().release_capacity(piece.len());
        }
        life.note_answer();
        Ok(answer)
    }
}

impl std::fmt::Debug for Http2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Http2").field(&self.uri).finish()
    }
}

/// What the end of a stream means: the server may say that it did not even look at the question (RFC 9113 §8.7). All else is the
/// end of the connection, a GOAWAY among it.
fn broken(error: h2::Error) -> Broken {
    let unseen = error.reason() == Some(Reason::REFUSED_STREAM);
    match error.is_reset() {
        true if unseen => Broken::Busy(io_error(error)),
        true => Broken::Refused(io_error(error)),
        false => Broken::Gone(io_error(error)),
    }
}

fn io_error(error: h2::Error) -> io::Error {
    if error.is_io() {
        error
            .into_io()
            .unwrap_or_else(|| io::ErrorKind::ConnectionAborted.into())
    } else {
        io::Error::other(error)
    }
}
