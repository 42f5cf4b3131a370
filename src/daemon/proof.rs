//! What proves at the encrypted doors who this server is, kept up to date.
//!
//! The operator's files are watched, a certificate of our own is made anew when it must be. Whatever happens, the doors show what was
//! good last; connections that there are go on.

use super::StartError;
use super::watch::Watched;
use crate::config::{Encrypted, Files, Identity, Settings};
use crate::server::encrypted::{Authority, Certificate, Made, SelfSigned, Tls};
use crate::upstream::validate::likely_time;

/// What cannot be used is told when it is still so after so many looks, two seconds: certificate and key are often written one
/// after the other, and in between they do not fit.
const PATIENCE: u32 = 4;

/// The certificate that is shown, and what is known about the next one.
#[derive(Debug)]
pub(super) struct Proof {
    tls: Tls,
    certificate: Certificate,
    /// The operator's files.
    watched: Watched,
    /// They may have changed unnoticed: before they began to be watched, or in the same tick of the clock in which the last change was
    /// noticed.
    unseen: bool,
    trouble: Option<Trouble>,
    /// The doubts that were told.
    doubts: Vec<String>,
}

/// Why the last attempt to get another certificate failed.
#[derive(Debug)]
struct Trouble {
    words: String,
    /// How many looks found it.
    looks: u32,
}

impl Proof {
    /// What is shown from the start on; none without encrypted doors.
    pub(super) fn start(settings: &Settings) -> Result<Option<Self>, StartError> {
        let Some(encrypted) = &settings.encrypted else {
            return Ok(None);
        };
        let certificate = obtain(encrypted, settings)?;
        let mut proof = Self {
            tls: Tls::new(&certificate)?,
            certificate,
            watched: Watched::default(),
            unseen: true,
            trouble: None,
            doubts: Vec::new(),
        };
        proof.settle(encrypted);
        proof.hint(settings);
        if let Some(own) = encrypted.self_signed(&settings.listen) {
            tell_own(&own, &proof.certificate);
        }
        Ok(Some(proof))
    }

    /// TLS as it is spoken at the encrypted doors.
    pub(super) fn tls(&self) -> &Tls {
        &self.tls
    }

    /// What other settings want to be shown. Nothing has changed yet.
    pub(super) fn prepare(settings: &Settings) -> Result<Option<Certificate>, StartError> {
        let encrypted = settings.encrypted.as_ref();
        encrypted
            .map(|encrypted| obtain(encrypted, settings))
            .transpose()
    }

    /// Shows what was prepared for these settings.
    pub(super) fn take_over(&mut self, settings: &Settings, certificate: Certificate) {
        let Some(encrypted) = &settings.encrypted else {
            return;
        };
        let is_new = certificate != self.certificate;
        self.show(certificate);
        self.settle(encrypted);
        if is_new {
            self.hint(settings);
            if let Some(own) = encrypted.self_signed(&settings.listen) {
                tell_own(&own, &self.certificate);
            }
        }
    }

    /// Watches the files of these settings. What is doubtful about them was told while the settings were proven.
    fn settle(&mut self, encrypted: &Encrypted) {
        let files = encrypted.files();
        let paths = files
            .into_iter()
            .flat_map(|files| [&files.certificate, &files.key]);
        self.watched = Watched::new(paths);
        self.unseen = true;
        self.trouble = None;
        self.doubts = files.map_or_else(Vec::new, |files| self.doubts_about(files));
    }

    fn show(&mut self, certificate: Certificate) {
        self.tls.replace(&certificate);
        self.certificate = certificate;
    }

    /// Takes over the operator's files if they have changed. What cannot be used changes nothing.
    pub(super) fn look_at_files(&mut self, settings: &Settings) {
        let Some(encrypted) = &settings.encrypted else {
            return;
        };
        let Some(files) = encrypted.files() else {
            return;
        };
        let changed = self.watched.have_changed();
        if changed {
            self.trouble = None;
        }
        let waits = (self.trouble.as_ref()).is_some_and(|trouble| trouble.looks < PATIENCE);
        let unseen = std::mem::replace(&mut self.unseen, changed);
        if changed || waits || unseen {
            self.read(settings, files, encrypted);
        }
    }

