//! The question as it goes upstream, and the check of what comes back.

use rand::RngExt;
use rand::rngs::ThreadRng;

use super::server::Transport;
use crate::wire::edns::{OPT, OPTION, option, passable, write_opt};
use crate::wire::header::{HEADER, Header, flag};
use crate::wire::{Answer, Message, Query, Question, Rcode, answer::Unusable};

/// What to ask: a client's question with what of it matters upstream.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The question.
    pub question: Question,
    /// The client wants DNSSEC records.
    pub dnssec_ok: bool,
    /// The client validates by itself.
    pub checking_disabled: bool,
    /// EDNS options that go on, as they stand on the wire.
    pub options: Vec<u8>,
}

impl Ask {
    /// What to ask for a client's query.
    pub fn new(query: &Query<'_>) -> Self {
        let options = query.edns.map(|edns| passable(edns.options()));
        Self {
            question: query.question,
            dnssec_ok: query.dnssec_ok(),
            checking_disabled: query.header.has(flag::CD),
            options: options.unwrap_or_default(),
        }
    }
}

/// How a question is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Manner {
    /// With an OPT record. Some old servers answer FORMERR to it, or nothing.
    pub(super) edns: bool,
    /// What it travels in.
    pub(super) carrier: Carrier,
}

/// What a question travels in; each calls for something else in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    /// A datagram, the answer to which anybody may forge who guesses its ID.
    Datagram {
        /// With letters in random case: 1 bit more to guess for each letter (draft-vixie-dnsext-dns0x20).
        mixed_case: bool,
    },
    /// A line, which gives it the ID that it needs there. HTTP and QUIC need none, so it is 0 (RFC 8484 §4.1, RFC 9250 §4.2.1).
    Line(Transport),
}

/// A question on the wire, with what its answer must repeat.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) bytes: Vec<u8>,
    question: Question,
    question_end: usize,
}

/// What a packet that arrived is.
#[derive(Debug)]
pub(super) enum Incoming {
    /// The answer.
    Answer(Answer),
    /// The answer, cut; the whole is to be had over TCP.
    Cut,
    /// The server does not want EDNS (RFC 6891 §7).
    NoEdns,
    /// The answer, but one that cannot be used.
    Unusable(Unusable),
    /// The right question and letters with a wrong ID: somebody guesses.
    NearMiss,
    /// The right ID and question in other letters: a server that writes letters as it likes, or somebody who guesses.
    Folded,
    /// Has the right ID, but cannot be read or asks something else.
    Broken,
    /// Has nothing to do with the question.
    Noise,
}

impl Outgoing {
    /// Writes a question: unpredictable ID over UDP, RD and AD set (RFC 6840 §5.7), CD as the client has it.
    pub(super) fn new(ask: &Ask, manner: Manner, random: &mut ThreadRng) -> Self {
        let mut flags = flag::RD | flag::AD;
        if ask.checking_disabled {
            flags |= flag::CD;
        }
        let header = Header {
            id: match manner.carrier {
                Carrier::Datagram { .. } => random.random(),
                Carrier::Line(_) => 0,
            },
            flags,
            questions: 1,
            answers: 0,
            authorities: 0,
            additionals: u16::from(manner.edns),
        };
        let mut bytes = Vec::with_capacity(HEADER + 320);
        bytes.extend_from_slice(&header.to_bytes());
        bytes.extend_from_slice(ask.question.name.as_wire());
        if manner.carrier == (Carrier::Datagram { mixed_case: true }) {
            mix(bytes.get_mut(HEADER..).unwrap_or_default(), random);
        }
        bytes.extend_from_slice(&ask.question.kind.0.to_be_bytes());
        bytes.extend_from_slice(&ask.question.class.to_be_bytes());
        let question_end = bytes.len();
        if manner.edns {
            write_edns(&mut bytes, ask, manner.carrier);
        }
        Self {
            bytes,
            question: ask.question,
            question_end,
        }
    }

