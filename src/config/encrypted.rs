//! `[server.tls]`: the encrypted doors, and the certificate that is shown there.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustls::pki_types::DnsName;

use super::file::{self, File, Text};
use super::finding::Prover;
use super::{Settings, parse_listen};
use crate::name::special::SpecialUse;
use crate::server::encrypted::{Certificate, Facts, Half, Protocol, SelfSigned};
use crate::server::interfaces;
use crate::upstream::validate::likely_time;
use crate::wire::Name;

/// Where DNS over HTTPS is, unless the file says otherwise: what RFC 8484 shows, and all clients offer.
const DEFAULT_PATH: &str = "/dns-query";

/// Where lanward keeps what it has made, unless file or system say otherwise: where Debian's policy and systemd put such things.
const DEFAULT_STATE: &str = "/var/lib/lanward";
/// The bit of a file that everybody may read.
const READABLE_BY_ALL: u32 = 0o004;
/// So many addresses are in a certificate of our own at most: it is sent in every handshake.
const MOST_ADDRESSES: usize = 64;

/// The encrypted doors.
#[derive(Debug, Clone)]
pub struct Encrypted {
    /// What proves who this server is.
    pub identity: Identity,
    /// The name by which clients know it.
    pub name: Option<Name>,
    /// The doors, each with what is spoken there.
    pub doors: Vec<(Protocol, SocketAddr)>,
    /// Where DNS is on the web servers, such as `/dns-query`.
    pub path: String,
}

/// What proves who this server is.
#[derive(Debug, Clone)]
pub enum Identity {
    /// A certificate of the operator's, as it was read.
    Files(Files, Certificate),
    /// One that lanward makes, with an authority of its own, in this folder; none: where the system says that such things are kept.
    SelfSigned(Option<PathBuf>),
}

/// A certificate of the operator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The chain of certificates.
    pub certificate: PathBuf,
    /// The private key of the first of them.
    pub key: PathBuf,
}

impl Files {
    /// Reads both; they must be for the name by which clients know this server. The error names the key of the configuration that it is
    /// about.
    pub fn read(&self, name: Option<&Name>) -> Result<Certificate, (&'static str, String)> {
        let certificate = Certificate::read(&self.certificate, &self.key).map_err(|error| {
            let key = match error.half() {
                Half::Certificate => "certificate",
                Half::Key => "key",
            };
            (key, error.to_string())
        })?;
        // Who gave devices a name wants them to check it, and all that do would refuse this.
        match name.filter(|name| !certificate.facts().bears_name(name)) {
            Some(name) => {
                let (file, names) = (self.certificate.display(), certificate.facts().names());
                let problem = format!(
                    "{name} is not in the certificate in {file}, so devices would refuse it; it is for: {names}"
                );
                Err(("name", problem))
            }
            None => Ok(certificate),
        }
    }

    /// What people should know about them now, in seconds since 1970, each with the key of the configuration that it is about.
    pub fn doubts(&self, certificate: &Certificate, now: u64) -> Vec<(&'static str, String)> {
        let (file, key) = (self.certificate.display(), self.key.display());
        let mode = fs::metadata(&self.key).map_or(0, |metadata| metadata.mode());
        let open = (mode & READABLE_BY_ALL != 0).then(|| {
            let problem = format!("everybody on this machine may read {key}, and then be this server; take that right away: chmod o= {key}");
            ("key", problem)
        });
        let doubts = certificate.facts().doubts(now).into_iter();
        let doubts =
            doubts.map(|doubt| ("certificate", format!("the certificate in {file} {doubt}")));
        doubts.chain(open).collect()
    }
}

impl Encrypted {
    /// The operator's files, if the certificate is from there.
    pub fn files(&self) -> Option<&Files> {
        match &self.identity {
            Identity::Files(files, _) => Some(files),
            Identity::SelfSigned(_) => None,
        }
    }

    /// The certificate that lanward makes for itself, if that is wanted; the plain doors are `listen`.
    pub fn self_signed(&self, listen: &[SocketAddr]) -> Option<SelfSigned> {
        match &self.identity {
            Identity::Files(..) => None,
            Identity::SelfSigned(folder) => Some(self.self_signed_in(folder.as_deref(), listen)),
        }
    }

    /// A certificate that lanward makes for itself, in this folder or the usual one. It must be for the encrypted doors and, for devices
    /// that find them by asking at the plain ones (RFC 9462 §4.2), for those, which are `listen`.
    pub fn self_signed_in(&self, folder: Option<&Path>, listen: &[SocketAddr]) -> SelfSigned {
        let doors = self.doors.iter().map(|(_, address)| address);
        let doors: BTreeSet<IpAddr> = doors.chain(listen).map(SocketAddr::ip).collect();
        let addresses: BTreeSet<IpAddr> = doors.into_iter().flat_map(own_addresses).collect();
        SelfSigned {
            folder: folder
                .unwrap_or_else(|| Path::new(DEFAULT_STATE))
                .to_owned(),
            name: self.name,
            addresses: addresses.into_iter().take(MOST_ADDRESSES).collect(),
        }
    }
}

