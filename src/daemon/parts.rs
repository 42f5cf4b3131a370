//! From settings to the state of a resolver.

use std::sync::Arc;

use ipnet::IpNet;
use tokio::runtime::Handle;

use super::local::Loaded;
use super::{StartError, presence, system};
use crate::address::classify;
use crate::config::{OwnNetwork, Settings};
use crate::name::embedded::Embedded;
use crate::name::special::{PROTECTED, SpecialUse};
use crate::rebinding::{Exception, Judge, PRIVATE, Policy};
use crate::resolver::State;
use crate::server::interfaces::{self, Link};
use crate::upstream::validate::clock_is_wrong;
use crate::upstream::{Gear, Group, Server, Upstream, Validator};
use crate::wire::Name;

/// A state, and where its default servers come from.
#[derive(Debug)]
pub struct Parts {
    /// The state.
    pub state: State,
    /// The servers are the system's, not the file's.
    pub from_system: bool,
}

/// Builds the state for a machine with these interfaces.
pub fn build(settings: &Settings, links: &[Link], local: &Loaded) -> Parts {
    let servers = settings
        .upstream
        .servers
        .clone()
        .unwrap_or_else(|| system::servers(settings));
    let own = settings.own_doors();
    let group = |servers: Vec<Server>, policy, gear: &Gear| {
        let gear = Gear {
            own: own.clone(),
            ..gear.clone()
        };
        Group::new(servers, policy, &gear)
    };
    let routes = settings.upstream.routes.iter().flat_map(|route| {
        let group = Arc::new(group(route.servers.clone(), route.policy, &route.gear));
        route
            .domains
            .iter()
            .map(move |domain| (*domain, Arc::clone(&group)))
    });
    let embedded = Arc::new(Embedded::new(settings.embedded.iter().cloned()));
    let networks = interfaces::networks(links);
    let mut policy = policy(settings, &networks, Arc::clone(&embedded));
    policy.protected.extend(&local.protected);
    policy.protected.extend(presence::name(settings));
    let default = group(servers, settings.upstream.policy, &settings.upstream.gear);
    let upstream = Upstream::new(default, routes);
    let upstream = match &settings.upstream.dnssec {
        Some(dnssec) => upstream.judged_by(Validator::new(
            dnssec.anchors.clone(),
            dnssec.domains.iter().copied(),
            Handle::try_current().ok(),
        )),
        None => upstream,
    };
    let state = State {
        zones: presence::views(settings, links, &local.zones),
        embedded,
        special: if settings.firefox_canary {
            SpecialUse::new()
        } else {
            SpecialUse::without_canary()
        },
        judge: Judge::new(policy),
        upstream: Arc::new(upstream),
        excluded: settings
            .exclude
            .iter()
            .map(|domain| (*domain, ()))
            .collect(),
    };
    Parts {
        state,
        from_system: settings.upstream.servers.is_none(),
    }
}

impl Parts {
    /// Whether every upstream server can be asked, as far as that does not depend on the network.
    pub(super) fn prove(&self, settings: &Settings) -> Result<(), StartError> {
        let groups = || self.state.upstream.groups();
        let servers = groups().flat_map(|group| group.servers());
        let servers = servers.chain(&settings.upstream.gear.bootstrap);
        let mut own = servers.filter_map(|server| settings.own_address(server));
        if let Some(own) = own.next() {
            return Err(StartError::OwnListener(own));
        }
        for group in groups() {
            group.prove()?;
        }
        Ok(())
    }

    /// Logs where questions go.
    pub(super) fn tell(&self) {
        let (_, group) = self.state.upstream.route(&Name::ROOT);
        let list = group
            .servers()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ");
        match (list.is_empty(), self.from_system) {
            (true, true) => tracing::warn!(
                "the system names no resolver that could be asked; only local names are answered: set servers in [upstream], such as servers = [\"9.9.9.9\"]"
            ),
            (true, false) => tracing::warn!(
                "[upstream] servers is empty; only local names and routes are answered"
            ),
            (false, true) => tracing::info!("asking the system's resolvers: {list}"),
            (false, false) => tracing::info!("asking {list}"),
        }
        if self.state.upstream.judges(&Name::ROOT).is_some() {
            tracing::info!("answers are judged by DNSSEC");
            if clock_is_wrong() {
                tracing::warn!(
                    "the clock is wrong: until it is set, signatures count even if they have expired"
                );
            }
        }
    }
}

/// The whole policy: what the file says, with what follows from the rest of it.
fn policy(settings: &Settings, networks: &[IpNet], embedded: Arc<Embedded>) -> Policy {
    let mut policy = settings.protection.policy.clone();
    policy.exceptions.extend(private_routes(settings));
    policy.embedded = embedded;
    policy.protected.extend(
        PROTECTED
            .iter()
            .filter_map(|name| name.parse::<Name>().ok()),
    );
    for own in &settings.protection.own {
        match own {
            OwnNetwork::Network(net) => policy.own.push(*net),
            OwnNetwork::Connected => policy
                .own
                .extend(networks.iter().filter(|net| classify(net.addr()).is_none())),
        }
    }
    policy
}

/// A domain that has its own servers and may hold private addresses is an exception by itself, without the parts for which
/// other servers are asked.
fn private_routes(settings: &Settings) -> impl Iterator<Item = Exception> {
    let domains = |private: bool| {
        let routes = settings.upstream.routes.iter();
        routes
            .filter(move |route| route.private == private)
            .flat_map(|route| &route.domains)
    };
    domains(true).map(move |domain| Exception {
        except: domains(false)
            .filter(|other| other.is_within(domain) && *other != domain)
            .copied()
            .collect(),
        ..Exception::new(*domain, PRIVATE.to_vec())
    })
}
