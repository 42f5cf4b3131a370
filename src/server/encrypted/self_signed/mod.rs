//! What lanward makes for itself, kept in a folder of its own: an authority of the household, and a certificate that it vouches for.
//!
//! Devices are given the authority, once. It stays while the name stays; the certificate is made anew when it ends, or when names or
//! addresses are missing in it, and no device notices. Others know the server by the pin of its key: so both keys are made once and
//! stay.

mod authority;
mod folder;
mod params;

use std::fs;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::path::PathBuf;

use rcgen::{Issuer, KeyPair};
use rustls::pki_types::CertificateDer;

use super::certificate::read_file;
use super::{Certificate, CertificateError};
use crate::wire::Name;
use folder::{Folder, Kept};

pub use authority::Authority;

const DAY: u64 = 86_400;
/// Apple's systems refuse certificates of servers that hold for more than 825 days (support.apple.com/103769).
const LIFE: u64 = 825 * DAY;
/// Ten years; they have no such rule for authorities.
const AUTHORITY_LIFE: u64 = 3652 * DAY;
/// Both begin a day early, for devices whose clocks are slow.
const EARLY: u64 = DAY;
/// When so little is left a certificate is made anew, long before devices refuse it.
const LEFT: u64 = 60 * DAY;
/// The same for the authority, which people must carry to each device.
const AUTHORITY_LEFT: u64 = 365 * DAY;

/// Why something is made for the first time.
const NONE: &str = "there was none";

/// The files in the folder.
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
const AUTHORITY: &str = "authority.pem";
const AUTHORITY_KEY: &str = "authority-key.pem";

/// What a certificate is made for, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfSigned {
    /// The folder of `authority.pem`, `certificate.pem` and their keys; made if it is not there.
    pub folder: PathBuf,
    /// The name by which clients know the server.
    pub name: Option<Name>,
    /// The addresses at which they ask it.
    pub addresses: Vec<IpAddr>,
}

/// A certificate that is as it should be.
#[derive(Debug)]
pub struct Made {
    /// The certificate, with its authority behind it.
    pub certificate: Certificate,
    /// Why it was made just now; none of one that was there.
    pub why: Option<String>,
    /// Why its key was made just now, although there had been one: whoever knows the server by that must be told.
    pub key_lost: Option<String>,
    /// Why the authority was made just now.
    pub authority: Option<NewAuthority>,
}

/// An authority that was made just now.
#[derive(Debug)]
pub struct NewAuthority {
    /// Why.
    pub why: String,
    /// Devices may trust what was there before, an authority or a certificate without one, and must be given this in its place.
    pub replaces: bool,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum SelfSignedError {
    /// Something about its folder or a file in it.
    #[error(
        "{0} {1}: {2}; state in [server.tls] names the folder for authority, certificate and keys"
    )]
    File(String, &'static str, io::Error),
    /// Others could give us a key that they know.
    #[error(
        "{0}: everybody may write into this folder, and so put a key there that they know; allowed: one that belongs to lanward alone (mode 0700)"
    )]
    Open(String),
    /// The certificate cannot be made.
    #[error("a certificate cannot be made: {0}")]
    Make(String),
    /// What was made cannot be used.
    #[error(transparent)]
    Unusable(#[from] CertificateError),
}

impl From<rcgen::Error> for SelfSignedError {
    fn from(error: rcgen::Error) -> Self {
        Self::Make(error.to_string())
    }
}

impl SelfSigned {
    /// The file of the authority, which devices are given.
    pub fn authority_file(&self) -> PathBuf {
        self.folder.join(AUTHORITY)
    }

    fn certificate_file(&self) -> PathBuf {
        self.folder.join(CERTIFICATE)
    }

    /// Why a certificate or its authority must be made anew now, in seconds since 1970.
    pub fn lacks(&self, certificate: &Certificate, now: u64) -> Option<String> {
        let Some(authority) = Authority::of(certificate) else {
            return Some("no authority vouched for the last one".to_owned());
        };
        let name = self.name.as_ref();
        let lacks = self.leaf_lacks(certificate, &authority, now);
        lacks.or_else(|| authority.lacks(name, now))
    }

