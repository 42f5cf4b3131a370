//! The twelve octets in front of every message (RFC 1035 §4.1.1).

use super::{Malformed, read_u16};

/// The length of a header, in octets.
pub const HEADER: usize = 12;

/// The bits of the second header word, with the response code in the lowest four.
pub mod flag {
    /// The message is a response.
    pub const QR: u16 = 0x8000;
    /// The answer is authoritative.
    pub const AA: u16 = 0x0400;
    /// The message was cut.
    pub const TC: u16 = 0x0200;
    /// Recursion is desired.
    pub const RD: u16 = 0x0100;
    /// Recursion is available.
    pub const RA: u16 = 0x0080;
    /// The data was validated (RFC 4035 §3.2.3).
    pub const AD: u16 = 0x0020;
    /// The client validates by itself (RFC 4035 §3.2.2).
    pub const CD: u16 = 0x0010;
    /// The opcode's four bits.
    pub const OPCODE: u16 = 0x7800;
    /// The response code's four bits.
    pub const RCODE: u16 = 0x000f;
}

/// A header, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The number that pairs a response with its query.
    pub id: u16,
    /// The bits of [`flag`].
    pub flags: u16,
    /// How many questions follow.
    pub questions: u16,
    /// How many records the answer section holds.
    pub answers: u16,
    /// How many records the authority section holds.
    pub authorities: u16,
    /// How many records the additional section holds.
    pub additionals: u16,
}

impl Header {
    /// Reads the header of a message.
    pub fn read(message: &[u8]) -> Result<Self, Malformed> {
        Ok(Self {
            id: read_u16(message, 0)?,
            flags: read_u16(message, 2)?,
            questions: read_u16(message, 4)?,
            answers: read_u16(message, 6)?,
            authorities: read_u16(message, 8)?,
            additionals: read_u16(message, 10)?,
        })
    }

    /// The header on the wire.
    pub fn to_bytes(self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        let words = [
            self.id,
            self.flags,
            self.questions,
            self.answers,
            self.authorities,
            self.additionals,
        ];
        for (place, word) in bytes.chunks_exact_mut(2).zip(words) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// Whether all bits of `flag` are set.
    pub fn has(self, flag: u16) -> bool {
        self.flags & flag == flag
    }

    /// How many records follow the questions, as it says.
    pub fn records(self) -> usize {
        [self.answers, self.authorities, self.additionals]
            .into_iter()
            .map(usize::from)
            .sum()
    }

    /// The kind of request: 0 is a query.
    pub fn opcode(self) -> u16 {
        (self.flags & flag::OPCODE) >> 11
    }
}
