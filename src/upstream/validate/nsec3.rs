//! Denial by NSEC3 records: like NSEC, with hashes in place of names (RFC 5155 §8).

use data_encoding::BASE32_DNSSEC;
use hickory_proto::dnssec::DigestType;
use hickory_proto::dnssec::crypto::Digest;

use super::Reason;
use super::bitmap::Bitmap;
use super::rrset::RrSet;
use super::work::Work;
use crate::wire::{Name, RecordType, read_u16};

/// The one hash algorithm, SHA-1 (RFC 5155 §11).
const SHA1: u8 = 1;
/// The one flag: unsigned delegations between two hashes are left out.
const OPT_OUT: u8 = 1;
/// With more iterations a denial proves nothing, and its zone counts as unsigned (RFC 9276 §3.2).
const MOST_ITERATIONS: u16 = 100;
/// With more than this it is an attack, and the answer bogus (RFC 9276 §3.2).
const TOO_MANY_ITERATIONS: u16 = 500;

/// An NSEC3 record whose signature was verified.
#[derive(Debug)]
struct Nsec3<'a> {
    owner: Vec<u8>,
    next: &'a [u8],
    opt_out: bool,
    types: Bitmap<'a>,
}

/// How the names of a zone are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Manner<'a> {
    iterations: u16,
    salt: &'a [u8],
}

/// The NSEC3 records of one zone in an answer.
#[derive(Debug)]
pub(super) struct Nsec3s<'a> {
    zone: Name,
    manner: Manner<'a>,
    records: Vec<Nsec3<'a>>,
}

/// The nearest ancestor of a name that exists, as NSEC3 records prove it (RFC 5155 §8.3).
#[derive(Debug, Clone, Copy)]
pub(super) struct Encloser {
    pub(super) name: Name,
    /// The name one label longer does not exist, or it is a delegation that is not signed: nobody knows.
    pub(super) opt_out: bool,
}

impl<'a> Nsec3s<'a> {
    /// The NSEC3 records among the sets of `zone` that are hashed in the manner of the first; the others say nothing about it.
    pub(super) fn read<'s>(zone: &Name, sets: impl Iterator<Item = &'s RrSet<'a>>) -> Option<Self>
    where
        'a: 's,
    {
        let read = sets.filter_map(|set| read(zone, set));
        let mut found: Option<Self> = None;
        for (manner, record) in read {
            let found = found.get_or_insert_with(|| Self {
                zone: *zone,
                manner,
                records: Vec::new(),
            });
            if found.manner == manner {
                found.records.push(record);
            }
        }
        found
    }

    /// Whether the hashes cost more than a denial is worth; an error if they cost so much that it must be meant.
    pub(super) fn is_costly(&self) -> Result<bool, Reason> {
        if self.manner.iterations > TOO_MANY_ITERATIONS {
            return Err(Reason::Iterations);
        }
        Ok(self.manner.iterations > MOST_ITERATIONS)
    }

