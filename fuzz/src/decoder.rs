//! Whatever labels stand in front of a domain that is decoded: an address has one canonical name, and leads back to itself.

use std::sync::LazyLock;

use lanward::name::embedded::{Decoded, Domain, Embedded, Preset, presets};
use lanward::wire::{Name, RecordType};

static ALL: LazyLock<Embedded> =
    LazyLock::new(|| Embedded::new(presets().flat_map(Preset::domains)));

/// The first octet chooses the domain, the rest are labels with dots between them.
pub fn decoder(data: &[u8]) {
    let Some((choice, text)) = data.split_first() else {
        return;
    };
    let domains: Vec<&Domain> = ALL.domains().collect();
    let domain = domains[usize::from(*choice) % domains.len()];
    let labels: Vec<&[u8]> = text
        .split(|octet| *octet == b'.')
        .filter(|label| !label.is_empty())
        .collect();
    let Ok(name) = Name::from_labels(labels.iter().copied().chain(domain.suffix().labels())) else {
        return;
    };
    for qtype in [RecordType::A, RecordType::AAAA, RecordType::HTTPS] {
        match ALL.decode(&name, qtype) {
            Some(Decoded::Address { domain, address }) => {
                assert_eq!(
                    qtype,
                    if address.is_ipv4() {
                        RecordType::A
                    } else {
                        RecordType::AAAA
                    }
                );
                returns(domain, &name, address, &labels);
            }
            Some(Decoded::Nothing { .. }) => {}
            None => assert!(
                ALL.domain_of(&name).is_none() || ALL.why_not(&name).is_some(),
                "{name}"
            ),
        }
    }
}

/// The name that is made of the address, with any of the labels as id, carries that address.
fn returns(domain: &Domain, name: &Name, address: std::net::IpAddr, labels: &[&[u8]]) {
    let qtype = if address.is_ipv4() {
        RecordType::A
    } else {
        RecordType::AAAA
    };
    let ids = labels
        .iter()
        .filter_map(|label| std::str::from_utf8(label).ok())
        .map(Some);
    for id in ids.chain([None]) {
        let Ok(made) = domain.encode(address, id) else {
            continue;
        };
        let found = ALL.decode(&made, qtype);
        assert!(
            matches!(found, Some(Decoded::Address { address: found, .. }) if found == address),
            "{name} carries {address}, {made} does not"
        );
    }
    // plex.direct writes an IPv4 address in one way only.
    if domain.preset() == Some("plex.direct") && address.is_ipv4() {
        let id = labels.get(1).and_then(|id| std::str::from_utf8(id).ok());
        assert_eq!(domain.encode(address, id), Ok(*name));
    }
}
