//! A certificate that lanward makes for itself, kept in a folder of its own.
//!
//! Nobody vouches for it: devices know it by the pin of its key, or trust it because somebody told them to. So the key is made once
//! and stays; the certificate is made anew with it when it ends, or when names or addresses are missing in it.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::{fs, str};

use nix::libc::O_NOFOLLOW;
use rand::Rng;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use tempfile::NamedTempFile;
use x509_parser::time::ASN1Time;

use super::certificate::{read_file, read_opened};
use super::{Certificate, CertificateError};
use crate::wire::Name;

const DAY: u64 = 86_400;
/// Apple's systems refuse certificates that hold for more than 825 days (support.apple.com/103769).
const LIFE: u64 = 825 * DAY;
/// It begins a day early, for devices whose clocks are slow.
const EARLY: u64 = DAY;
/// When so little is left it is made anew, long before devices refuse it.
const LEFT: u64 = 60 * DAY;
/// The bit of a folder into which everybody may write.
const WRITABLE_BY_ALL: u32 = 0o002;

/// What a certificate is made for, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfSigned {
    /// The folder of `certificate.pem` and `key.pem`; made if it is not there.
    pub folder: PathBuf,
    /// The name by which clients know the server.
    pub name: Option<Name>,
    /// The addresses at which they ask it.
    pub addresses: Vec<IpAddr>,
}

/// A certificate that is as it should be.
#[derive(Debug)]
pub struct Made {
    /// The certificate.
    pub certificate: Certificate,
    /// Why it was made just now; none of one that was there.
    pub why: Option<String>,
    /// Why its key was made just now, although there had been one: whoever knows the server by that must be told.
    pub key_lost: Option<String>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum SelfSignedError {
    /// Something about its folder or a file in it.
    #[error("{0} {1}: {2}; state in [server.tls] names the folder for certificate and key")]
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
    /// The file of the certificate.
    pub fn certificate_file(&self) -> PathBuf {
        self.folder.join("certificate.pem")
    }

    fn key_file(&self) -> PathBuf {
        self.folder.join("key.pem")
    }

    /// Why a certificate must be made anew now, in seconds since 1970.
    pub fn lacks(&self, certificate: &Certificate, now: u64) -> Option<String> {
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
        let missing = addresses.find(|address| !facts.bears_address(**address));
        missing.map(|address| format!("{address} was missing in the last one"))
    }

    /// The certificate (DER) as it was made last. Nothing is made for this.
    pub fn look(&self) -> Result<CertificateDer<'static>, CertificateError> {
        Certificate::read_first(&self.certificate_file())
    }

    /// What will keep it from being made, as far as that can be known by who may look there. Nothing is made.
    pub fn check(&self) -> Result<(), SelfSignedError> {
        match fs::metadata(&self.folder) {
            Ok(_) => self.check_folder(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let parent = self.folder.parent().unwrap_or(&self.folder);
                match fs::metadata(parent) {
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        Err(self.failed("cannot be made", error))
                    }
                    _ => Ok(()),
                }
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
            Err(error) => Err(self.failed("cannot be used", error)),
        }
    }

    /// The certificate in the folder, made anew if it must be, at this time, in seconds since 1970.
    pub fn keep(&self, now: u64) -> Result<Made, SelfSignedError> {
        self.make_folder()?;
        let (text, key, key_lost) = self.keep_key()?;
        let (file, key_file) = (self.certificate_file(), self.key_file());
        let before = match read_file(&file) {
            Ok(before) => Certificate::parse((&file, &before), (&key_file, text.as_bytes()))
                .map_err(|error| Some(error.to_string())),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(None),
            Err(error) => Err(Some(format!("{} cannot be read: {error}", file.display()))),
        };
        let why = match before {
            Ok(certificate) => match self.lacks(&certificate, now) {
                Some(why) => why,
                None => {
                    return Ok(Made {
                        certificate,
                        why: None,
                        key_lost,
                    });
                }
            },
            Err(Some(problem)) => problem,
            Err(None) => "there was none".to_owned(),
        };
        let made = self.params(now)?.self_signed(&key)?.pem();
        self.write(&file, 0o644, &made, true)?;
        let certificate =
            Certificate::parse((&file, made.as_bytes()), (&key_file, text.as_bytes()));
        Ok(Made {
            certificate: certificate?,
            why: Some(why),
            key_lost,
        })
    }

