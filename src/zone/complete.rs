//! The end of a reply whose aliases leave local data.

use super::writer::Writer;
use crate::wire::edns::passable;
use crate::wire::reply::{self, Head};
use crate::wire::{Message, Query, Rcode, Section};

/// Ends a reply that [`super::Looked::Leaves`] began with what an upstream says about its target: `upstream` is a whole message,
/// already judged, its TTLs as the client shall see them. Without one, or with one that is no answer, the reply is SERVFAIL.
///
/// The code is that of the last name (RFC 6604 §3). AA is set, for it speaks of the first owner (RFC 1035 §4.1.1), and AD is
/// not, for nobody validated the local part.
pub fn complete(
    out: &mut Vec<u8>,
    query: &Query<'_>,
    records: u16,
    upstream: Option<&[u8]>,
    limit: usize,
) {
    let done = upstream
        .and_then(|bytes| Message::read(bytes).ok())
        .and_then(|message| append(out, query, records, &message, limit));
    if done.is_none() {
        reply::write_code(out, query, &Head::code(Rcode::SERVFAIL), limit);
    }
}

/// Ends a reply that [`super::Looked::Leaves`] began where local data end, for a client that does not desire recursion.
pub fn end(out: &mut Vec<u8>, query: &Query<'_>, records: u16, limit: usize) {
    Writer::resume(out, query, limit, records).finish(Rcode::NOERROR, true, &[], None);
}

fn append(
    out: &mut Vec<u8>,
    query: &Query<'_>,
    records: u16,
    message: &Message<'_>,
    limit: usize,
) -> Option<()> {
    let rcode = message.rcode();
    if !matches!(rcode, Rcode::NOERROR | Rcode::NXDOMAIN) {
        return None;
    }
    let mut writer = Writer::resume(out, query, limit, records);
    for record in &message.records {
        if record.section != Section::Additional {
            writer.foreign(message, record)?;
        }
    }
    let options: Vec<u8> = message
        .edns
        .map(|edns| passable(edns.options()))
        .unwrap_or_default();
    writer.finish(rcode, true, &options, None);
    Some(())
}
