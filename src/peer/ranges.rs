//! Which of the networks that lanward blocks a peer blocks as well.

use ipnet::IpNet;

use super::{Kind, Protection, Reading};
use crate::address::{Reason, networks};

impl Reading {
    /// What is blocked and what is not, in lines for people; nothing while the protection is off.
    pub fn ranges(&self) -> Vec<String> {
        let Protection::On { ranges, .. } = &self.protection else {
            return Vec::new();
        };
        if ranges.is_empty() {
            return vec!["Blocked: what its expressions fit; they are not read here".to_owned()];
        }
        let mut lines = vec![format!("Blocked: {}", list(ranges))];
        let missing = missing(ranges);
        if !missing.plain.is_empty() {
            let since = match self.kind {
                Kind::Dnsmasq => " (100.64.0.0/10 from dnsmasq 2.92 on)",
                _ => "",
            };
            lines.push(format!(
                "Not blocked, but by lanward: {}{since}",
                list(&missing.plain)
            ));
        }
        if missing.rest > 0 {
            let count = missing.rest;
            lines.push(format!(
                "Not blocked, but by lanward: {count} networks of examples, tests, translators, and space that nobody was given"
            ));
        }
        lines
    }
}

/// The first networks, and how many there are besides.
fn list(nets: &[IpNet]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = nets.iter().take(SHOWN).map(ToString::to_string).collect();
    let shown = shown.join(", ");
    match nets.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What of lanward's list a peer does not block.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Networks that no attack should reach: private ones, loopback, and what leads to them.
    pub(super) plain: Vec<IpNet>,
    /// How many others are missing: those of examples, of tests, and space that nobody has.
    pub(super) rest: usize,
}

/// Compares lists. A network of which only a part is blocked is missing.
pub(super) fn missing(blocked: &[IpNet]) -> Missing {
    let blocked = IpNet::aggregate(&blocked.to_vec());
    let mut missing = Missing::default();
    for (net, reason) in networks() {
        if blocked.iter().any(|wider| wider.contains(&net)) {
            continue;
        }
        if is_near(net, reason) {
            missing.plain.push(net);
        } else {
            missing.rest += 1;
        }
    }
    missing
}

/// Whether devices of a household have such addresses, or are reached by them. What translators carry is not among it: few networks
/// have one.
fn is_near(net: IpNet, reason: Reason) -> bool {
    let carried =
        matches!(net, IpNet::V6(net) if matches!(net.network().segments(), [0x2002 | 0x64, ..]));
    let near = matches!(
        reason,
        Reason::Unspecified
            | Reason::ThisNetwork
            | Reason::Private
            | Reason::Shared
            | Reason::Loopback
            | Reason::LinkLocal
            | Reason::UniqueLocal
            | Reason::SiteLocal
            | Reason::Mapped
    );
    near && !carried
}
