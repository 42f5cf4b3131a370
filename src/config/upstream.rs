//! The part of the file that says whom to ask.

use std::path::Path;

use super::dnssec::{self, Dnssec};
use super::file::{self, File, Text};
use super::finding::Prover;
use super::{names, rebinding};
use crate::upstream::{Codes, Policy, Server, Strategy};
use crate::wire::{Name, Rcode};

/// Whom to ask what is not known here.
#[derive(Debug, Clone, Default)]
pub struct Upstream {
    /// The default servers; `None`: those of the system.
    pub servers: Option<Vec<Server>>,
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
    /// In which manner they are asked.
    pub policy: Policy,
    /// Whether answers may hold private addresses.
    pub private: bool,
}

/// `[upstream]` and `[[route]]`.
pub(super) fn prove(prover: &mut Prover<'_>, file: &File, folder: &Path) -> Upstream {
    let servers =
        (file.upstream.servers.as_deref()).map(|servers| prover.read_all("servers", servers));
    let manner = (&file.upstream.strategy, &file.upstream.failover_on);
    let policy = prove_policy(prover, manner, Policy::default());
    let routes = (file.route.iter())
        .filter_map(|route| prove_route(prover, route, policy))
        .collect();
    Upstream {
        servers,
        policy,
        routes,
        dnssec: dnssec::prove(prover, file, folder),
    }
}

fn prove_route(prover: &mut Prover<'_>, route: &file::Route, default: Policy) -> Option<Route> {
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
    let servers = prover.read_all("servers", route.servers.get_ref());
    let policy = prove_policy(prover, (&route.strategy, &route.failover_on), default);
    (!domains.is_empty() && !servers.is_empty()).then_some(Route {
        domains,
        servers,
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
