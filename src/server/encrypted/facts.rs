//! What a certificate says: for whom it is, and from when until when.

use std::fmt::Write;
use std::net::IpAddr;

use ring::digest::{SHA256, digest};
use rustls::pki_types::{CertificateDer, DnsName, ServerName};
use webpki::EndEntityCert;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use crate::upstream::Digest;
use crate::wire::Name;

/// Whoever renews certificates by a program does so weeks before their end; when there are so few days left, none did.
const SOON: i64 = 14 * DAY;
const DAY: i64 = 86_400;
/// So many names are worth showing; some certificates have hundreds.
const MOST_NAMES: usize = 5;

/// What the first certificate of a chain says, and what is odd about the chain.
#[derive(Debug)]
pub struct Facts {
    leaf: CertificateDer<'static>,
    begins: ASN1Time,
    ends: ASN1Time,
    /// The names and addresses that it is for.
    names: Vec<String>,
    fingerprint: Digest,
    pin: Digest,
    is_authority: bool,
    /// What devices will not like, whatever the date.
    faults: Vec<String>,
}

impl Facts {
    /// Reads a chain. The error says which of its certificates cannot be read, counted from 1, and why.
    pub(super) fn read(chain: &[CertificateDer<'static>]) -> Result<Self, (usize, String)> {
        let parsed: Vec<X509Certificate<'_>> = (chain.iter().enumerate())
            .map(|(place, der)| match X509Certificate::from_der(der) {
                Ok((_, certificate)) => Ok(certificate),
                Err(error) => Err((place + 1, error.to_string())),
            })
            .collect::<Result<_, _>>()?;
        let (Some(first), Some(leaf)) = (parsed.first(), chain.first()) else {
            return Err((1, "there is none".to_owned()));
        };
        // What TLS libraries cannot read, although it is a certificate, such as one without a version.
        EndEntityCert::try_from(leaf).map_err(|error| (1, error.to_string()))?;
        Ok(Self {
            leaf: leaf.clone(),
            begins: first.validity().not_before,
            ends: first.validity().not_after,
            names: names(first),
            fingerprint: sha256(leaf),
            pin: sha256(first.public_key().raw),
            is_authority: first.is_ca(),
            faults: faults(&parsed),
        })
    }

    /// Whether a device that was told to use this name believes it.
    pub fn bears_name(&self, name: &Name) -> bool {
        let name = DnsName::try_from(name.to_string());
        name.is_ok_and(|name| self.bears(&ServerName::DnsName(name)))
    }

    /// Whether a device that asks at this address believes it.
    pub fn bears_address(&self, address: IpAddr) -> bool {
        self.bears(&ServerName::IpAddress(address.into()))
    }

    fn bears(&self, server: &ServerName<'_>) -> bool {
        let parsed = EndEntityCert::try_from(&self.leaf);
        parsed.is_ok_and(|leaf| leaf.verify_is_valid_for_subject_name(server).is_ok())
    }

    /// The names and addresses that it is for, in words.
    pub fn names(&self) -> String {
        if self.names.is_empty() {
            return "none (a common name does not count)".to_owned();
        }
        let mut shown: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if shown.len() > MOST_NAMES {
            shown.truncate(MOST_NAMES);
            shown.push("…");
        }
        shown.join(", ")
    }

    /// Whether it is meant to vouch for others.
    pub(super) fn is_authority(&self) -> bool {
        self.is_authority
    }

    /// Its last day, as year, month and day.
    pub fn last_day(&self) -> String {
        day(self.ends)
    }

    /// When it ends: the first second in which it does not hold any more, since 1970.
    pub(super) fn end(&self) -> u64 {
        u64::try_from(self.ends.timestamp()).map_or(0, |last| last + 1)
    }

    /// Whether it can be used now, in seconds since 1970, and for so many seconds more.
    pub fn holds(&self, now: u64, longer: u64) -> bool {
        let now = seconds(now);
        self.begins.timestamp() <= now && now + seconds(longer) <= self.ends.timestamp()
    }

    /// What people should know about it now, in seconds since 1970: that it ends, or why devices will refuse it.
    pub fn doubts(&self, now: u64) -> Vec<String> {
        let now = seconds(now);
        let (begins, ends) = (self.begins.timestamp(), self.ends.timestamp());
        let end = self.last_day();
        let date = if now > ends {
            Some(format!("ended on {end}, devices refuse it"))
        } else if now < begins {
            let begin = day(self.begins);
            Some(format!("begins on {begin}, until then devices refuse it"))
        } else if ends - now < SOON {
            Some(format!("ends on {end}; put a new one in its place"))
        } else {
            None
        };
        date.into_iter()
            .chain(self.faults.iter().cloned())
            .collect()
    }

    /// The SHA-256 digest of the certificate, in hexadecimal with colons, as browsers and `openssl x509 -fingerprint` show it.
    pub fn fingerprint(&self) -> String {
        let mut text = String::new();
        for (place, octet) in self.fingerprint.0.iter().enumerate() {
            let colon = if place > 0 { ":" } else { "" };
            // Writing to a string cannot fail.
            let _written = write!(text, "{colon}{octet:02X}");
        }
        text
    }

    /// The SHA-256 digest of its public key (`SubjectPublicKeyInfo`), by which clients can know this server (RFC 7858 §4.2).
    pub fn pin(&self) -> Digest {
        self.pin
    }
}

/// Dates are compared as in certificates, which may lie before 1970.
fn seconds(since_1970: u64) -> i64 {
    i64::try_from(since_1970).unwrap_or(i64::MAX / 2)
}

fn day(time: ASN1Time) -> String {
    time.to_datetime().date().to_string()
}

fn sha256(octets: &[u8]) -> Digest {
    let mut copy = [0; 32];
    let digest = digest(&SHA256, octets);
    for (to, from) in copy.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    Digest(copy)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            // Whoever made the certificate could write anything.
            GeneralName::DNSName(name) => Some(name.escape_debug().to_string()),
            GeneralName::IPAddress(octets) => address(octets).map(|address| address.to_string()),
            _ => None,
        })
        .collect()
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .ok()
}

