//! The sets of records in an answer, with their signatures: what is signed is a set, not a record (RFC 4035 §2.2).

use std::sync::OnceLock;

use super::Reason;
use crate::wire::types::class;
use crate::wire::{
    Malformed, Message, Name, Record, RecordType, Section, layout, read_u16, read_u32,
};

/// So many sets are looked at in one answer: a chain of eleven aliases, what it leads to, and proofs for each.
const MOST_SETS: usize = 64;
/// So many signatures of one set are looked at. Zones have one, and two while they change keys or algorithms.
const MOST_SIGNATURES: usize = 8;

/// The records of one owner and type in one section.
#[derive(Debug)]
pub(super) struct RrSet<'a> {
    pub(super) section: Section,
    pub(super) owner: Name,
    pub(super) kind: RecordType,
    /// The longest of their TTLs, in seconds.
    pub(super) ttl: u32,
    pub(super) records: Vec<&'a Record>,
    pub(super) signatures: Vec<Signature<'a>>,
    message: &'a Message<'a>,
    canonical: OnceLock<Vec<Vec<u8>>>,
}

/// An RRSIG record (RFC 4034 §3.1).
#[derive(Debug)]
pub(super) struct Signature<'a> {
    pub(super) algorithm: u8,
    /// How many labels the signed owner has; fewer than the owner of a set that a wildcard made.
    pub(super) labels: usize,
    /// The TTL that the records have in their zone, in seconds.
    pub(super) original_ttl: u32,
    pub(super) expiration: u32,
    pub(super) inception: u32,
    pub(super) key_tag: u16,
    pub(super) signer: Name,
    pub(super) octets: &'a [u8],
    /// The fields from the covered type to the key tag.
    head: &'a [u8],
}

impl<'a> RrSet<'a> {
    /// All sets of a message, with no more signatures than anyone needs.
    pub(super) fn all(message: &'a Message<'a>) -> Result<Vec<Self>, Reason> {
        let mut sets: Vec<Self> = Vec::new();
        let of_class = || {
            message
                .records
                .iter()
                .filter(|record| record.class == class::IN)
        };
        for record in of_class().filter(|record| record.kind != RecordType::RRSIG) {
            if let Some(set) = sets.iter_mut().find(|set| set.is_of(record, record.kind)) {
                set.ttl = set.ttl.max(record.ttl);
                set.records.push(record);
                continue;
            }
            if sets.len() == MOST_SETS {
                return Err(Reason::TooMuch);
            }
            sets.push(Self {
                section: record.section,
                owner: *message.owner(record),
                kind: record.kind,
                ttl: record.ttl,
                records: vec![record],
                signatures: Vec::new(),
                message,
                canonical: OnceLock::new(),
            });
        }
        for record in of_class().filter(|record| record.kind == RecordType::RRSIG) {
            let covered = record.covers(message.bytes);
            let set = sets.iter_mut().find(|set| set.is_of(record, covered));
            if let Some(set) = set.filter(|set| set.signatures.len() < MOST_SIGNATURES)
                && let Ok(signature) = Signature::read(message, record)
            {
                set.signatures.push(signature);
            }
        }
        Ok(sets)
    }

    fn is_of(&self, record: &Record, kind: RecordType) -> bool {
        self.kind == kind
            && self.section == record.section
            && self.owner == *self.message.owner(record)
    }

    /// The data of the records, in the order in which they stand in the message.
    pub(super) fn data(&self) -> impl Iterator<Item = &'a [u8]> {
        self.records.iter().map(|record| self.message.data(record))
    }

    /// The name that the data of the first record begin with: where an alias leads, or the next name of an NSEC record; and the
    /// data behind it.
    pub(super) fn first_name(&self) -> Result<(Name, &'a [u8]), Malformed> {
        let record = self.records.first().ok_or(Malformed)?;
        let (name, end) = Name::read(self.message.bytes, record.data.start)?;
        let rest = self.message.bytes.get(end..record.data.end);
        Ok((name, rest.ok_or(Malformed)?))
    }

    /// The octets that `signature` signs, if its signer signed these records under `owner` (RFC 4034 §3.1.8.1).
    pub(super) fn signed_octets(&self, signature: &Signature<'_>, owner: &Name) -> Vec<u8> {
        let mut octets = signature.head.to_vec();
        octets.extend_from_slice(signature.signer.as_wire());
        for data in self.canonical.get_or_init(|| self.canonical_data()) {
            octets.extend_from_slice(owner.as_wire());
            octets.extend_from_slice(&self.kind.0.to_be_bytes());
            octets.extend_from_slice(&class::IN.to_be_bytes());
            octets.extend_from_slice(&signature.original_ttl.to_be_bytes());
            let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
            octets.extend_from_slice(&length.to_be_bytes());
            octets.extend_from_slice(data);
        }
        octets
    }

    /// The data in canonical form and order, each once (RFC 4034 §6.2, §6.3).
    fn canonical_data(&self) -> Vec<Vec<u8>> {
        let data = self.records.iter().map(|record| {
            let mut plain = Vec::new();
            // The message was read as a whole, so every name in it can be.
            let _read = self.message.write_data(record, &mut plain);
            layout::canonical(record.kind, &plain)
        });
        let mut data: Vec<Vec<u8>> = data.collect();
        data.sort();
        data.dedup();
        data
    }
}

impl<'a> Signature<'a> {
    fn read(message: &'a Message<'a>, record: &Record) -> Result<Self, Malformed> {
        let data = message.data(record);
        let octet = |at: usize| data.get(at).copied().ok_or(Malformed);
        let (signer, end) = Name::read(message.bytes, record.data.start + 18)?;
        let octets = message.bytes.get(end..record.data.end).ok_or(Malformed)?;
        Ok(Self {
            algorithm: octet(2)?,
            labels: octet(3)?.into(),
            original_ttl: read_u32(data, 4)?,
            expiration: read_u32(data, 8)?,
            inception: read_u32(data, 12)?,
            key_tag: read_u16(data, 16)?,
            signer,
            octets,
            head: data.get(..18).ok_or(Malformed)?,
        })
    }
}
