//! The part of the file that says whom to ask.

use super::file::{self, File};
use super::finding::Prover;
use super::{names, rebinding};
use crate::upstream::Server;
use crate::wire::Name;

/// Whom to ask what is not known here.
#[derive(Debug, Clone, Default)]
pub struct Upstream {
    /// The default servers; `None`: those of the system.
    pub servers: Option<Vec<Server>>,
    /// Servers for single domains.
    pub routes: Vec<Route>,
}

/// Servers for some domains.
#[derive(Debug, Clone)]
pub struct Route {
    /// The domains, with all below them.
    pub domains: Vec<Name>,
    /// Their servers.
    pub servers: Vec<Server>,
    /// Whether answers may hold private addresses.
    pub private: bool,
}

/// `[upstream]` and `[[route]]`.
pub(super) fn prove(prover: &mut Prover<'_>, file: &File) -> Upstream {
    let servers =
        (file.upstream.servers.as_deref()).map(|servers| prover.read_all("servers", servers));
    let routes = (file.route.iter())
        .filter_map(|route| prove_route(prover, route))
        .collect();
    Upstream { servers, routes }
}

fn prove_route(prover: &mut Prover<'_>, route: &file::Route) -> Option<Route> {
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
    (!domains.is_empty() && !servers.is_empty()).then_some(Route {
        domains,
        servers,
        private: route.private,
    })
}
