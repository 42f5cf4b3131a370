//! What a certificate must hold beside, or in place of, a name that somebody vouches for.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;

/// A SHA-256 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// In base 64, as RFC 7858 and other programs write pins.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.0))
    }
}

/// A text that is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no SHA-256 digest in base 64; allowed: 44 characters, the last one \"=\", such as openssl dgst -sha256 -binary | base64 prints"
)]
pub struct DigestError(String);

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let decoded = BASE64.decode(text.as_bytes()).ok();
        decoded
            .and_then(|octets| octets.try_into().ok())
            .map(Self)
            .ok_or_else(|| DigestError(text.to_owned()))
    }
}

/// By what a server proves that it is the right one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proof {
    /// A certificate for its name, or address, whose chain ends at a trusted root.
    #[default]
    Chain,
    /// Such a certificate, and in its chain one whose signed part (`TBSCertificate`) has one of these digests: what the hashes
    /// in DNS stamps mean. The root itself is no part of the chain.
    Certificate(Vec<Digest>),
    /// The key of its own certificate, whose `SubjectPublicKeyInfo` has one of these digests (RFC 7858 §4.2). Who holds the
    /// private key is the server, so names, dates and issuers of the certificate are not looked at.
    Key(Vec<Digest>),
}
