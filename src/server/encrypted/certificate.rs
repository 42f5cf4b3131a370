//! The certificate that proves who this server is, with its private key.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

/// A chain of certificates, and the private key of the first.
#[derive(Debug, Clone)]
pub struct Certificate(pub(super) Arc<CertifiedKey>);

/// Why a certificate or its key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(String, String),
    /// The file holds no certificate.
    #[error(
        "{0} holds no certificate; allowed: the server's certificate and then those of its issuers, as PEM, from \"-----BEGIN CERTIFICATE-----\" on"
    )]
    NoCertificate(String),
    /// The file holds no key.
    #[error(
        "{0} holds no private key; allowed: an unencrypted key as PEM, from \"-----BEGIN PRIVATE KEY-----\" on"
    )]
    NoKey(String),
    /// The key is of a kind that cannot be used, or of another certificate.
    #[error("{0} {1}")]
    Unusable(String, String),
}

impl Certificate {
    /// Reads a chain and a key from PEM files.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let file = certificate.display().to_string();
        let chain = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable(&file, error))?;
        if chain.is_empty() {
            return Err(CertificateError::NoCertificate(file));
        }
        let key_file = key.display().to_string();
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| match error {
            pem::Error::NoItemsFound => CertificateError::NoKey(key_file.clone()),
            other => unreadable(&key_file, other),
        })?;
        Self::new(chain, key).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertificateError::Unusable(
                key_file,
                format!("is not the key of the first certificate in {file}"),
            ),
            Error::InvalidCertificate(_) => CertificateError::Unusable(
                file,
                "begins with something that is no certificate".to_owned(),
            ),
            other => CertificateError::Unusable(key_file, format!("cannot be used: {other}")),
        })
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, Error> {
        let certified = CertifiedKey::from_der(chain, key, &ring::default_provider())?;
        Ok(Self(Arc::new(certified)))
    }
}

fn unreadable(file: &str, error: pem::Error) -> CertificateError {
    let reason = match error {
        pem::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    CertificateError::Read(file.to_owned(), reason)
}
