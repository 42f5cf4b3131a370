//! The rest of a chain that begins in local data.

use crate::wire::edns::write_opt;
use crate::wire::header::flag;
use crate::wire::types::class;
use crate::wire::{Header, Name, Query, Rcode};

/// The part of a chain that local data do not know.
pub(super) struct Part<'a> {
    /// What the client asked.
    pub(super) query: &'a Query<'a>,
    /// What must be asked.
    pub(super) target: Name,
    /// How many records of the local part are written.
    pub(super) records: u16,
}

impl Part<'_> {
    /// The question for it, with what of the client's query matters.
    pub(super) fn packet(&self) -> Vec<u8> {
        let query = self.query;
        let flags = flag::RD | query.header.flags & (flag::CD | flag::AD);
        let header = Header {
            id: 0,
            flags,
            questions: 1,
            answers: 0,
            authorities: 0,
            additionals: 1,
        };
        let mut packet = header.to_bytes().to_vec();
        packet.extend_from_slice(self.target.as_wire());
        packet.extend_from_slice(&query.question.kind.0.to_be_bytes());
        packet.extend_from_slice(&class::IN.to_be_bytes());
        write_opt(&mut packet, Rcode::NOERROR, query.dnssec_ok(), &[], None);
        packet
    }
}