    fn make_folder(&self) -> Result<(), SelfSignedError> {
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(self.failed("cannot be made", error))
            }
            _ => self.check_folder(),
        }
    }

    fn check_folder(&self) -> Result<(), SelfSignedError> {
        let metadata =
            fs::metadata(&self.folder).map_err(|error| self.failed("cannot be used", error))?;
        if !metadata.is_dir() {
            return Err(self.failed("cannot be used", ErrorKind::NotADirectory.into()));
        }
        if metadata.mode() & WRITABLE_BY_ALL != 0 {
            return Err(SelfSignedError::Open(self.folder.display().to_string()));
        }
        Ok(())
    }

    fn failed(&self, what: &'static str, error: io::Error) -> SelfSignedError {
        SelfSignedError::File(self.folder.display().to_string(), what, error)
    }

    /// The key, as text and ready for use; made if there is none, or none that can be used. The third is why, if one was lost.
    fn keep_key(&self) -> Result<(String, KeyPair, Option<String>), SelfSignedError> {
        let file = self.key_file();
        let failed = |what| {
            let file = file.display().to_string();
            move |error| SelfSignedError::File(file, what, error)
        };
        let mut lost = None;
        // Where another program of ours makes one at the same time, its key is taken on the second look.
        for _ in 0..2 {
            match read_secret(&file) {
                Ok(text) => match read_key(&text) {
                    Ok((text, key)) => return Ok((text, key, lost)),
                    Err(problem) => {
                        let aside = self.folder.join("key.pem.broken");
                        fs::rename(&file, &aside).map_err(failed("cannot be put aside"))?;
                        lost = Some(problem);
                    }
                },
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed("cannot be read")(error)),
            }
            let key = KeyPair::generate()?;
            let text = key.serialize_pem();
            if self.write(&file, 0o600, &text, false)? {
                return Ok((text, key, lost));
            }
        }
        Err(failed("cannot be made")(ErrorKind::AlreadyExists.into()))
    }

    /// Puts a text into a file, whole or not at all, and on the disk. Says whether it did: not where there is a file that it may not
    /// `replace`.
    fn write(
        &self,
        file: &Path,
        mode: u32,
        text: &str,
        replace: bool,
    ) -> Result<bool, SelfSignedError> {
        let written = || -> io::Result<bool> {
            // Of a name that nobody foresees, never through a link, and from the beginning for its owner alone.
            let mut new = NamedTempFile::new_in(&self.folder)?;
            new.write_all(text.as_bytes())?;
            new.as_file()
                .set_permissions(Permissions::from_mode(mode))?;
            new.as_file().sync_all()?;
            if replace {
                new.persist(file)?;
            } else if let Err(error) = new.persist_noclobber(file) {
                if error.error.kind() == ErrorKind::AlreadyExists {
                    return Ok(false);
                }
                return Err(error.error);
            }
            File::open(&self.folder)?.sync_all()?;
            Ok(true)
        };
        written().map_err(|error| {
            SelfSignedError::File(file.display().to_string(), "cannot be written", error)
        })
    }

    fn params(&self, now: u64) -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::default();
        let begin = now.saturating_sub(EARLY);
        let time = |seconds: u64| {
            let seconds = i64::try_from(seconds).ok();
            let time = seconds.and_then(|seconds| ASN1Time::from_timestamp(seconds).ok());
            time.map(|time| time.to_datetime())
                .ok_or(rcgen::Error::Time)
        };
        params.not_before = time(begin)?;
        // The last second counts.
        params.not_after = time(begin + LIFE - 1)?;
        // Two of the same issuer with the same number are refused by Firefox; without one, it would follow from the key.
        let mut number = [0; 16];
        rand::rng().fill_bytes(&mut number);
        let number = u128::from_ne_bytes(number) >> 1;
        params.serial_number = Some(SerialNumber::from_slice(&number.to_be_bytes()));
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "lanward");
        if let Some(name) = &self.name {
            let name = name.to_string().try_into()?;
            params.subject_alt_names.push(SanType::DnsName(name));
        }
        let addresses = self.addresses.iter().copied().map(SanType::IpAddress);
        params.subject_alt_names.extend(addresses);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        Ok(params)
    }
}

/// What is in the file of a key. A link in its place leads to what is not ours.
fn read_secret(file: &Path) -> io::Result<Vec<u8>> {
    read_opened(file, O_NOFOLLOW)
}

/// The error says what is wrong with the key that was there.
fn read_key(text: &[u8]) -> Result<(String, KeyPair), String> {
    let text = str::from_utf8(text).map_err(|error| error.to_string())?;
    let key = KeyPair::from_pem(text).map_err(|error| error.to_string())?;
    Ok((text.to_owned(), key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

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
        assert_eq!(mode(&wanted.key_file()), 0o600);
        assert_eq!(fs::read_dir(&wanted.folder).unwrap().count(), 2);
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
    fn a_broken_key_is_put_aside_and_told() {
        let (_folder, wanted) = home();
        let first = wanted.keep(NOW).unwrap();
        fs::write(wanted.key_file(), "nonsense").unwrap();
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
        symlink(&elsewhere, wanted.key_file()).unwrap();
        let error = wanted.keep(NOW).unwrap_err().to_string();
        assert!(error.contains("key.pem cannot be read: "), "{error}");
        fs::remove_file(wanted.key_file()).unwrap();
        symlink(&elsewhere, wanted.certificate_file()).unwrap();
        wanted.keep(NOW).unwrap();
        assert_eq!(fs::read_to_string(elsewhere).unwrap(), "other");
    }
}
