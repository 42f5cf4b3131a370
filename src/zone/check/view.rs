//! The records of a zone by name, and which names there are.

use std::collections::{BTreeMap, HashSet};

use super::super::Record;
use crate::wire::{Name, RecordType};

/// The records that lie in the zone. Names are keys in wire format.
#[derive(Debug)]
pub(super) struct View<'a> {
    origin: &'a Name,
    names: BTreeMap<&'a [u8], Vec<&'a Record>>,
    /// All names that have records or lie above one that has (RFC 4592 §2.2.2).
    existing: HashSet<&'a [u8]>,
    /// Which types a name has. Looked up for every ancestor of every name, so no list of records is searched for it.
    kinds: HashSet<(&'a [u8], RecordType)>,
}

impl<'a> View<'a> {
    pub(super) fn new(origin: &'a Name, records: &'a [Record]) -> Self {
        let mut names: BTreeMap<&[u8], Vec<&Record>> = BTreeMap::new();
        let mut existing = HashSet::new();
        let mut kinds = HashSet::new();
        let apex = origin.as_wire().len();
        for record in records
            .iter()
            .filter(|record| record.owner.is_within(origin))
        {
            names
                .entry(record.owner.as_wire())
                .or_default()
                .push(record);
            kinds.insert((record.owner.as_wire(), record.kind));
            for suffix in record.owner.suffixes() {
                // What is above a known name is known, too.
                if suffix.len() < apex || !existing.insert(suffix) {
                    break;
                }
            }
        }
        Self {
            origin,
            names,
            existing,
            kinds,
        }
    }

    pub(super) fn origin(&self) -> &'a Name {
        self.origin
    }

    /// All names that have records, with them.
    pub(super) fn names(&self) -> impl Iterator<Item = (&&'a [u8], &[&'a Record])> {
        self.names
            .iter()
            .map(|(name, records)| (name, records.as_slice()))
    }

    /// The names from `name` up to the apex.
    pub(super) fn upwards<'n>(&self, name: &'n Name) -> impl Iterator<Item = &'n [u8]> {
        let apex = self.origin.as_wire().len();
        name.suffixes()
            .take_while(move |suffix| suffix.len() >= apex)
    }

    /// The delegation that `name` is or lies below; the apex is none.
    pub(super) fn delegation<'n>(&self, name: &'n Name) -> Option<&'n [u8]> {
        self.upwards(name)
            .filter(|suffix| *suffix != self.origin.as_wire())
            .filter(|suffix| self.has(suffix, RecordType::NS))
            .last()
    }

    /// The name whose records answer for `name`: itself, else the wildcard that covers it (RFC 4592 §3.3.1).
    pub(super) fn answering(&self, name: &Name) -> Vec<u8> {
        let mut upwards = self.upwards(name);
        match upwards.find(|suffix| self.existing.contains(suffix)) {
            Some(encloser) if encloser != name.as_wire() => [b"\x01*", encloser].concat(),
            _ => name.as_wire().to_vec(),
        }
    }

    /// Whether anything answers for a name: records, names below it, a wildcard, or another zone.
    pub(super) fn exists(&self, name: &Name) -> bool {
        self.existing.contains(name.as_wire())
            || self.names.contains_key(self.answering(name).as_slice())
            || self.delegation(name).is_some()
            || self.redirected(name).is_some()
    }

    /// The name above `name` whose names below are redirected.
    pub(super) fn redirected<'n>(&self, name: &'n Name) -> Option<&'n [u8]> {
        self.upwards(name)
            .skip(1)
            .find(|above| self.has(above, RecordType::DNAME))
    }

    /// Whether a name has records of this type itself.
    pub(super) fn has(&self, name: &[u8], kind: RecordType) -> bool {
        self.kinds.contains(&(name, kind))
    }
}
