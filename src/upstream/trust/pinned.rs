//! Servers whose key, or a certificate in whose chain, is known beforehand.

use std::fmt::{self, Debug};
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use webpki::{Cert, EndEntityCert, KeyUsage, VerifiedPath};

use crate::upstream::server::Digest;

/// A server that does not have what it should have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Mismatch {
    /// Another key.
    #[error("the server's key has the digest sha256/{found}, not {wanted}")]
    Key {
        /// The digest of its key.
        found: Digest,
        /// Those that are allowed.
        wanted: Wanted,
    },
    /// No certificate of the chain is the right one.
    #[error("no certificate in the server's chain has the digest {0}")]
    Certificate(Wanted),
}

/// The digests of which one must be there.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Wanted(Vec<Digest>);

impl Wanted {
    fn has(&self, octets: &[u8]) -> bool {
        self.0.contains(&sha256(octets))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, digest) in self.0.iter().enumerate() {
            write!(f, "{}{digest}", if place == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}

impl Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl From<Mismatch> for Error {
    fn from(mismatch: Mismatch) -> Self {
        CertificateError::Other(OtherError(Arc::new(mismatch))).into()
    }
}

/// The SHA-256 digest of some octets.
pub(super) fn sha256(octets: &[u8]) -> Digest {
    let mut value = [0; 32];
    let computed = digest(&SHA256, octets);
    for (to, from) in value.iter_mut().zip(computed.as_ref()) {
        *to = *from;
    }
    Digest(value)
}

/// Believes whoever has the private key of one of these keys, and looks at nothing else (RFC 7858 §4.2): a server of one's own
/// often has a certificate that nobody signed, and that nobody renews.
#[derive(Debug)]
pub(super) struct PinnedKey {
    wanted: Wanted,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PinnedKey {
    pub(super) fn new(digests: Vec<Digest>) -> Self {
        Self {
            wanted: Wanted(digests),
            algorithms: crypto::ring::default_provider().signature_verification_algorithms,
        }
    }
}

impl ServerCertVerifier for PinnedKey {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate =
            EndEntityCert::try_from(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        let key = certificate.subject_public_key_info();
        if self.wanted.has(&key) {
            return Ok(ServerCertVerified::assertion());
        }
        Err(Mismatch::Key {
            found: sha256(&key),
            wanted: self.wanted.clone(),
        }
        .into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls12_signature(message, cert, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        crypto::verify_tls13_signature(message, cert, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Believes a chain to a trusted root in which one certificate is known.
#[derive(Debug)]
pub(super) struct PinnedCertificate {
    wanted: Wanted,
    roots: Arc<RootCertStore>,
    chain: Arc<WebPkiServerVerifier>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PinnedCertificate {
    pub(super) fn new(
        digests: Vec<Digest>,
        roots: Arc<RootCertStore>,
        chain: Arc<WebPkiServerVerifier>,
    ) -> Self {
        Self {
            wanted: Wanted(digests),
            roots,
            chain,
            algorithms: crypto::ring::default_provider().signature_verification_algorithms,
        }
    }

    /// Whether the way to a root leads over a certificate that is known. What the server sends beside that way does not count:
    /// anybody can send a copy of somebody's certificate.
    fn leads_over(&self, path: &VerifiedPath<'_>) -> bool {
        let own = std::iter::once(path.end_entity().der());
        let mut certificates = own.chain(path.intermediate_certificates().map(Cert::der));
        certificates.any(|one| signed_part(&one).is_some_and(|part| self.wanted.has(part)))
    }
}

impl ServerCertVerifier for PinnedCertificate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let valid = self.chain.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        let certificate =
            EndEntityCert::try_from(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        // There may be several ways to a root: one that leads elsewhere is no reason to give up.
        let known = |path: &VerifiedPath<'_>| {
            let fits = self.leads_over(path);
            fits.then_some(()).ok_or(webpki::Error::UnknownIssuer)
        };
        certificate
            .verify_for_usage(
                self.algorithms.all,
                &self.roots.roots,
                intermediates,
                now,
                KeyUsage::server_auth(),
                None,
                Some(&known),
            )
            .map(|_| valid)
            .map_err(|_| Mismatch::Certificate(self.wanted.clone()).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, cert, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, cert, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// The `TBSCertificate` of a certificate, with its head: the first element inside the outermost one (RFC 5280 §4.1).
pub(super) fn signed_part(certificate: &[u8]) -> Option<&[u8]> {
    let (_, inside) = element(certificate)?;
    let (whole, _) = element(inside)?;
    Some(whole)
}

/// The first element of some DER, whole and without its head.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.get(1..)?.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = octets.iter().try_fold(0_usize, |length, octet| {
            length.checked_mul(256)?.checked_add(usize::from(*octet))
        });
        (length?, rest)
    };
    let content = rest.get(..length)?;
    let head = der.len() - rest.len();
    Some((der.get(..head + length)?, content))
}
