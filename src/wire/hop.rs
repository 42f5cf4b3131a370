//! What a reply says about the way to the client alone: how long the connection stays (RFC 7828), and padding (RFC 7830).
//!
//! Both are answers to the client's own options, so who did not ask for them does not get them.

use std::time::Duration;

use super::edns::{Edns, OPTION, option, record_head};
use super::header::{HEADER, Header};
use super::types::RecordType;
use super::{Malformed, Query, Refusal, overwrite, read_u16};

/// Replies are padded to a multiple of so many octets, which hides most of what their length could tell (RFC 8467 §4.1).
pub const BLOCK: usize = 468;

/// The way that a reply goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hop {
    /// How long an idle connection stays, where clients may ask for that.
    pub keepalive: Option<Duration>,
    /// Whether it is encrypted, so that padding makes sense.
    pub encrypted: bool,
}

impl Hop {
    /// Ends the reply to `query` with what the client wanted to be told about the way. The reply's OPT record is its last record,
    /// as [`super::reply::finish`] leaves it.
    pub fn end(self, query: &[u8], reply: &mut Vec<u8>) {
        // Most clients send no options; their replies are not walked.
        if let Some(asked) = options(query)
            && let Ok(at) = find_opt(reply)
        {
            self.add(asked, reply, at);
        }
    }

    /// Adds to the OPT record whose data begin at `at`.
    fn add(self, asked: Edns<'_>, reply: &mut Vec<u8>, at: usize) {
        let has = |wanted| asked.options().any(|(code, ..)| code == wanted);
        let fits = u16::try_from(reply.len() + OPTION + 2).is_ok();
        if let Some(idle) = self.keepalive.filter(|_| fits && has(option::KEEPALIVE)) {
            let tenths = u16::try_from(idle.as_millis() / 100).unwrap_or(u16::MAX);
            push_option(reply, option::KEEPALIVE, &tenths.to_be_bytes());
        }
        if self.encrypted && has(option::PADDING) {
            let bare = reply.len() + OPTION;
            let padded = bare.next_multiple_of(BLOCK).min(usize::from(u16::MAX));
            if let Some(padding) = padded.checked_sub(bare) {
                push_option(reply, option::PADDING, &vec![0; padding]);
            }
        }
        let length = u16::try_from(reply.len() - at).unwrap_or(0);
        overwrite(reply, at - 2, &length.to_be_bytes());
    }
}

/// Whether a query has the option that asks how long the connection stays.
pub fn asks_keepalive(query: &[u8]) -> bool {
    options(query).is_some_and(|asked| asked.options().any(|(code, ..)| code == option::KEEPALIVE))
}

/// What a query's OPT record says, if there are options in it.
fn options(query: &[u8]) -> Option<Edns<'_>> {
    let edns = match Query::read(query) {
        Ok(query) | Err(Refusal::Question(query, _)) => query.edns,
        Err(_) => None,
    };
    edns.filter(|edns| !edns.options.is_empty())
}

/// Where the data of the OPT record begin that is a message's last record.
fn find_opt(message: &[u8]) -> Result<usize, Malformed> {
    let header = Header::read(message)?;
    let mut at = HEADER;
    for _ in 0..header.questions {
        at = skip_name(message, at)? + 4;
    }
    let mut last = (RecordType(0), 0);
    for _ in 0..header.records() {
        let (kind, _, _, data) = record_head(message, skip_name(message, at)?)?;
        last = (kind, data.start);
        at = data.end;
    }
    (last.0 == RecordType::OPT && at == message.len())
        .then_some(last.1)
        .ok_or(Malformed)
}

/// Where a name ends that begins at `at`: behind the root label, or behind a pointer.
fn skip_name(message: &[u8], mut at: usize) -> Result<usize, Malformed> {
    loop {
        match *message.get(at).ok_or(Malformed)? {
            0 => return Ok(at + 1),
            0xc0.. => return read_u16(message, at).map(|_| at + 2),
            length => at += 1 + usize::from(length),
        }
    }
}

