//! Local data, from the files that the settings name.

use std::path::Path;
use std::sync::Arc;
use std::{fs, io};

use crate::config::{Finding, LeaseFile, Local, Severity, ZoneFile};
use crate::name::special::SpecialUse;
use crate::wire::Name;
use crate::zone::leases::{self, Names, Refusal};
use crate::zone::{self, Host, Mode, Zone, Zones};

/// How long names from leases may be kept, in seconds: a device may be gone soon.
const LEASE_TTL: u32 = 60;

/// What was made of the files.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The data.
    pub zones: Arc<Zones>,
    /// The zones, each with its file.
    files: Vec<(ZoneFile, Arc<Zone>, Vec<Name>)>,
    /// Names that mean something in this network only because of them.
    pub protected: Vec<Name>,
    /// The names that leases have got, for each lease file.
    pub leases: Vec<Names>,
    /// When the next of the leases ends, in seconds since 1970.
    pub next_end: Option<u64>,
    /// What is odd.
    pub warnings: Vec<Finding>,
    /// What is wrong with zones that are those from before.
    pub errors: Vec<Finding>,
}

impl Loaded {
    /// The same leases, but no zone that could stand in for a broken one.
    #[must_use]
    pub fn without_zones(&self) -> Self {
        Self {
            leases: self.leases.clone(),
            ..Self::default()
        }
    }
}

/// Loads all files at `now` (seconds since 1970). Where a zone file is broken, the zone `before` stands in for it; without one
/// there is nothing of any file, and the errors are returned. A lease or hosts file that is not there is only odd: its writer
/// may not have started yet.
pub fn load(local: &Local, before: &Loaded, now: u64) -> Result<Loaded, Vec<Finding>> {
    let mut loaded = Loaded::default();
    load_zones(local, before, &mut loaded)?;
    let zones: Vec<Arc<Zone>> = loaded
        .files
        .iter()
        .map(|(_, zone, _)| Arc::clone(zone))
        .collect();
    let mut hosts = local.hosts.clone();
    for path in &local.host_files {
        if let Some(text) = read(path, &mut loaded.warnings) {
            let (read, faults) = zone::read_hosts(&text);
            hosts.extend(read);
            let odd =
                |(line, fault): (usize, zone::HostsError)| warning(path, line, fault.to_string());
            loaded.warnings.extend(faults.into_iter().map(odd));
        }
    }
    loaded
        .protected
        .extend(hosts.iter().map(|host| covered(&host.name)));
    for (place, file) in local.leases.iter().enumerate() {
        let before = before.leases.get(place).cloned().unwrap_or_default();
        let taken = |name: &Name| {
            let configured = hosts.iter().any(|host| host.name == *name);
            configured || zones.iter().any(|zone| holds(zone, name, &file.domain))
        };
        let names = read_leases(file, &before, now, taken, &mut loaded);
        hosts.extend(names.given.iter().map(|(name, addresses)| Host {
            name: *name,
            addresses: addresses.clone(),
            ttl: LEASE_TTL,
        }));
        loaded
            .protected
            .extend(names.given.iter().map(|(name, _)| *name));
        loaded.leases.push(names);
    }
    loaded.zones = Arc::new(Zones::new(zones, &hosts));
    Ok(loaded)
}

