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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::validate::key::Key;
    use crate::wire::types::class;
    use crate::wire::{Header, Message, RecordType};
    use data_encoding::BASE64;

    /// The example of RFC 6605 §6.1, valid for four weeks from 2010-08-12 on.
    const KEY: &str =
        "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==";
    const SIGNATURE: &str =
        "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==";
    const TAG: u16 = 55648;
    const INCEPTION: u32 = 1_281_607_479;
    const EXPIRATION: u32 = 1_284_026_679;

    fn record(out: &mut Vec<u8>, kind: RecordType, ttl: u32, data: &[u8]) {
        out.extend_from_slice(b"\xc0\x0c");
        out.extend_from_slice(&kind.0.to_be_bytes());
        out.extend_from_slice(&class::IN.to_be_bytes());
        out.extend_from_slice(&ttl.to_be_bytes());
        out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend_from_slice(data);
    }

    /// `www.example.net A 192.0.2.1` with its signature, as a response in which letters are written at random.
    fn response(address: [u8; 4]) -> Vec<u8> {
        let header = Header {
            id: 0,
            flags: 0x8180,
            questions: 1,
            answers: 2,
            authorities: 0,
            additionals: 0,
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.extend_from_slice(b"\x03wWw\x07eXample\x03neT\0\0\x01\0\x01");
        // The TTL has counted down on its way.
        record(&mut bytes, RecordType::A, 60, &address);
        let mut data = b"\0\x01\x0d\x03\0\0\x0e\x10".to_vec();
        data.extend_from_slice(&EXPIRATION.to_be_bytes());
        data.extend_from_slice(&INCEPTION.to_be_bytes());
        data.extend_from_slice(&TAG.to_be_bytes());
        data.extend_from_slice(b"\x07Example\x03net\0");
        data.extend_from_slice(&BASE64.decode(SIGNATURE.as_bytes()).unwrap());
        record(&mut bytes, RecordType::RRSIG, 60, &data);
        bytes
    }

    fn judged(address: [u8; 4], now: Option<u32>) -> Result<Signed, Reason> {
        let key = [
            b"\x01\x01\x03\x0d",
            &BASE64.decode(KEY.as_bytes()).unwrap()[..],
        ]
        .concat();
        let zone = Zone {
            name: "example.net".parse().unwrap(),
            keys: Key::all([key.as_slice()].into_iter()),
        };
        assert_eq!(zone.keys[0].tag, TAG);
        let bytes = response(address);
        let message = Message::read(&bytes).unwrap();
        let sets = RrSet::all(&message).unwrap();
        verify(&sets[0], &zone, now, &mut Work::new())
    }

    #[test]
    fn a_signature_counts_in_its_time() {
        let right = [192, 0, 2, 1];
        let fits = |now| judged(right, now).map(|signed| signed.most);
        assert_eq!(fits(Some(INCEPTION)), Ok(3600));
        assert_eq!(fits(Some(EXPIRATION)), Ok(0));
        assert_eq!(fits(Some(EXPIRATION - 9)), Ok(9));
        assert_eq!(fits(Some(EXPIRATION + 1)), Err(Reason::Expired));
        assert_eq!(fits(Some(INCEPTION - 1)), Err(Reason::NotYetValid));
        // A device that does not know the time can still tell what is signed from what is not.
        assert_eq!(fits(None), Ok(3600));
        let forged = judged([192, 0, 2, 2], None).map(|signed| signed.most);
        assert_eq!(forged, Err(Reason::Forged));
    }

    #[test]
    fn a_wildcard_signs_under_its_own_name() {
        let owner: Name = "a.b.example.net".parse().unwrap();
        let signed = |labels| signed_owner(&owner, labels).map(|(name, _)| name.to_string());
        assert_eq!(signed(4).unwrap(), "a.b.example.net");
        assert_eq!(signed(3).unwrap(), "*.b.example.net");
        assert_eq!(signed(0).unwrap(), "*");
        assert_eq!(signed(5), Err(Reason::Forged));
        let wildcard: Name = "*.example.net".parse().unwrap();
        assert_eq!(signed_owner(&wildcard, 2), Ok((wildcard, None)));
    }
}
