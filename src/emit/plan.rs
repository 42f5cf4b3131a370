//! What a resolver shall let through, hand over and block: the same as lanward itself.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::{Mode, Refusal};
use crate::name::special::SpecialUse;
use crate::wire::Name;

/// A name, with all below it or alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suffix {
    /// The name.
    pub name: Name,
    /// Whether all names below it are meant as well.
    pub subdomains: bool,
}

/// What a resolver shall let through, hand over and block.
#[derive(Debug, Clone)]
pub struct Plan {
    allowed: Vec<Suffix>,
    machinery: Vec<Name>,
    forwarded: Vec<Name>,
    server: SocketAddr,
    ranges: Vec<IpNet>,
    own: Vec<(Name, IpAddr)>,
    probe: Option<(Name, IpAddr)>,
    told: Vec<(&'static [Mode], String)>,
}

/// Public names with private addresses, by which one can see whether a protection is on. There is more than one because such a
/// name shows nothing where its domain is allowed: <https://nip.io>, <https://sslip.io>, <https://traefik.me>, <https://localtest.me>.
const CANARIES: [&str; 4] = [
    "10-0-0-1.nip.io",
    "10-0-0-1.sslip.io",
    "10-0-0-1.traefik.me",
    "localtest.me",
];

impl Plan {
    /// A plan without domains, for a target that reaches lanward there.
    pub fn new(server: SocketAddr) -> Self {
        Self {
            allowed: Vec::new(),
            machinery: Vec::new(),
            forwarded: Vec::new(),
            server,
            ranges: Vec::new(),
            own: Vec::new(),
            probe: None,
            told: Vec::new(),
        }
    }

    /// A name among the domains and its address, to see whether it is answered.
    #[must_use]
    pub fn probe_with(mut self, probe: Option<(Name, IpAddr)>) -> Self {
        self.probe = probe;
        self
    }

    /// Something to be said in these modes.
    #[must_use]
    pub fn tell(mut self, modes: &'static [Mode], note: impl Into<String>) -> Self {
        self.told.push((modes, note.into()));
        self
    }

    /// Domains whose private answers pass.
    #[must_use]
    pub fn allow(mut self, domains: impl IntoIterator<Item = Suffix>) -> Self {
        self.allowed.extend(domains);
        self.allowed.sort_by(|one, other| {
            let names = one.name.canonical_cmp(&other.name);
            names.then(other.subdomains.cmp(&one.subdomains))
        });
        let mut kept: Vec<Suffix> = Vec::new();
        for domain in self.allowed.drain(..) {
            let covers = |wider: &Suffix| {
                wider.name == domain.name || wider.subdomains && domain.name.is_within(&wider.name)
            };
            if !kept.iter().any(covers) {
                kept.push(domain);
            }
        }
        self.allowed = kept;
        self
    }

    /// Names of the Internet's own machinery, whose private answers must pass wherever all others are blocked.
    #[must_use]
    pub fn spare(mut self, names: impl IntoIterator<Item = Name>) -> Self {
        self.machinery.extend(names);
        self
    }

    /// The plan for a protection: what it would break is allowed.
    pub(super) fn for_protection(&self) -> Self {
        self.clone()
            .allow(self.machinery.iter().map(|&name| Suffix {
                name,
                // Whoever has the name has those below it; that need not be told to people.
                subdomains: true,
            }))
    }

    /// Domains whose questions lanward answers, each with all names below it.
    #[must_use]
    pub fn forward(mut self, domains: impl IntoIterator<Item = Name>) -> Self {
        self.forwarded.extend(domains);
        self.forwarded.sort_by(Name::canonical_cmp);
        let mut kept: Vec<Name> = Vec::new();
        for domain in self.forwarded.drain(..) {
            if !kept.iter().any(|wider| domain.is_within(wider)) {
                kept.push(domain);
            }
        }
        self.forwarded = kept;
        self
    }

