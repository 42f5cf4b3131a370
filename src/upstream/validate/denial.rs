//! What the NSEC and NSEC3 records of a zone prove to be missing.

use super::Reason;
use super::nsec::{Nsec, Nsecs};
use super::nsec3::Nsec3s;
use super::rrset::RrSet;
use super::work::Work;
use crate::wire::{Name, RecordType};

/// The verified NSEC and NSEC3 records of one zone in an answer. A zone has only one of the two kinds, except while it changes
/// from one to the other.
#[derive(Debug)]
pub(super) struct Proofs<'a> {
    nsecs: Nsecs<'a>,
    nsec3s: Option<Nsec3s<'a>>,
}

/// How sure it is that something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// The zone has signed it.
    Surely,
    /// Nothing speaks against it, but the zone leaves out delegations that are not signed: the answer is as good as one without
    /// signatures (RFC 5155 §9.2).
    Perhaps,
    /// Nobody looked, for the hashes of the zone cost too much: it counts as unsigned (RFC 9276 §3.2).
    Unknown,
}

/// What a zone says about a name for which it has no DS record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Below {
    /// A zone that is not signed begins there.
    Unsigned,
    /// Nobody looked, as with [`Denied::Unknown`].
    Unknown,
    /// No zone begins there.
    Same,
    /// No zone begins there, and nothing exists below.
    Nothing,
}

impl<'a> Proofs<'a> {
    /// The proofs among sets whose signatures by `zone` were verified.
    pub(super) fn new<'s>(zone: &Name, sets: &[&'s RrSet<'a>]) -> Self
    where
        'a: 's,
    {
        let of_kind = |kind| sets.iter().copied().filter(move |set| set.kind == kind);
        Self {
            nsecs: Nsecs {
                zone: *zone,
                records: of_kind(RecordType::NSEC).filter_map(Nsec::read).collect(),
            },
            nsec3s: Nsec3s::read(zone, of_kind(RecordType::NSEC3)),
        }
    }

    /// That a name, which may exist, has no records of this type (RFC 4035 §5.4, RFC 5155 §8.5 to §8.7).
    pub(super) fn deny_type(
        &self,
        name: &Name,
        kind: RecordType,
        work: &mut Work,
    ) -> Result<Denied, Reason> {
        if self.nsecs.deny_type(name, kind) {
            return Ok(Denied::Surely);
        }
        self.by_hash(|nsec3s| {
            if let Some(types) = nsec3s.types_of(name, work)? {
                return Ok(types.denies(kind).then_some(Denied::Surely));
            }
            let Some(encloser) = nsec3s.encloser(name, work)? else {
                return Ok(None);
            };
            if encloser.opt_out {
                return Ok(Some(Denied::Perhaps));
            }
            let denied = nsec3s.wildcard_denies(&encloser.name, kind, work)?;
            Ok(denied.then_some(Denied::Surely))
        })
    }

    /// That a name does not exist (RFC 4035 §5.4, RFC 5155 §8.4).
    pub(super) fn deny_name(&self, name: &Name, work: &mut Work) -> Result<Denied, Reason> {
        if self.nsecs.deny_name(name) {
            return Ok(Denied::Surely);
        }
        self.by_hash(|nsec3s| {
            let Some(encloser) = nsec3s.encloser(name, work)? else {
                return Ok(None);
            };
            if !nsec3s.has_no_wildcard(&encloser.name, work)? {
                return Ok(None);
            }
            Ok(Some(surely_unless(encloser.opt_out)))
        })
    }

    /// That the wildcard below `encloser` was the nearest match for a name (RFC 4035 §5.3.4, RFC 5155 §8.8).
    pub(super) fn allow_wildcard(
        &self,
        name: &Name,
        encloser: &Name,
        work: &mut Work,
    ) -> Result<Denied, Reason> {
        if self.nsecs.encloser(name) == Some(*encloser) {
            return Ok(Denied::Surely);
        }
        self.by_hash(|nsec3s| {
            let Some(longer) = name.ancestor(encloser.label_count() + 1) else {
                return Ok(None);
            };
            let opt_out = nsec3s.opt_out_at(&longer, work)?;
            Ok(opt_out.map(surely_unless))
        })
    }

    /// That no signed zone begins at a name (RFC 4035 §5.2, RFC 6840 §4.4, RFC 5155 §8.6, §8.9).
    pub(super) fn deny_cut(&self, name: &Name, work: &mut Work) -> Result<Below, Reason> {
        if let Some(types) = self.nsecs.types_of(name) {
            return below(types).ok_or(Reason::Unproven);
        }
        if self.nsecs.is_empty_name(name) {
            return Ok(Below::Same);
        }
        if self.nsecs.encloser(name).is_some() {
            // Unless a wildcard makes names here, there is nothing; and a wildcard makes no zone.
            return Ok(Below::Nothing);
        }
        let nsec3s = self.nsec3s.as_ref().ok_or(Reason::Unproven)?;
        if nsec3s.is_costly()? {
            return Ok(Below::Unknown);
        }
        if let Some(types) = nsec3s.types_of(name, work)? {
            return below(types).ok_or(Reason::Unproven);
        }
        let encloser = nsec3s.encloser(name, work)?.ok_or(Reason::Unproven)?;
        Ok(if encloser.opt_out {
            Below::Unsigned
        } else {
            Below::Nothing
        })
    }

    /// What NSEC3 records prove, unless their hashes cost too much.
    fn by_hash(
        &self,
        prove: impl FnOnce(&Nsec3s<'a>) -> Result<Option<Denied>, Reason>,
    ) -> Result<Denied, Reason> {
        let nsec3s = self.nsec3s.as_ref().ok_or(Reason::Unproven)?;
        if nsec3s.is_costly()? {
            return Ok(Denied::Unknown);
        }
        prove(nsec3s)?.ok_or(Reason::Unproven)
    }
}

/// What the types of a name without a DS record say about a zone there; none if they are those of the zone itself, or if there
/// is a DS record after all.
fn below(types: super::bitmap::Bitmap<'_>) -> Option<Below> {
    if types.has(RecordType::DS) || types.has(RecordType::SOA) {
        None
    } else if types.has(RecordType::NS) {
        Some(Below::Unsigned)
    } else {
        Some(Below::Same)
    }
}

fn surely_unless(opt_out: bool) -> Denied {
    if opt_out {
        Denied::Perhaps
    } else {
        Denied::Surely
    }
}