    /// Says what an arrived packet is. Nothing of it is believed before ID, question and letters are right.
    pub(super) fn check(&self, packet: &[u8]) -> Incoming {
        let Ok(header) = Header::read(packet) else {
            return Incoming::Noise;
        };
        let same_id = packet.get(..2) == self.bytes.get(..2);
        if !header.has(flag::QR) || header.opcode() != 0 {
            return if same_id {
                Incoming::Broken
            } else {
                Incoming::Noise
            };
        }
        if same_id && header.questions == 0 && self.has_edns() && refuses_edns(header.flags) {
            return Incoming::NoEdns;
        }
        let asked = self.bytes.get(HEADER..self.question_end);
        let came = packet.get(HEADER..self.question_end);
        let same_letters = header.questions == 1 && asked == came;
        let same_question = same_letters
            || came.zip(asked).is_some_and(|(came, asked)| {
                header.questions == 1 && came.eq_ignore_ascii_case(asked)
            });
        match (same_id, same_question) {
            (true, true) if same_letters => self.read(packet, header),
            (true, true) => Incoming::Folded,
            (false, true) if same_letters => Incoming::NearMiss,
            // Without a question only the ID is left to guess.
            (false, _) if header.questions == 0 => Incoming::NearMiss,
            (true, false) => Incoming::Broken,
            (false, _) => Incoming::Noise,
        }
    }

    /// Where the question section ends.
    pub(super) fn question_end(&self) -> usize {
        self.question_end
    }

    fn has_edns(&self) -> bool {
        self.bytes.len() > self.question_end
    }

    fn read(&self, packet: &[u8], header: Header) -> Incoming {
        if header.has(flag::TC) {
            return Incoming::Cut;
        }
        let Ok(message) = Message::read(packet) else {
            return Incoming::Broken;
        };
        if self.has_edns()
            && (message.rcode() == Rcode::BADVERS
                || message.edns.is_none() && refuses_edns(header.flags))
        {
            return Incoming::NoEdns;
        }
        match Answer::read(&message, &self.question) {
            Ok(answer) => Incoming::Answer(answer),
            Err(Unusable::Malformed | Unusable::OtherQuestion) => Incoming::Broken,
            Err(unusable) => Incoming::Unusable(unusable),
        }
    }
}

/// Whether the server may say in EDNS for how long it keeps an idle connection: HTTP and QUIC have words of their own for it
/// (RFC 7828 §3, RFC 9250 §5.5.2).
fn negotiates_keepalive(transport: Transport) -> bool {
    matches!(transport, Transport::Tcp | Transport::Tls)
}

/// Questions are as long as a multiple of so many octets where nobody can read them (RFC 8467 §4.1).
const BLOCK: usize = 128;

/// Ends a question with an OPT record: the client's options, and those that the way to the server calls for.
fn write_edns(bytes: &mut Vec<u8>, ask: &Ask, carrier: Carrier) {
    let Carrier::Line(transport) = carrier else {
        return write_opt(bytes, Rcode::NOERROR, ask.dnssec_ok, &ask.options, None);
    };
    let mut options = ask.options.clone();
    if negotiates_keepalive(transport) {
        push_option(&mut options, option::KEEPALIVE, 0);
    }
    if transport.is_encrypted() {
        let length = bytes.len() + OPT + options.len() + OPTION;
        push_option(
            &mut options,
            option::PADDING,
            length.next_multiple_of(BLOCK) - length,
        );
    }
    write_opt(bytes, Rcode::NOERROR, ask.dnssec_ok, &options, None);
}

/// Appends an option with `length` octets of zero.
fn push_option(options: &mut Vec<u8>, code: u16, length: usize) {
    options.extend_from_slice(&code.to_be_bytes());
    options.extend_from_slice(&u16::try_from(length).unwrap_or(0).to_be_bytes());
    options.resize(options.len() + length, 0);
}

fn refuses_edns(flags: u16) -> bool {
    matches!(Rcode(flags & flag::RCODE), Rcode::FORMERR | Rcode::NOTIMP)
}

/// Turns each letter of a name into upper case with a probability of one half. Length octets are never letters.
fn mix(name: &mut [u8], random: &mut ThreadRng) {
    for chunk in name.chunks_mut(64) {
        let mut bits: u64 = random.random();
        for octet in chunk {
            if bits & 1 == 1 {
                octet.make_ascii_uppercase();
            }
            bits >>= 1;
        }
    }
}
