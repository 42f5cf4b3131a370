//! The part of the file that says what this network knows by itself.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::wire::Name;
use crate::zone::leases::Format;
use crate::zone::{Host, Mode};

use super::file::{self, Text};
use super::finding::Prover;
use super::names::read_name;

/// How long the addresses of a `[[host]]` may be kept unless it says so, in seconds: changes are taken over soon.
const HOST_TTL: u32 = 300;

/// Where local data come from. Files are named, not read: that is for whoever starts the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Local {
    /// Zone files.
    pub zones: Vec<ZoneFile>,
    /// Single names.
    pub hosts: Vec<Host>,
    /// Hosts files.
    pub host_files: Vec<PathBuf>,
    /// Lease files.
    pub leases: Vec<LeaseFile>,
}

/// A zone and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneFile {
    /// The name that all names of the zone end with.
    pub origin: Name,
    /// The file.
    pub path: PathBuf,
    /// What becomes of names that are not in it.
    pub mode: Mode,
}

/// A file of DHCP leases, whose names stand below a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseFile {
    /// The file.
    pub path: PathBuf,
    /// What wrote it.
    pub format: Format,
    /// The domain.
    pub domain: Name,
}

/// Proves `[[zone]]`, `[[host]]`, `[hosts]` and `[[leases]]`. Paths are relative to `folder`, that of the configuration file.
pub(super) fn prove(prover: &mut Prover<'_>, file: &file::File, folder: &Path) -> Local {
    let path = |text: &Text| folder.join(text.get_ref());
    Local {
        zones: (file.zone.iter())
            .filter_map(|zone| {
                let modes = [
                    ("authoritative", Mode::Authoritative),
                    ("overlay", Mode::Overlay),
                ];
                let mode = zone
                    .mode
                    .as_ref()
                    .map_or(Some(Mode::Authoritative), |text| {
                        prover.choose("mode", text, &modes)
                    });
                let origin = read_name(prover, "origin", &zone.origin)?;
                Some(ZoneFile {
                    origin,
                    path: path(&zone.file),
                    mode: mode?,
                })
            })
            .collect(),
        hosts: file
            .host
            .iter()
            .filter_map(|host| prove_host(prover, host))
            .collect(),
        host_files: file.hosts.files.iter().map(path).collect(),
        leases: (file.leases.iter())
            .filter_map(|leases| {
                let format = prover.read("format", &leases.format);
                let domain = read_name(prover, "domain", &leases.domain)?;
                Some(LeaseFile {
                    path: path(&leases.file),
                    format: format?,
                    domain,
                })
            })
            .collect(),
    }
}

fn prove_host(prover: &mut Prover<'_>, host: &file::Host) -> Option<Host> {
    let name = prover.read::<Name>("name", &host.name)?;
    if host.addresses.get_ref().is_empty() {
        prover.error(
            Some(host.addresses.span()),
            "addresses: empty; a host needs at least one",
        );
    }
    let read = |text: &str| {
        text.parse::<IpAddr>().map_err(|_| {
            format!("{text:?} is no address; allowed: such as \"192.168.1.20\" or \"fd00::20\"")
        })
    };
    let addresses = host.addresses.get_ref().iter();
    let addresses = addresses
        .filter_map(|text| prover.read_with("addresses", text, read))
        .collect();
    Some(Host {
        name,
        addresses,
        ttl: host.ttl.unwrap_or(HOST_TTL),
    })
}
