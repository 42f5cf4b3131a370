//! Floor 1: bytes to facts and back.
//!
//! A message is walked once and yields what the stages need: the question, where each record and its TTL stand, the OPT record.
//! Bytes that nobody asked about are passed on as they came, so unknown types and options survive. No I/O and no clock here.

pub mod answer;
mod compression;
pub mod edns;
mod endpoint;
pub mod header;
pub mod hop;
pub(crate) mod layout;
pub mod message;
pub mod name;
mod proofs;
pub mod query;
pub mod reply;
pub mod svcb;
pub mod types;

pub use answer::Answer;
pub use endpoint::Endpoint;
pub use header::Header;
pub use message::{Message, Record, Section};
pub use name::{Name, NameError};
pub use query::{Query, Question, Refusal};
pub use types::{Rcode, RecordType};

/// Bytes that are not a DNS message, or not one that this program can pass on safely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed DNS message")]
pub struct Malformed;

/// The big-endian number of two octets at `at`.
pub(crate) fn read_u16(bytes: &[u8], at: usize) -> Result<u16, Malformed> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map(|chunk| u16::from_be_bytes(*chunk))
        .ok_or(Malformed)
}

/// The big-endian number of four octets at `at`.
pub(crate) fn read_u32(bytes: &[u8], at: usize) -> Result<u32, Malformed> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map(|chunk| u32::from_be_bytes(*chunk))
        .ok_or(Malformed)
}

/// Writes octets over those at `at`; does nothing where there is no room.
pub(crate) fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + with.len()) {
        place.copy_from_slice(with);
    }
}

#[cfg(test)]
pub(crate) mod tests;
