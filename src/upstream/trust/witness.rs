//! Who remembers why a server was not believed: it is worth a line in the log even where others have the answer, for a wrong pin or
//! a certificate that has ended is a matter for people.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use super::words::explain;
use crate::upstream::clock;

/// How long the same words about a server are not said again.
const QUIET: Duration = Duration::from_secs(600);
/// How long nothing is said after any words: whoever shows another key each time must not fill the log.
const SHORT_QUIET: Duration = Duration::from_secs(10);

/// Judges one server as another verifier does, and remembers the words.
#[derive(Debug)]
pub(in crate::upstream) struct Witness {
    verifier: Arc<dyn ServerCertVerifier>,
    /// As it is configured.
    server: String,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Why the server was not believed last, until somebody asks.
    doubt: Option<String>,
    /// What was logged last, and when.
    told: Option<(String, Duration)>,
}

impl Witness {
    pub(super) fn new(verifier: Arc<dyn ServerCertVerifier>, server: String) -> Self {
        Self {
            verifier,
            server,
            memory: Mutex::default(),
        }
    }

    /// Why the server was not believed since this was last asked.
    pub(in crate::upstream) fn take_doubt(&self) -> Option<String> {
        self.memory().doubt.take()
    }

    fn hear<T>(&self, judged: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &judged {
            let (words, now) = (explain(error), clock::now());
            let mut memory = self.memory();
            if memory.is_news(&words, now) {
                tracing::warn!("upstream server {} is not believed: {words}", self.server);
            }
            memory.doubt = Some(words);
        }
        judged
    }

    /// What is remembered is whole after every statement, so a panic elsewhere does not make it wrong.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Whether these words are worth a line now; then they count as said.
    fn is_news(&mut self, words: &str, now: Duration) -> bool {
        let new = self.told.as_ref().is_none_or(|(told, at)| {
            let quiet = if told == words { QUIET } else { SHORT_QUIET };
            now.saturating_sub(*at) >= quiet
        });
        if new {
            self.told = Some((words.to_owned(), now));
        }
        new
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.hear(self.verifier.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        ))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.hear(self.verifier.verify_tls12_signature(message, cert, signed))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.hear(self.verifier.verify_tls13_signature(message, cert, signed))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever shows another key at each knock, or has servers that are wrong in several ways, must not fill the log.
    #[test]
    fn new_words_do_not_fill_the_log() {
        let mut memory = Memory::default();
        let mut said = 0;
        for knock in 0..6000_u32 {
            let now = Duration::from_millis(u64::from(knock) * 10);
            said += u32::from(memory.is_news(&format!("key {knock}"), now));
        }
        assert!(said <= 7, "{said} lines in a minute");
        let later = Duration::from_secs(120);
        assert!(memory.is_news("old words", later));
        assert!(!memory.is_news("old words", later + QUIET / 2));
        assert!(memory.is_news("old words", later + QUIET));
    }
}