impl Settings {
    /// A folder for what lanward itself must keep, where the file names none.
    pub fn keep_state_in(&mut self, folder: &Path) {
        if let Some(encrypted) = &mut self.encrypted
            && let Identity::SelfSigned(state) = &mut encrypted.identity
        {
            state.get_or_insert_with(|| folder.to_owned());
        }
    }

    /// The addresses of the plain doors for which a certificate is not, although devices ask there where the encrypted doors are
    /// (RFC 9462 §4.2). Of all addresses of this machine one is enough; nobody else asks at those of loopback.
    pub fn plain_addresses_missing_in(&self, facts: &Facts) -> Vec<IpAddr> {
        let doors = self.listen.iter().filter_map(|door| {
            let mut asked = own_addresses(door.ip());
            asked.retain(|address| !address.is_loopback());
            let borne = asked.iter().any(|address| facts.bears_address(*address));
            asked.into_iter().next().filter(|_| !borne)
        });
        doors.collect()
    }
}

/// The addresses at which a door can be found, as far as they last.
fn own_addresses(door: IpAddr) -> Vec<IpAddr> {
    if !door.is_unspecified() {
        return vec![door];
    }
    let mut addresses = interfaces::lasting_addresses();
    addresses.retain(|address| address.is_ipv4() == door.is_ipv4());
    addresses
}

/// `[server.tls]`; the files that it names are in `folder` unless they say otherwise.
pub(super) fn prove(prover: &mut Prover<'_>, file: &File, folder: &Path) -> Option<Encrypted> {
    let section = file.server.tls.as_ref()?;
    let mut doors = Vec::new();
    for (key, protocol, texts) in section.doors() {
        let read = |text| Some((protocol, prover.read_with(key, text, parse_listen)?));
        doors.extend(texts.iter().filter_map(read));
    }
    let name = section.name.as_ref();
    let name = name.and_then(|text| prover.read_with("name", text, read_name));
    let path = section.path.as_ref();
    let path = path.and_then(|text| prover.read_with("path", text, read_path));
    let has_doors = (section.doors().into_iter()).any(|(_, _, texts)| !texts.is_empty());
    if !has_doors {
        prover.warning(
            None,
            "[server.tls] opens no door; allowed: at least one, such as tls = [\"0.0.0.0:853\"]",
        );
    }
    let identity = prove_identity(prover, section, (folder, name.as_ref()), has_doors)?;
    has_doors.then(|| Encrypted {
        identity,
        name,
        doors,
        path: path.unwrap_or_else(|| DEFAULT_PATH.to_owned()),
    })
}

/// What the section says about the certificate; one is needed for doors.
fn prove_identity(
    prover: &mut Prover<'_>,
    section: &file::Encrypted,
    (folder, name): (&Path, Option<&Name>),
    is_needed: bool,
) -> Option<Identity> {
    let own = section.self_signed.as_ref();
    let own = own.filter(|own| *own.get_ref());
    let given = section.certificate.as_ref().or(section.key.as_ref());
    match (own, given, &section.state) {
        (Some(own), Some(_), _) => {
            prover.error(Some(own.span()), "self_signed: there can be one certificate only; allowed: self_signed = true, or certificate and key");
            return None;
        }
        (Some(_), None, state) => {
            let state = state.as_ref().map(|state| folder.join(state.get_ref()));
            return Some(Identity::SelfSigned(state));
        }
        (None, _, Some(state)) => {
            prover.warning(
                Some(state.span()),
                "state: without effect, as self_signed is not true",
            );
        }
        (None, ..) => {}
    }
    match (&section.certificate, &section.key) {
        (Some(certificate), Some(key)) => prove_files(
            prover,
            (certificate, key),
            folder,
            (name, section.name.as_ref()),
        ),
        (None, None) if !is_needed => None,
        _ => {
            prover.error(
                given.map(Text::span),
                "[server.tls] needs a certificate: certificate = \"FILE\" and key = \"FILE\", or self_signed = true for one that lanward makes for itself",
            );
            None
        }
    }
}

/// The operator's certificate and key, for this name, which the file has there.
fn prove_files(
    prover: &mut Prover<'_>,
    (certificate, key): (&Text, &Text),
    folder: &Path,
    (name, name_text): (Option<&Name>, Option<&Text>),
) -> Option<Identity> {
    let files = Files {
        certificate: folder.join(certificate.get_ref()),
        key: folder.join(key.get_ref()),
    };
    let span = |about: &str| match about {
        "key" => Some(key.span()),
        "name" => name_text.map(Text::span),
        _ => Some(certificate.span()),
    };
    match files.read(name) {
        Ok(read) => {
            for (about, doubt) in files.doubts(&read, likely_time()) {
                prover.warning(span(about), format!("{about}: {doubt}"));
            }
            Some(Identity::Files(files, read))
        }
        Err((about, problem)) => {
            prover.error(span(about), format!("{about}: {problem}"));
            None
        }
    }
}

