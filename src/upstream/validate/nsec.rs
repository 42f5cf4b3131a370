//! Denial by NSEC records: each names an owner, the types that it has, and the next owner of the zone (RFC 4035 §5.4).

use super::bitmap::Bitmap;
use super::rrset::RrSet;
use crate::wire::{Name, RecordType};

/// An NSEC record whose signature was verified.
#[derive(Debug)]
pub(super) struct Nsec<'a> {
    owner: Name,
    next: Name,
    types: Bitmap<'a>,
}

impl<'a> Nsec<'a> {
    pub(super) fn read(set: &RrSet<'a>) -> Option<Self> {
        let (next, types) = set.first_name().ok()?;
        Some(Self {
            owner: set.owner,
            next,
            types: Bitmap(types),
        })
    }
}

/// The NSEC records of one zone in an answer.
#[derive(Debug)]
pub(super) struct Nsecs<'a> {
    pub(super) zone: Name,
    pub(super) records: Vec<Nsec<'a>>,
}

impl<'a> Nsecs<'a> {
    /// The types of a name that exists.
    pub(super) fn types_of(&self, name: &Name) -> Option<Bitmap<'a>> {
        let found = self.records.iter().find(|nsec| nsec.owner == *name);
        found.map(|nsec| nsec.types)
    }

    /// The record between whose owner and next owner a name lies, so that it has no records in this zone.
    pub(super) fn covering(&self, name: &Name) -> Option<&Nsec<'a>> {
        self.records.iter().find(|nsec| {
            let below = name.is_within(&nsec.owner) && nsec.types.leads_away();
            let is_last = nsec.next == self.zone;
            name.is_within(&self.zone)
                && !below
                && nsec.owner.canonical_cmp(name).is_lt()
                && (is_last || name.canonical_cmp(&nsec.next).is_lt())
        })
    }

    /// Whether a name exists without records of its own: others lie below it.
    pub(super) fn is_empty_name(&self, name: &Name) -> bool {
        (self.covering(name)).is_some_and(|nsec| nsec.next.is_within(name))
    }

    /// The nearest ancestor of a name that exists, if the name itself does not.
    pub(super) fn encloser(&self, name: &Name) -> Option<Name> {
        let nsec = self.covering(name)?;
        if nsec.next.is_within(name) {
            return None;
        }
        let nearest = shared(name, &nsec.owner).max(shared(name, &nsec.next));
        name.ancestor(nearest)
    }

    /// Whether a name has no records of this type: it exists without them, or what a wildcard would make has none.
    pub(super) fn deny_type(&self, name: &Name, kind: RecordType) -> bool {
        if let Some(types) = self.types_of(name) {
            return types.denies(kind);
        }
        if self.is_empty_name(name) {
            return true;
        }
        let wildcard = self.wildcard(name);
        let types = wildcard.and_then(|wildcard| self.types_of(&wildcard));
        types.is_some_and(|types| types.denies(kind))
    }

    /// Whether a name does not exist, and no wildcard makes it.
    pub(super) fn deny_name(&self, name: &Name) -> bool {
        self.wildcard(name).is_some_and(|wildcard| {
            self.covering(&wildcard).is_some() && !self.is_empty_name(&wildcard)
        })
    }

    fn wildcard(&self, name: &Name) -> Option<Name> {
        self.encloser(name)?.child(b"*").ok()
    }
}

/// How many labels two names share, counted from the root.
fn shared(one: &Name, other: &Name) -> usize {
    let [one, other] = [one, other].map(|name| name.labels().collect::<Vec<_>>());
    let pairs = one.iter().rev().zip(other.iter().rev());
    pairs.take_while(|(one, other)| one == other).count()
}