fn load_zones(local: &Local, before: &Loaded, loaded: &mut Loaded) -> Result<(), Vec<Finding>> {
    let mut errors = Vec::new();
    for file in &local.zones {
        let known = before.files.iter().find(|(known, ..)| known == file);
        match (load_zone(file, &mut loaded.warnings), known) {
            (Ok((zone, protected)), _) => {
                let zone = Arc::new(zone);
                loaded.files.push((file.clone(), zone, protected));
            }
            (Err(found), Some(known)) => {
                loaded.files.push(known.clone());
                loaded.errors.extend(found);
            }
            (Err(found), None) => errors.extend(found),
        }
    }
    let protected = loaded.files.iter().flat_map(|(.., names)| names);
    loaded.protected = protected.copied().collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// A zone, and the names in it that no alias from outside may lead to.
fn load_zone(
    file: &ZoneFile,
    warnings: &mut Vec<Finding>,
) -> Result<(Zone, Vec<Name>), Vec<Finding>> {
    let convert = |found: Vec<zone::Finding>| {
        found
            .into_iter()
            .map(|finding| from_zone(finding.in_file(&file.path)))
            .collect::<Vec<_>>()
    };
    let records = zone::load(&file.path, &file.origin).map_err(convert)?;
    let found = convert(zone::check(
        &file.origin,
        file.mode,
        &records,
        &SpecialUse::new(),
    ));
    let (errors, odd): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        return Err(errors);
    }
    warnings.extend(odd);
    let protected = match file.mode {
        Mode::Authoritative => vec![file.origin],
        Mode::Overlay => records
            .iter()
            .map(|record| covered(&record.owner))
            .collect(),
    };
    Ok((Zone::new(file.origin, file.mode, records), protected))
}

/// Whether a name is the zone's, so that no lease may have it: it stands there, or below an origin that is not part of the
/// leases' own domain.
fn holds(zone: &Zone, name: &Name, domain: &Name) -> bool {
    let elsewhere = name.is_within(zone.origin()) && !domain.is_within(zone.origin());
    zone.has(name) || zone.mode() == Mode::Authoritative && elsewhere
}

/// A wildcard stands for all names below its parent.
fn covered(name: &Name) -> Name {
    let wildcard = name.labels().next() == Some(b"*");
    name.parent().filter(|_| wildcard).unwrap_or(*name)
}

fn read_leases(
    file: &LeaseFile,
    before: &Names,
    now: u64,
    taken: impl Fn(&Name) -> bool,
    loaded: &mut Loaded,
) -> Names {
    // A file that is away for a moment, because its server writes it anew, takes no names away.
    let Some(text) = read(&file.path, &mut loaded.warnings) else {
        return before.clone();
    };
    let leases = leases::read(file.format, &text);
    let ends = leases
        .iter()
        .filter_map(|lease| lease.until)
        .filter(|until| *until > now);
    loaded.next_end = loaded.next_end.into_iter().chain(ends).min();
    let names = leases::give_names(&leases, &file.domain, now, before, taken);
    // Each refusal is told once, not each time that the file is written.
    let news = names
        .refused
        .iter()
        .filter(|refusal| !before.refused.contains(refusal));
    for (hostname, address, why) in news {
        let problem = format!("the lease of {address} does not get the name {hostname:?}: {why}");
        // A device without a proper name of its own is nothing to do anything about.
        if *why == Refusal::NoHostname {
            tracing::debug!("{problem}");
        } else {
            loaded.warnings.push(warning(&file.path, 0, problem));
        }
    }
    names
}

fn read(path: &Path, warnings: &mut Vec<Finding>) -> Option<String> {
    // Who reads a pipe waits for somebody who writes, and all that is kept up to date would wait, too.
    let text = fs::metadata(path).and_then(|metadata| {
        if metadata.is_file() {
            fs::read(path)
        } else {
            Err(io::Error::other("it is no file"))
        }
    });
    match text {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            warnings.push(warning(path, 0, format!("cannot be read: {error}")));
            None
        }
    }
}

fn warning(path: &Path, line: usize, problem: String) -> Finding {
    let place = (line > 0).then_some((line, 0));
    Finding {
        severity: Severity::Warning,
        place: (path.to_owned(), place),
        problem,
    }
}

fn from_zone(finding: zone::Finding) -> Finding {
    let place = usize::try_from(finding.line)
        .ok()
        .filter(|line| *line > 0)
        .map(|line| (line, 0));
    Finding {
        severity: finding.severity,
        place: (finding.file, place),
        problem: finding.problem,
    }
}
