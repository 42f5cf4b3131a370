//! Certificates that vouch for themselves.

use x509_parser::prelude::{FromDer, X509Certificate};

use super::Certificate;

impl Certificate {
    /// The certificate of the chain (DER) that names itself as its issuer, and whether it is an authority's: devices must then be told
    /// to trust it. Chains of public authorities have none, for devices have those roots.
    pub fn own_root(&self) -> Option<(&[u8], bool)> {
        self.certified.cert.iter().find_map(|certificate| {
            let (_, read) = X509Certificate::from_der(certificate).ok()?;
            let is_root = read.issuer().as_raw() == read.subject().as_raw();
            is_root.then(|| (&**certificate, read.is_ca()))
        })
    }
}
