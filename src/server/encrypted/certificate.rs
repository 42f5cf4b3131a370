//! The certificate that proves who this server is, with its private key.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use nix::libc::O_NONBLOCK;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::Facts;

/// No chain of certificates and no key is longer, in octets.
const LONGEST: u64 = 1 << 20;

/// A chain of certificates, and the private key of the first.
#[derive(Clone)]
pub struct Certificate {
    pub(super) certified: Arc<CertifiedKey>,
    facts: Arc<Facts>,
}

/// The same chain; the key follows from that.
impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.certified.cert == other.certified.cert
    }
}

/// What is public of it: nothing that somebody prints or logs may hold the key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificate").field(&self.facts).finish()
    }
}

/// Why a certificate or its key cannot be used. Each names its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{1} cannot be read: {2}")]
    Read(Half, String, String),
    /// It is not in the form that is meant.
    #[error(
        "{0} holds no certificate{1}; allowed: the server's certificate and then those of its issuers, as PEM, from \"-----BEGIN CERTIFICATE-----\" on"
    )]
    NoCertificate(String, &'static str),
    /// The file holds no key.
    #[error(
        "{0} holds no private key{1}; allowed: an unencrypted key as PEM, from \"-----BEGIN PRIVATE KEY-----\" on"
    )]
    NoKey(String, &'static str),
    /// Nobody is there who could type the password.
    #[error(
        "{0} is encrypted, and nobody can type its password here; write it without, for its owner alone: `openssl pkey -in {0} -out FILE`"
    )]
    EncryptedKey(String),
    /// A certificate of the chain is none.
    #[error("{0}: certificate {1} cannot be read: {2}")]
    Broken(String, usize, String),
    /// The key belongs to a later certificate of the chain.
    #[error(
        "{0} is the key of certificate {1} in {2}; the server's own certificate must come first, then those of its issuers"
    )]
    Order(String, usize, String),
    /// The key belongs to another certificate.
    #[error("{0} is not the key of the certificate in {1}{2}")]
    Mismatch(String, String, &'static str),
    /// The key is of a kind that cannot be used.
    #[error(
        "{0} cannot be used: {1}; allowed: ECDSA (P-256, P-384, P-521), RSA from 2048 bits on, Ed25519"
    )]
    Unusable(String, String),
}

/// Which of the two files something is wrong with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The chain of certificates.
    Certificate,
    /// The private key.
    Key,
}

impl CertificateError {
    /// Which of the two files it is about.
    pub fn half(&self) -> Half {
        match self {
            Self::Read(half, ..) => *half,
            Self::NoCertificate(..) | Self::Broken(..) => Half::Certificate,
            Self::NoKey(..)
            | Self::EncryptedKey(_)
            | Self::Order(..)
            | Self::Mismatch(..)
            | Self::Unusable(..) => Half::Key,
        }
    }
}

impl Certificate {
    /// Reads a chain and a key from PEM files.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let chain = read_half(Half::Certificate, certificate)?;
        Self::parse((certificate, &chain), (key, &read_half(Half::Key, key)?))
    }

    /// Reads the first certificate of a PEM file, without a key.
    pub(super) fn read_first(file: &Path) -> Result<CertificateDer<'static>, CertificateError> {
        Self::first_of(file, &read_half(Half::Certificate, file)?)
    }

    /// The first certificate of a text that was read from this file.
    pub(super) fn first_of(
        file: &Path,
        text: &[u8],
    ) -> Result<CertificateDer<'static>, CertificateError> {
        let name = file.display().to_string();
        let mut chain = read_chain(&name, text)?.into_iter();
        chain
            .next()
            .ok_or(CertificateError::NoCertificate(name, ""))
    }

    /// The same of texts that were read from these files.
    pub(super) fn parse(
        (file, chain): (&Path, &[u8]),
        (key_file, key): (&Path, &[u8]),
    ) -> Result<Self, CertificateError> {
        let file = file.display().to_string();
        let key_file = key_file.display().to_string();
        let chain = read_chain(&file, chain)?;
        let key = read_key(&key_file, key)?;
        let facts = Facts::read(&chain)
            .map_err(|(place, why)| CertificateError::Broken(file.clone(), place, why))?;
        let provider = ring::default_provider();
        let signer = provider.key_provider.load_private_key(key);
        let signer = signer
            .map_err(|error| CertificateError::Unusable(key_file.clone(), error.to_string()))?;
        let certified = CertifiedKey::new(chain, signer);
        match certified.keys_match() {
            Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(Self {
                certified: Arc::new(certified),
                facts: Arc::new(facts),
            }),
            Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(mismatch(file, key_file, &certified, &facts))
            }
            Err(other) => Err(CertificateError::Broken(file, 1, other.to_string())),
        }
    }

    /// What it says.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

