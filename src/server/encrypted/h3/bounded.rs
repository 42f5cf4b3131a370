//! Streams on which a client can send only so much: h3 keeps a frame until it is whole, however long that says it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h3::error::Code;
use h3::quic::{
    Connection, ConnectionErrorIncoming, OpenStreams, RecvStream, SendStream, StreamErrorIncoming,
    StreamId, WriteBuf,
};

/// Octets that are kept of all requests on a connection: a hundred are far shorter, and one may be too long and hear it.
const REQUESTS: usize = 256 << 10;
/// Octets that are kept of all streams beside them. There is little to be said on them at once.
const OTHERS: usize = 64 << 10;
/// What it costs to keep a piece of a stream beside its octets, of which there may be no more than one.
const PIECE: usize = 128;

/// A connection, or what opens streams on it, where clients can send only so much.
pub(super) struct Bounded<T> {
    inner: T,
    requests: Arc<Allowance>,
    others: Arc<Allowance>,
}

/// Octets that may yet be kept.
struct Allowance(AtomicUsize);

impl Allowance {
    fn new(octets: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(octets)))
    }

    /// Takes so many, if there are so many left.
    fn take(&self, octets: usize) -> bool {
        let left = |left: usize| left.checked_sub(octets);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.is_ok()
    }

    fn give_back(&self, octets: usize) {
        self.0.fetch_add(octets, Ordering::Relaxed);
    }
}

/// A piece of a stream, which takes of the allowance until it has been read.
///
/// It is a copy: what QUIC gives holds the datagram in which it came.
struct Piece {
    octets: Vec<u8>,
    allowance: Arc<Allowance>,
}

impl Piece {
    /// Keeps these, if that is allowed.
    fn keep(octets: &[u8], allowance: &Arc<Allowance>) -> Option<Bytes> {
        allowance.take(octets.len() + PIECE).then(|| {
            Bytes::from_owner(Self {
                octets: octets.to_vec(),
                allowance: Arc::clone(allowance),
            })
        })
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.octets
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.allowance.give_back(self.octets.len() + PIECE);
    }
}

impl<T> Bounded<T> {
    pub(super) fn new(inner: T) -> Self {
        Self {
            inner,
            requests: Allowance::new(REQUESTS),
            others: Allowance::new(OTHERS),
        }
    }

    fn bound<B: Buf>(&self, stream: h3_quinn::BidiStream<B>) -> Both<B> {
        let (send, receive) = h3::quic::BidiStream::split(stream);
        Both {
            send,
            receive: Receive::new(receive, Arc::clone(&self.requests)),
        }
    }
}

impl<B, T> OpenStreams<B> for Bounded<T>
where
    B: Buf,
    T: OpenStreams<B, BidiStream = h3_quinn::BidiStream<B>>,
{
    type BidiStream = Both<B>;
    type SendStream = T::SendStream;

    fn poll_open_bidi(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::BidiStream, StreamErrorIncoming>> {
        let opened = ready!(self.inner.poll_open_bidi(cx));
        Poll::Ready(opened.map(|stream| self.bound(stream)))
    }

    fn poll_open_send(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::SendStream, StreamErrorIncoming>> {
        self.inner.poll_open_send(cx)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.inner.close(code, reason);
    }
}

impl<B: Buf> Connection<B> for Bounded<h3_quinn::Connection> {
    type RecvStream = Receive;
    type OpenStreams = Bounded<h3_quinn::OpenStreams>;

    fn poll_accept_recv(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::RecvStream, ConnectionErrorIncoming>> {
        let accepted = ready!(Connection::<B>::poll_accept_recv(&mut self.inner, cx));
        Poll::Ready(accepted.map(|stream| Receive::new(stream, Arc::clone(&self.others))))
    }

    fn poll_accept_bidi(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::BidiStream, ConnectionErrorIncoming>> {
        let accepted = ready!(Connection::<B>::poll_accept_bidi(&mut self.inner, cx));
        Poll::Ready(accepted.map(|stream| self.bound(stream)))
    }

    fn opener(&self) -> Self::OpenStreams {
        Bounded {
            inner: Connection::<B>::opener(&self.inner),
            requests: Arc::clone(&self.requests),
            others: Arc::clone(&self.others),
        }
    }
}

/// A stream with a request, and its response.
pub(super) struct Both<B: Buf> {
    send: h3_quinn::SendStream<B>,
    receive: Receive,
}

impl<B: Buf> SendStream<B> for Both<B> {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_ready(cx)
    }

    fn send_data<D: Into<WriteBuf<B>>>(&mut self, data: D) -> Result<(), StreamErrorIncoming> {
        self.send.send_data(data)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_finish(cx)
    }

    fn reset(&mut self, code: u64) {
        self.send.reset(code);
    }

    fn send_id(&self) -> StreamId {
        self.send.send_id()
    }
}

impl<B: Buf> RecvStream for Both<B> {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Self::Buf>, StreamErrorIncoming>> {
        self.receive.poll_data(cx)
    }

    fn stop_sending(&mut self, code: u64) {
        self.receive.stop_sending(code);
    }

    fn recv_id(&self) -> StreamId {
        self.receive.recv_id()
    }
}

/// The half of a stream by which the client sends.
pub(super) struct Receive {
    stream: h3_quinn::RecvStream,
    id: StreamId,
    /// Whether something is being waited for; then `stream` can only be read, or dropped, without a panic.
    waits: bool,
    allowance: Arc<Allowance>,
}

impl Receive {
    fn new(stream: h3_quinn::RecvStream, allowance: Arc<Allowance>) -> Self {
        Self {
            id: stream.recv_id(),
            stream,
            waits: false,
            allowance,
        }
    }
}

impl RecvStream for Receive {
    type Buf = Bytes;

    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Self::Buf>, StreamErrorIncoming>> {
        let polled = self.stream.poll_data(cx);
        self.waits = polled.is_pending();
        let Some(octets) = ready!(polled)? else {
            return Poll::Ready(Ok(None));
        };
        if let Some(kept) = Piece::keep(&octets, &self.allowance) {
            return Poll::Ready(Ok(Some(kept)));
        }
        let code = Code::H3_EXCESSIVE_LOAD.value();
        self.stop_sending(code);
        Poll::Ready(Err(StreamErrorIncoming::StreamTerminated {
            error_code: code,
        }))
    }

    fn stop_sending(&mut self, code: u64) {
        if !self.waits {
            self.stream.stop_sending(code);
        }
    }

    fn recv_id(&self) -> StreamId {
        self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_paid_for_as_long_as_they_are_kept() {
        let allowance = Allowance::new(REQUESTS);
        let keep = || Piece::keep(b"x", &allowance);
        let most = REQUESTS / (PIECE + 1);
        let kept: Vec<Bytes> = (0..most).filter_map(|_| keep()).collect();
        assert_eq!(kept.len(), most);
        assert!(keep().is_none(), "an octet costs more than an octet");
        let part = kept[0].slice(..);
        drop(kept);
        assert_eq!(part, b"x"[..]);
        let left = || allowance.0.load(Ordering::Relaxed);
        assert_eq!(left(), REQUESTS - PIECE - 1);
        drop(part);
        assert_eq!(left(), REQUESTS);
    }
}
