//! The part of the file that says which names are decoded.

use crate::name::embedded::{Domain, Families, Id, Shape, preset, presets};
use crate::server::access::parse_network;
use crate::wire::Name;

use super::file::{Embedded, EmbeddedDomain, Text};
use super::finding::Prover;

/// The domains of `[embedded]`.
pub(super) fn prove(prover: &mut Prover<'_>, section: &Embedded) -> Vec<Domain> {
    let mut domains = match &section.presets {
        None => super::default_domains(),
        Some(names) => names
            .iter()
            .filter_map(|name| read_preset(prover, name))
            .flatten()
            .collect(),
    };
    warn_of_idle_keys(prover, section, &domains);
    let networks: Vec<_> = section
        .networks
        .iter()
        .filter_map(|text| read_network(prover, "networks", text))
        .collect();
    domains = domains
        .into_iter()
        .map(|domain| narrow(prover, domain, section, &networks))
        .collect();
    domains.extend(
        section
            .domain
            .iter()
            .filter_map(|domain| prove_domain(prover, domain)),
    );
    domains
}

/// `ids`, `networks`, `ttl` and `loopback` are about the household's own server, that is about plex.direct.
fn narrow(
    prover: &mut Prover<'_>,
    mut domain: Domain,
    section: &Embedded,
    networks: &[ipnet::IpNet],
) -> Domain {
    if domain.preset() != Some("plex.direct") {
        return domain;
    }
    for text in &section.ids {
        if let Some(why) = domain.why_not_id(text.get_ref()) {
            prover.error(
                Some(text.span()),
                format!("ids: {:?}: {why}", text.get_ref()),
            );
        }
    }
    if !section.ids.is_empty() {
        domain = domain.with_ids(section.ids.iter().map(Text::get_ref));
    }
    if !networks.is_empty() {
        domain = domain.with_networks(networks.to_vec());
    }
    if let Some(ttl) = section.ttl {
        domain = domain.with_ttl(ttl);
    }
    domain.with_loopback(section.loopback.unwrap_or(true))
}

/// Keys that narrow plex.direct do nothing without it.
fn warn_of_idle_keys(prover: &mut Prover<'_>, section: &Embedded, domains: &[Domain]) {
    if domains
        .iter()
        .any(|domain| domain.preset() == Some("plex.direct"))
    {
        return;
    }
    for (key, list) in [("ids", &section.ids), ("networks", &section.networks)] {
        if let Some(first) = list.first() {
            let problem = format!("{key}: this is about plex.direct, which is not in presets");
            prover.warning(Some(first.span()), problem);
        }
    }
}

fn read_preset(prover: &mut Prover<'_>, text: &Text) -> Option<Vec<Domain>> {
    prover.read_with("presets", text, |name| {
        let all = || {
            presets()
                .map(|preset| preset.name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        preset(name).ok_or_else(|| format!("there is no preset {name:?}; allowed: {}", all()))
    })
}

fn prove_domain(prover: &mut Prover<'_>, domain: &EmbeddedDomain) -> Option<Domain> {
    let suffix = read_name(prover, "suffix", &domain.suffix)?;
    if suffix.label_count() < 2 {
        prover.error(
            Some(domain.suffix.span()),
            format!("suffix: {suffix} is a whole top-level domain; name one of your own"),
        );
    }
    let id = domain
        .id
        .as_ref()
        .map_or(Some(Id::None), |id| prover.read("id", id))?;
    let families = domain
        .families
        .as_ref()
        .map_or(Some(Families::Both), |families| {
            let words: Vec<&str> = families
                .get_ref()
                .iter()
                .map(|word| word.get_ref().as_str())
                .collect();
            let found = match words.as_slice() {
                ["ipv4"] => Some(Families::V4),
                ["ipv6"] => Some(Families::V6),
                ["ipv4", "ipv6"] | ["ipv6", "ipv4"] => Some(Families::Both),
                _ => None,
            };
            if found.is_none() {
                prover.error(
                    Some(families.span()),
                    "families: allowed: [\"ipv4\"], [\"ipv6\"] or both",
                );
            }
            found
        })?;
    let shape = Shape::new(id)
        .with_prefix(domain.labels_in_front)
        .with_families(families);
    let made = Domain::shaped(suffix, shape);
    Some(match domain.ttl {
        Some(ttl) => made.with_ttl(ttl),
        None => made,
    })
}

/// A name, without the wildcards and dots that other programs want in such places.
pub(super) fn read_name(prover: &mut Prover<'_>, key: &str, text: &Text) -> Option<Name> {
    prover.read_with(key, text, |name| {
        if let Some(rest) = name
            .strip_prefix("*.")
            .or_else(|| name.strip_prefix('.').filter(|rest| !rest.is_empty()))
        {
            return Err(format!(
                "{name:?}: write {rest:?}; all names below it are meant as well"
            ));
        }
        name.parse::<Name>()
            .map_err(|error| format!("{name:?} is no domain name: {error}"))
    })
}

/// A network, or a single address.
pub(super) fn read_network(
    prover: &mut Prover<'_>,
    key: &str,
    text: &Text,
) -> Option<ipnet::IpNet> {
    prover.read_with(key, text, |net| {
        let read = parse_network(net).ok_or_else(|| {
            format!("{net:?} is no network; allowed: such as \"192.168.1.0/24\" or \"fd00::/8\"")
        })?;
        if read.trunc() == read {
            Ok(read)
        } else {
            Err(format!(
                "{net:?} has bits behind its prefix; did you mean \"{}\"?",
                read.trunc()
            ))
        }
    })
}
