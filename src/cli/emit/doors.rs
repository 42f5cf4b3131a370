//! The encrypted doors of the configuration, as devices reach them.

use std::net::{IpAddr, SocketAddr};

use super::known::is_plain;
use crate::config::{Encrypted, Identity, Settings};
use crate::emit::{Doors, Refusal, Root};
use crate::server::interfaces::is_link_local;

/// What `[server.tls]` says, reached at `servers`, or where the configuration says; without the root.
pub(super) fn doors(settings: &Settings, servers: &[SocketAddr]) -> Result<Doors, Refusal> {
    let encrypted = settings.encrypted.as_ref();
    let Some(encrypted) = encrypted.filter(|encrypted| !encrypted.doors.is_empty()) else {
        return Err(Refusal::new(
            "there are no encrypted doors to tell of. Write into the configuration (--config FILE), with your own values: [server.tls] \
             certificate = \"fullchain.pem\", key = \"privkey.pem\", name = \"dns.home.example\", tls = [\"0.0.0.0:853\"], https = [\"0.0.0.0:443\"]",
        ));
    };
    let Some(name) = encrypted.name else {
        return Err(Refusal::new(
            "the encrypted doors have no name, by which devices know whom they talk to. Write into [server.tls] the one in the certificate: \
             name = \"dns.home.example\"",
        ));
    };
    if !is_plain(&name) {
        return Err(Refusal::new(format!(
            "[server.tls] name: {name} is no name of a host: allowed are letters, digits, hyphens and underscores"
        )));
    }
    if let Some(server) = servers.iter().find(|server| server.ip().is_loopback()) {
        return Err(Refusal::new(format!(
            "--server {}: for a device that is the device itself; name lanward's address in this network",
            server.ip()
        )));
    }
    let endpoints = if servers.is_empty() {
        encrypted.doors_at(&bound(settings))
    } else {
        let here: Vec<IpAddr> = servers.iter().map(SocketAddr::ip).collect();
        moved(encrypted, &here).doors_at(&here)
    };
    let first = endpoints.first().and_then(|door| door.addresses.first());
    let Some(first) = first else {
        if !servers.is_empty() {
            return Err(Refusal::new(
                "no door in [server.tls] is open for addresses like that of --server; \"0.0.0.0:853\" is for IPv4, \"[::]:853\" for IPv6",
            ));
        }
        return Err(Refusal::new(
            "the configuration does not say at which address devices reach the encrypted doors: name it with --server ADDRESS, and if there is one \
             of each family, twice: --server 192.168.1.2 --server fd00::2",
        ));
    };
    let server = servers
        .first()
        .copied()
        .unwrap_or_else(|| plain(settings, *first));
    Ok(Doors {
        name,
        server,
        endpoints,
        root: None,
    })
}

/// The certificate that devices must be told to trust. Only the running server makes an authority of its own.
pub(super) fn root(settings: &Settings) -> Result<Option<Root>, Refusal> {
    let Some(encrypted) = &settings.encrypted else {
        return Ok(None);
    };
    let own = match &encrypted.identity {
        Identity::Files(_, read) => {
            let root = read.own_root().map(|(octets, is_authority)| Root {
                octets: octets.to_vec(),
                is_authority,
            });
            return Ok(root);
        }
        Identity::SelfSigned(folder) => {
            encrypted.self_signed_in(folder.as_deref(), &settings.listen)
        }
    };
    let authority = own.look().map_err(|error| {
        Refusal::new(format!(
            "there is no authority yet that can be read: {error}. Start lanward with this configuration once, it makes one; and run this command as a \
             user who may read it"
        ))
    })?;
    Ok(Some(Root {
        octets: authority.to_vec(),
        is_authority: true,
    }))
}

/// The addresses in `[server] listen` that others can reach: doors that are open on all addresses are open there.
fn bound(settings: &Settings) -> Vec<IpAddr> {
    let listen = settings.listen.iter().map(SocketAddr::ip);
    listen
        .filter(|ip| !ip.is_unspecified() && !ip.is_loopback() && !is_link_local(*ip))
        .collect()
}

/// The same doors at these addresses of their family, whatever they are open on: there may be a container or a router between.
fn moved(encrypted: &Encrypted, here: &[IpAddr]) -> Encrypted {
    let doors = encrypted.doors.iter().flat_map(|(protocol, door)| {
        let addresses = here.iter().filter(|ip| ip.is_ipv4() == door.is_ipv4());
        addresses.map(|ip| (*protocol, SocketAddr::new(*ip, door.port())))
    });
    Encrypted {
        doors: doors.collect(),
        ..encrypted.clone()
    }
}

/// Where lanward answers without encryption, for somebody who reaches a door at `ip`.
fn plain(settings: &Settings, ip: IpAddr) -> SocketAddr {
    let mut listen = settings.listen.iter();
    let fits = |listen: &&SocketAddr| {
        listen.ip() == ip || listen.ip().is_unspecified() && listen.is_ipv4() == ip.is_ipv4()
    };
    if let Some(listen) = listen.find(fits) {
        return SocketAddr::new(ip, listen.port());
    }
    // The doors may have an address of their own.
    let others = bound(settings);
    let mut listen = settings.listen.iter().copied();
    listen
        .find(|listen| others.contains(&listen.ip()))
        .unwrap_or_else(|| SocketAddr::new(ip, 53))
}
