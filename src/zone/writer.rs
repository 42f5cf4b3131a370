//! The records of a reply, their names compressed.
//!
//! Names are compared with those that stand in the message already, at most [`KNOWN`] of them, so the work for a record is
//! bounded and replies of many records cost in proportion to them. Owners are compressed, and names in data where RFC 3597 §4
//! allows it.

use super::node::{Node, Set};
use crate::wire::edns::ExtendedError;
use crate::wire::header::flag;
use crate::wire::layout;
use crate::wire::reply::{self, Head};
use crate::wire::types::class;
use crate::wire::{Message, Query, Rcode, Record, RecordType, Section, overwrite, read_u16};

/// How many names and suffixes of names are remembered.
const KNOWN: usize = 32;
/// Pointers reach no further (RFC 1035 §4.1.4).
const REACH: usize = 0x3fff;
/// The octets of an OPT record without options.
const OPT: usize = 11;

/// A reply under construction.
#[derive(Debug)]
pub(super) struct Writer<'o, 'q> {
    out: &'o mut Vec<u8>,
    query: &'q Query<'q>,
    limit: usize,
    /// Where a name stands in the message, and its length when written out.
    known: [(u16, u8); KNOWN],
    known_count: usize,
    counts: [u16; 3],
}

impl<'o, 'q> Writer<'o, 'q> {
    /// Begins a reply.
    pub(super) fn start(out: &'o mut Vec<u8>, query: &'q Query<'q>, limit: usize) -> Self {
        reply::start(out, query);
        Self::resume(out, query, limit, 0)
    }

    /// Goes on with a reply that holds so many records in its answer section.
    pub(super) fn resume(
        out: &'o mut Vec<u8>,
        query: &'q Query<'q>,
        limit: usize,
        answers: u16,
    ) -> Self {
        let mut writer = Self {
            out,
            query,
            limit,
            known: [(0, 0); KNOWN],
            known_count: 0,
            counts: [answers, 0, 0],
        };
        let name = query.question.name;
        let whole = name.as_wire().len();
        for suffix in name.suffixes() {
            writer.remember(crate::wire::header::HEADER + whole - suffix.len(), suffix);
        }
        writer
    }

    /// Whether the client wants signatures.
    pub(super) fn dnssec_ok(&self) -> bool {
        self.query.dnssec_ok()
    }

    /// How many records the answer section holds.
    pub(super) fn answers(&self) -> u16 {
        self.counts[0]
    }

    /// Appends the records of a set, and if the client wants them, their signatures from the same node.
    pub(super) fn set(&mut self, section: Section, owner: &[u8], node: &Node<'_>, set: &Set<'_>) {
        self.set_at(section, owner, set, set.ttl);
        if self.dnssec_ok() && set.kind != RecordType::RRSIG {
            self.signatures(section, owner, node, (set.kind, u32::MAX));
        }
    }

    /// Appends the records of a set that nobody signs: name servers at a cut (RFC 4035 §2.2).
    pub(super) fn set_unsigned(&mut self, section: Section, owner: &[u8], set: &Set<'_>) {
        self.set_at(section, owner, set, set.ttl);
    }

    /// Takes all records away.
    pub(super) fn clear(&mut self) {
        reply::start(self.out, self.query);
        self.counts = [0; 3];
    }

    /// Appends the signatures of the records of a type, their TTL at most `ttl`.
    pub(super) fn signatures(
        &mut self,
        section: Section,
        owner: &[u8],
        node: &Node<'_>,
        (covers, ttl): (RecordType, u32),
    ) {
        for set in node.sets() {
            if set.kind == RecordType::RRSIG && set.covers == covers {
                self.set_at(section, owner, &set, set.ttl.min(ttl));
            }
        }
    }

    fn set_at(&mut self, section: Section, owner: &[u8], set: &Set<'_>, ttl: u32) {
        for data in set.records() {
            self.record(section, owner, (set.kind, ttl), data);
        }
    }

    /// Appends a set if all of it fits below the limit.
    pub(super) fn set_if_it_fits(&mut self, owner: &[u8], node: &Node<'_>, set: &Set<'_>) {
        let (length, known_count, counts) = (self.out.len(), self.known_count, self.counts);
        self.set(Section::Additional, owner, node, set);
        let opt = if self.query.edns.is_some() { OPT } else { 0 };
        if self.out.len() + opt > self.limit {
            self.out.truncate(length);
            (self.known_count, self.counts) = (known_count, counts);
        }
    }

