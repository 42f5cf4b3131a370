//! A certificate authority of a test's own, and one server that it vouches for.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tempfile::TempDir;

/// The name of the server.
pub(crate) const NAME: &str = "dns.example";

/// The authority and the server's certificate and key, as files and in memory.
#[derive(Debug)]
pub(crate) struct Authority {
    folder: TempDir,
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let names = vec![NAME.to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (file, content) in [
            ("ca.pem", issuer.pem()),
            ("certificate.pem", certificate.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(file), content).unwrap();
        }
        Self {
            folder,
            chain: vec![certificate.der().clone()],
            key: key.serialize_der(),
        }
    }

    /// The file with the authority's own certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The files with the server's certificate and key.
    pub(crate) fn files(&self) -> [String; 2] {
        ["certificate.pem", "key.pem"]
            .map(|file| self.folder.path().join(file).to_str().unwrap().to_owned())
    }

    /// What a server shows to prove itself.
    pub(crate) fn shown(&self) -> Arc<dyn ResolvesServerCert> {
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let key = ring::default_provider()
            .key_provider
            .load_private_key(key)
            .unwrap();
        let certified = CertifiedKey::new(self.chain.clone(), key);
        Arc::new(SingleCertAndKey::from(certified))
    }

    /// How the server speaks TLS, with this application protocol.
    pub(crate) fn server(&self, protocol: &[u8]) -> Arc<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(self.shown());
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }
}
