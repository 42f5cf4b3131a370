//! Lines to servers: connections that live longer than a question.
//!
//! A line opens a connection when somebody asks, and keeps it while there is anything to ask. Every connection ends some time:
//! the far end closes it when it is idle, or a router on the way forgets it without a word. None of that is the server's fault
//! or the client's concern, so a question that meets the end of a connection which worked is asked again over another one.
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
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::exchange::{Limits, Sends};
use super::packet::Outgoing;
use super::reach::{GearError, Reach};
use super::server::Transport;
use super::trust::on_one_line;
use connection::{Broken, Connection, Seat};

/// So many connections to one server; a further one only while those before it have no room (RFC 7766 §6.2.2).
const MOST_CONNECTIONS: usize = 4;
/// So many connections to one server at all, with those on which only the last answers are waited for.
const MOST_OPEN: usize = 32;
/// After an attempt to connect that failed, the next one waits so long; twice as long after each further one, up to
/// [`LONGEST_PAUSE`]: many questions shall not become as many knocks at a door that does not open.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Short enough for a server to be used again soon after its return.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How long it counts after how many answers the server ended connections.
const MEMORY: Duration = Duration::from_secs(60);
/// Whoever answered within this time was at work, not idle.
const AT_WORK: Duration = Duration::from_secs(1);
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
    /// One for each connection that lives.
    doors: Arc<Semaphore>,
}

/// The connections that take questions, and the one that is being opened.
#[derive(Default)]
struct Kept {
    connections: Vec<Arc<Connection>>,
    opening: Option<Opening>,
    /// After how many answers the last ones ended with questions under way, and when; the last one first.
    ended: [Option<(usize, Instant)>; 4],
    /// How many attempts to connect failed in a row.
    failures: u32,
    /// When to connect again.
    pause: Option<Instant>,
}

/// A connection to come, for all who wait for it.
type Opening = Shared<BoxFuture<'static, Result<Arc<Connection>, Arc<io::Error>>>>;

impl Kept {
    /// Notes how an attempt to connect ended.
    fn note(&mut self, opened: &Result<Arc<Connection>, Arc<io::Error>>) {
        self.opening = None;
        self.connections.extend(opened.iter().cloned());
        if opened.is_ok() {
            (self.failures, self.pause) = (0, None);
            return;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(8));
        self.failures = self.failures.saturating_add(1);
        self.pause = Some(Instant::now() + pause.min(LONGEST_PAUSE));
    }

