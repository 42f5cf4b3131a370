//! `[server.tls]`: the encrypted doors, and the certificate that is shown there.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::file::{self, File, Text};
use super::finding::Prover;
use super::{names, parse_listen};
use crate::server::encrypted::{Certificate, Protocol};
use crate::wire::Name;

/// Where DNS over HTTPS is, unless the file says otherwise: what RFC 8484 shows, and all clients offer.
const DEFAULT_PATH: &str = "/dns-query";

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
    /// A certificate of the operator's.
    Files {
        /// The chain of certificates.
        certificate: PathBuf,
        /// The private key of the first of them.
        key: PathBuf,
        /// Both, as they were read.
        read: Certificate,
    },
}

/// `[server.tls]`; the files that it names are in `folder` unless they say otherwise.
pub(super) fn prove(prover: &mut Prover<'_>, file: &File, folder: &Path) -> Option<Encrypted> {
    let section = file.server.tls.as_ref()?;
    let doors = [
        ("tls", Protocol::Tls, &section.tls),
        ("https", Protocol::Https, &section.https),
        ("quic", Protocol::Quic, &section.quic),
        ("h3", Protocol::H3, &section.h3),
    ];
    let doors = doors.into_iter().flat_map(|(key, protocol, texts)| {
        let read = |text| Some((protocol, prover.read_with(key, text, parse_listen)?));
        texts.iter().filter_map(read).collect::<Vec<_>>()
    });
    let doors = doors.collect();
    let name = section.name.as_ref();
    let name = name.and_then(|text| names::read_name(prover, "name", text));
    let path = section.path.as_ref();
    let path = path.and_then(|text| prover.read_with("path", text, read_path));
    Some(Encrypted {
        identity: prove_identity(prover, section, folder)?,
        name,
        doors,
        path: path.unwrap_or_else(|| DEFAULT_PATH.to_owned()),
    })
}

fn prove_identity(
    prover: &mut Prover<'_>,
    section: &file::Encrypted,
    folder: &Path,
) -> Option<Identity> {
    let (Some(certificate), Some(key)) = (&section.certificate, &section.key) else {
        let given = section.certificate.as_ref().or(section.key.as_ref());
        prover.error(
            given.map(Text::span),
            "[server.tls] needs both, certificate = \"FILE\" and key = \"FILE\"",
        );
        return None;
    };
    let paths = (
        folder.join(certificate.get_ref()),
        folder.join(key.get_ref()),
    );
    let read = prover.read_with("certificate", certificate, |_| {
        Certificate::read(&paths.0, &paths.1).map_err(|error| error.to_string())
    })?;
    Some(Identity::Files {
        certificate: paths.0,
        key: paths.1,
        read,
    })
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
