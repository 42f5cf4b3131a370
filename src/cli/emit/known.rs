//! What lanward's settings say, for a plan.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use ipnet::IpNet;

use crate::address;
use crate::config::{OwnNetwork, Settings};
use crate::emit::{Refusal, Suffix};
use crate::name::embedded::Domain;
use crate::rebinding::{Action, Exception, PRIVATE};
use crate::wire::Name;
use crate::zone::{Host, read_hosts};

/// The id in questions for trying out.
const EXAMPLE_ID: &str = "0123456789abcdef0123456789abcdef";
const EXAMPLE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
/// The most that is read of a hosts file, in octets.
const MOST: u64 = 16 << 20;

pub(super) fn suffix(exception: &Exception) -> Suffix {
    Suffix {
        name: exception.domain,
        subdomains: exception.subdomains,
    }
}

/// What lanward asks of an exception beyond its name, which other programs cannot.
pub(super) fn narrower(exception: &Exception) -> Option<String> {
    let list = |nets: &[IpNet]| {
        let shown: Vec<String> = nets.iter().map(IpNet::to_string).collect();
        shown.join(", ")
    };
    let mut bounds = Vec::new();
    if exception.ranges != PRIVATE {
        bounds.push(format!("only addresses in {}", list(&exception.ranges)));
    }
    if !exception.clients.is_empty() {
        bounds.push(format!("only to {}", list(&exception.clients)));
    }
    let name = exception.domain;
    (!bounds.is_empty()).then(|| {
        format!(
            "For {name} lanward gives {}; here every private address passes, to everybody.",
            bounds.join(", and ")
        )
    })
}

/// A name under a decoded domain, and its address.
pub(super) fn carrying(domain: &Domain) -> Option<(Name, IpAddr)> {
    let addresses = [EXAMPLE, Ipv4Addr::LOCALHOST].into_iter().map(IpAddr::V4);
    let mut named = addresses.filter_map(|address| {
        let ids = [Some(EXAMPLE_ID), None];
        let name = ids
            .into_iter()
            .find_map(|id| domain.encode(address, id).ok());
        name.map(|name| (name, address))
    });
    named.next()
}

/// Where lanward listens; on all addresses means also on this machine's own.
pub(super) fn listener(settings: &Settings) -> SocketAddr {
    let first = settings.listen.first().copied();
    let mut address = first.unwrap_or(crate::config::DEFAULT_LISTEN);
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// All networks whose addresses lanward blocks.
pub(super) fn ranges(settings: &Settings) -> Vec<IpNet> {
    let mut ranges: Vec<_> = address::networks()
        .into_iter()
        .map(|(net, _)| net)
        .collect();
    if settings.protection.policy.own_action == Some(Action::Block) {
        ranges.extend(settings.protection.own.iter().filter_map(|own| match own {
            OwnNetwork::Network(net) => Some(*net),
            OwnNetwork::Connected => None,
        }));
    }
    ranges
}

/// The names that only lanward can answer, with all below them: of zones, hosts, leases and routes, and its own. The host of a single
/// label has none below it, and is found by nobody who asks for it alone.
pub(super) fn local(settings: &Settings, hosts: &[Host]) -> Vec<Name> {
    let local = &settings.local;
    let mut names: Vec<Name> = local.zones.iter().map(|zone| zone.origin).collect();
    names.extend(local.leases.iter().map(|leases| leases.domain));
    let routes = settings.upstream.routes.iter();
    names.extend(routes.flat_map(|route| route.domains.iter().copied()));
    let above = |name: Name| {
        let wildcard = name.as_wire().starts_with(b"\x01*");
        if wildcard {
            name.parent().unwrap_or(name)
        } else {
            name
        }
    };
    let hosts = hosts.iter().map(|host| above(host.name));
    names.extend(hosts.filter(|name| name.label_count() > 1));
    let own = settings.encrypted.iter().filter_map(|doors| doors.name);
    names.extend(own.filter(|name| name.label_count() > 1));
    names.retain(|name| *name != Name::ROOT);
    names
}

/// The domains of routes to servers inside.
pub(super) fn private(settings: &Settings) -> impl Iterator<Item = Name> {
    let routes = settings
        .upstream
        .routes
        .iter()
        .filter(|route| route.private);
    routes.flat_map(|route| route.domains.iter().copied())
}

/// All hosts that are configured, also those in hosts files.
pub(super) fn hosts(settings: &Settings) -> Result<Vec<Host>, Refusal> {
    let mut hosts = settings.local.hosts.clone();
    for path in &settings.local.host_files {
        let text = read(path).map_err(|error| {
            Refusal::new(format!(
                "{}: {error}; its names would be missing. Mend [hosts] files, or write for single domains with --domain",
                path.display()
            ))
        })?;
        // Lines that cannot be read are told by `check`.
        hosts.extend(read_hosts(&text).0);
    }
    Ok(hosts)
}

fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

/// Whether other programs can read the name where they read names.
pub(super) fn is_plain(name: &Name) -> bool {
    let octets = name.labels().flatten();
    octets
        .copied()
        .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}
