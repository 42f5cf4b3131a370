//! A certificate authority of a test's own, and one server that it vouches for.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use ::ring::digest as ring_digest;
use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData,
};
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
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    /// With another certificate of the server than usual.
    pub(crate) fn with(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let key = KeyPair::generate().unwrap();
        // No two have the same name.
        let name = BASE64.encode(&key.public_key_raw()[..9]);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let names = vec![NAME.to_owned(), "127.0.0.1".to_owned()];
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (file, content) in [
            ("ca.pem", issuer.pem()),
            ("certificate.pem", certificate.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            let path = folder.path().join(file);
            std::fs::write(&path, content).unwrap();
            // lanward warns of a key that all may read.
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        }
        Self {
            folder,
            root: issuer.der().clone(),
            chain: vec![certificate.der().clone()],
            key: key.serialize_der(),
        }
    }

    /// The server's certificate.
    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    /// The file with the authority's own certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The authority's own certificate.
    pub(crate) fn root(&self) -> CertificateDer<'static> {
        self.root.clone()
    }

    /// The files with the server's certificate and key.
    pub(crate) fn files(&self) -> [String; 2] {
        ["certificate.pem", "key.pem"]
            .map(|file| self.folder.path().join(file).to_str().unwrap().to_owned())
    }

    /// The SHA-256 digest of the server's public key, as a pin.
    pub(crate) fn pin(&self) -> String {
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let key = KeyPair::try_from(&key).unwrap();
        BASE64.encode(&sha256(&key.subject_public_key_info()))
    }

    /// The SHA-256 digest of the signed part of the server's certificate, as stamps have it.
    pub(crate) fn hash(&self) -> Vec<u8> {
        // Both elements are longer than 255 octets and shorter than 65536, so their heads have four octets.
        let signed = &self.chain[0][4..];
        let length = usize::from(u16::from_be_bytes([signed[2], signed[3]]));
        sha256(&signed[..4 + length])
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

fn sha256(octets: &[u8]) -> Vec<u8> {
    let digest = ring_digest::digest(&ring_digest::SHA256, octets);
    digest.as_ref().to_vec()
}
