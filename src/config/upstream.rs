//! The part of the file that says whom to ask.

use std::path::Path;

use super::dnssec::{self, Dnssec};
use super::file::{self, File, Text};
use super::finding::Prover;
use super::{names, rebinding};
use crate::upstream::{Codes, Gear, Policy, Server, Strategy, Trust};
use crate::wire::{Name, Rcode};

/// Whom to ask what is not known here.
#[derive(Debug, Clone, Default)]
pub struct Upstream {
    /// The default servers; `None`: those of the system.
    pub servers: Option<Vec<Server>>,
    /// How they are found, and by whom they are proven.
    pub gear: Gear,
    /// In which manner they are asked.
    pub policy: Policy,
    /// Servers for single domains.
    pub routes: Vec<Route>,
    /// How answers are judged; `None`: not at all.
    pub dnssec: Option<Dnssec>,
}

/// Servers for some domains.
#[derive(Debug, Clone)]
pub struct Route {
    /// The domains, with all below them.
    pub domains: Vec<Name>,
    /// Their servers.
    pub servers: Vec<Server>,
    /// How they are found, and by whom they are proven.
    pub gear: Gear,
    /// In which manner they are asked.
    pub policy: Policy,
    /// Whether answers may hold private addresses.
    pub private: bool,
}

/// `[upstream]` and `[[route]]`; the files that they name are in `folder` unless they say otherwise.
pub(super) fn prove(prover: &mut Prover<'_>, file: &File, folder: &Path) -> Upstream {
    let gear = prove_gear(prover, &file.upstream, folder);
    let servers =
        (file.upstream.servers.as_deref()).map(|servers| prove_servers(prover, servers, &gear));
    let manner = (&file.upstream.strategy, &file.upstream.failover_on);
    let policy = prove_policy(prover, manner, Policy::default());
    let routes = (file.route.iter())
        .filter_map(|route| prove_route(prover, route, (&gear, policy), folder))
        .collect();
    Upstream {
        servers,
        gear,
        policy,
        routes,
        dnssec: dnssec::prove(prover, file, folder),
    }
}

/// Who knows the addresses of servers, and who is believed about their certificates.
fn prove_gear(prover: &mut Prover<'_>, section: &file::Upstream, folder: &Path) -> Gear {
    let alone = Gear {
        trust: prove_trust(prover, section.ca.as_ref(), folder).unwrap_or_default(),
        ..Gear::default()
    };
    let bootstrap = section.bootstrap.iter().filter_map(|text| {
        let server = prover.read::<Server>("bootstrap", text)?;
        let problem = if server.addresses().is_empty() {
            format!("{server} has no address itself; allowed: servers with one, such as 9.9.9.9 or tls://dns.quad9.net@9.9.9.9")
        } else if let Err(error) = alone.prove(&server, &[]) {
            error.to_string()
        } else {
            return Some(server);
        };
        prover.error(Some(text.span()), format!("bootstrap: {problem}"));
        None
    });
    Gear {
        bootstrap: bootstrap.collect(),
        ..alone.clone()
    }
}

/// The root certificates in a file; none if no file is named.
fn prove_trust(prover: &mut Prover<'_>, ca: Option<&Text>, folder: &Path) -> Option<Trust> {
    prover.read_with("ca", ca?, |path| {
        Trust::read(&folder.join(path)).map_err(|error| error.to_string())
    })
}

/// A list of servers that can all be found and proven.
fn prove_servers(prover: &mut Prover<'_>, texts: &[Text], gear: &Gear) -> Vec<Server> {
    let read: Vec<(&Text, Server)> = (texts.iter())
        .filter_map(|text| Some((text, prover.read::<Server>("servers", text)?)))
        .collect();
    let servers: Vec<Server> = read.iter().map(|(_, server)| server.clone()).collect();
    for (text, server) in read {
        if let Err(error) = gear.prove(&server, &servers) {
            prover.error(Some(text.span()), format!("servers: {error}"));
        }
    }
    servers
}

fn prove_route(
    prover: &mut Prover<'_>,
    route: &file::Route,
    (gear, policy): (&Gear, Policy),
    folder: &Path,
) -> Option<Route> {
    for (key, list) in [("domains", &route.domains), ("servers", &route.servers)] {
        if list.get_ref().is_empty() {
            prover.error(
                Some(list.span()),
                format!("{key}: empty; a route needs at least one"),
            );
        }
    }
    let domains = route.domains.get_ref().iter().filter_map(|text| {
        let domain = names::read_name(prover, "domains", text)?;
        if route.private {
            rebinding::check_breadth(prover, "domains", text, &domain);
        }
        Some(domain)
    });
    let domains: Vec<Name> = domains.collect();
    let gear = Gear {
        trust: prove_trust(prover, route.ca.as_ref(), folder).unwrap_or_else(|| gear.trust.clone()),
        ..gear.clone()
    };
    let servers = prove_servers(prover, route.servers.get_ref(), &gear);
    let policy = prove_policy(prover, (&route.strategy, &route.failover_on), policy);
    (!domains.is_empty() && !servers.is_empty()).then_some(Route {
        domains,
        servers,
        gear,
        policy,
        private: route.private,
    })
}

/// The manner in which servers are asked; what is not said is as in `default`.
fn prove_policy(
    prover: &mut Prover<'_>,
    (strategy, failover_on): (&Option<Text>, &Option<Vec<Text>>),
    default: Policy,
) -> Policy {
    let strategies = [
        ("fastest", Strategy::Fastest),
        ("strict", Strategy::Strict),
        ("parallel", Strategy::Parallel),
    ];
    let codes = [
        ("formerr", Rcode::FORMERR),
        ("servfail", Rcode::SERVFAIL),
        ("nxdomain", Rcode::NXDOMAIN),
        ("notimp", Rcode::NOTIMP),
        ("refused", Rcode::REFUSED),
    ];
    let strategy = (strategy.as_ref())
        .and_then(|text| prover.choose("strategy", text, &strategies))
        .unwrap_or(default.strategy);
    let failover_on = failover_on.as_ref().map_or(default.failover_on, |words| {
        (words.iter())
            .filter_map(|text| prover.choose("failover_on", text, &codes))
            .collect::<Codes>()
    });
    Policy {
        strategy,
        failover_on,
    }
}
