//! HTTP/2 (RFC 9113).

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use h2::Reason;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use http::Uri;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_rustls::client::TlsStream;

use super::{MOST_HEAD, SEATS, check, request, take};
use crate::upstream::line::connection::Broken;
use crate::upstream::line::life::Life;

/// How much a server may send ahead for one question, and for all of a connection.
const WINDOW: u32 = 65_535;
const ALL_WINDOWS: u32 = 1 << 20;

/// A connection whose task moves frames.
pub(in crate::upstream::line) struct Http2 {
    asked: mpsc::Sender<Asked>,
}

/// A question on its way.
struct Asked {
    question: Bytes,
    response: oneshot::Sender<Result<ResponseFuture, h2::Error>>,
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
            .initial_window_size(WINDOW)
            .initial_connection_window_size(ALL_WINDOWS)
            .max_header_list_size(MOST_HEAD)
            .handshake(io)
            .await
            .map_err(io_error)?;
        let (asked, questions) = mpsc::channel(SEATS);
        let life = Arc::clone(life);
        drop(runtime.spawn(async move {
            let why = tokio::select! {
                ended = serve(connection, send, questions, &uri) => ended,
                () = life.rested() => None,
                () = life.ended() => None,
            };
            let closed = || io::ErrorKind::ConnectionAborted.into();
            life.end(why.map_or_else(closed, io_error));
        }));
        Ok(Self { asked })
    }

    /// Asks, and waits for the answer.
    pub(in crate::upstream::line) async fn ask(
        &self,
        question: &[u8],
        life: &Life,
    ) -> Result<Vec<u8>, Broken> {
        let (response, sent) = oneshot::channel();
        let asked = Asked {
            question: Bytes::copy_from_slice(question),
            response,
        };
        if self.asked.send(asked).await.is_err() {
            return Err(Broken::Gone(life.why()));
        }
        let response = sent.await.map_err(|_| Broken::Gone(life.why()))?;
        let response = response.map_err(broken)?.await.map_err(broken)?;
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

/// Moves frames until the connection ends; says why.
///
/// Each request leaves whole before the next one begins: Knot Resolver refuses a request that begins inside another one.
async fn serve(
    mut connection: Connection<TlsStream<TcpStream>, Bytes>,
    send: SendRequest<Bytes>,
    mut questions: mpsc::Receiver<Asked>,
    uri: &Uri,
) -> Option<h2::Error> {
    poll_fn(|context| {
        loop {
            if let Poll::Ready(ended) = Pin::new(&mut connection).poll(context) {
                return Poll::Ready(ended.err());
            }
            match questions.poll_recv(context) {
                Poll::Ready(Some(asked)) => {
                    let sent = put(&send, uri, asked.question);
                    // Whoever asked may have given up.
                    let _given_up = asked.response.send(sent);
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

/// Puts a request in line.
fn put(send: &SendRequest<Bytes>, uri: &Uri, question: Bytes) -> Result<ResponseFuture, h2::Error> {
    let request = request(uri, question.len());
    let (response, mut body) = send.clone().send_request(request, false)?;
    body.send_data(question, true)?;
    Ok(response)
}

impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Http2")
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