/// A name that can stand in a certificate and in a URL: one of a host (RFC 952, RFC 1123 §2.1).
fn read_name(text: &str) -> Result<Name, String> {
    let bare = text.strip_suffix('.').unwrap_or(text);
    let is_host = DnsName::try_from(bare).is_ok() && !bare.contains('_');
    let name = text.parse::<Name>().ok().filter(|_| is_host);
    let name = name.ok_or_else(|| {
        format!("{text:?} is no name of a host; allowed: letters, digits and hyphens between dots, such as \"dns.home.example\"")
    })?;
    // What stands in local data comes first, and this would: localhost would be this server for all of them.
    match SpecialUse::new().find(&name) {
        Some(special) if !special.routable => Err(format!(
            "{text:?} means something else ({}); allowed: a name of your own, such as \"dns.home.example\"",
            special.source
        )),
        _ => Ok(name),
    }
}

/// A path of visible ASCII characters without those that mean something in a URI or in a template (RFC 3986 §3.3, RFC 6570).
fn read_path(text: &str) -> Result<String, String> {
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~/".contains(&octet);
    if text.starts_with('/') && text.bytes().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{text:?} is no path; allowed: a slash, then letters, digits and -._~/, such as \"/dns-query\""
        ))
    }
}

impl file::Encrypted {
    /// The lists of doors, each with its key and what is spoken there.
    pub(super) fn doors(&self) -> [(&'static str, Protocol, &[Text]); 4] {
        [
            ("tls", Protocol::Tls, &self.tls),
            ("https", Protocol::Https, &self.https),
            ("quic", Protocol::Quic, &self.quic),
            ("h3", Protocol::H3, &self.h3),
        ]
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    /// A certificate for these names and addresses.
    fn certificate(names: &[&str]) -> Certificate {
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = CertificateParams::new(names).unwrap();
        let made = made.self_signed(&key).unwrap();
        let [file, key_file] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
        fs::write(&file, made.pem()).unwrap();
        fs::write(&key_file, key.serialize_pem()).unwrap();
        Certificate::read(&file, &key_file).unwrap()
    }

    #[test]
    fn devices_that_find_the_doors_by_asking_need_the_address_in_the_certificate() {
        let certificate = certificate(&["dns.example", "192.0.2.1"]);
        for (listen, missing) in [
            (&["192.0.2.1:53", "127.0.0.1:53"][..], &[][..]),
            (&["192.0.2.1:53", "192.0.2.2:53"], &["192.0.2.2"]),
            (&["127.0.0.1:53", "[::1]:53"], &[]),
        ] {
            let settings = Settings {
                listen: listen.iter().map(|text| text.parse().unwrap()).collect(),
                ..Settings::default()
            };
            let missing: Vec<IpAddr> = missing.iter().map(|text| text.parse().unwrap()).collect();
            let found = settings.plain_addresses_missing_in(certificate.facts());
            assert_eq!(found, missing, "{listen:?}");
        }
    }

    #[test]
    fn a_certificate_of_our_own_is_for_all_doors() {
        let text = "[server]\nlisten = [\"192.0.2.1:53\", \"[2001:db8::1]:53\"]\n[server.tls]\nself_signed = true\nname = \"dns.example\"\ntls = [\"192.0.2.1:853\", \"192.0.2.2:853\"]\nquic = [\"0.0.0.0:853\"]\n";
        let mut settings = Settings::prove(Path::new("f"), text).0.unwrap();
        let own = |settings: &Settings| {
            let encrypted = settings.encrypted.as_ref().unwrap();
            encrypted.self_signed(&settings.listen).unwrap()
        };
        let wanted = own(&settings);
        assert_eq!(wanted.name, "dns.example".parse().ok());
        for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1", "127.0.0.1"] {
            let address: IpAddr = address.parse().unwrap();
            assert!(
                wanted.addresses.contains(&address),
                "{:?}",
                wanted.addresses
            );
        }
        assert!(
            !wanted.addresses.contains(&"::1".parse().unwrap()),
            "no door is there"
        );
        assert_eq!(wanted.folder, Path::new("/var/lib/lanward"));
        settings.keep_state_in(Path::new("/run/state"));
        assert_eq!(own(&settings).folder, Path::new("/run/state"));
        settings.keep_state_in(Path::new("/elsewhere"));
        assert_eq!(own(&settings).folder, Path::new("/run/state"));
    }
}
