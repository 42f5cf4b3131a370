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

/// Octets of all requests that are under way on a connection: a hundred are far shorter, and one may be too long and hear it.
const REQUESTS: usize = 256 << 10;
/// Octets on all streams beside them, as long as the connection lives. There is little to be said on them.
const OTHERS: usize = 64 << 10;

/// A connection, or what opens streams on it, where clients can send only so much.
pub(super) struct Bounded<T> {
    inner: T,
    requests: Arc<Allowance>,
    others: Arc<Allowance>,
}

/// Octets that may yet come.
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
    taken: usize,
}

impl Receive {
    fn new(stream: h3_quinn::RecvStream, allowance: Arc<Allowance>) -> Self {
        Self {
            id: stream.recv_id(),
            stream,
            waits: false,
            allowance,
            taken: 0,
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
        let octets = ready!(polled)?;
        let length = octets.as_ref().map_or(0, Bytes::len);
        if !self.allowance.take(length) {
            let code = Code::H3_EXCESSIVE_LOAD.value();
            self.stop_sending(code);
            return Poll::Ready(Err(StreamErrorIncoming::StreamTerminated {
                error_code: code,
            }));
        }
        self.taken += length;
        Poll::Ready(Ok(octets))
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

impl Drop for Receive {
    fn drop(&mut self) {
        self.allowance.give_back(self.taken);
    }
}
