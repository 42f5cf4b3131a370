//! What is written into the authority's certificate and into the server's.

use std::net::IpAddr;

use nix::unistd::gethostname;
use rand::Rng;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, Error, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyUsagePurpose, NameConstraints, SanType, SerialNumber,
};
use x509_parser::time::ASN1Time;

use super::{AUTHORITY_LIFE, EARLY, LIFE};
use crate::wire::Name;

/// A common name has so many letters at most (RFC 5280 appendix A.1, ub-common-name).
const LONGEST: usize = 64;
/// The only host with e-mail that the authority may speak for: none (RFC 2606 §2).
const NO_MAIL: &str = "lanward.invalid";

/// An authority of one household: for servers alone, below it no other authority, and of all names for this one (RFC 5280 §4.2.1.10:
/// and those below it, which cannot be kept out everywhere). Without a name it is for none.
///
/// Addresses are left free. Those of this machine change, public ones by the provider's will, and the leaf bears them all: with a list
/// here, each change would need another authority, and that on every device.
pub(super) fn authority(name: Option<&Name>, now: u64) -> Result<CertificateParams, Error> {
    let begin = now.saturating_sub(EARLY);
    let mut params = lasting(begin, begin + AUTHORITY_LIFE)?;
    params.distinguished_name = called(&title(name));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let mut permitted = vec![GeneralSubtree::Rfc822Name(NO_MAIL.to_owned())];
    let mut excluded = Vec::new();
    match name {
        Some(name) => permitted.push(GeneralSubtree::DnsName(name.to_string())),
        // Below the empty name are all.
        None => excluded.push(GeneralSubtree::DnsName(String::new())),
    }
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted,
        excluded_subtrees: excluded,
    });
    Ok(params)
}

/// What certificates say of the authority with this common name that issues them.
pub(super) fn issuer(title: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = called(title);
    params
}

fn called(title: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, title);
    name
}

/// The server's own certificate, which ends when its authority does, at the latest. Its subject has no common name, for where it bears
/// no other, `GnuTLS` takes that for a name of the server, and none is allowed; and it is not empty, for kdig takes no such certificate.
pub(super) fn leaf(
    name: Option<&Name>,
    addresses: &[IpAddr],
    now: u64,
    end: u64,
) -> Result<CertificateParams, Error> {
    let begin = now.saturating_sub(EARLY);
    let mut params = lasting(begin, end.min(begin + LIFE))?;
    params.distinguished_name = DistinguishedName::new();
    (params.distinguished_name).push(DnType::OrganizationName, "lanward");
    if let Some(name) = name {
        let name = name.to_string().try_into()?;
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    let addresses = addresses.iter().copied().map(SanType::IpAddress);
    params.subject_alt_names.extend(addresses);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// From one second to another, which does not count any more, since 1970.
fn lasting(begin: u64, end: u64) -> Result<CertificateParams, Error> {
    let time = |seconds: u64| {
        let seconds = i64::try_from(seconds).ok();
        let time = seconds.and_then(|seconds| ASN1Time::from_timestamp(seconds).ok());
        time.map(|time| time.to_datetime()).ok_or(Error::Time)
    };
    let mut params = CertificateParams::default();
    params.not_before = time(begin)?;
    // The last second counts.
    params.not_after = time(end.saturating_sub(1))?;
    // Two of the same issuer with the same number are refused by Firefox; without one, it would follow from the key.
    let mut number = [0; 16];
    rand::rng().fill_bytes(&mut number);
    let number = u128::from_ne_bytes(number) >> 1;
    params.serial_number = Some(SerialNumber::from_slice(&number.to_be_bytes()));
    Ok(params)
}

/// By what people find it in the list of their device.
fn title(name: Option<&Name>) -> String {
    const TITLE: &str = "lanward authority";
    let whose = match name {
        Some(name) => Some(name.to_string()),
        None => gethostname().ok().and_then(|name| name.into_string().ok()),
    };
    let title = whose.map(|whose| format!("{TITLE} of {whose}"));
    title
        .filter(|title| title.chars().count() <= LONGEST)
        .unwrap_or_else(|| TITLE.to_owned())
}
