//! Where chains of trust begin.

use hickory_proto::dnssec::{PublicKey, TrustAnchors};

use super::key::Trust;
use crate::name::SuffixMap;
use crate::wire::{Name, RecordType};

/// Names whose keys are trusted because the operator, or this program, says so.
#[derive(Debug, Clone)]
pub struct Anchors(SuffixMap<Vec<Trust>>);

/// A record that is no trust anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// It is of another type.
    #[error("{0} is no trust anchor; allowed: DS and DNSKEY records")]
    Type(RecordType),
    /// It is of an algorithm that cannot be verified.
    #[error(
        "its algorithm is not supported; allowed: RSA (5, 7, 8, 10), ECDSA (13, 14) and Ed25519 (15), and digests of type 1, 2 and 4"
    )]
    Algorithm,
}

impl Default for Anchors {
    /// The keys of the root: KSK-2017 and KSK-2024 (<https://www.iana.org/dnssec/files>).
    fn default() -> Self {
        let built_in = TrustAnchors::default();
        let keys = (0..built_in.len()).filter_map(|index| built_in.get(index));
        let trust = keys.map(|key| Trust::Key {
            algorithm: key.algorithm().into(),
            octets: key.public_bytes().to_vec(),
        });
        Self([(Name::ROOT, trust.collect())].into_iter().collect())
    }
}

impl Anchors {
    /// The anchors that these records say, each by owner, type and data. The root's own keys stay, unless the records say others.
    pub fn read<'a>(
        records: impl IntoIterator<Item = (Name, RecordType, &'a [u8])>,
    ) -> Result<Self, AnchorError> {
        let mut by_name: Vec<(Name, Vec<Trust>)> = Vec::new();
        for (owner, kind, data) in records {
            let trust = match kind {
                RecordType::DS => Trust::from_ds(data),
                RecordType::DNSKEY => Trust::from_key(data),
                other => return Err(AnchorError::Type(other)),
            };
            let trust = trust
                .filter(Trust::is_usable)
                .ok_or(AnchorError::Algorithm)?;
            match by_name.iter_mut().find(|(name, _)| *name == owner) {
                Some((_, list)) => list.push(trust),
                None => by_name.push((owner, vec![trust])),
            }
        }
        let mut anchors = Self::default();
        for (name, list) in by_name {
            anchors.0.insert(name, list);
        }
        Ok(anchors)
    }

    /// The names, each with a checksum of what is trusted about it.
    pub(super) fn describe(&self) -> String {
        let sum = |trust: &[Trust]| crc32fast::hash(format!("{trust:?}").as_bytes());
        let anchors = self.0.iter();
        let words: Vec<String> = anchors
            .map(|(name, trust)| format!("{name}:{:08x}", sum(trust)))
            .collect();
        words.join(" ")
    }

    /// The nearest anchor at or above a name.
    pub(super) fn find(&self, name: &Name) -> Option<(&Name, &[Trust])> {
        self.0
            .find(name)
            .map(|(name, trust)| (name, trust.as_slice()))
    }
}

impl PartialEq for Anchors {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().eq(other.0.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::HEXUPPER;
    use hickory_proto::dnssec::DigestType;
    use hickory_proto::dnssec::crypto::Digest;

    /// What the IANA publishes (root-anchors.xml), as digests.
    #[test]
    fn the_built_in_anchors_are_those_of_the_root() {
        let published = [
            (
                20326,
                "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
            ),
            (
                38696,
                "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
            ),
        ];
        let anchors = Anchors::default();
        let (name, trust) = anchors.find(&"example.com".parse().unwrap()).unwrap();
        assert_eq!(*name, Name::ROOT);
        assert_eq!(trust.len(), published.len());
        for (trust, (tag, digest)) in trust.iter().zip(published) {
            let Trust::Key { algorithm, octets } = trust else {
                panic!("a key");
            };
            let data = [&[1, 1, 3, *algorithm], octets.as_slice()].concat();
            let made = Digest::from_iter([&[0][..], &data], DigestType::SHA256).unwrap();
            assert_eq!(super::super::key::tag(&data), tag);
            assert_eq!(HEXUPPER.encode(made.as_ref()), digest);
        }
    }
}