    /// How many questions the next connection should take, so that none is under way when the server ends it. Two ends after
    /// about as many answers are no chance; of four, the last answers of some may have been lost.
    fn most(&self) -> usize {
        let recent = |(answers, at): (usize, Instant)| (at.elapsed() < MEMORY).then_some(answers);
        match self.ended.map(|ended| ended.and_then(recent)) {
            [Some(last), Some(before), ..] if last.abs_diff(before) <= 1 + last / 16 => {
                last.max(before)
            }
            [Some(a), Some(b), Some(c), Some(d)] => a.max(b).max(c).max(d),
            _ => usize::MAX,
        }
    }
}

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
                doors: Arc::new(Semaphore::new(MOST_OPEN)),
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

    /// Asks, and gives the message that came back. Whoever calls has taken the first of the sends.
    pub(super) async fn ask(&self, question: &Outgoing, limits: Limits<'_>) -> io::Result<Vec<u8>> {
        timeout_at(limits.line, self.converse(question, limits.sends))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(|error| match on_one_line(&error.to_string()) {
                // What needs no words of ours keeps those of the system.
                None => error,
                Some(words) => io::Error::new(error.kind(), words),
            })
    }

    async fn converse(&self, question: &Outgoing, sends: &Sends) -> io::Result<Vec<u8>> {
        let seat = self.inner.seat().await?;
        let mut answer = pin!(seat.ask(question));
        match seat.unless_silent(answer.as_mut()).await {
            Some(Err(broken)) if self.inner.forgives(&seat, &broken) => {
                self.ask_again(question, sends, broken.into()).await
            }
            Some(ended) => Ok(ended?),
            None if seat.life().answers() == 0 || sends.left() == 0 => Ok(answer.await?),
            // The name may be a hard one and the connection well, so both get their chance.
            None => {
                let silent = io::ErrorKind::TimedOut.into();
                let again = pin!(self.ask_again(question, sends, silent));
                match select(answer, again).await {
                    Either::Left((Ok(answer), _)) | Either::Right((Ok(answer), _)) => Ok(answer),
                    Either::Left((Err(_), again)) => again.await,
                    Either::Right((Err(error), first)) => first.await.map_err(|_| error),
                }
            }
        }
    }

    /// Asks after a connection that worked has `ended`, or was too busy. Where many ask at once, a server that ends connections
    /// early meets some of them again and again.
    async fn ask_again(
        &self,
        question: &Outgoing,
        sends: &Sends,
        mut ended: io::Error,
    ) -> io::Result<Vec<u8>> {
        while sends.take() {
            let seat = self.inner.seat().await?;
            match seat.ask(question).await {
                Err(broken) if self.inner.forgives(&seat, &broken) => ended = broken.into(),
                answer => return Ok(answer?),
            }
        }
        Err(ended)
    }
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        let (Broken::Gone(error) | Broken::Busy(error) | Broken::Refused(error)) = broken;
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
                    if connection.life().has_ended() {
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
            kept.opening = room.then(|| self.open(kept.most(), kept.pause));
        }
        Err((kept.connections.last().cloned(), kept.opening.clone()))
    }

    /// Opens a connection that takes `most` questions, not before `pause` is over.
    fn open(self: &Arc<Self>, most: usize, pause: Option<Instant>) -> Opening {
        let inner = Arc::clone(self);
        let runtime = self.runtime.clone().unwrap_or_else(Handle::current);
        let task = runtime.clone().spawn(async move {
            if let Some(pause) = pause {
                sleep_until(pause).await;
            }
            let opened = inner.connect(most, &runtime).await;
            let opened = opened.map(Arc::new).map_err(Arc::new);
            inner.lock().note(&opened);
            opened
        });
        let ended = |_| Err(Arc::new(io::ErrorKind::ConnectionAborted.into()));
        task.map(move |opened| opened.unwrap_or_else(ended))
            .boxed()
            .shared()
    }

    /// Whether what happened on the connection with this seat says nothing about the server. If the connection ended it must have
    /// given answers: every one ends some time. Some servers end each after so many, in the middle of the work; those that
    /// ended in this way say after how many.
    fn forgives(&self, seat: &Seat, broken: &Broken) -> bool {
        match broken {
            Broken::Refused(_) => return false,
            Broken::Busy(_) => return true,
            Broken::Gone(_) => {}
        }
        let answers = seat.life().answers();
        let now = Instant::now();
        let was_at_work = seat.life().heard() + AT_WORK > now;
        if answers > 0 && was_at_work && seat.life().note_loss() {
            let mut kept = self.lock();
            let [last, before, earlier, _] = kept.ended;
            kept.ended = [Some((answers, now)), last, before, earlier];
        }
        answers > 0
    }

    async fn connect(&self, most: usize, runtime: &Handle) -> io::Result<Connection> {
        let door = Arc::clone(&self.doors).acquire_owned().await;
        let door = door.map_err(io::Error::other)?;
        let target = self.reach.target().await?;
        let connecting = timeout(CONNECT, connection::open(&target, most, runtime));
        let late = |_| {
            Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "it does not let us connect",
            ))
        };
        let connected = connecting.await.unwrap_or_else(late);
        let mut connection = connected.map_err(|error| self.reach.failed(error))?;
        connection.keep(door);
        Ok(connection)
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
