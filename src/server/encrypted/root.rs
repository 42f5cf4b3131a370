//! Certificates that vouch for themselves.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::Certificate;

impl Certificate {
    /// The certificate (DER), if it names itself as its issuer: devices must then be told to trust just this one.
    pub fn own_root(&self) -> Option<&[u8]> {
        let first = self.certified.cert.first()?;
        let (_, read) = X509Certificate::from_der(first).ok()?;
        (read.issuer().as_raw() == read.subject().as_raw()).then_some(first)
    }
}
