//! A far end's certificate, and who believes it.

use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;

use super::super::Line;
use crate::upstream::reach::{Gear, Reach};
use crate::upstream::{Server, Trust};

/// A certificate that vouches for itself.
pub(super) struct Proof {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Proof {
    pub(super) fn new() -> Self {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, key }
    }

    /// How a far end speaks TLS 1.3 with this application protocol.
    pub(super) fn config(&self, protocol: &[u8]) -> Arc<ServerConfig> {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }

    /// A line to this server, which believes the certificate.
    pub(super) fn line(&self, server: &str) -> Line {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, self.certificate.pem()).unwrap();
        let gear = Gear {
            trust: Trust::read(&file).unwrap(),
            ..Gear::default()
        };
        let server: Server = server.parse().unwrap();
        Line::new(Reach::new(&server, &[], &gear))
    }
}
