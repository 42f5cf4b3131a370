//! Whether a server is the one that it should be: root certificates, and what a server may prove in their place.
//!
//! Revocation is not looked up: whoever does so asks others on the way to a server, by name.

mod pinned;
mod witness;
mod words;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};

use super::{Proof, Server, Transport};

use pinned::{PinnedCertificate, PinnedKey};

use words::explain;

pub(super) use witness::Witness;
pub(super) use words::on_one_line;

/// Why a server cannot be proven to be the right one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Nobody is trusted.
    #[error(
        "this machine has no root certificates; install its package for them (ca-certificates), name a file with ca in [upstream], or write the server with the digest of its key (#sha256/…)"
    )]
    NoRoots,
    /// TLS cannot be set up.
    #[error("TLS cannot be spoken: {0}")]
    Tls(String),
}

/// Why a file of root certificates cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaError {
    /// It cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(String, String),
    /// It holds none.
    #[error(
        "{0} holds no certificate; allowed: certificates as PEM, from \"-----BEGIN CERTIFICATE-----\" on"
    )]
    Empty(String),
    /// One of them cannot be read.
    #[error("{0}: certificate {1} cannot be read: {2}")]
    Certificate(String, usize, String),
}

/// Who is believed about the certificates of servers.
#[derive(Debug, Clone)]
pub struct Trust(Arc<Roots>);

#[derive(Debug)]
struct Roots {
    /// Of a file; `None`: those of the platform.
    file: Option<Vec<CertificateDer<'static>>>,
    /// Read when the first server needs them.
    platform: OnceLock<Vec<CertificateDer<'static>>>,
    verifier: OnceLock<Result<Chain, TrustError>>,
}

/// The roots, ready for use.
#[derive(Debug, Clone)]
struct Chain {
    store: Arc<RootCertStore>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Trust {
    /// The root certificates that this machine trusts (on Linux its bundle, or what `SSL_CERT_FILE` and `SSL_CERT_DIR` name).
    pub fn platform() -> Self {
        Self::new(None)
    }

    /// Who is believed, in words. A file counts by what is in it; what the machine trusts changes with every update of it, and
    /// counts as one.
    pub(super) fn describe(&self) -> String {
        self.0.file.as_ref().map_or_else(
            || "the machine's roots".to_owned(),
            |certificates| {
                let mut sum = crc32fast::Hasher::new();
                for certificate in certificates {
                    sum.update(certificate);
                }
                format!("{} roots {:08x}", certificates.len(), sum.finalize())
            },
        )
    }

    /// The certificates in a PEM file, and no others.
    pub fn read(path: &Path) -> Result<Self, CaError> {
        let name = || path.display().to_string();
        let sections = CertificateDer::pem_file_iter(path).map_err(|error| match error {
            pem::Error::Io(error) => CaError::Read(name(), error.to_string()),
            other => CaError::Read(name(), other.to_string()),
        })?;
        let mut certificates = Vec::new();
        let mut store = RootCertStore::empty();
        for (place, section) in sections.enumerate() {
            let wrong =
                |error: &dyn ToString| CaError::Certificate(name(), place + 1, error.to_string());
            let certificate = section.map_err(|error| wrong(&error))?;
            store
                .add(certificate.clone())
                .map_err(|error| wrong(&explain(&error)))?;
            certificates.push(certificate);
        }
        if certificates.is_empty() {
            return Err(CaError::Empty(name()));
        }
        Ok(Self::new(Some(certificates)))
    }

    fn new(file: Option<Vec<CertificateDer<'static>>>) -> Self {
        Self(Arc::new(Roots {
            file,
            platform: OnceLock::new(),
            verifier: OnceLock::new(),
        }))
    }

    /// Whether there is anybody to believe.
    pub fn prove(&self) -> Result<(), TrustError> {
        self.0.chain().map(drop)
    }

    /// How TLS is spoken with `server`, and who remembers why it was not believed.
    pub(super) fn client(&self, server: &Server) -> Result<Client, TrustError> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match server.proof() {
            Proof::Chain => self.0.chain()?.verifier,
            Proof::Certificate(digests) => {
                let Chain { store, verifier } = self.0.chain()?;
                Arc::new(PinnedCertificate::new(digests.clone(), store, verifier))
            }
            Proof::Key(digests) => Arc::new(PinnedKey::new(digests.clone())),
        };
        let witness = Arc::new(Witness::new(verifier, server.to_string()));
        let verifier = Arc::<Witness>::clone(&witness);
        let config = configure(server.transport(), provider, verifier);
        let config = config.map_err(|error| TrustError::Tls(error.to_string()))?;
        Ok(Client { config, witness })
    }
}

/// How TLS is spoken with one server.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) config: Arc<ClientConfig>,
    pub(super) witness: Arc<Witness>,
}

/// That of the platform.
impl Default for Trust {
    fn default() -> Self {
        Self::platform()
    }
}

/// The same certificates.
impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.certificates() == other.0.certificates()
    }
}

impl Roots {
    fn certificates(&self) -> &[CertificateDer<'static>] {
        // A bundle of which a part cannot be read is still worth its other part.
        let platform = || rustls_native_certs::load_native_certs().certs;
        self.file
            .as_deref()
            .unwrap_or_else(|| self.platform.get_or_init(platform))
    }

    fn chain(&self) -> Result<Chain, TrustError> {
        self.verifier
            .get_or_init(|| {
                let mut store = RootCertStore::empty();
                store.add_parsable_certificates(self.certificates().iter().cloned());
                if store.is_empty() {
                    return Err(TrustError::NoRoots);
                }
                let store = Arc::new(store);
                let provider = Arc::new(ring::default_provider());
                let verifier =
                    WebPkiServerVerifier::builder_with_provider(Arc::clone(&store), provider);
                match verifier.build() {
                    Ok(verifier) => Ok(Chain { store, verifier }),
                    Err(error) => Err(TrustError::Tls(error.to_string())),
                }
            })
            .clone()
    }
}

/// The names of the protocols: RFC 7858 (IANA's registry), RFC 9113 §3.2, RFC 9250 §4.1.1, RFC 9114 §3.1.
fn protocol(transport: Transport) -> Option<&'static [u8]> {
    match transport {
        Transport::Udp | Transport::Tcp => None,
        Transport::Tls => Some(b"dot"),
        Transport::Https => Some(b"h2"),
        Transport::Quic => Some(b"doq"),
        Transport::H3 => Some(b"h3"),
    }
}

/// Sessions are resumed, which saves a server its signature; questions are never sent as early data, which anybody may send
/// again (RFC 9250 §4.5).
fn configure(
    transport: Transport,
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<Arc<ClientConfig>, rustls::Error> {
    let over_quic = matches!(transport, Transport::Quic | Transport::H3);
    let versions = if over_quic {
        &[&TLS13][..]
    } else {
        rustls::DEFAULT_VERSIONS
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = protocol(transport)
        .map(<[u8]>::to_vec)
        .into_iter()
        .collect();
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests;