fn push_option(out: &mut Vec<u8>, code: u16, data: &[u8]) {
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(&u16::try_from(data.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(data);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::edns::keepalive;
    use crate::wire::reply::{self, Head, push_address};
    use crate::wire::types::Rcode;
    use crate::wire::{Message, header};

    const KEEPALIVE: &[u8] = b"\0\x0b\0\0";
    const PADDING: &[u8] = b"\0\x0c\0\x02\0\0";

    fn query(options: Option<&[u8]>) -> Vec<u8> {
        let header = Header {
            id: 7,
            flags: header::flag::RD,
            questions: 1,
            answers: 0,
            authorities: 0,
            additionals: u16::from(options.is_some()),
        };
        let mut packet = header.to_bytes().to_vec();
        packet.extend(b"\x01x\0\0\x01\0\x01");
        if let Some(options) = options {
            packet.extend(b"\0\0\x29\x04\xd0\0\0\0\0");
            packet.extend(u16::try_from(options.len()).unwrap().to_be_bytes());
            packet.extend(options);
        }
        packet
    }

    fn answered(packet: &[u8], hop: Hop) -> Vec<u8> {
        let query = Query::read(packet).unwrap();
        let mut out = Vec::new();
        reply::start(&mut out, &query);
        push_address(&mut out, [192, 0, 2, 1].into(), 60);
        let head = Head {
            counts: [1, 0],
            ..Head::code(Rcode::NOERROR)
        };
        reply::finish(&mut out, &query, &head, 65535);
        hop.end(packet, &mut out);
        out
    }

    #[test]
    fn who_asks_for_it_is_told_and_nobody_else() {
        let idle = Duration::from_secs(30);
        let stream = Hop {
            keepalive: Some(idle),
            encrypted: false,
        };
        let tls = Hop {
            encrypted: true,
            ..stream
        };
        let both = [KEEPALIVE, PADDING].concat();
        let cases: [(Option<&[u8]>, Hop, bool, bool); 8] = [
            (None, tls, false, false),
            (Some(&[]), tls, false, false),
            (Some(KEEPALIVE), tls, true, false),
            (Some(PADDING), tls, false, true),
            (Some(&both), tls, true, true),
            (Some(&both), stream, true, false),
            (Some(&both), Hop::default(), false, false),
            (Some(b"\0\x03\0\0"), tls, false, false),
        ];
        for (options, hop, alive, padded) in cases {
            let reply = answered(&query(options), hop);
            let message = Message::read(&reply).unwrap();
            assert_eq!(message.records.len(), 1);
            assert_eq!(
                keepalive(&reply),
                alive.then_some(idle),
                "{options:?} {hop:?}"
            );
            assert_eq!(
                reply.len().is_multiple_of(BLOCK),
                padded,
                "{options:?} {hop:?}"
            );
        }
    }

    #[test]
    fn what_has_no_room_for_an_option_has_none() {
        let padding = Hop {
            keepalive: None,
            encrypted: true,
        };
        let keepalive = Hop {
            keepalive: Some(Duration::from_secs(30)),
            encrypted: false,
        };
        for (hop, option, length, ended) in [
            (padding, PADDING, 65529, 65535),
            (padding, PADDING, 65531, 65535),
            (padding, PADDING, 65532, 65532),
            (padding, PADDING, 65535, 65535),
            (keepalive, KEEPALIVE, 65529, 65535),
            (keepalive, KEEPALIVE, 65530, 65530),
            (keepalive, KEEPALIVE, 65535, 65535),
        ] {
            let packet = query(Some(option));
            let query = Query::read(&packet).unwrap();
            let mut out = Vec::new();
            reply::start(&mut out, &query);
            let rest = length - out.len() - 11 - 12;
            reply::push_record(&mut out, RecordType(65280), 1, &vec![1; rest]);
            let head = Head {
                counts: [1, 0],
                ..Head::code(Rcode::NOERROR)
            };
            reply::finish(&mut out, &query, &head, 65535);
            assert_eq!(out.len(), length);
            hop.end(&packet, &mut out);
            assert_eq!(out.len(), ended, "{hop:?} {length}");
            assert!(Message::read(&out).is_ok());
        }
    }
}
