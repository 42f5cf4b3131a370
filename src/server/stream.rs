//! Messages with their length in front on a stream of octets: DNS over TCP (RFC 7766) and over TLS (RFC 7858). Many questions on
//! one connection, answered in the order in which their answers come.
//!
//! One task serves a connection, in turns: it answers what has come in, writes all replies at once, and waits. So a burst of
//! questions costs one call to read and one to write; a client that does not take its replies is not read from.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, sleep_until, timeout};

use super::House;
use super::accept::{Guest, accept};
use super::udp::PACKET;
use crate::metrics::Counter;
use crate::resolver::{Outcome, Permit, Silent};
use crate::upstream::clock;
use crate::wire::hop::Hop;

/// How long a connection over TCP may lie idle.
const IDLE: Duration = Duration::from_secs(10);
/// Questions under way on a connection over TCP, which most clients use for one alone.
const UNDER_WAY: usize = 16;
/// Replies of so many octets are written before more questions are answered.
const FULL: usize = 32 << 10;
/// What is read at once; more questions seldom come together.
const READ: usize = 4 << 10;
/// The length in front of a message.
const LENGTH: usize = 2;

/// What holds for the connections of a door.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// How long one may lie idle, a message may take to come in, or replies to be taken.
    pub(super) idle: Duration,
    /// Questions under way on one; who sends more waits until one is answered.
    pub(super) under_way: usize,
    pub(super) encrypted: bool,
}

/// Serves DNS over TCP until the end.
pub async fn serve_tcp(listener: TcpListener, house: House) {
    let terms = Terms {
        idle: IDLE,
        under_way: UNDER_WAY,
        encrypted: false,
    };
    accept(listener, house, |stream, guest| serve(stream, guest, terms)).await;
}

/// Serves a connection until the client has no more questions, or is idle for too long.
pub(super) async fn serve<S>(stream: S, guest: Guest, terms: Terms)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sender, late) = mpsc::channel(terms.under_way);
    let connection = Connection {
        stream,
        guest,
        hop: Hop {
            keepalive: Some(terms.idle),
            encrypted: terms.encrypted,
        },
        terms,
        places: Arc::new(Semaphore::new(terms.under_way)),
        input: Vec::new(),
        output: Vec::new(),
        sender,
        late,
    };
    // What goes wrong on a connection ends it, and only its client could do something about it.
    let _over = connection.run().await;
}

/// What became of a question that had to wait, and the place among the questions under way that it holds until it is written.
type Late = (Answered, OwnedSemaphorePermit);

/// What became of a question that had to wait.
enum Answered {
    /// The reply, and the room that it takes until it is written.
    Reply(Vec<u8>, OwnedSemaphorePermit),
    /// There was no room for the reply beside those that the client has not taken. This is the question, to be answered when the
    /// client has, most likely from the cache.
    Again(Vec<u8>),
}

/// The connection is over.
struct Over;

struct Connection<S> {
    stream: S,
    guest: Guest,
    hop: Hop,
    terms: Terms,
    places: Arc<Semaphore>,
    input: Vec<u8>,
    output: Vec<u8>,
    sender: mpsc::Sender<Late>,
    late: mpsc::Receiver<Late>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn run(mut self) -> Result<(), Over> {
        let house = self.guest.house.clone();
        let mut last_call = pin!(house.last_call());
        let mut reading = true;
        // When the client was last heard of, the message began that is not whole yet, or a reply was ready.
        let mut since = Instant::now();
        let mut alarm = pin!(sleep_until(since + self.terms.idle));
        loop {
            if self.answer()? > 0 {
                since = Instant::now();
                self.guest.seat.touch(clock::now());
            }
            if !self.output.is_empty() {
                self.flush().await?;
                // There may be more that is whole already.
                continue;
            }
            let free = self.places.available_permits();
            if !reading && free == self.terms.under_way {
                break;
            }
            let begins = self.input.is_empty();
            // Who waits for us is not idle, but for who began a question and does not end it.
            let may_be_idle = free == self.terms.under_way || free > 0 && !begins;
            self.make_room();
            tokio::select! {
                Some((answered, _place)) = self.late.recv() => {
                    self.receive(answered)?;
                    since = Instant::now();
                }
                read = self.stream.read_buf(&mut self.input), if reading && free > 0 => match read {
                    Ok(0) => reading = false,
                    Ok(_) if begins => since = Instant::now(),
                    Ok(_) => {}
                    Err(_) => return Err(Over),
                },
                // Set anew only when it rings: most connections are heard of before.
                () = &mut alarm => {
                    if may_be_idle && since.elapsed() >= self.terms.idle {
                        break;
                    }
                    alarm.as_mut().reset(next_alarm(since, Instant::now(), self.terms.idle));
                }
                () = &mut last_call, if reading => reading = false,
            }
        }
        // Says that the end is meant, where that can be said.
        let _closed = timeout(self.terms.idle, self.stream.shutdown()).await;
        Ok(())
    }

