//! One name of a zone with all that stands there, in a row of octets.
//!
//! A zone of many names is read at random places, and each place that is not in the processor's cache costs as much as the rest
//! of an answer. So everything about a name lies together: its links, the name, its record sets.

use std::ops::Range;

use crate::wire::RecordType;

/// Octets of a zone; a node is known by where it begins. No node begins at 0, which so stands for none.
pub(super) type Place = u64;

/// Nodes begin at multiples of so many octets.
pub(super) const UNIT: usize = 16;

/// The name has name servers and is not the origin: the zone ends here (RFC 1034 §4.2).
pub(super) const CUT: u8 = 1;
/// The name has a DNAME record: all names below it lead elsewhere (RFC 6672 §2).
pub(super) const DNAME: u8 = 2;

/// The octets of a node beside its name and its sets: two links, flags, two lengths.
const FIXED: usize = 22;

/// Where in a node the place stands of the topmost node above it that is a cut or has a DNAME record.
pub(super) const ABOVE: usize = 0;
/// Where in a node the place of its wildcard child stands.
pub(super) const WILDCARD: usize = 8;

/// A name of a zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) name: &'a [u8],
    pub(super) above: Place,
    pub(super) wildcard: Place,
    flags: u8,
    sets: &'a [u8],
}

impl<'a> Node<'a> {
    /// Reads the node at `place` of `arena`.
    pub(super) fn read(arena: &'a [u8], place: Place) -> Option<Self> {
        if place == 0 {
            return None;
        }
        let mut octets = Octets(arena.get(usize::try_from(place).ok()?..)?);
        let above = u64::from_be_bytes(octets.chunk()?);
        let wildcard = u64::from_be_bytes(octets.chunk()?);
        let [flags, length] = octets.chunk()?;
        let name = octets.take(length.into())?;
        let length = u32::from_be_bytes(octets.chunk()?);
        let sets = octets.take(usize::try_from(length).ok()?)?;
        Some(Self {
            name,
            above,
            wildcard,
            flags,
            sets,
        })
    }

    /// The name stands here only because there are names below it, or was not written down at all.
    pub(super) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// How many octets it takes in the arena.
    pub(super) fn room(&self) -> Place {
        let length = FIXED + self.name.len() + self.sets.len();
        Place::try_from(length.next_multiple_of(UNIT)).unwrap_or(Place::MAX)
    }

    pub(super) fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The record sets: by type, each followed by its signatures.
    pub(super) fn sets(&self) -> Sets<'a> {
        Sets(Octets(self.sets))
    }

    /// The records of a type; of RRSIG, the first signatures.
    pub(super) fn set(&self, kind: RecordType) -> Option<Set<'a>> {
        self.sets().find(|set| set.kind == kind)
    }
}

/// Records of one name and type; or signatures of one name that cover the same type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'a> {
    pub(super) kind: RecordType,
    /// The type that signatures cover; the type itself for all others.
    pub(super) covers: RecordType,
    pub(super) ttl: u32,
    records: &'a [u8],
}

impl<'a> Set<'a> {
    /// The data of its records.
    pub(super) fn records(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut octets = Octets(self.records);
        std::iter::from_fn(move || {
            let length = u16::from_be_bytes(octets.chunk()?);
            octets.take(length.into())
        })
    }

    /// The data of its first record.
    pub(super) fn first(&self) -> Option<&'a [u8]> {
        self.records().next()
    }
}

/// The record sets of a node.
#[derive(Debug, Clone)]
pub(super) struct Sets<'a>(Octets<'a>);

impl<'a> Iterator for Sets<'a> {
    type Item = Set<'a>;

    fn next(&mut self) -> Option<Set<'a>> {
        let octets = &mut self.0;
        let kind = RecordType(u16::from_be_bytes(octets.chunk()?));
        let covers = RecordType(u16::from_be_bytes(octets.chunk()?));
        let ttl = u32::from_be_bytes(octets.chunk()?);
        let length = u32::from_be_bytes(octets.chunk()?);
        Some(Set {
            kind,
            covers,
            ttl,
            records: octets.take(usize::try_from(length).ok()?)?,
        })
    }
}

/// Appends a node without links to others; `sets` is what [`push_set`] wrote. Returns where it stands.
pub(super) fn push(
    written: &mut Vec<u8>,
    name: &[u8],
    flags: u8,
    sets: &[u8],
) -> Option<Range<usize>> {
    let start = written.len();
    let length = u32::try_from(sets.len()).ok()?;
    let name_length = u8::try_from(name.len()).ok()?;
    written.extend_from_slice(&[0; 16]);
    written.extend_from_slice(&[flags, name_length]);
    written.extend_from_slice(name);
    written.extend_from_slice(&length.to_be_bytes());
    written.extend_from_slice(sets);
    written.resize(written.len().next_multiple_of(UNIT), 0);
    Some(start..written.len())
}

/// Appends a set to those of a node.
pub(super) fn push_set<'a>(
    sets: &mut Vec<u8>,
    kind: RecordType,
    covers: RecordType,
    ttl: u32,
    records: impl Iterator<Item = &'a [u8]>,
) {
    sets.extend_from_slice(&kind.0.to_be_bytes());
    sets.extend_from_slice(&covers.0.to_be_bytes());
    sets.extend_from_slice(&ttl.to_be_bytes());
    let length_at = sets.len();
    sets.extend_from_slice(&[0; 4]);
    for data in records {
        // No record on the wire can be longer, so nothing is lost.
        let Ok(length) = u16::try_from(data.len()) else {
            continue;
        };
        sets.extend_from_slice(&length.to_be_bytes());
        sets.extend_from_slice(data);
    }
    let length = u32::try_from(sets.len() - length_at - 4).unwrap_or(0);
    crate::wire::overwrite(sets, length_at, &length.to_be_bytes());
}

/// Octets that are read from the front.
#[derive(Debug, Clone)]
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*chunk)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}
