//! How TLS is spoken: with which certificate, and how sessions are taken up again.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use quinn::crypto::rustls::QuicServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};

use super::Certificate;

/// Why TLS cannot be spoken at all.
#[derive(Debug, Clone, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsError(#[from] rustls::Error);

/// TLS as all encrypted doors speak it. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Tls {
    shown: Arc<Shown>,
    /// Makes tickets, with which a client takes up its session again, at any door. Its keys live as long as the program.
    tickets: Arc<dyn ProducesTickets>,
}

/// The certificate that is shown now, whatever name a client asks for: many ask by address, and then by none.
struct Shown(ArcSwap<CertifiedKey>);

/// Nothing that somebody prints or logs may hold the key.
impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// TLS with this certificate.
    pub fn new(certificate: &Certificate) -> Result<Self, TlsError> {
        let shown = ArcSwap::new(Arc::clone(&certificate.certified));
        Ok(Self {
            shown: Arc::new(Shown(shown)),
            tickets: ring::Ticketer::new()?,
        })
    }

    /// Shows another certificate from now on. Connections that there are go on.
    pub fn replace(&self, certificate: &Certificate) {
        self.shown.0.store(Arc::clone(&certificate.certified));
    }

    /// TLS 1.2 and 1.3, for streams, with these application protocols (ALPN) in the order of preference.
    pub(super) fn for_streams(&self, protocols: &[&[u8]]) -> Result<ServerConfig, TlsError> {
        self.config(&[&TLS13, &TLS12], protocols)
    }

    /// TLS 1.3, for QUIC (RFC 9001 §4.2), with this application protocol.
    pub(super) fn for_quic(&self, protocol: &[u8]) -> Result<QuicServerConfig, TlsError> {
        let config = self.config(&[&TLS13], &[protocol])?;
        // It fails without a cipher suite of RFC 9001 §5.2.
        QuicServerConfig::try_from(config)
            .map_err(|error| rustls::Error::General(error.to_string()).into())
    }

    /// The configuration for these versions. Early data (0-RTT) are never taken: whoever has seen them could send them again.
    fn config(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&[u8]],
    ) -> Result<ServerConfig, TlsError> {
        let shown: Arc<dyn ResolvesServerCert> = Arc::<Shown>::clone(&self.shown);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)?
            .with_no_client_auth()
            .with_cert_resolver(shown);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config.ticketer = Arc::clone(&self.tickets);
        config.max_early_data_size = 0;
        Ok(config)
    }
}
