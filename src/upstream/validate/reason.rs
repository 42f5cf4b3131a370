//! Why an answer is bogus.

use std::fmt;

use crate::wire::types::ede;
use crate::wire::{Name, RecordType};

/// Records that ought to be signed and are not as their zone signed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bogus {
    /// The zone in which the chain of trust breaks.
    pub zone: Name,
    /// The records at which it breaks: their owner and type.
    pub subject: (Name, RecordType),
    /// What is wrong with them.
    pub reason: Reason,
}

/// Longer than this the words for an extended error leave the names out, so that the reply fits a datagram.
const LONGEST_TEXT: usize = 300;

impl Bogus {
    /// The words for the extended error.
    pub fn text(&self) -> String {
        let text = self.to_string();
        if text.len() > LONGEST_TEXT {
            self.reason.to_string()
        } else {
            text
        }
    }
}

/// What is wrong with records that ought to be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No signature fits records and keys.
    Forged,
    /// The signatures have expired.
    Expired,
    /// The signatures are not valid yet.
    NotYetValid,
    /// There is no key for the DS records of the zone, or for a signature.
    NoKey,
    /// There is no signature.
    Unsigned,
    /// The key that the DS records mean does not have the bit of a zone key (RFC 4034 §2.1.1).
    NoZoneKey,
    /// Nothing proves that the records do not exist.
    Unproven,
    /// The NSEC3 hashes of the zone are iterated too often.
    Iterations,
    /// To judge the records takes more than any honest zone needs.
    TooMuch,
}

impl Reason {
    /// The info code of the extended error (RFC 8914 §4).
    pub fn code(self) -> u16 {
        match self {
            Self::Forged | Self::TooMuch => ede::BOGUS,
            Self::Expired => ede::SIGNATURE_EXPIRED,
            Self::NotYetValid => ede::SIGNATURE_NOT_YET_VALID,
            Self::NoKey => ede::DNSKEY_MISSING,
            Self::Unsigned => ede::RRSIGS_MISSING,
            Self::NoZoneKey => ede::NO_ZONE_KEY,
            Self::Unproven => ede::NSEC_MISSING,
            Self::Iterations => ede::UNSUPPORTED_NSEC3_ITERATIONS,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forged => "the signature does not fit",
            Self::Expired => "the signature has expired",
            Self::NotYetValid => "the signature is not valid yet",
            Self::NoKey => "there is no key for the signature or for the DS records",
            Self::Unsigned => "there is no signature, though the zone is signed",
            Self::NoZoneKey => "the key that the DS records mean is no zone key",
            Self::Unproven => "nothing proves that there is none",
            Self::Iterations => "the NSEC3 hashes are iterated too often",
            Self::TooMuch => "there is more to verify than any honest zone needs",
        })
    }
}

impl fmt::Display for Bogus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (owner, kind) = &self.subject;
        write!(f, "zone {}: {owner} {kind}: {}", self.zone, self.reason)
    }
}