    fn read(&mut self, settings: &Settings, files: &Files, encrypted: &Encrypted) {
        match files.read(encrypted.name.as_ref()) {
            Ok(certificate) => {
                self.trouble = None;
                if certificate != self.certificate {
                    self.show(certificate);
                    let until = self.certificate.facts().last_day();
                    tracing::info!(until, "certificate reloaded");
                    self.hint(settings);
                }
                self.tell_doubts(files);
            }
            Err((_, problem)) => self.meet(problem, PATIENCE),
        }
    }

    /// Looks at what time and the machine do to a certificate: it ends, addresses come, and files can be read again that could not.
    pub(super) fn look_around(&mut self, settings: &Settings) {
        let Some(encrypted) = &settings.encrypted else {
            return;
        };
        if let Some(files) = encrypted.files() {
            if self.trouble.is_some() {
                self.read(settings, files, encrypted);
            }
            self.tell_doubts(files);
        } else if let Some(own) = encrypted.self_signed(&settings.listen) {
            self.renew(&own);
        }
    }

    fn renew(&mut self, own: &SelfSigned) {
        let now = likely_time();
        if own.lacks(&self.certificate, now).is_none() {
            return;
        }
        match own.keep(now) {
            Ok(made) => {
                self.trouble = None;
                tell_making(own, &made);
                self.show(made.certificate);
                tell_own(own, &self.certificate);
            }
            // Nobody else is about to put it right.
            Err(error) => self.meet(error.to_string(), 1),
        }
    }

    /// Notes why there is no other certificate; what so many looks have found is told, once.
    fn meet(&mut self, words: String, patience: u32) {
        let before = self.trouble.take().filter(|before| before.words == words);
        let looks = before.map_or(0, |before| before.looks).saturating_add(1);
        if looks == patience {
            tracing::error!(
                problem = words,
                "not reloaded: the certificate from before holds"
            );
        }
        self.trouble = Some(Trouble { words, looks });
    }

    fn doubts_about(&self, files: &Files) -> Vec<String> {
        let doubts = files.doubts(&self.certificate, likely_time());
        doubts.into_iter().map(|(_, doubt)| doubt).collect()
    }

    /// Logs what is doubtful now and was not before.
    fn tell_doubts(&mut self, files: &Files) {
        let doubts = self.doubts_about(files);
        for doubt in doubts.iter().filter(|doubt| !self.doubts.contains(doubt)) {
            tracing::warn!("{doubt}");
        }
        self.doubts = doubts;
    }

    /// Says once that devices that find the encrypted doors by themselves cannot know whether they are the right ones.
    fn hint(&self, settings: &Settings) {
        let missing = settings.plain_addresses_missing_in(self.certificate.facts());
        if let Some(address) = missing.first() {
            tracing::info!(
                "{address} is not in the certificate: devices that find the encrypted doors by asking there cannot verify them (RFC 9462 section 4.2); those that are told the name can"
            );
        }
    }
}

/// What these settings want to be shown.
fn obtain(encrypted: &Encrypted, settings: &Settings) -> Result<Certificate, StartError> {
    let own = match &encrypted.identity {
        Identity::Files(_, certificate) => return Ok(certificate.clone()),
        Identity::SelfSigned(folder) => {
            encrypted.self_signed_in(folder.as_deref(), &settings.listen)
        }
    };
    let made = own.keep(likely_time())?;
    tell_making(&own, &made);
    Ok(made.certificate)
}

/// Logs what was made anew.
fn tell_making(own: &SelfSigned, made: &Made) {
    let folder = own.folder.display();
    if let Some(new) = &made.authority {
        let (file, why) = (own.authority_file(), &new.why);
        let file = file.display();
        if new.replaces {
            tracing::warn!(%file, why, "own authority made: devices that trust what was shown before must be given this file in its place");
        } else {
            tracing::info!(%file, why, "own authority made");
        }
    }
    if let Some(problem) = &made.key_lost {
        tracing::warn!(%folder, problem, "the key of the own certificate could not be used; there is another one now, and devices that knew it must be told the new pin");
    }
    if let Some(why) = &made.why {
        tracing::info!(%folder, why, "own certificate made");
    }
}

