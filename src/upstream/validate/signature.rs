//! Whether a set of records is as its zone signed it (RFC 4035 §5.3).

use super::Reason;
use super::key::Zone;
use super::rrset::{RrSet, Signature};
use super::work::Work;
use crate::wire::Name;

/// A set that its zone signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed {
    /// The set was made by the wildcard directly below this name; then it must be proven besides that nothing nearer exists.
    pub(super) wildcard_of: Option<Name>,
    /// For how long the records may be kept, in seconds (RFC 4035 §5.3.3).
    pub(super) most: u32,
}

/// Looks for a signature of `zone` that fits the set. `now` is the time of day in seconds since 1970, modulo 2³²; without it
/// the validity of signatures is not looked at.
pub(super) fn verify(
    set: &RrSet<'_>,
    zone: &Zone,
    now: Option<u32>,
    work: &mut Work,
) -> Result<Signed, Reason> {
    let mut why = Reason::Unsigned;
    for signature in &set.signatures {
        if signature.signer != zone.name {
            continue;
        }
        match check(set, signature, (zone, now), work) {
            Ok(signed) => return Ok(signed),
            Err(Reason::TooMuch) => return Err(Reason::TooMuch),
            Err(reason) if why == Reason::Unsigned => why = reason,
            Err(_) => {}
        }
    }
    Err(why)
}

fn check(
    set: &RrSet<'_>,
    signature: &Signature<'_>,
    (zone, now): (&Zone, Option<u32>),
    work: &mut Work,
) -> Result<Signed, Reason> {
    let (owner, wildcard_of) = signed_owner(&set.owner, signature.labels)?;
    let most = now.map_or(Ok(u32::MAX), |now| remaining(signature, now))?;
    let fitting =
        |tag: u16, algorithm: u8| tag == signature.key_tag && algorithm == signature.algorithm;
    let mut octets = None;
    let mut why = Reason::NoKey;
    for key in &zone.keys {
        if !fitting(key.tag, key.algorithm) {
            continue;
        }
        work.verify()?;
        let octets = octets.get_or_insert_with(|| set.signed_octets(signature, &owner));
        if key.verifies(octets, signature.octets) {
            return Ok(Signed {
                wildcard_of,
                most: most.min(signature.original_ttl),
            });
        }
        work.fail()?;
        why = Reason::Forged;
    }
    Err(why)
}

/// The owner that was signed, and of what it is the wildcard if it is another than the set's own.
fn signed_owner(owner: &Name, labels: usize) -> Result<(Name, Option<Name>), Reason> {
    let is_wildcard = owner.labels().next() == Some(b"*");
    let own = owner.label_count() - usize::from(is_wildcard);
    if labels == own {
        return Ok((*owner, None));
    }
    let encloser = (labels < own)
        .then(|| owner.ancestor(labels))
        .flatten()
        .ok_or(Reason::Forged)?;
    let signed = encloser.child(b"*").map_err(|_| Reason::Forged)?;
    Ok((signed, Some(encloser)))
}

/// For how many seconds the signature is still valid. Moments are compared as serial numbers (RFC 4034 §3.1.5, RFC 1982).
fn remaining(signature: &Signature<'_>, now: u32) -> Result<u32, Reason> {
    const HALF: u32 = 1 << 31;
    let left = signature.expiration.wrapping_sub(now);
    if now.wrapping_sub(signature.inception) >= HALF {
        Err(Reason::NotYetValid)
    } else if left >= HALF {
        Err(Reason::Expired)
    } else {
        Ok(left)
    }
}