/// What devices will not like about a chain. The first certificate is the server's.
fn faults(chain: &[X509Certificate<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    let first = chain.first();
    if first.is_some_and(|first| first.is_ca()) {
        // `openssl req -x509` makes such.
        faults.push(
            "is that of an authority, and none for a server; some devices refuse it".to_owned(),
        );
    }
    let purposes = first.and_then(|first| first.extended_key_usage().ok().flatten());
    if purposes.is_some_and(|purposes| !purposes.value.server_auth && !purposes.value.any) {
        faults.push("is not for servers (extended key usage); devices refuse it".to_owned());
    }
    for (place, pair) in chain.windows(2).enumerate() {
        if let [below, above] = pair
            && below.issuer().as_raw() != above.subject().as_raw()
        {
            let (below, above) = (place + 1, place + 2);
            faults.push(format!("is in the wrong order: certificate {above} did not issue certificate {below}; some devices refuse that"));
            break;
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn facts(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Facts {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let made = params.self_signed(&key).unwrap();
        Facts::read(&[made.der().clone()]).unwrap()
    }

    #[test]
    fn it_is_for_the_names_that_it_bears() {
        let facts = facts(
            &["*.home.example", "dns.example", "192.0.2.1", "2001:db8::1"],
            |_| (),
        );
        for (name, borne) in [
            ("dns.home.example", true),
            ("DNS.example", true),
            ("home.example", false),
            ("a.dns.home.example", false),
        ] {
            assert_eq!(facts.bears_name(&name.parse().unwrap()), borne, "{name}");
        }
        for (address, borne) in [
            ("192.0.2.1", true),
            ("192.0.2.2", false),
            ("2001:db8::1", true),
        ] {
            assert_eq!(facts.bears_address(address.parse().unwrap()), borne);
        }
        assert_eq!(
            facts.names(),
            "*.home.example, dns.example, 192.0.2.1, 2001:db8::1"
        );
    }

    #[test]
    fn many_names_are_cut_and_none_is_said() {
        let many: Vec<String> = (0..9).map(|number| format!("n{number}.example")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let shown = facts(&many, |_| ()).names();
        assert!(shown.ends_with("n4.example, …"), "{shown}");
        assert!(facts(&[], |_| ()).names().starts_with("none"));
    }

    #[test]
    fn the_end_is_announced_for_two_weeks() {
        let facts = facts(&["dns.example"], |params| {
            params.not_before = date_time_ymd(2026, 11, 1);
            params.not_after = date_time_ymd(2026, 11, 21);
        });
        // 2026-11-21.
        let end = 20_778 * 86_400;
        let day = 86_400;
        for (now, expected) in [
            (
                end - 21 * day,
                Some("begins on 2026-11-01, until then devices refuse it"),
            ),
            (end - 14 * day, None),
            (
                end - 14 * day + 1,
                Some("ends on 2026-11-21; put a new one in its place"),
            ),
            (end, Some("ends on 2026-11-21; put a new one in its place")),
            (end + 1, Some("ended on 2026-11-21, devices refuse it")),
        ] {
            assert_eq!(
                facts.doubts(now).first().map(String::as_str),
                expected,
                "{now}"
            );
        }
        assert!(facts.holds(end - day, u64::try_from(DAY).unwrap()));
        assert!(!facts.holds(end - day, u64::try_from(DAY).unwrap() + 1));
    }

    #[test]
    fn the_digests_are_those_that_others_show() {
        let facts = facts(&["dns.example"], |_| ());
        let shown = facts.fingerprint();
        assert_eq!(shown.len(), 32 * 3 - 1);
        let octets: Vec<u8> = (shown.split(':'))
            .map(|octet| u8::from_str_radix(octet, 16).unwrap())
            .collect();
        assert_eq!(octets, digest(&SHA256, &facts.leaf).as_ref());
    }
}