    /// Networks whose addresses are blocked, IPv4 first.
    #[must_use]
    pub fn block(mut self, ranges: impl IntoIterator<Item = IpNet>) -> Self {
        self.ranges.extend(ranges);
        self
    }

    /// Fixed names of the household's own servers.
    #[must_use]
    pub fn fix(mut self, names: impl IntoIterator<Item = (Name, IpAddr)>) -> Self {
        self.own.extend(names);
        self.own.sort_by(|one, other| {
            let names = one.0.canonical_cmp(&other.0);
            names.then(one.1.cmp(&other.1))
        });
        self.own.dedup();
        self
    }

    /// Domains whose private answers pass, none within another, in canonical order.
    pub fn allowed(&self) -> &[Suffix] {
        &self.allowed
    }

    /// Domains whose questions go to lanward, none within another, in canonical order.
    pub fn forwarded(&self) -> &[Name] {
        &self.forwarded
    }

    /// The forwarded domains that must not leave a network by themselves (RFC 6303, RFC 8375), for which resolvers have answers of their own:
    /// those must be taken away.
    pub fn special(&self) -> impl Iterator<Item = &Name> {
        let special = SpecialUse::new();
        let domains = self.forwarded.iter();
        domains.filter(move |domain| special.find(domain).is_some())
    }

    /// Where the target reaches lanward.
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// Where the target reaches lanward, for one that can only ask on port 53.
    pub fn server_on_port_53(&self, title: &str) -> Result<IpAddr, Refusal> {
        if self.server.port() == 53 {
            return Ok(self.server.ip());
        }
        Err(Refusal::new(format!(
            "{title} can be told an address, but no port, and asks on port 53; lanward is at {}. Let it listen on port 53 of an \
             address of this network, and name that: --server ADDRESS:53",
            self.server
        )))
    }

    /// The networks whose addresses are blocked: all that is not public.
    pub fn ranges(&self) -> &[IpNet] {
        &self.ranges
    }

    /// The fixed names of the household's own servers, in canonical order; a refusal if none is known.
    pub fn own(&self) -> Result<&[(Name, IpAddr)], Refusal> {
        if self.own.is_empty() {
            return Err(Refusal::new(
                "static mode writes the fixed names of your own servers: say which, with --plex ADDRESS --id ID (the 32 characters in front of \
                 plex.direct), or with a [[host]] in the configuration",
            ));
        }
        Ok(&self.own)
    }

    /// A name among the domains that must be answered, and its address, if one is known.
    pub fn probe(&self) -> Option<(Name, IpAddr)> {
        self.probe
    }

    /// What is to be said in a mode.
    pub(super) fn told(&self, mode: Mode) -> impl Iterator<Item = &str> {
        let said = self
            .told
            .iter()
            .filter(move |(modes, _)| modes.contains(&mode));
        said.map(|(_, note)| note.as_str())
    }

    /// A public name that leads inside, which a protection must not answer: one that nothing here lets through.
    pub fn canary(&self) -> &'static str {
        let [first, ..] = CANARIES;
        let mut canaries = CANARIES.into_iter();
        canaries.find(|name| !self.is_meant(name)).unwrap_or(first)
    }

    /// Whether a name is among those that are allowed or handed over.
    fn is_meant(&self, name: &str) -> bool {
        let Ok(name) = name.parse::<Name>() else {
            return false;
        };
        let allowed = self.allowed.iter().map(|suffix| &suffix.name);
        let mut domains = allowed.chain(&self.forwarded);
        domains.any(|domain| name.is_within(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn a_canary_is_none_of_the_allowed_names() {
        let server = SocketAddr::from(([192, 168, 1, 2], 53));
        let plan = Plan::new(server);
        assert_eq!(plan.canary(), "10-0-0-1.nip.io");
        let allowed = Suffix {
            name: name("nip.io"),
            subdomains: true,
        };
        let plan = plan.allow([allowed]).forward([name("sslip.io")]);
        assert_eq!(plan.canary(), "10-0-0-1.traefik.me");
    }
}
