//! DNS over a stream of octets: two of length before each message (RFC 1035 §4.2.2), several questions at a time, answers in any
//! order (RFC 7766 §6.2.1.1, §7).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::RngExt;
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadHalf, WriteHalf,
};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::connection::Broken;
use super::life::Life;
use crate::upstream::packet::Outgoing;
use crate::wire::header::HEADER;
use crate::wire::{edns, overwrite, read_u16};

/// So many questions may be under way on one connection.
pub(super) const SEATS: usize = 128;

/// So many frames in a row that answer nothing, and the connection is given up.
const MOST_NOISE: usize = 16;

/// How long a server may have us keep a connection that nobody uses, whatever it says.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// The octets that say how long a message is.
const LENGTH: usize = 2;

/// A connection whose task writes questions and reads answers.
#[derive(Debug)]
pub(super) struct Stream {
    asked: mpsc::Sender<Asked>,
}

/// A question on its way.
#[derive(Debug)]
struct Asked {
    /// With its length in front.
    frame: Vec<u8>,
    /// Where its question section ends in the frame.
    question_end: usize,
    reply: oneshot::Sender<Vec<u8>>,
}

impl Stream {
    /// Has a task on `runtime` serve the connection `io` until its `life` ends.
    pub(super) fn new(
        io: impl AsyncRead + AsyncWrite + Send + 'static,
        life: &Arc<Life>,
        runtime: &Handle,
    ) -> Self {
        let (asked, questions) = mpsc::channel(SEATS);
        let life = Arc::clone(life);
        drop(runtime.spawn(async move {
            let why = serve(io, questions, &life).await;
            life.end(why);
        }));
        Self { asked }
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&self, question: &Outgoing, life: &Life) -> Result<Vec<u8>, Broken> {
        let length = u16::try_from(question.bytes.len()).map_err(io::Error::other)?;
        let mut frame = Vec::with_capacity(LENGTH + question.bytes.len());
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&question.bytes);
        let (reply, answer) = oneshot::channel();
        let asked = Asked {
            frame,
            question_end: LENGTH + question.question_end(),
            reply,
        };
        if self.asked.send(asked).await.is_err() {
            return Err(Broken::Gone(life.why()));
        }
        let first = life.answers() == 0;
        let reply = answer.await.map_err(|_| Broken::Gone(life.why()))?;
        if first && let Some(rest) = edns::keepalive(&reply) {
            life.may_rest(rest.min(LONGEST_REST));
        }
        Ok(reply)
    }
}

/// Writes and reads until one of it ends; says why.
async fn serve(
    io: impl AsyncRead + AsyncWrite + Send,
    questions: mpsc::Receiver<Asked>,
    life: &Life,
) -> io::Error {
    let (reader, writer) = tokio::io::split(io);
    let open = Open::default();
    let ended = tokio::select! {
        ended = write(writer, questions, &open) => ended,
        ended = read(reader, &open, life) => ended,
        () = life.rested() => Ok(()),
        () = life.ended() => Ok(()),
    };
    ended
        .err()
        .unwrap_or_else(|| io::ErrorKind::ConnectionAborted.into())
}

/// Writes questions until nobody can ask any more; those that wait together leave together.
async fn write(
    mut writer: WriteHalf<impl AsyncWrite>,
    mut questions: mpsc::Receiver<Asked>,
    open: &Open,
) -> io::Result<()> {
    let mut batch = Vec::new();
    let mut octets = Vec::new();
    while questions.recv_many(&mut batch, SEATS).await > 0 {
        // Some may have given up while they waited.
        let wanted = batch.drain(..).filter(|asked| !asked.reply.is_closed());
        for asked in wanted {
            open.put(asked, &mut octets);
        }
        writer.write_all(&octets).await?;
        writer.flush().await?;
        octets.clear();
    }
    Ok(())
}

/// Reads answers until the connection ends.
async fn read(reader: ReadHalf<impl AsyncRead>, open: &Open, life: &Life) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(4096, reader);
    let mut noise = 0;
    while noise < MOST_NOISE {
        let length = usize::from(reader.read_u16().await.map_err(closed)?);
        if length < HEADER {
            return Err(io::Error::other("a frame that is no message"));
        }
        let mut message = vec![0; length];
        reader.read_exact(&mut message).await.map_err(closed)?;
        if let Some(asked) = open.take(&message) {
            noise = 0;
            life.note_answer();
            overwrite(&mut message, 0, &[0, 0]);
            // Whoever asked may have given up.
            let _given_up = asked.reply.send(message);
        } else if !open.was_forgotten() {
            noise += 1;
        }
    }
    Err(io::Error::other(
        "nothing but answers to questions that were not asked",
    ))
}

/// The end of a connection, in words for people.
fn closed(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::new(error.kind(), "it closed the connection"),
        _ => error,
    }
}

/// The questions under way, by their IDs on this connection.
#[derive(Debug, Default)]
struct Open(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    asked: HashMap<u16, Asked>,
    /// How many were struck out because nobody waits any more. Their answers may still come.
    forgotten: usize,
}

impl Open {
    /// Gives a question an unpredictable ID that no other has, and appends it to `octets`.
    fn put(&self, mut asked: Asked, octets: &mut Vec<u8>) {
        let mut table = self.table();
        let Table {
            asked: open,
            forgotten,
        } = &mut *table;
        // Those who gave up have left their seats, but not this table.
        if open.len() >= 2 * SEATS {
            let before = open.len();
            open.retain(|_, asked| !asked.reply.is_closed());
            *forgotten += before - open.len();
        }
        let mut random = rand::rng();
        let mut id: u16 = random.random();
        while open.contains_key(&id) {
            id = random.random();
        }
        overwrite(&mut asked.frame, LENGTH, &id.to_be_bytes());
        octets.extend_from_slice(&asked.frame);
        open.insert(id, asked);
    }

    /// The question that a message answers: ID and question are the same. Without a question, as in some errors, the ID counts.
    fn take(&self, message: &[u8]) -> Option<Asked> {
        let id = read_u16(message, 0).ok()?;
        let questions = read_u16(message, 4).ok()?;
        let mut table = self.table();
        let Entry::Occupied(asked) = table.asked.entry(id) else {
            return None;
        };
        let end = asked.get().question_end;
        let ours = asked.get().frame.get(LENGTH + HEADER..end);
        let theirs = message.get(HEADER..end - LENGTH);
        let same = questions == 0
            || (ours.zip(theirs)).is_some_and(|(ours, theirs)| ours.eq_ignore_ascii_case(theirs));
        same.then(|| asked.remove())
    }

    /// Whether a message that answers nothing may be the answer to a question that was struck out. True once for each.
    fn was_forgotten(&self) -> bool {
        let mut table = self.table();
        let less = table.forgotten.checked_sub(1);
        table.forgotten = less.unwrap_or(0);
        less.is_some()
    }

    /// What stands there is whole after every statement, so a panic elsewhere does not make it wrong.
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
