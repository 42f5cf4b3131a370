//! One connection to a server, whatever it is made of.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::http::{Http2, Http3};
use super::life::Life;
use super::quic::Quic;
use super::stream::Stream;
use super::{dial, http, quic, stream, tls};
use crate::upstream::Transport;
use crate::upstream::packet::Outgoing;
use crate::upstream::reach::Target;

/// How long a connection stays without questions, unless the server says otherwise.
const REST: Duration = Duration::from_secs(10);
/// The same where it took more to make it.
const LONGER_REST: Duration = Duration::from_secs(30);
/// How long a connection may give no answer at all while a question waits.
const SILENCE: Duration = Duration::from_secs(1);

/// Why a question got no answer on a connection.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection ended or takes no more questions.
    Gone(io::Error),
    /// The server was too busy to look at the question; the connection goes on.
    Busy(io::Error),
    /// The server said that it will not answer, or what it said is no answer.
    Refused(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Refused(error)
    }
}

/// A connection that is open, or was.
#[derive(Debug)]
pub(super) struct Connection {
    life: Arc<Life>,
    carrier: Carrier,
    /// Its place among the connections to the server.
    door: Option<OwnedSemaphorePermit>,
}

#[derive(Debug)]
enum Carrier {
    Stream(Stream),
    Http2(Http2),
    Http3(Http3),
    Quic(Quic),
}

/// Makes a connection to `target` that takes `most` questions. What keeps it going runs on `runtime`, on which this must be called,
/// too.
pub(super) async fn open(target: &Target, most: usize, runtime: &Handle) -> io::Result<Connection> {
    let addresses = &target.addresses;
    let over_tls = |address| tls::connect(target, address);
    let over_quic = |address| quic::connect(target, address);
    let (life, carrier) = match target.transport {
        Transport::Udp | Transport::Tcp => {
            let io = dial::first(addresses, dial::tcp).await?;
            let life = Life::new(stream::SEATS, most, REST);
            let stream = Stream::new(io, &life, runtime);
            (life, Carrier::Stream(stream))
        }
        Transport::Tls => {
            let io = dial::first(addresses, over_tls).await?;
            let life = Life::new(stream::SEATS, most, LONGER_REST);
            let stream = Stream::new(io, &life, runtime);
            (life, Carrier::Stream(stream))
        }
        Transport::Https => {
            let uri = http::uri(target)?;
            let io = dial::first(addresses, over_tls).await?;
            let life = Life::new(http::SEATS, most, LONGER_REST);
            let http = Http2::new(io, uri, &life, runtime).await?;
            (life, Carrier::Http2(http))
        }
        Transport::Quic => {
            let connection = dial::first(addresses, over_quic).await?;
            let life = Life::new(quic::SEATS, most, LONGER_REST);
            let quic = Quic::new(connection, &life, runtime);
            (life, Carrier::Quic(quic))
        }
        Transport::H3 => {
            let uri = http::uri(target)?;
            let connection = dial::first(addresses, over_quic).await?;
            let life = Life::new(http::SEATS, most, LONGER_REST);
            let http = Http3::new(connection, uri, &life, runtime).await?;
            (life, Carrier::Http3(http))
        }
    };
    Ok(Connection {
        life,
        carrier,
        door: None,
    })
}

impl Connection {
    /// Has its place among the connections to the server taken as long as it is there.
    pub(super) fn keep(&mut self, door: OwnedSemaphorePermit) {
        self.door = Some(door);
    }

    pub(super) fn life(&self) -> &Life {
        &self.life
    }
}

/// Nobody can ask there any more, so its task ends.
impl Drop for Connection {
    fn drop(&mut self) {
        self.life.end(io::ErrorKind::ConnectionAborted.into());
    }
}

/// A place on a connection for one question.
#[derive(Debug)]
pub(super) struct Seat {
    connection: Arc<Connection>,
    _permit: OwnedSemaphorePermit,
    since: Instant,
}

impl Seat {
    /// Takes one, if one is free.
    pub(super) fn take(connection: &Arc<Connection>) -> Option<Self> {
        let permit = connection.life.take_seat()?;
        Some(Self::new(Arc::clone(connection), permit))
    }

    /// Waits for one; none if the connection ends before.
    pub(super) async fn wait(connection: Arc<Connection>) -> Option<Self> {
        let permit = connection.life.wait_for_seat().await?;
        Some(Self::new(connection, permit))
    }

    fn new(connection: Arc<Connection>, permit: OwnedSemaphorePermit) -> Self {
        Self {
            connection,
            _permit: permit,
            since: Instant::now(),
        }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, question: &Outgoing) -> Result<Vec<u8>, Broken> {
        let life = &self.connection.life;
        let answer = match &self.connection.carrier {
            Carrier::Stream(stream) => stream.ask(question, life).await,
            Carrier::Http2(http) => http.ask(&question.bytes, life).await,
            Carrier::Http3(http) => http.ask(&question.bytes, life).await,
            Carrier::Quic(quic) => quic.ask(&question.bytes, life).await,
        };
        if let Err(Broken::Gone(_)) = answer {
            life.retire();
        }
        answer
    }

    /// What is known of the connection.
    pub(super) fn life(&self) -> &Life {
        &self.connection.life
    }

    /// Waits for `answer` while there is a sign that the connection works: nobody may get an answer there for a second. Then it
    /// takes no more questions; routers forget connections without a word.
    pub(super) async fn unless_silent<T>(
        &self,
        mut answer: impl Future<Output = T> + Unpin,
    ) -> Option<T> {
        let life = &self.connection.life;
        loop {
            let silent = self.since.max(life.heard()) + SILENCE;
            if let Ok(answer) = timeout_at(silent, &mut answer).await {
                return Some(answer);
            }
            if life.heard() + SILENCE <= Instant::now() {
                life.retire();
                return None;
            }
        }
    }
}
