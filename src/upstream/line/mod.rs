//! Lines to servers: connections that live longer than a question.
//!
//! A line opens a connection when somebody asks, and keeps it while there is anything to ask. Every connection ends some time:
//! the far end closes it when it is idle, or a router on the way forgets it without a word. None of that is the server's fault
//! or the client's concern, so a question that meets the end of a connection which worked is asked once more on a fresh one.
//! Only a fresh connection that fails counts as a failure of the server.
//!
//! Questions come from the threads that took them; connections live on the runtime that the line was given.

mod connection;
mod dial;
mod http;
mod life;
mod quic;
mod stream;
mod tls;

use std::fmt;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Shared, select};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use super::packet::Outgoing;
use super::reach::{GearError, Reach};
use super::server::Transport;
use connection::{Broken, Connection, Seat};

/// So many connections to one server; a further one only while those before it have no room (RFC 7766 §6.2.2).
const MOST_CONNECTIONS: usize = 4;
/// So many questions at a time may have a connection to themselves.
const MOST_ALONE: usize = 8;
/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(2);

/// The way to one server.
pub(super) struct Line {
    inner: Arc<Inner>,
}

struct Inner {
    reach: Reach,
    runtime: Option<Handle>,
    kept: Mutex<Kept>,
    alone: Semaphore,
}

/// The connections that take questions, and the one that is being opened.
#[derive(Default)]
struct Kept {
    connections: Vec<Arc<Connection>>,
    opening: Option<Opening>,
}

/// A connection to come, for all who wait for it.
type Opening = Shared<BoxFuture<'static, Result<Arc<Connection>, Arc<io::Error>>>>;

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Line").field(&self.inner.reach).finish()
    }
}

impl Line {
    /// A line to a server; nothing is opened before somebody asks. Its connections live on the runtime in which this is called or,
    /// if in none, on that of whoever asks.
    pub(super) fn new(reach: Reach) -> Self {
        Self {
            inner: Arc::new(Inner {
                reach,
                runtime: Handle::try_current().ok(),
                kept: Mutex::default(),
                alone: Semaphore::new(MOST_ALONE),
            }),
        }
    }

    /// Whether there is anything that no network could mend.
    pub(super) fn prove(&self) -> Result<(), GearError> {
        self.inner.reach.prove()
    }

    /// What questions travel in. A server that is asked over UDP has a line for what datagrams cannot do.
    pub(super) fn transport(&self) -> Transport {
        match self.inner.reach.transport() {
            Transport::Udp => Transport::Tcp,
            other => other,
        }
    }

    /// Asks, and gives the message that came back by `deadline`.
    pub(super) async fn ask(&self, question: &Outgoing, deadline: Instant) -> io::Result<Vec<u8>> {
        timeout_at(deadline, self.converse(question))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn converse(&self, question: &Outgoing) -> io::Result<Vec<u8>> {
        let seat = self.inner.seat().await?;
        let mut answer = pin!(seat.ask(question));
        match seat.unless_silent(answer.as_mut()).await {
            Some(Err(Broken::Gone(_))) if seat.has_answered() => self.ask_again(question).await,
            Some(ended) => Ok(ended?),
            None if !seat.has_answered() => Ok(answer.await?),
            // The name may be a hard one and the connection well, so both get their chance.
            None => match select(answer, pin!(self.ask_again(question))).await {
                Either::Left((Ok(answer), _)) => Ok(answer),
                Either::Left((Err(_), again)) => again.await,
                Either::Right((again, _)) => again,
            },
        }
    }

    /// Asks after a connection that worked has ended. Some servers end each after a few answers; to be among these is a matter
    /// of luck where many ask, so the last attempt goes over a connection that nobody shares.
    async fn ask_again(&self, question: &Outgoing) -> io::Result<Vec<u8>> {
        let seat = self.inner.seat().await?;
        match seat.ask(question).await {
            Err(Broken::Gone(_)) if seat.has_answered() => {}
            ended => return Ok(ended?),
        }
        let closed = |_| io::Error::other("the line is closed");
        let _alone = self.inner.alone.acquire().await.map_err(closed)?;
        let opening = self.inner.open(false);
        let connection = opening.await.map_err(|error| copy(&error))?;
        let seat = Seat::take(&connection).ok_or(io::ErrorKind::ConnectionAborted)?;
        Ok(seat.ask(question).await?)
    }
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        let (Broken::Gone(error) | Broken::Refused(error)) = broken;
        error
    }
}

impl Inner {
    /// A seat on a connection that is kept, or on one that is opened for it.
    async fn seat(self: &Arc<Self>) -> io::Result<Seat> {
        loop {
            let (full, opening) = match self.look() {
                Ok(seat) => return Ok(seat),
                Err(wait) => wait,
            };
            let opened = tokio::select! {
                biased;
                seat = or_never(full.clone().map(Seat::wait)) => match seat {
                    Some(seat) => return Ok(seat),
                    // That connection has ended.
                    None => continue,
                },
                opened = or_never(opening) => opened,
            };
            match (opened, full) {
                (Ok(connection), _) => {
                    if let Some(seat) = Seat::take(&connection) {
                        return Ok(seat);
                    }
                    if !connection.life().is_open() {
                        return Err(connection.life().why());
                    }
                    // Others were quicker and took all its seats.
                }
                (Err(error), None) => return Err(copy(&error)),
                (Err(_), Some(full)) => {
                    if let Some(seat) = Seat::wait(full).await {
                        return Ok(seat);
                    }
                }
            }
        }
    }

    /// A seat; or else a connection that is full, and one that is being opened. At least one of them is there.
    fn look(self: &Arc<Self>) -> Result<Seat, (Option<Arc<Connection>>, Option<Opening>)> {
        let mut kept = self.lock();
        kept.connections.retain(|one| one.life().is_open());
        if let Some(seat) = kept.connections.iter().find_map(Seat::take) {
            return Ok(seat);
        }
        // One that is over and still there has panicked.
        let under_way = (kept.opening.as_ref()).is_some_and(|opening| opening.peek().is_none());
        if !under_way {
            let room = kept.connections.len() < MOST_CONNECTIONS;
            kept.opening = room.then(|| self.open(true));
        }
        Err((kept.connections.last().cloned(), kept.opening.clone()))
    }

    /// Opens a connection, for all who ask if `kept`.
    fn open(self: &Arc<Self>, kept: bool) -> Opening {
        let inner = Arc::clone(self);
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        let task = runtime.clone().spawn(async move {
            let opened = inner.connect(&runtime).await;
            let opened = opened.map(Arc::new).map_err(Arc::new);
            if kept {
                let mut kept = inner.lock();
                kept.opening = None;
                kept.connections.extend(opened.iter().cloned());
            }
            opened
        });
        let ended = |_| Err(Arc::new(io::ErrorKind::ConnectionAborted.into()));
        task.map(move |opened| opened.unwrap_or_else(ended))
            .boxed()
            .shared()
    }

    async fn connect(&self, runtime: &Handle) -> io::Result<Connection> {
        let target = self.reach.target().await?;
        let connecting = timeout(CONNECT, connection::open(&target, runtime));
        let late = |_| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "it does not let us connect",
            ))
        };
        let connected = connecting.await.unwrap_or_else(late);
        connected.map_err(|error| self.reach.failed(error))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for what is there; for nothing for ever.
async fn or_never<T>(future: Option<impl Future<Output = T>>) -> T {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// The same error for one more who waited for it.
fn copy(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

#[cfg(test)]
mod tests;
