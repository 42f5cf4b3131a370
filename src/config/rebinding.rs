//! The part of the file that says what may point inside.

use std::sync::Arc;

use ipnet::{IpNet, Ipv6Net};

use crate::name::breadth::{Breadth, breadth};
use crate::rebinding::{Action, Exception, PRIVATE, Policy, builtin};
use crate::wire::Name;

use super::file::{Allow, Rebinding, Text};
use super::finding::Prover;
use super::names::{read_name, read_network};

/// A network of one's own among the public ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnNetwork {
    /// Those that the machine's interfaces are in.
    Connected,
    /// A network.
    Network(IpNet),
}

/// The proven `[rebinding]` section. What depends on the machine's interfaces is added when they are known.
#[derive(Debug, Clone, Default)]
pub struct Protection {
    /// All of the policy but `own`.
    pub policy: Policy,
    /// The networks of one's own.
    pub own: Vec<OwnNetwork>,
}

const ACTIONS: [(&str, Action); 3] = [
    ("block", Action::Block),
    ("report", Action::Report),
    ("off", Action::Off),
];

pub(super) fn prove(prover: &mut Prover<'_>, section: &Rebinding) -> Protection {
    let mut exceptions: Vec<Exception> = section
        .allow
        .iter()
        .filter_map(|allow| prove_allow(prover, allow))
        .collect();
    if section.builtin.unwrap_or(true) {
        exceptions.extend(builtin());
    }
    let action = section
        .action
        .as_ref()
        .and_then(|text| prover.choose("action", text, &ACTIONS))
        .unwrap_or_default();
    if action == Action::Off {
        let span = section.action.as_ref().map(toml::Spanned::span);
        prover.warning(span, "action: with \"off\" any web site can reach into this network; \"report\" lets pass, too, but says so");
    }
    let own_action = section
        .own_action
        .as_ref()
        .and_then(|text| prover.choose("own_action", text, &ACTIONS));
    let names = |prover: &mut Prover<'_>, key, texts: &[Text]| {
        texts
            .iter()
            .filter_map(|text| read_name(prover, key, text))
            .collect()
    };
    let policy = Policy {
        embedded: Arc::default(),
        action,
        exceptions,
        protected: names(prover, "protected", &section.protected),
        nat64: section
            .nat64
            .iter()
            .filter_map(|text| read_nat64(prover, text))
            .collect(),
        own: Vec::new(),
        own_action,
        dnsbl: names(prover, "dnsbl", &section.dnsbl),
        bypass_clients: section
            .bypass_clients
            .iter()
            .filter_map(|text| read_network(prover, "bypass_clients", text))
            .collect(),
    };
    let own = section.own_networks.as_deref().map_or_else(
        || vec![OwnNetwork::Connected],
        |texts| {
            texts
                .iter()
                .filter_map(|text| read_own(prover, text))
                .collect()
        },
    );
    Protection { policy, own }
}

fn read_own(prover: &mut Prover<'_>, text: &Text) -> Option<OwnNetwork> {
    if text.get_ref() == "connected" {
        return Some(OwnNetwork::Connected);
    }
    read_network(prover, "own_networks", text).map(OwnNetwork::Network)
}

/// A NAT64 prefix has one of six lengths (RFC 6052 §2.2).
fn read_nat64(prover: &mut Prover<'_>, text: &Text) -> Option<Ipv6Net> {
    prover.read_with("nat64", text, |net| {
        let read = net.parse::<Ipv6Net>().ok().filter(|net| matches!(net.prefix_len(), 32 | 40 | 48 | 56 | 64 | 96));
        read.ok_or_else(|| format!("{net:?} is no NAT64 prefix; allowed: an IPv6 network of length 32, 40, 48, 56, 64 or 96"))
    })
}

fn prove_allow(prover: &mut Prover<'_>, allow: &Allow) -> Option<Exception> {
    let domain = read_name(prover, "domain", &allow.domain)?;
    check_breadth(prover, "domain", &allow.domain, &domain);
    warn_of_decoded(prover, &allow.domain, &domain);
    let alias_to = allow.alias_to.iter().filter_map(|text| {
        let name = read_name(prover, "alias_to", text)?;
        check_breadth(prover, "alias_to", text, &name);
        Some(name)
    });
    let alias_to = alias_to.collect();
    let nets = |prover: &mut Prover<'_>, key, texts: &[Text]| {
        texts
            .iter()
            .filter_map(|text| read_network(prover, key, text))
            .collect()
    };
    Some(Exception {
        domain,
        subdomains: allow.subdomains.unwrap_or(true),
        except: Vec::new(),
        ranges: allow
            .ranges
            .as_deref()
            .map_or_else(|| PRIVATE.to_vec(), |texts| nets(prover, "ranges", texts)),
        alias_to,
        clients: nets(prover, "clients", &allow.clients),
    })
}

/// An exception for a name under which anybody can have a name is an exception for everybody.
pub(super) fn check_breadth(prover: &mut Prover<'_>, key: &str, text: &Text, domain: &Name) {
    let problem = format!("{key}: {}", breadth(domain));
    match breadth(domain) {
        Breadth::Household => {}
        Breadth::Root | Breadth::Registry(_) => prover.error(Some(text.span()), problem),
        Breadth::Hoster(_) => prover.warning(Some(text.span()), problem),
    }
}

/// An exception for names that are decoded does nothing but harm.
fn warn_of_decoded(prover: &mut Prover<'_>, text: &Text, domain: &Name) {
    let decoded = super::default_domains();
    if decoded
        .iter()
        .any(|decoded| domain.is_within(decoded.suffix()))
    {
        let problem = format!(
            "domain: names under {domain} are decoded and need no exception; this one only weakens the protection"
        );
        prover.warning(Some(text.span()), problem);
    }
}