    /// The types of a name that exists.
    pub(super) fn types_of(
        &self,
        name: &Name,
        work: &mut Work,
    ) -> Result<Option<Bitmap<'a>>, Reason> {
        let hash = self.hash(name, work)?;
        let found = self.records.iter().find(|record| record.owner == hash);
        Ok(found.map(|record| record.types))
    }

    /// The nearest ancestor of `name` that exists, if the name one label longer is proven not to.
    pub(super) fn encloser(
        &self,
        name: &Name,
        work: &mut Work,
    ) -> Result<Option<Encloser>, Reason> {
        let mut longer: Option<Name> = None;
        for labels in (self.zone.label_count()..=name.label_count()).rev() {
            let Some(candidate) = name.ancestor(labels) else {
                return Ok(None);
            };
            if let Some(types) = self.types_of(&candidate, work)? {
                // What lies below a delegation or a DNAME record is not for this zone to deny.
                let Some(longer) = longer.filter(|_| !types.leads_away()) else {
                    return Ok(None);
                };
                let covering = self.covering(&longer, work)?;
                return Ok(covering.map(|record| Encloser {
                    name: candidate,
                    opt_out: record.opt_out,
                }));
            }
            longer = Some(candidate);
        }
        Ok(None)
    }

    /// Whether a name is left out between two hashes: it does not exist, or (with opt-out) is an unsigned delegation.
    pub(super) fn opt_out_at(&self, name: &Name, work: &mut Work) -> Result<Option<bool>, Reason> {
        Ok(self.covering(name, work)?.map(|record| record.opt_out))
    }

    /// Whether `encloser` has a wildcard without records of this type.
    pub(super) fn wildcard_denies(
        &self,
        encloser: &Name,
        kind: RecordType,
        work: &mut Work,
    ) -> Result<bool, Reason> {
        let Ok(wildcard) = encloser.child(b"*") else {
            return Ok(false);
        };
        let types = self.types_of(&wildcard, work)?;
        Ok(types.is_some_and(|types| types.denies(kind)))
    }

    /// Whether `encloser` has no wildcard.
    pub(super) fn has_no_wildcard(&self, encloser: &Name, work: &mut Work) -> Result<bool, Reason> {
        let Ok(wildcard) = encloser.child(b"*") else {
            // Too long to exist.
            return Ok(true);
        };
        Ok(self.covering(&wildcard, work)?.is_some())
    }

    fn covering(&self, name: &Name, work: &mut Work) -> Result<Option<&Nsec3<'a>>, Reason> {
        let hash = self.hash(name, work)?;
        let hash = hash.as_slice();
        Ok(self.records.iter().find(|record| {
            let (owner, next) = (record.owner.as_slice(), record.next);
            // The last record of a zone leads back to the first.
            let is_last = next <= owner;
            if is_last {
                hash > owner || hash < next
            } else {
                owner < hash && hash < next
            }
        }))
    }

    fn hash(&self, name: &Name, work: &mut Work) -> Result<Vec<u8>, Reason> {
        let Manner { iterations, salt } = self.manner;
        work.hash(usize::from(iterations) + 1)?;
        Digest::iterated(salt, name.as_wire(), DigestType::SHA1, iterations)
            .map(|digest| digest.as_ref().to_vec())
            .map_err(|_| Reason::Unproven)
    }
}

/// Algorithm, flags, iterations, salt, next hash, types (RFC 5155 §3.2). Records of another algorithm or with other flags are
/// as if they were not there (§8.1, §8.2).
fn read<'a>(zone: &Name, set: &RrSet<'a>) -> Option<(Manner<'a>, Nsec3<'a>)> {
    let owner = set.owner;
    if owner.parent()? != *zone {
        return None;
    }
    let hash = BASE32_DNSSEC.decode(owner.labels().next()?).ok()?;
    let data = set.data().next()?;
    let (algorithm, flags) = (*data.first()?, *data.get(1)?);
    if algorithm != SHA1 || flags & !OPT_OUT != 0 {
        return None;
    }
    let iterations = read_u16(data, 2).ok()?;
    let (salt, rest) = behind_length(data.get(4..)?)?;
    let (next, types) = behind_length(rest)?;
    let record = Nsec3 {
        owner: hash,
        next,
        opt_out: flags & OPT_OUT != 0,
        types: Bitmap(types),
    };
    Some((Manner { iterations, salt }, record))
}

fn behind_length(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = data.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hashes of RFC 5155 appendix A.
    #[test]
    fn names_are_hashed_as_in_rfc_5155() {
        let nsec3s = Nsec3s {
            zone: "example".parse().unwrap(),
            manner: Manner {
                iterations: 12,
                salt: b"\xaa\xbb\xcc\xdd",
            },
            records: Vec::new(),
        };
        let hashes = [
            ("example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"),
            ("a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl"),
            ("*.w.Example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"),
            ("x.y.w.example", "2vptu5timamqttgl4luu9kg21e0aor3s"),
        ];
        let mut work = Work::new();
        for (name, hash) in hashes {
            let made = nsec3s.hash(&name.parse().unwrap(), &mut work).unwrap();
            assert_eq!(BASE32_DNSSEC.encode(&made), hash, "{name}");
        }
        // The rounds are counted.
        let spent = (0..10_000).find(|_| nsec3s.hash(&Name::ROOT, &mut work).is_err());
        assert_eq!(spent, Some(8192 / 13 - hashes.len()));
    }
}
