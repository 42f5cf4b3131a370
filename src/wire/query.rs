//! What a client asked: the checks that every packet passes before a stage sees it.

use super::edns::{Edns, record_head};
use super::header::{HEADER, Header, flag};
use super::name::Name;
use super::types::{Rcode, RecordType};
use super::{Malformed, read_u16};

/// A question: name, type and class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    /// QNAME in canonical form.
    pub name: Name,
    /// QTYPE.
    pub kind: RecordType,
    /// QCLASS.
    pub class: u16,
}

/// A query that can be answered.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// The header as it came.
    pub header: Header,
    /// The question.
    pub question: Question,
    /// The question section as it came, with the client's own letters.
    pub question_bytes: &'a [u8],
    /// The client's OPT record, if it sent one.
    pub edns: Option<Edns<'a>>,
}

/// What becomes of a packet that is not a query to resolve.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for a moment; an allocation would cost more"
)]
pub enum Refusal<'a> {
    /// No answer at all: too short to have an ID, or a response. Answering responses lets two servers talk for ever.
    Drop,
    /// The header alone goes back with this code; nothing behind it could be read.
    Header(Header, Rcode),
    /// The question goes back with this code.
    Question(Query<'a>, Rcode),
}

impl<'a> Query<'a> {
    #[expect(
        clippy::result_large_err,
        reason = "a refusal may hold the query; it is as large as the query itself"
    )]
    /// Reads a packet, or says how it is refused (RFC 1035 §4.1, RFC 6891 §6.1.3, RFC 9619).
    pub fn read(packet: &'a [u8]) -> Result<Self, Refusal<'a>> {
        let header = Header::read(packet).map_err(|Malformed| Refusal::Drop)?;
        if header.has(flag::QR) {
            return Err(Refusal::Drop);
        }
        if header.opcode() != 0 {
            return Err(Refusal::Header(header, Rcode::NOTIMP));
        }
        if header.questions != 1 {
            return Err(Refusal::Header(header, Rcode::FORMERR));
        }
        let unreadable = |Malformed| Refusal::Header(header, Rcode::FORMERR);
        let (name, end) = Name::read_plain(packet, HEADER).map_err(unreadable)?;
        let kind = RecordType(read_u16(packet, end).map_err(unreadable)?);
        let class = read_u16(packet, end + 2).map_err(unreadable)?;
        let question_bytes = packet.get(HEADER..end + 4).unwrap_or_default();
        let mut query = Self {
            header,
            question: Question { name, kind, class },
            question_bytes,
            edns: None,
        };
        let edns = read_records(packet, header, end + 4);
        if matches!(kind, RecordType::AXFR | RecordType::IXFR) {
            query.edns = edns.unwrap_or_default();
            return Err(Refusal::Question(query, Rcode::REFUSED));
        }
        query.edns = edns.map_err(unreadable)?;
        // Only IXFR queries and NOTIFY have something to say in these sections.
        if header.answers != 0 || header.authorities != 0 {
            return Err(Refusal::Question(query, Rcode::FORMERR));
        }
        if query.edns.is_some_and(|edns| edns.version > 0) {
            return Err(Refusal::Question(query, Rcode::BADVERS));
        }
        if is_meta(kind) {
            return Err(Refusal::Question(query, Rcode::FORMERR));
        }
        Ok(query)
    }

    /// Whether the client wants DNSSEC records.
    pub fn dnssec_ok(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// The largest reply that fits a datagram for this client, in octets: 512 without EDNS, else what it offers but never more
    /// than `most` (RFC 6891 §6.2.3 to §6.2.5).
    pub fn udp_limit(&self, most: u16) -> usize {
        usize::from(self.edns.map_or(512, |edns| edns.payload.clamp(512, most)))
    }
}

/// Types that ask for something else than data; `ANY` is answered, zone transfers are refused before.
fn is_meta(kind: RecordType) -> bool {
    matches!(kind.0, 0 | 41 | 128..=250 | 253 | 254)
}

/// Walks what follows the question: there is at most one OPT record, in the last section, and nothing behind the last record.
fn read_records(
    packet: &[u8],
    header: Header,
    mut at: usize,
) -> Result<Option<Edns<'_>>, Malformed> {
    let mut edns = None;
    let front = u32::from(header.answers) + u32::from(header.authorities);
    for index in 0..front + u32::from(header.additionals) {
        let (owner, end) = Name::read(packet, at)?;
        let (kind, class, ttl, data) = record_head(packet, end)?;
        at = data.end;
        if kind == RecordType::OPT {
            if edns.is_some() || owner != Name::ROOT || index < front {
                return Err(Malformed);
            }
            edns = Some(Edns::from_record(
                class,
                ttl,
                packet.get(data).ok_or(Malformed)?,
            )?);
        }
    }
    if at == packet.len() {
        Ok(edns)
    } else {
        Err(Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPT: &[u8] = b"\0\0\x29\x04\xd0\0\0\x80\0\0\0";

    fn packet(counts: [u16; 4], flags: u16, rest: &[&[u8]]) -> Vec<u8> {
        let [questions, answers, authorities, additionals] = counts;
        let mut bytes = Header {
            id: 7,
            flags,
            questions,
            answers,
            authorities,
            additionals,
        }
        .to_bytes()
        .to_vec();
        bytes.extend(rest.concat());
        bytes
    }

    fn refusal(bytes: &[u8]) -> Option<(bool, Rcode)> {
        match Query::read(bytes) {
            Ok(_) => None,
            Err(Refusal::Drop) => Some((false, Rcode(4095))),
            Err(Refusal::Header(_, rcode)) => Some((false, rcode)),
            Err(Refusal::Question(_, rcode)) => Some((true, rcode)),
        }
    }

    #[test]
    fn a_query_keeps_the_letters_and_the_options() {
        let bytes = packet(
            [1, 0, 0, 1],
            flag::RD | flag::CD,
            &[b"\x03wWw\x01x\0\0\x41\0\x01", OPT],
        );
        let query = Query::read(&bytes).unwrap();
        assert_eq!(
            query.question,
            Question {
                name: "www.x".parse().unwrap(),
                kind: RecordType::HTTPS,
                class: 1
            }
        );
        assert_eq!(query.question_bytes, b"\x03wWw\x01x\0\0\x41\0\x01");
        assert!(query.dnssec_ok());
        assert_eq!((query.udp_limit(1232), query.udp_limit(512)), (1232, 512));
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table, better in one piece")]
    fn what_is_no_question_is_refused_as_the_rfcs_say() {
        const Q: &[u8] = b"\x01x\0\0\x01\0\x01";
        type Case<'a> = (&'a [u16; 4], u16, &'a [&'a [u8]], Option<(bool, Rcode)>);
        let cases: &[Case<'_>] = &[
            (&[1, 0, 0, 0], flag::RD, &[Q], None),
            (&[1, 0, 0, 0], flag::QR, &[Q], Some((false, Rcode(4095)))),
            (&[1, 0, 0, 0], 4 << 11, &[Q], Some((false, Rcode::NOTIMP))),
            (&[0, 0, 0, 0], 0, &[], Some((false, Rcode::FORMERR))),
            (&[2, 0, 0, 0], 0, &[Q, Q], Some((false, Rcode::FORMERR))),
            (
                &[65535, 65535, 65535, 65535],
                0,
                &[],
                Some((false, Rcode::FORMERR)),
            ),
            (
                &[1, 0, 0, 0],
                0,
                &[b"\xc0\x0c\0\x01\0\x01"],
                Some((false, Rcode::FORMERR)),
            ),
            (
                &[1, 0, 0, 0],
                0,
                &[Q, b"trailing"],
                Some((false, Rcode::FORMERR)),
            ),
            (
                &[1, 0, 0, 2],
                0,
                &[Q, OPT, OPT],
                Some((false, Rcode::FORMERR)),
            ),
            (
                &[1, 0, 0, 1],
                0,
                &[Q, b"\x01a\0\0\x29\x04\xd0\0\0\0\0\0\0"],
                Some((false, Rcode::FORMERR)),
            ),
            (
                &[1, 0, 0, 1],
                0,
                &[Q, b"\0\0\x29\x04\xd0\0\0\0\0\0\x03\0\x01\0"],
                Some((false, Rcode::FORMERR)),
            ),
            (
                &[1, 0, 0, 1],
                0,
                &[Q, b"\0\0\x29\x04\xd0\0\x01\0\0\0\0"],
                Some((true, Rcode::BADVERS)),
            ),
            (&[1, 1, 0, 0], 0, &[Q], Some((false, Rcode::FORMERR))),
            (
                &[1, 0, 0, 0],
                0,
                &[b"\x01x\0\0\xfc\0\x01"],
                Some((true, Rcode::REFUSED)),
            ),
            (
                &[1, 0, 1, 0],
                0,
                &[b"\x01x\0\0\xfb\0\x01"],
                Some((true, Rcode::REFUSED)),
            ),
            (
                &[1, 0, 0, 0],
                0,
                &[b"\x01x\0\0\x29\0\x01"],
                Some((true, Rcode::FORMERR)),
            ),
        ];
        for (counts, flags, rest, expected) in cases {
            assert_eq!(
                refusal(&packet(**counts, *flags, rest)),
                *expected,
                "{counts:?} {rest:?}"
            );
        }
        assert_eq!(
            refusal(b"\0\x01\x01\0\0\x01\0\0\0\0\0"),
            Some((false, Rcode(4095)))
        );
    }
}
