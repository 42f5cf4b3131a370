//! The keys of a zone, and what makes one of them trusted.

use hickory_proto::dnssec::crypto::Digest;
use hickory_proto::dnssec::{Algorithm, DigestType, PublicKey, PublicKeyBuf};

use super::Reason;
use super::work::Work;
use crate::wire::{Name, read_u16};

/// The bit of a key that signs records of a zone (RFC 4034 §2.1.1).
const ZONE_KEY: u16 = 0x0100;
/// The bit of a key that its owner gave up (RFC 5011 §2.1).
const REVOKED: u16 = 0x0080;
/// The one value of the protocol field (RFC 4034 §2.1.2).
const PROTOCOL: u8 = 3;
/// So many keys of a zone with one tag are tried. Two keys share a tag by chance once in 65,536 pairs.
const MOST_WITH_ONE_TAG: usize = 4;
/// So many keys of a zone are kept.
const MOST_KEYS: usize = 32;

/// A zone whose keys are known and trusted.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) name: Name,
    pub(super) keys: Vec<Key>,
}

/// A key that signs records of a zone.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) tag: u16,
    pub(super) algorithm: u8,
    public: PublicKeyBuf,
}

/// What a key is recognised by: as the parent zone or the operator says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// The digest of a key, from a DS record (RFC 4034 §5.1).
    Digest {
        /// The tag of the key.
        tag: u16,
        /// The algorithm of the key.
        algorithm: u8,
        /// With what the digest was made.
        digest_type: u8,
        /// The digest.
        digest: Vec<u8>,
    },
    /// The key itself, as a DNSKEY record holds it.
    Key {
        /// Its algorithm.
        algorithm: u8,
        /// Its octets.
        octets: Vec<u8>,
    },
}

/// Whether signatures of this algorithm can be verified.
pub(super) fn knows_algorithm(algorithm: u8) -> bool {
    Algorithm::from_u8(algorithm).is_supported()
}

impl Zone {
    /// How many octets it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        let keys = self
            .keys
            .iter()
            .map(|key| key.public.public_bytes().len() + 64);
        keys.sum::<usize>() + 512
    }
}

impl Key {
    /// Reads the data of a DNSKEY record; none if it is no key with which records of a zone can be verified here.
    fn read(data: &[u8]) -> Option<Self> {
        let flags = read_u16(data, 0).ok()?;
        let (protocol, algorithm) = (*data.get(2)?, *data.get(3)?);
        let usable = flags & ZONE_KEY != 0 && flags & REVOKED == 0 && protocol == PROTOCOL;
        (usable && knows_algorithm(algorithm)).then(|| Self {
            tag: tag(data),
            algorithm,
            public: PublicKeyBuf::new(
                data.get(4..).unwrap_or_default().to_vec(),
                Algorithm::from_u8(algorithm),
            ),
        })
    }

    /// The keys of a zone with which its records are verified, no more than anyone needs.
    pub(super) fn all<'a>(set: impl Iterator<Item = &'a [u8]>) -> Vec<Self> {
        let mut keys: Vec<Self> = Vec::new();
        for key in set.filter_map(Self::read) {
            let twins = keys.iter().filter(|other| other.tag == key.tag).count();
            if twins < MOST_WITH_ONE_TAG && keys.len() < MOST_KEYS {
                keys.push(key);
            }
        }
        keys
    }

    /// The keys among those of `zone` that are trusted: where the chain enters it.
    pub(super) fn trusted<'a>(
        zone: &Name,
        set: impl Iterator<Item = &'a [u8]>,
        trust: &[Trust],
        work: &mut Work,
    ) -> Result<Vec<Self>, Reason> {
        let mut keys = Vec::new();
        let mut why = Reason::NoKey;
        for data in set {
            if keys.len() == MOST_WITH_ONE_TAG {
                break;
            }
            let tag = tag(data);
            let mut known = false;
            for trust in trust {
                known = known || trust.means(zone, (data, tag), work)?;
            }
            match Self::read(data) {
                Some(key) if known => keys.push(key),
                None if known && read_u16(data, 0).is_ok_and(|flags| flags & ZONE_KEY == 0) => {
                    why = Reason::NoZoneKey;
                }
                _ => {}
            }
        }
        if keys.is_empty() { Err(why) } else { Ok(keys) }
    }

    /// Whether this key made `signature` of `octets`.
    pub(super) fn verifies(&self, octets: &[u8], signature: &[u8]) -> bool {
        self.public.verify(octets, signature).is_ok()
    }
}

impl Trust {
    /// Reads the data of a DS record.
    pub(super) fn from_ds(data: &[u8]) -> Option<Self> {
        Some(Self::Digest {
            tag: read_u16(data, 0).ok()?,
            algorithm: *data.get(2)?,
            digest_type: *data.get(3)?,
            digest: data.get(4..)?.to_vec(),
        })
    }

    /// Reads the data of a DNSKEY record.
    pub(super) fn from_key(data: &[u8]) -> Option<Self> {
        Some(Self::Key {
            algorithm: *data.get(3)?,
            octets: data.get(4..)?.to_vec(),
        })
    }

    /// Whether keys can be recognised by it, and verified.
    pub(super) fn is_usable(&self) -> bool {
        match self {
            Self::Digest {
                algorithm,
                digest_type,
                ..
            } => knows_algorithm(*algorithm) && DigestType::from(*digest_type).is_supported(),
            Self::Key { algorithm, .. } => knows_algorithm(*algorithm),
        }
    }

    /// Whether it is a digest of the kind that counts only where there is no better one (RFC 4509 §3).
    pub(super) fn is_weak(&self) -> bool {
        matches!(self, Self::Digest { digest_type: 1, .. })
    }

    /// Whether the data of a DNSKEY record of `zone`, with their tag, are the key that is meant.
    fn means(
        &self,
        zone: &Name,
        (data, own_tag): (&[u8], u16),
        work: &mut Work,
    ) -> Result<bool, Reason> {
        match self {
            Self::Key { algorithm, octets } => {
                Ok(data.get(3) == Some(algorithm) && data.get(4..) == Some(octets.as_slice()))
            }
            Self::Digest {
                tag,
                algorithm,
                digest_type,
                digest,
            } => {
                if data.get(3) != Some(algorithm) || own_tag != *tag {
                    return Ok(false);
                }
                work.digest()?;
                let parts = [zone.as_wire(), data];
                let made = Digest::from_iter(parts, DigestType::from(*digest_type));
                Ok(made.is_ok_and(|made| made.as_ref() == digest))
            }
        }
    }
}

/// The tag of a key: a checksum of the data of its record (RFC 4034 appendix B).
pub(super) fn tag(data: &[u8]) -> u16 {
    let words = data.chunks(2).map(|pair| {
        let high = pair.first().copied().unwrap_or(0);
        let low = pair.get(1).copied().unwrap_or(0);
        u32::from(u16::from_be_bytes([high, low]))
    });
    // No record holds more than 32,768 words, so the sum does not overflow.
    let sum: u32 = words.sum();
    let [_, _, high, low] = (sum + (sum >> 16)).to_be_bytes();
    u16::from_be_bytes([high, low])
}
