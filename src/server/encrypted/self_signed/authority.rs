//! The authority of the household, as devices are given it.

use std::time::Duration;

use data_encoding::BASE64;
use rcgen::{KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, GeneralSubtree};
use x509_parser::prelude::FromDer;

use super::super::{Certificate, Facts};
use super::AUTHORITY_LEFT;
use crate::wire::Name;

/// An authority's certificate that vouches for itself.
#[derive(Debug)]
pub struct Authority {
    /// In DER.
    pub(super) octets: CertificateDer<'static>,
    facts: Facts,
    /// It may vouch for others, and nobody else vouches for it.
    is_root: bool,
    /// Its name for people.
    pub(super) title: String,
    /// The only name for which it may speak; an error where it is not bound like that.
    bound: Result<Option<String>, ()>,
    public_key: Vec<u8>,
}

impl Authority {
    /// Reads a certificate. The error says why it is none.
    pub(super) fn read(octets: &CertificateDer<'static>) -> Result<Self, String> {
        let facts = Facts::read(std::slice::from_ref(octets)).map_err(|(_, why)| why)?;
        let (_, read) = X509Certificate::from_der(octets).map_err(|error| error.to_string())?;
        let mut titles = read.subject().iter_common_name();
        let title = titles.next().and_then(|title| title.as_str().ok());
        Ok(Self {
            octets: octets.clone(),
            facts,
            is_root: read.is_ca() && read.issuer().as_raw() == read.subject().as_raw(),
            title: title.unwrap_or_default().to_owned(),
            bound: bound(&read),
            public_key: read.public_key().raw.to_vec(),
        })
    }

    /// The authority behind the server's certificate, where lanward made both.
    pub fn of(certificate: &Certificate) -> Option<Self> {
        Self::read(certificate.certified.cert.get(1)?).ok()
    }

    /// What it says.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// As it is in files (RFC 7468).
    pub(super) fn pem(&self) -> String {
        let text = BASE64.encode(&self.octets);
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        for line in text.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        pem
    }

    /// Why there must be another one now, in seconds since 1970, for a server of this name.
    pub(super) fn lacks(&self, name: Option<&Name>, now: u64) -> Option<String> {
        if !self.is_root {
            return Some("what was there is no authority".to_owned());
        }
        let wanted = name.map(ToString::to_string);
        match &self.bound {
            Ok(bound) if *bound == wanted => {}
            Ok(Some(other)) => return Some(format!("the last one is for {other}")),
            Ok(None) => return Some("the last one is for no name".to_owned()),
            Err(()) => return Some("the last one is not bound to one name".to_owned()),
        }
        let holds = self.facts.holds(now, AUTHORITY_LEFT);
        let end = self.facts.last_day();
        (!holds).then(|| format!("the last one is for other days, up to {end}"))
    }

    /// Whether it is signed, and signs, with this key.
    pub(super) fn is_of(&self, key: &KeyPair) -> bool {
        self.public_key == key.subject_public_key_info()
    }

    /// Whether a device that trusts it believes this certificate now, in seconds since 1970.
    pub(super) fn vouches_for(&self, leaf: &CertificateDer<'_>, now: u64) -> bool {
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        let (Ok(anchor), Ok(leaf)) = (
            anchor_from_trusted_cert(&self.octets),
            EndEntityCert::try_from(leaf),
        ) else {
            return false;
        };
        let usage = KeyUsage::server_auth();
        leaf.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &[anchor],
            &[],
            now,
            usage,
            None,
            None,
        )
        .is_ok()
    }
}

/// The only name that it may speak for, or none.
fn bound(certificate: &X509Certificate<'_>) -> Result<Option<String>, ()> {
    let constraints = certificate.name_constraints().ok().flatten().ok_or(())?;
    let permitted = names(constraints.value.permitted_subtrees.as_deref());
    let excluded = names(constraints.value.excluded_subtrees.as_deref());
    match (permitted.as_slice(), excluded.as_slice()) {
        ([name], []) => Ok(Some((*name).to_owned())),
        ([], [""]) => Ok(None),
        _ => Err(()),
    }
}

fn names<'a>(subtrees: Option<&'a [GeneralSubtree<'_>]>) -> Vec<&'a str> {
    let subtrees = subtrees.unwrap_or_default().iter();
    subtrees
        .filter_map(|subtree| match subtree.base {
            GeneralName::DNSName(name) => Some(name),
            _ => None,
        })
        .collect()
}
