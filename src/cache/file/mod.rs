//! The cache as octets in a file.
//!
//! Each answer stands there as a message, as its upstream sent it, and is read by the same checks again: whatever somebody writes
//! into such a file, it says nothing that an upstream could not say. Numbers are big-endian.
//!
//! | octets | |
//! |---|---|
//! | 8 | `lanward` and the version of this format, 1 |
//! | 8 | when it was written, in seconds since 1970 |
//! | 4, then as many | length; which servers were asked, in words |
//! | 4, 1, 4, 4, then as many as the first says | for each answer: length; DO (2) and CD (1); age and life in seconds; message |
//! | 4 | 0, for no further answer |
//! | 4 | CRC-32 (ISO 3309) of all octets before |

use std::io::{self, Read, Write};
use std::time::Duration;

use crc32fast::Hasher;

use super::Entry;
use super::key::{Key, read_bits};
use crate::wire::edns::write_opt;
use crate::wire::header::flag;
use crate::wire::types::class;
use crate::wire::{Answer, Header, Malformed, Message, Question, Rcode, overwrite};

/// With what a file begins.
const MAGIC: [u8; 7] = *b"lanward";
/// The version of the format.
const VERSION: u8 = 1;
/// The most octets that say which servers were asked.
const MOST_WORDS: usize = 1 << 20;
/// The most octets of an answer: a whole message, and as many for an OPT record behind it.
const MOST_MESSAGE: usize = 2 << 16;

/// What is said of all answers in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// When they were written, in seconds since 1970.
    pub written: u64,
    /// Which servers were asked, in words.
    pub upstream: String,
}

/// An answer from a file.
#[derive(Debug)]
pub struct Kept {
    /// What it answers.
    pub question: Question,
    /// Whether DNSSEC records were asked for.
    pub dnssec_ok: bool,
    /// Whether data that nobody validated were asked for.
    pub checking_disabled: bool,
    /// How old it was when it was written.
    pub age: Duration,
    /// The answer, its TTLs as they were when it arrived. It lives no longer than it did then.
    pub answer: Answer,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// It begins in another way.
    #[error("this is not a cache that lanward wrote")]
    Foreign,
    /// It has a format that is not known.
    #[error("its format has the version {0}; this lanward reads version {VERSION}")]
    Version(u8),
    /// It ends before its end.
    #[error("it is cut")]
    Cut,
    /// Something is longer than it can be.
    #[error("a length in it is impossible")]
    Length,
    /// The checksum is another one.
    #[error("its checksum is wrong")]
    Sum,
    /// There is more behind the checksum.
    #[error("it goes on after its end")]
    Trailing,
    /// The system says that it cannot be read; it may be sound.
    #[error("it cannot be read: {0}")]
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut,
            _ => Self::Io(error),
        }
    }
}

/// Writes a file, from its head to its checksum.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    sum: Hasher,
    message: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the head. Best into a buffer, since many small pieces follow.
    pub fn new(out: W, head: &Head) -> io::Result<Self> {
        let mut writer = Self {
            out,
            sum: Hasher::new(),
            message: Vec::new(),
        };
        writer.write(&MAGIC)?;
        writer.write(&[VERSION])?;
        writer.write(&head.written.to_be_bytes())?;
        writer.write_length(head.upstream.len())?;
        writer.write(head.upstream.as_bytes())?;
        Ok(writer)
    }

    /// Writes an answer.
    pub fn put<F>(&mut self, key: &Key, entry: &Entry<F>, now: Duration) -> io::Result<()> {
        let mut message = std::mem::take(&mut self.message);
        write_message(&mut message, entry.answer());
        // A part of a second counts as a whole one: no answer may live longer for having been written.
        let age = now.saturating_sub(entry.arrived()).as_secs() + 1;
        // Some records by which an answer was judged may be gone from it, and their TTLs with them.
        let life = entry.lifetime().as_secs();
        self.write_length(message.len())?;
        self.write(&[key.bits()])?;
        for seconds in [age, life] {
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            self.write(&seconds.to_be_bytes())?;
        }
        self.write(&message)?;
        self.message = message;
        Ok(())
    }

    /// Writes the end, and gives back where all went.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_length(0)?;
        let sum = self.sum.finalize();
        self.out.write_all(&sum.to_be_bytes())?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_length(&mut self, length: usize) -> io::Result<()> {
        let length = u32::try_from(length).map_err(io::Error::other)?;
        self.write(&length.to_be_bytes())
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.sum.update(octets);
        self.out.write_all(octets)
    }
}