fn read_half(half: Half, path: &Path) -> Result<Vec<u8>, CertificateError> {
    read_file(path).map_err(|error| {
        // Whoever renews certificates mostly keeps keys for root alone, and nothing here runs as root.
        let remedy = match error.kind() {
            ErrorKind::PermissionDenied => "; the user that runs lanward must be allowed to",
            _ => "",
        };
        let file = path.display().to_string();
        CertificateError::Read(half, file, format!("{error}{remedy}"))
    })
}

/// What is in a file that is no longer than a chain or a key can be.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    read_opened(path, 0)
}

/// The same, opened with more flags. Who opens a pipe waits until somebody writes into it, and with the lock that is held then all
/// that keeps this server up to date would wait, too.
pub(super) fn read_opened(path: &Path, flags: i32) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags | O_NONBLOCK)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut text = Vec::new();
    let length = file.take(LONGEST + 1).read_to_end(&mut text)?;
    if u64::try_from(length).is_ok_and(|length| length > LONGEST) {
        return Err(io::Error::other("it is longer than a mebibyte"));
    }
    Ok(text)
}

fn read_chain(file: &str, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| {
            CertificateError::Read(Half::Certificate, file.to_owned(), error.to_string())
        })?;
    if chain.is_empty() {
        let what = what_instead(text, "PRIVATE KEY-----", " but a private key");
        return Err(CertificateError::NoCertificate(file.to_owned(), what));
    }
    Ok(chain)
}

fn read_key(file: &str, text: &[u8]) -> Result<PrivateKeyDer<'static>, CertificateError> {
    // The first is what PKCS #8 has, the second what OpenSSL once wrote (RFC 1421 §4.6.1.1).
    if contains(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----")
        || contains(text, "Proc-Type: 4,ENCRYPTED")
    {
        return Err(CertificateError::EncryptedKey(file.to_owned()));
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            let what = what_instead(text, "BEGIN CERTIFICATE-----", " but a certificate");
            CertificateError::NoKey(file.to_owned(), what)
        }
        other => CertificateError::Read(Half::Key, file.to_owned(), other.to_string()),
    })
}

fn what_instead(text: &[u8], mark: &str, words: &'static str) -> &'static str {
    if text.is_empty() {
        ": it is empty"
    } else if contains(text, mark) {
        words
    } else {
        ""
    }
}

fn contains(text: &[u8], words: &str) -> bool {
    text.windows(words.len())
        .any(|part| part == words.as_bytes())
}

/// Says whether the key belongs to another certificate of the chain.
fn mismatch(
    file: String,
    key_file: String,
    certified: &CertifiedKey,
    facts: &Facts,
) -> CertificateError {
    let is_of = |other: &CertificateDer<'static>| {
        let alone = CertifiedKey::new(vec![other.clone()], Arc::clone(&certified.key));
        alone.keys_match().is_ok()
    };
    let authority = if facts.is_authority() {
        ", which is that of an authority; the server's own must come first"
    } else {
        ""
    };
    match certified.cert.iter().position(is_of) {
        Some(place) => CertificateError::Order(key_file, place + 1, file),
        None => CertificateError::Mismatch(key_file, file, authority),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    #[test]
    fn the_key_is_in_no_debug_output() {
        let key = KeyPair::generate().unwrap();
        let names = vec!["dns.example".to_owned()];
        let made = CertificateParams::new(names).unwrap();
        let made = made.self_signed(&key).unwrap();
        let (file, text) = (Path::new("c"), made.pem());
        let key_text = key.serialize_pem();
        let certificate =
            Certificate::parse((file, text.as_bytes()), (file, key_text.as_bytes())).unwrap();
        let tls = super::super::Tls::new(&certificate).unwrap();
        let shown = format!("{certificate:?} {tls:?}");
        assert!(shown.contains("dns.example"), "{shown}");
        assert!(!shown.contains("EcdsaKeyPair"), "{shown}");
        let lines = key_text.lines().filter(|line| !line.starts_with("---"));
        for line in lines {
            assert!(!shown.contains(line), "{shown}");
        }
    }
}
