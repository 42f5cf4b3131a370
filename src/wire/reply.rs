//! Replies to a client.
//!
//! Everything that leaves goes through [`finish`]: one place decides the header's bits, whether there is an OPT record and
//! whether the reply fits.

use std::net::IpAddr;

use super::edns::{ExtendedError, write_opt};
use super::header::{HEADER, Header, flag};
use super::name::Name;
use super::overwrite;
use super::query::Query;
use super::types::{Rcode, RecordType, class};

/// What a reply says beside its records.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The response code.
    pub rcode: Rcode,
    /// [`flag::AA`] and [`flag::AD`], where they hold.
    pub flags: u16,
    /// How many records stand in the answer and authority sections.
    pub counts: [u16; 2],
    /// EDNS options to pass on, as they stand on the wire.
    pub options: &'a [u8],
    /// Why the answer is what it is.
    pub error: Option<ExtendedError<'a>>,
}

impl Head<'_> {
    /// No records, this code.
    pub fn code(rcode: Rcode) -> Self {
        Self {
            rcode,
            flags: 0,
            counts: [0, 0],
            options: &[],
            error: None,
        }
    }
}

/// Answers a packet of which only the header could be read.
pub fn write_header(out: &mut Vec<u8>, header: Header, rcode: Rcode) {
    let flags = flag::QR | header.flags & (flag::OPCODE | flag::RD) | rcode.0 & flag::RCODE;
    out.clear();
    out.extend_from_slice(
        &Header {
            id: header.id,
            flags,
            questions: 0,
            answers: 0,
            authorities: 0,
            additionals: 0,
        }
        .to_bytes(),
    );
}

/// Begins a reply: room for the header, and the question in the client's own letters.
pub fn start(out: &mut Vec<u8>, query: &Query<'_>) {
    out.clear();
    out.extend_from_slice(&[0; HEADER]);
    out.extend_from_slice(query.question_bytes);
}

/// Ends the reply in `out`, which holds room for a header, a question and records: writes the header, puts the client's
/// question in place, adds an OPT record if the client sent one, and cuts what is longer than `limit` octets down to the
/// question with TC set. No record is left then: half an answer is none (RFC 2181 §9).
pub fn finish(out: &mut Vec<u8>, query: &Query<'_>, head: &Head<'_>, limit: usize) {
    finish_with(out, query, head, 0, limit);
}

/// Like [`finish`], for a reply that already holds so many additional records.
pub fn finish_with(
    out: &mut Vec<u8>,
    query: &Query<'_>,
    head: &Head<'_>,
    additionals: u16,
    limit: usize,
) {
    // Without an OPT record there is no room for the upper bits, and the lower ones alone say something else.
    let fits = query.edns.is_some() || head.rcode.0 <= flag::RCODE;
    let head = &Head {
        rcode: if fits { head.rcode } else { Rcode::SERVFAIL },
        ..*head
    };
    let records = out.len();
    add_opt(out, query, head);
    let cut = out.len() > limit;
    if cut {
        out.truncate(records.min(HEADER + query.question_bytes.len()));
        add_opt(
            out,
            query,
            &Head {
                options: &[],
                error: None,
                ..*head
            },
        );
    }
    let ([answers, authorities], additionals) = if cut {
        ([0, 0], 0)
    } else {
        (head.counts, additionals)
    };
    let flags = flag::QR
        | flag::RA
        | query.header.flags & (flag::RD | flag::CD)
        | head.flags & (flag::AA | flag::AD)
        | if cut { flag::TC } else { 0 }
        | head.rcode.0 & flag::RCODE;
    let additionals = additionals.saturating_add(u16::from(query.edns.is_some()));
    let header = Header {
        id: query.header.id,
        flags,
        questions: 1,
        answers,
        authorities,
        additionals,
    };
    overwrite(out, 0, &header.to_bytes());
    overwrite(out, HEADER, query.question_bytes);
}

fn add_opt(out: &mut Vec<u8>, query: &Query<'_>, head: &Head<'_>) {
    if query.edns.is_some() {
        write_opt(out, head.rcode, query.dnssec_ok(), head.options, head.error);
    }
}

/// Writes a reply without records.
pub fn write_code(out: &mut Vec<u8>, query: &Query<'_>, head: &Head<'_>, limit: usize) {
    start(out, query);
    finish(out, query, head, limit);
}

/// Appends a record of the question's name: a pointer to the question, so the client's own letters come back.
pub fn push_record(out: &mut Vec<u8>, kind: RecordType, ttl: u32, data: &[u8]) {
    push_record_of(out, 0xc00c, (kind, class::IN), ttl, data);
}

/// Appends an A or AAAA record of the question's name.
pub fn push_address(out: &mut Vec<u8>, address: IpAddr, ttl: u32) {
    match address {
        IpAddr::V4(v4) => push_record(out, RecordType::A, ttl, &v4.octets()),
        IpAddr::V6(v6) => push_record(out, RecordType::AAAA, ttl, &v6.octets()),
    }
}

/// Appends a text record of the question's name in a class of its own; at most 255 octets of `text` fit.
pub fn push_text(out: &mut Vec<u8>, class: u16, text: &str) {
    let text = text
        .as_bytes()
        .get(..text.len().min(255))
        .unwrap_or_default();
    let mut data = Vec::with_capacity(text.len() + 1);
    data.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    data.extend_from_slice(text);
    push_record_of(out, 0xc00c, (RecordType::TXT, class), 0, &data);
}

/// MNAME and RNAME as RFC 6303 §3 has them for zones that exist only here; serial, refresh, retry, expire.
const SOA_DATA: &[u8] =
    b"\x09localhost\0\x06nobody\x07invalid\0\0\0\0\x01\0\0\x0e\x10\0\0\x04\xb0\0\x09\x3a\x80";

/// The data of the SOA record of a zone that exists only here; `ttl` is also how long a negative answer may be kept (RFC 2308).
pub fn soa_data(ttl: u32) -> Vec<u8> {
    let mut data = SOA_DATA.to_vec();
    data.extend_from_slice(&ttl.to_be_bytes());
    data
}

/// Appends the SOA record that makes a negative answer one that can be kept for `ttl` seconds. `zone` is the question's name
/// or one of its ancestors, so its owner is a pointer into the question.
pub fn push_soa(out: &mut Vec<u8>, query: &Query<'_>, zone: &Name, ttl: u32) {
    let depth = query
        .question
        .name
        .as_wire()
        .len()
        .saturating_sub(zone.as_wire().len());
    let pointer = 0xc00c + u16::try_from(depth).unwrap_or(0);
    let length = u16::try_from(SOA_DATA.len() + 4).unwrap_or(0);
    push_head(out, pointer, (RecordType::SOA, class::IN), ttl, length);
    out.extend_from_slice(SOA_DATA);
    out.extend_from_slice(&ttl.to_be_bytes());
}

fn push_record_of(
    out: &mut Vec<u8>,
    owner: u16,
    (kind, class): (RecordType, u16),
    ttl: u32,
    data: &[u8],
) {
    push_head(
        out,
        owner,
        (kind, class),
        ttl,
        u16::try_from(data.len()).unwrap_or(u16::MAX),
    );
    out.extend_from_slice(data);
}

fn push_head(
    out: &mut Vec<u8>,
    owner: u16,
    (kind, class): (RecordType, u16),
    ttl: u32,
    length: u16,
) {
    out.extend_from_slice(&owner.to_be_bytes());
    out.extend_from_slice(&kind.0.to_be_bytes());
    out.extend_from_slice(&class.to_be_bytes());
    out.extend_from_slice(&ttl.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
}