/// The answer as a message of an upstream.
fn write_message(out: &mut Vec<u8>, answer: &Answer) {
    out.clear();
    out.extend_from_slice(&answer.bytes);
    let Ok(mut header) = Header::read(&answer.bytes) else {
        return;
    };
    header.flags &= !flag::AD;
    if answer.authentic {
        header.flags |= flag::AD;
    }
    if !answer.options.is_empty() {
        header.additionals = 1;
        write_opt(out, Rcode::NOERROR, false, &answer.options, None);
    }
    overwrite(out, 0, &header.to_bytes());
}

/// Reads a file, from its head on. What it gave counts only when it has come to the end: then the checksum is right.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    sum: Hasher,
    message: Vec<u8>,
    refused: usize,
}

impl<R: Read> Reader<R> {
    /// Reads the head. Best from a buffer, since many small pieces follow.
    pub fn new(input: R) -> Result<(Self, Head), Broken> {
        let mut reader = Self {
            input,
            sum: Hasher::new(),
            message: Vec::new(),
            refused: 0,
        };
        if reader.read::<7>()? != MAGIC {
            return Err(Broken::Foreign);
        }
        let [version] = reader.read()?;
        if version != VERSION {
            return Err(Broken::Version(version));
        }
        let written = u64::from_be_bytes(reader.read()?);
        let length = reader.read_length(MOST_WORDS)?;
        reader.read_message(length)?;
        // Words in another encoding name no servers of this time.
        let upstream = String::from_utf8_lossy(&reader.message).into_owned();
        Ok((reader, Head { written, upstream }))
    }

    /// The next answer; none at the end. What is no answer is left out.
    pub fn read_next(&mut self) -> Result<Option<Kept>, Broken> {
        loop {
            let length = self.read_length(MOST_MESSAGE)?;
            if length == 0 {
                return self.read_end();
            }
            let [bits] = self.read()?;
            let age = u32::from_be_bytes(self.read()?);
            let life = u32::from_be_bytes(self.read()?);
            self.read_message(length)?;
            match read_answer(&self.message, bits, [age, life]) {
                Ok(kept) => return Ok(Some(kept)),
                Err(Malformed) => self.refused += 1,
            }
        }
    }

    /// How many answers were left out so far.
    pub fn refused(&self) -> usize {
        self.refused
    }

    fn read_end(&mut self) -> Result<Option<Kept>, Broken> {
        let expected = self.sum.clone().finalize();
        if u32::from_be_bytes(self.read()?) != expected {
            return Err(Broken::Sum);
        }
        if self.input.read(&mut [0])? == 0 {
            Ok(None)
        } else {
            Err(Broken::Trailing)
        }
    }

    fn read_length(&mut self, most: usize) -> Result<usize, Broken> {
        let length = u32::from_be_bytes(self.read()?);
        let length = usize::try_from(length).map_err(|_| Broken::Length)?;
        if length <= most {
            Ok(length)
        } else {
            Err(Broken::Length)
        }
    }

    fn read_message(&mut self, length: usize) -> Result<(), Broken> {
        self.message.resize(length, 0);
        self.input.read_exact(&mut self.message)?;
        self.sum.update(&self.message);
        Ok(())
    }

    fn read<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let mut octets = [0; N];
        self.input.read_exact(&mut octets)?;
        self.sum.update(&octets);
        Ok(octets)
    }
}

/// Reads a message as one from an upstream: only a whole response that answers its own question is an answer.
fn read_answer(message: &[u8], bits: u8, [age, life]: [u32; 2]) -> Result<Kept, Malformed> {
    let message = Message::read(message)?;
    let (question, header) = (message.question, message.header);
    let response = header.has(flag::QR) && !header.has(flag::TC) && header.opcode() == 0;
    let (dnssec_ok, checking_disabled) = read_bits(bits).ok_or(Malformed)?;
    if !response || question.class != class::IN {
        return Err(Malformed);
    }
    let mut answer = Answer::read(&message, &question).map_err(|_| Malformed)?;
    answer.lifetime = answer.lifetime.map(|lifetime| lifetime.min(life));
    Ok(Kept {
        question,
        dnssec_ok,
        checking_disabled,
        age: Duration::from_secs(age.into()),
        answer,
    })
}

#[cfg(test)]
mod tests;
