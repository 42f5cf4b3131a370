//! What this server says of itself, and to whom: its name, and where its encrypted doors are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::config::{Encrypted, Settings};
use crate::resolver::Views;
use crate::server::interfaces::{self, Link};
use crate::wire::Name;
use crate::zone::{Zones, own_records};

/// What each client sees: those on one of this machine's links the addresses there, and all others every address that is not bound to
/// a link; those on this machine these as well, or loopback addresses where a door has no others.
pub(super) fn views(settings: &Settings, links: &[Link], zones: &Arc<Zones>) -> Views {
    let Some((encrypted, name)) = named(settings) else {
        return Views::new(Arc::clone(zones));
    };
    let mut ports: Vec<u16> = settings.listen.iter().map(SocketAddr::port).collect();
    ports.sort_unstable();
    ports.dedup();
    // Whoever writes down where the name leads knows better than this machine, which may be behind a port of a container.
    let is_written = zones.has(name);
    let seen_at = |here: &[IpAddr]| {
        let mut doors = encrypted.doors_at(here);
        if is_written {
            for door in &mut doors {
                door.addresses.clear();
            }
        }
        Arc::new(zones.with_own(own_records(name, &ports, &doors)))
    };
    let on_link = |link: &Link| -> Vec<IpAddr> {
        let addresses = link.addresses.iter().map(IpNet::addr);
        addresses
            .filter(|address| !interfaces::is_link_local(*address))
            .collect()
    };
    let everywhere: Vec<IpAddr> = links.iter().flat_map(on_link).collect();
    let mut views = Views::new(seen_at(&everywhere));
    for link in links {
        let zones = seen_at(&on_link(link));
        // Link-local networks are the same on all links, and one of all addresses is none, so they tell nothing.
        let tells = |network: &&IpNet| {
            network.prefix_len() > 0 && !interfaces::is_link_local(network.addr())
        };
        for network in link.addresses.iter().filter(tells) {
            views = views.seen_from(network.trunc(), Arc::clone(&zones));
        }
    }
    let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let loopback = seen_at(&[&everywhere[..], &loopback].concat());
    for network in loopback_networks() {
        views = views.seen_from(network, Arc::clone(&loopback));
    }
    views
}

/// The name of this server, if it has doors that go by it.
pub(super) fn name(settings: &Settings) -> Option<Name> {
    named(settings).map(|(_, name)| *name)
}

fn named(settings: &Settings) -> Option<(&Encrypted, &Name)> {
    let encrypted = settings.encrypted.as_ref()?;
    let name = encrypted.name.as_ref()?;
    (!encrypted.doors.is_empty()).then_some((encrypted, name))
}

fn loopback_networks() -> [IpNet; 2] {
    [
        IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
        IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
    ]
}