    /// Appends a record; `data` hold no compressed names.
    pub(super) fn record(
        &mut self,
        section: Section,
        owner: &[u8],
        (kind, ttl): (RecordType, u32),
        data: &[u8],
    ) {
        let length_at = self.head(section, owner, (kind, class::IN), ttl);
        let mut rest = data;
        if let Some((fixed, names)) = layout::compressible(kind) {
            let (front, behind) = rest.split_at_checked(fixed).unwrap_or((rest, &[]));
            self.out.extend_from_slice(front);
            rest = behind;
            for _ in 0..names {
                let (name, behind) = rest
                    .split_at_checked(wire_length(rest))
                    .unwrap_or((rest, &[]));
                self.name(name);
                rest = behind;
            }
        }
        self.out.extend_from_slice(rest);
        self.close(length_at);
    }

    /// Appends a record of another message; its data are written out in full.
    pub(super) fn foreign(&mut self, message: &Message<'_>, record: &Record) -> Option<()> {
        let what = (record.kind, record.class);
        let owner = message.owner(record).as_wire();
        let length_at = self.head(record.section, owner, what, record.ttl);
        message.write_data(record, self.out).ok()?;
        self.close(length_at);
        Some(())
    }

    fn head(
        &mut self,
        section: Section,
        owner: &[u8],
        (kind, class): (RecordType, u16),
        ttl: u32,
    ) -> usize {
        let count = match section {
            Section::Answer => &mut self.counts[0],
            Section::Authority => &mut self.counts[1],
            Section::Additional => &mut self.counts[2],
        };
        *count = count.saturating_add(1);
        self.name(owner);
        self.out.extend_from_slice(&kind.0.to_be_bytes());
        self.out.extend_from_slice(&class.to_be_bytes());
        self.out.extend_from_slice(&ttl.to_be_bytes());
        self.out.extend_from_slice(&[0, 0]);
        self.out.len() - 2
    }

    fn close(&mut self, length_at: usize) {
        let length = u16::try_from(self.out.len() - length_at - 2).unwrap_or(u16::MAX);
        overwrite(self.out, length_at, &length.to_be_bytes());
    }

    /// Appends a name: the labels that are new, then a pointer to the rest.
    fn name(&mut self, name: &[u8]) {
        let mut rest = name;
        while let Some((&length, behind)) = rest.split_first() {
            if let Some(at) = self.find(rest) {
                self.out.extend_from_slice(&(0xc000 | at).to_be_bytes());
                return;
            }
            self.remember(self.out.len(), rest);
            let (label, behind) = behind
                .split_at_checked(usize::from(length))
                .unwrap_or((behind, &[]));
            self.out.push(length);
            self.out.extend_from_slice(label);
            rest = behind;
        }
    }

    /// Remembers that `name` begins at `at`. The root is as short as it can be.
    fn remember(&mut self, at: usize, name: &[u8]) {
        let (Ok(position), Ok(length)) = (u16::try_from(at), u8::try_from(name.len())) else {
            return;
        };
        if at <= REACH
            && length > 1
            && let Some(place) = self.known.get_mut(self.known_count)
        {
            *place = (position, length);
            self.known_count += 1;
        }
    }

    fn find(&self, name: &[u8]) -> Option<u16> {
        let length = u8::try_from(name.len()).ok().filter(|length| *length > 1)?;
        let known = self.known.get(..self.known_count)?;
        let found = known
            .iter()
            .find(|(at, known)| *known == length && self.stands_at(name, usize::from(*at)))?;
        Some(found.0)
    }

    /// Whether `name` stands at `at` of the message, in whichever letters. Pointers were written here, so they lead backwards.
    fn stands_at(&self, name: &[u8], mut at: usize) -> bool {
        let mut rest = name;
        loop {
            let Some(&octet) = self.out.get(at) else {
                return false;
            };
            if octet >= 0xc0 {
                let Ok(pointer) = read_u16(self.out, at) else {
                    return false;
                };
                at = usize::from(pointer & 0x3fff);
                continue;
            }
            let size = usize::from(octet) + 1;
            let (Some(here), Some((label, behind))) =
                (self.out.get(at..at + size), rest.split_at_checked(size))
            else {
                return false;
            };
            if !here.eq_ignore_ascii_case(label) {
                return false;
            }
            if octet == 0 {
                return true;
            }
            (at, rest) = (at + size, behind);
        }
    }

    /// Ends the reply.
    pub(super) fn finish(
        self,
        rcode: Rcode,
        authoritative: bool,
        options: &[u8],
        error: Option<ExtendedError<'_>>,
    ) {
        let [answers, authorities, additionals] = self.counts;
        let head = Head {
            rcode,
            flags: if authoritative { flag::AA } else { 0 },
            counts: [answers, authorities],
            options,
            error,
        };
        reply::finish_with(self.out, self.query, &head, additionals, self.limit);
    }
}

/// The octets of the name at the front of `data`.
pub(super) fn wire_length(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&length) = data.get(at) {
        at += usize::from(length) + 1;
        if length == 0 {
            break;
        }
    }
    at.min(data.len())
}