    fn leaf_lacks(
        &self,
        certificate: &Certificate,
        authority: &Authority,
        now: u64,
    ) -> Option<String> {
        let facts = certificate.facts();
        if !facts.holds(now, LEFT) {
            return Some(format!(
                "the last one is for other days, up to {}",
                facts.last_day()
            ));
        }
        let name = self.name.filter(|name| !facts.bears_name(name));
        if let Some(name) = name {
            return Some(format!("{name} was missing in the last one"));
        }
        let mut addresses = self.addresses.iter();
        if let Some(address) = addresses.find(|address| !facts.bears_address(**address)) {
            return Some(format!("{address} was missing in the last one"));
        }
        let shown = certificate.certified.cert.as_slice();
        let is_vouched_for = matches!(shown, [leaf, behind]
            if *behind == authority.octets && authority.vouches_for(leaf, now));
        (!is_vouched_for).then(|| "the authority does not vouch for the last one".to_owned())
    }

    /// The authority (DER) as it was made last. Nothing is made for this, and no key is read.
    pub fn look(&self) -> Result<CertificateDer<'static>, CertificateError> {
        Certificate::read_first(&self.authority_file())
    }

    /// What will keep it from being made, as far as that can be known by who may look there. Nothing is made.
    pub fn check(&self) -> Result<(), SelfSignedError> {
        let folder = Folder(&self.folder);
        match fs::metadata(&self.folder) {
            Ok(_) => folder.check(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let parent = self.folder.parent().unwrap_or(&self.folder);
                match fs::metadata(parent) {
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        Err(folder.failed("cannot be made", error))
                    }
                    _ => Ok(()),
                }
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
            Err(error) => Err(folder.failed("cannot be used", error)),
        }
    }

    /// The certificate in the folder, made anew if it must be, as its authority is, at this time, in seconds since 1970.
    pub fn keep(&self, now: u64) -> Result<Made, SelfSignedError> {
        let folder = Folder(&self.folder);
        folder.make()?;
        let authority_key = folder.keep_key(AUTHORITY_KEY)?;
        let key = folder.keep_key(KEY)?;
        let (authority, new) = self.keep_authority(&authority_key, now)?;
        let file = self.certificate_file();
        let before = match read_file(&file) {
            Ok(before) => (self.parse(&before, &key)).map_err(|error| error.to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(NONE.to_owned()),
            Err(error) => Err(format!("{} cannot be read: {error}", file.display())),
        };
        let why = match before {
            Ok(certificate) => match self.leaf_lacks(&certificate, &authority, now) {
                Some(why) => why,
                None => {
                    return Ok(Made {
                        certificate,
                        why: None,
                        key_lost: key.lost,
                        authority: new,
                    });
                }
            },
            Err(why) => why,
        };
        let text = self.make(&authority, &authority_key.key, &key.key, now)?;
        folder.write(&file, &text)?;
        Ok(Made {
            certificate: self.parse(text.as_bytes(), &key)?,
            why: Some(why),
            key_lost: key.lost,
            authority: new,
        })
    }

    fn parse(&self, chain: &[u8], key: &Kept) -> Result<Certificate, CertificateError> {
        let key_file = self.folder.join(KEY);
        let file = self.certificate_file();
        Certificate::parse((&file, chain), (&key_file, key.text.as_bytes()))
    }

    /// The authority in the folder, made if there is none for this name and with this key. One that cannot be read is not replaced, for
    /// devices may trust it.
    fn keep_authority(
        &self,
        key: &Kept,
        now: u64,
    ) -> Result<(Authority, Option<NewAuthority>), SelfSignedError> {
        let file = self.authority_file();
        let before = match read_file(&file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                let file = file.display().to_string();
                return Err(SelfSignedError::File(file, "cannot be read", error));
            }
        };
        let replaces = before.is_some() || self.certificate_file().exists();
        let why = match before.map(|text| self.judge(&text, key, now)) {
            Some(Ok(authority)) => return Ok((authority, None)),
            Some(Err(why)) => why,
            None => key.lost.as_ref().map_or_else(|| NONE.to_owned(), unusable),
        };
        let made = params::authority(self.name.as_ref(), now)?.self_signed(&key.key)?;
        let authority = Authority::read(made.der()).map_err(SelfSignedError::Make)?;
        Folder(&self.folder).write(&file, &authority.pem())?;
        Ok((authority, Some(NewAuthority { why, replaces })))
    }

    /// The error says why another one must be made.
    fn judge(&self, text: &[u8], key: &Kept, now: u64) -> Result<Authority, String> {
        let octets = Certificate::first_of(&self.authority_file(), text);
        let octets = octets.map_err(|error| error.to_string())?;
        let authority = Authority::read(&octets)?;
        if let Some(problem) = &key.lost {
            return Err(unusable(problem));
        }
        if !authority.is_of(&key.key) {
            return Err(format!("{AUTHORITY_KEY} is not its key"));
        }
        match authority.lacks(self.name.as_ref(), now) {
            Some(why) => Err(why),
            None => Ok(authority),
        }
    }

    /// The server's certificate and its authority's, as they are shown.
    fn make(
        &self,
        authority: &Authority,
        authority_key: &KeyPair,
        key: &KeyPair,
        now: u64,
    ) -> Result<String, rcgen::Error> {
        let issuer = Issuer::new(params::issuer(&authority.title), authority_key);
        let end = authority.facts().end();
        let leaf = params::leaf(self.name.as_ref(), &self.addresses, now, end)?;
        let leaf = leaf.signed_by(key, &issuer)?;
        Ok(leaf.pem() + &authority.pem())
    }
}
fn unusable(problem: &String) -> String {
    format!("{AUTHORITY_KEY} could not be used: {problem}")
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;

    /// A day in 2026, in seconds since 1970.
    const NOW: u64 = 20_778 * DAY;

    fn home() -> (TempDir, SelfSigned) {
        let folder = tempfile::tempdir().unwrap();
        let wanted = SelfSigned {
            folder: folder.path().join("lanward"),
            name: Some("dns.home.example".parse().unwrap()),
            addresses: vec!["192.168.1.2".parse().unwrap(), "fd00::2".parse().unwrap()],
        };
        (folder, wanted)
    }

    #[test]
    fn it_is_made_once_and_bears_what_is_asked_for() {
        let (_folder, wanted) = home();
        let made = wanted.keep(NOW).unwrap();
        assert_eq!(made.why.as_deref(), Some("there was none"));
        let facts = made.certificate.facts();
        assert_eq!(facts.names(), "dns.home.example, 192.168.1.2, fd00::2");
        assert_eq!(facts.last_day(), "2029-02-21");
        assert_eq!(facts.doubts(NOW), Vec::<String>::new());
        let again = wanted.keep(NOW + (LIFE - EARLY - LEFT) - 1).unwrap();
        assert_eq!(again.why, None);
        assert_eq!(again.certificate.facts().fingerprint(), facts.fingerprint());
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!(mode(&wanted.folder), 0o700);
        assert_eq!(mode(&wanted.folder.join(KEY)), 0o600);
        assert_eq!(mode(&wanted.folder.join(AUTHORITY_KEY)), 0o600);
        assert_eq!(fs::read_dir(&wanted.folder).unwrap().count(), 4);
    }

    #[test]
    fn it_is_made_anew_with_the_same_key() {
        let (_folder, mut wanted) = home();
        let first = wanted.keep(NOW).unwrap().certificate;
        let mut last = first.clone();
        let mut anew = |wanted: &SelfSigned, now: u64, why: &str| {
            let made = wanted.keep(now).unwrap();
            assert!(made.why.unwrap().contains(why), "{why}");
            assert_eq!(made.key_lost, None);
            let (facts, before) = (made.certificate.facts(), last.facts());
            assert_eq!(facts.pin(), first.facts().pin());
            assert_ne!(facts.fingerprint(), before.fingerprint());
            last = made.certificate;
        };
        wanted.name = Some("dns.other.example".parse().unwrap());
        anew(&wanted, NOW, "dns.other.example was missing");
        wanted.addresses.push("192.168.2.2".parse().unwrap());
        anew(&wanted, NOW, "192.168.2.2 was missing");
        anew(&wanted, NOW + (LIFE - EARLY - LEFT), "up to 2029-02-21");
        // The clock was ahead.
        anew(&wanted, NOW, "for other days");
        fs::write(wanted.certificate_file(), "").unwrap();
        anew(&wanted, NOW, "holds no certificate: it is empty");
        // What is no longer asked for does no harm.
        wanted.addresses.pop();
        assert_eq!(wanted.keep(NOW).unwrap().why, None);
    }

    #[test]
    fn the_authority_stays_as_long_as_the_name_and_a_year_of_it() {
        let (_folder, mut wanted) = home();
        let authority = |wanted: &SelfSigned, now: u64| {
            let made = wanted.keep(now).unwrap();
            assert_eq!(wanted.lacks(&made.certificate, now), None);
            let authority = Authority::of(&made.certificate).unwrap();
            assert_eq!(authority.octets, wanted.look().unwrap());
            (authority.facts().fingerprint(), made.authority)
        };
        let (first, new) = authority(&wanted, NOW);
        assert!(!new.unwrap().replaces);
        wanted.addresses.push("203.0.113.2".parse().unwrap());
        let last = NOW + (AUTHORITY_LIFE - EARLY - AUTHORITY_LEFT) - 1;
        for now in [NOW, NOW + LIFE, last] {
            let (same, new) = authority(&wanted, now);
            assert!(new.is_none() && same == first, "{now}");
        }
        // The certificate does not outlive it.
        let made = wanted.keep(last).unwrap().certificate;
        assert_eq!(made.facts().last_day(), "2036-11-18");
        let other = |wanted: &SelfSigned, now, why: &str| {
            let (other, new) = authority(wanted, now);
            let new = new.unwrap();
            assert!(new.replaces && new.why.contains(why), "{}", new.why);
            assert_ne!(other, first);
        };
        other(&wanted, last + 1, "for other days, up to 2036-11-18");
        wanted.name = None;
        other(&wanted, NOW, "the last one is for dns.home.example");
        wanted.name = Some("dns.example".parse().unwrap());
        other(&wanted, NOW, "the last one is for no name");
        fs::write(wanted.folder.join(AUTHORITY_KEY), "nonsense").unwrap();
        other(&wanted, NOW, "authority-key.pem could not be used: ");
        let aside = fs::read_to_string(wanted.folder.join("authority-key.pem.broken"));
        assert_eq!(aside.unwrap(), "nonsense");
        fs::write(wanted.authority_file(), "nonsense").unwrap();
        other(&wanted, NOW, "authority.pem holds no certificate");
    }

    #[test]
    fn devices_that_trust_an_authority_believe_after_another_was_made_for_the_same_name() {
        let (_folder, wanted) = home();
        let first = Authority::of(&wanted.keep(NOW).unwrap().certificate).unwrap();
        fs::remove_file(wanted.authority_file()).unwrap();
        let second = wanted.keep(NOW).unwrap();
        assert!(second.authority.unwrap().replaces);
        let leaf = second.certificate.certified.cert.first().unwrap();
        assert!(first.vouches_for(leaf, NOW));
        assert!(!first.vouches_for(leaf, NOW + AUTHORITY_LIFE));
    }

    #[test]
    fn an_authority_that_cannot_be_read_is_not_replaced() {
        let (_folder, wanted) = home();
        fs::create_dir(&wanted.folder).unwrap();
        fs::create_dir(wanted.authority_file()).unwrap();
        let error = wanted.keep(NOW).unwrap_err().to_string();
        assert!(error.contains("authority.pem cannot be read: "), "{error}");
    }

    #[test]
    fn a_broken_key_is_put_aside_and_told() {
        let (_folder, wanted) = home();
        let first = wanted.keep(NOW).unwrap();
        fs::write(wanted.folder.join(KEY), "nonsense").unwrap();
        let second = wanted.keep(NOW).unwrap();
        assert!(second.key_lost.is_some() && second.why.is_some());
        let [first, second] = [first, second].map(|made| made.certificate.facts().pin());
        assert_ne!(first, second);
        let aside = fs::read_to_string(wanted.folder.join("key.pem.broken"));
        assert_eq!(aside.unwrap(), "nonsense");
    }

    #[test]
    fn neither_strangers_folders_nor_links_are_trusted() {
        let (folder, wanted) = home();
        fs::create_dir(&wanted.folder).unwrap();
        let open = Permissions::from_mode(0o777);
        fs::set_permissions(&wanted.folder, open).unwrap();
        let error = wanted.keep(NOW).unwrap_err();
        assert!(matches!(error, SelfSignedError::Open(_)), "{error}");
        fs::set_permissions(&wanted.folder, Permissions::from_mode(0o700)).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::write(&elsewhere, "other").unwrap();
        symlink(&elsewhere, wanted.folder.join(KEY)).unwrap();
        let error = wanted.keep(NOW).unwrap_err().to_string();
        assert!(error.contains("key.pem cannot be read: "), "{error}");
        fs::remove_file(wanted.folder.join(KEY)).unwrap();
        symlink(&elsewhere, wanted.certificate_file()).unwrap();
        wanted.keep(NOW).unwrap();
        assert_eq!(fs::read_to_string(elsewhere).unwrap(), "other");
    }
}