    /// Takes what became of a question that had to wait.
    fn receive(&mut self, answered: Answered) -> Result<(), Over> {
        match answered {
            Answered::Reply(reply, _room) => push_frame(&mut self.output, &reply),
            Answered::Again(packet) => {
                let mut input = Vec::with_capacity(LENGTH + packet.len() + self.input.len());
                push_frame(&mut input, &packet)?;
                // A message that has begun to come in goes on behind it.
                input.append(&mut self.input);
                self.input = input;
                Ok(())
            }
        }
    }

    /// Makes room to read into; what one long message needed is not kept.
    fn make_room(&mut self) {
        if self.input.is_empty() {
            self.input.shrink_to(READ);
        }
        if self.input.capacity() - self.input.len() < READ {
            self.input.reserve(READ);
        }
    }

    /// Answers the messages that are whole, as far as there is room, and says how many. What must wait for upstream goes on in a
    /// task.
    fn answer(&mut self) -> Result<usize, Over> {
        if whole(&self.input, 0).is_none() {
            return Ok(0);
        }
        if !self.guest.may_still_ask() {
            return Err(Over);
        }
        let Guest { house, client, .. } = &self.guest;
        let counts = house.metrics.shard(0);
        let session = house.resolver.session(clock::now());
        let (mut at, mut taken) = (0, 0);
        let mut reply = Vec::new();
        while self.output.len() < FULL
            && let Some(packet) = whole(&self.input, at)
            && let Ok(place) = Arc::clone(&self.places).try_acquire_owned()
        {
            at += LENGTH + packet.len();
            taken += 1;
            match session.answer(packet, *client, &mut reply, &mut Silent) {
                Outcome::Reply(counter) => {
                    counts.count(counter);
                    self.hop.end(packet, &mut reply);
                    push_frame(&mut self.output, &reply)?;
                }
                // It is kept as long as it waits, and no question needs so much.
                Outcome::Ask(_) if packet.len() > PACKET => return Err(Over),
                Outcome::Ask(permit) => self.ask(packet.to_vec(), permit, place),
                // A client that sends what is no query does not speak DNS.
                Outcome::Drop => {
                    counts.count(Counter::Dropped);
                    return Err(Over);
                }
            }
        }
        self.input.drain(..at);
        Ok(taken)
    }

    /// Has a question asked upstream.
    fn ask(&self, packet: Vec<u8>, permit: Permit, place: OwnedSemaphorePermit) {
        let completing = self.guest.complete(packet.clone(), permit, self.hop);
        let (sender, busy) = (self.sender.clone(), self.guest.seat.busy());
        let room = Arc::clone(&self.guest.room);
        // Boxed as in the UDP door.
        drop(self.guest.house.tasks.spawn(Box::pin(async move {
            if let Some(reply) = completing.await {
                let octets = u32::try_from(reply.len()).unwrap_or(u32::MAX);
                let answered = match room.try_acquire_many_owned(octets) {
                    Ok(room) => Answered::Reply(reply, room),
                    Err(_) => Answered::Again(packet),
                };
                // A client that is gone needs no reply.
                let _gone = sender.send((answered, place)).await;
            }
            drop(busy);
        })));
    }

    /// Writes the replies; over with a client that does not take them.
    async fn flush(&mut self) -> Result<(), Over> {
        let written = async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        };
        let Ok(Ok(())) = timeout(self.terms.idle, written).await else {
            return Err(Over);
        };
        self.output.clear();
        // One long answer must not be paid for as long as the connection lives.
        self.output.shrink_to(READ);
        Ok(())
    }
}

/// When to look next whether a connection is idle of which something was heard `since`; now it is not.
fn next_alarm(since: Instant, now: Instant, idle: Duration) -> Instant {
    let due = since + idle;
    // Who waits for us may have said nothing for longer than that.
    if due > now { due } else { now + idle }
}

/// The message at `at`, if all of it is there.
fn whole(input: &[u8], at: usize) -> Option<&[u8]> {
    let (length, rest) = input.get(at..)?.split_first_chunk::<LENGTH>()?;
    rest.get(..u16::from_be_bytes(*length).into())
}

fn push_frame(output: &mut Vec<u8>, message: &[u8]) -> Result<(), Over> {
    let length = u16::try_from(message.len()).map_err(|_| Over)?;
    output.extend_from_slice(&length.to_be_bytes());
    output.extend_from_slice(message);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_looked_at_when_it_will_have_been_idle_for_long_enough() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let at = |seconds| start + seconds * second;
        for (since, now, next) in [
            (9, 10, 19),
            (0, 9, 10),
            (10, 10, 20),
            (0, 10, 20),
            (0, 15, 25),
        ] {
            let alarm = next_alarm(at(since), at(now), IDLE);
            assert_eq!(alarm, at(next), "heard of at {since}, now {now}");
        }
    }
}
