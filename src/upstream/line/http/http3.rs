//! HTTP/3 (RFC 9114).

use std::io;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use h3::client::SendRequest;
use h3::error::{Code, StreamError};
use h3_quinn::OpenStreams;
use http::Uri;
use quinn::VarInt;
use tokio::runtime::Handle;

use super::{MOST_HEAD, check, request, take};
use crate::upstream::line::connection::Broken;
use crate::upstream::line::life::Life;

/// The connection is closed as it should be (`H3_NO_ERROR`, RFC 9114 §8.1).
const NO_ERROR: VarInt = VarInt::from_u32(0x100);

/// A connection whose task listens to what the server says about it.
pub(in crate::upstream::line) struct Http3 {
    send: SendRequest<OpenStreams, Bytes>,
    uri: Uri,
}

impl Http3 {
    /// Begins HTTP/3 over `connection` and has a task on `runtime` keep it until its `life` ends.
    pub(in crate::upstream::line) async fn new(
        connection: quinn::Connection,
        uri: Uri,
        life: &Arc<Life>,
        runtime: &Handle,
    ) -> io::Result<Self> {
        let (mut driver, send) = h3::client::builder()
            .max_field_section_size(MOST_HEAD.into())
            .send_grease(false)
            .build(h3_quinn::Connection::new(connection.clone()))
            .await
            .map_err(io::Error::other)?;
        let life = Arc::clone(life);
        drop(runtime.spawn(async move {
            let why = tokio::select! {
                ended = driver.wait_idle() => io::Error::other(ended),
                () = life.rested() => io::ErrorKind::ConnectionAborted.into(),
                () = life.ended() => io::ErrorKind::ConnectionAborted.into(),
            };
            life.end(why);
            connection.close(NO_ERROR, b"");
        }));
        Ok(Self { send, uri })
    }

    /// Asks, and waits for the answer.
    pub(in crate::upstream::line) async fn ask(
        &self,
        question: &[u8],
        life: &Life,
    ) -> Result<Vec<u8>, Broken> {
        let request = request(&self.uri, question.len());
        let mut send = self.send.clone();
        let mut stream = send.send_request(request).await.map_err(broken)?;
        stream
            .send_data(Bytes::copy_from_slice(question))
            .await
            .map_err(broken)?;
        stream.finish().await.map_err(broken)?;
        let response = stream.recv_response().await.map_err(broken)?;
        check(&response)?;
        let mut answer = Vec::new();
        while let Some(mut piece) = stream.recv_data().await.map_err(broken)? {
            while piece.has_remaining() {
                let chunk = piece.chunk();
                take(&mut answer, chunk)?;
                piece.advance(chunk.len());
            }
        }
        life.note_answer();
        Ok(answer)
    }
}

impl std::fmt::Debug for Http3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Http3").field(&self.uri).finish()
    }
}

/// What the end of a stream means: the server may say that it did not even look at the question (RFC 9114 §4.1.1). All else is
/// the end of the connection, a GOAWAY among it.
fn broken(error: StreamError) -> Broken {
    match error {
        StreamError::RemoteTerminate {
            code: Code::H3_REQUEST_REJECTED,
            ..
        } => Broken::Busy(io::Error::other(error)),
        StreamError::RemoteTerminate { .. }
        | StreamError::StreamError { .. }
        | StreamError::HeaderTooBig { .. } => Broken::Refused(io::Error::other(error)),
        gone => Broken::Gone(io::Error::other(gone)),
    }
}