/// Logs what devices are given, and by what others can know a certificate of our own.
fn tell_own(own: &SelfSigned, certificate: &Certificate) {
    if let Some(authority) = Authority::of(certificate) {
        tracing::info!(
            file = %own.authority_file().display(),
            sha256 = authority.facts().fingerprint(),
            until = authority.facts().last_day(),
            "own authority, for devices to trust"
        );
    }
    let facts = certificate.facts();
    tracing::info!(
        pin = %facts.pin(),
        until = facts.last_day(),
        "own certificate"
    );
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn settings(folder: &Path, identity: &str) -> Settings {
        let text = format!("[server.tls]\ntls = [\"127.0.0.1:853\"]\n{identity}\n");
        let (settings, findings) = Settings::prove(&folder.join("lanward.toml"), &text);
        settings.unwrap_or_else(|| panic!("{findings:?}"))
    }

    /// Certificate and key, as PEM.
    fn pair() -> [String; 2] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["dns.example".to_owned()]).unwrap();
        [params.self_signed(&key).unwrap().pem(), key.serialize_pem()]
    }

    fn write(folder: &Path, file: &str, text: &str) {
        fs::write(folder.join(file), text).unwrap();
    }

    fn looks(proof: &Proof) -> Option<u32> {
        proof.trouble.as_ref().map(|trouble| trouble.looks)
    }

    #[test]
    fn certificate_and_key_may_be_written_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let [[certificate, key], [new_certificate, new_key]] = [pair(), pair()];
        write(folder, "c.pem", &certificate);
        write(folder, "k.pem", &key);
        let settings = settings(folder, "certificate = \"c.pem\"\nkey = \"k.pem\"");
        let mut proof = Proof::start(&settings).unwrap().unwrap();
        let first = proof.certificate.clone();
        write(folder, "c.pem", &new_certificate);
        for look in 1..=3 {
            proof.look_at_files(&settings);
            assert_eq!(looks(&proof), Some(look));
        }
        assert_eq!(proof.certificate, first);
        write(folder, "k.pem", &new_key);
        proof.look_at_files(&settings);
        assert_eq!(looks(&proof), None);
        assert_ne!(proof.certificate, first);
        // What stays broken is read again only now and then.
        let second = proof.certificate.clone();
        write(folder, "k.pem", "");
        for _ in 0..20 {
            proof.look_at_files(&settings);
        }
        assert_eq!(looks(&proof), Some(PATIENCE));
        proof.look_around(&settings);
        assert_eq!(looks(&proof), Some(PATIENCE + 1));
        assert_eq!(proof.certificate, second);
    }

    #[test]
    fn a_certificate_of_our_own_follows_names_and_addresses() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let own = "self_signed = true\nstate = \"state\"";
        let settings = |more: &str| settings(folder, &format!("{own}\n{more}"));
        let mut proof = Proof::start(&settings("")).unwrap().unwrap();
        let first = proof.certificate.clone();
        proof.look_around(&settings(""));
        assert_eq!(proof.certificate, first);
        let more = settings("quic = [\"192.0.2.1:853\"]");
        proof.look_around(&more);
        let second = proof.certificate.clone();
        let facts = second.facts();
        assert!(facts.bears_address([192, 0, 2, 1].into()));
        assert_eq!(facts.pin(), first.facts().pin());
        // Where it cannot be made, the old one stays, and that is told once.
        fs::rename(folder.join("state"), folder.join("aside")).unwrap();
        write(folder, "state", "");
        for look in 1..=2 {
            proof.look_around(&settings("name = \"dns.example\""));
            assert_eq!(looks(&proof), Some(look));
        }
        assert_eq!(proof.certificate, second);
    }
}
