//! What a snippet is about: from the configuration, and from the command line.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::Args;
use ipnet::IpNet;

use crate::address;
use crate::config::{OwnNetwork, Settings};
use crate::emit::{Front, Mode, Plan, Refusal, Server, Suffix, Target};
use crate::name::breadth::{Breadth, breadth};
use crate::name::embedded::Domain;
use crate::rebinding::{Action, Exception, PRIVATE, builtin};
use crate::wire::Name;
use crate::zone::read_hosts;

/// The id in questions for trying out.
const EXAMPLE_ID: &str = "0123456789abcdef0123456789abcdef";
const EXAMPLE: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);

#[derive(Debug, Args)]
pub(super) struct Wishes {
    /// Where the target reaches lanward; without it where lanward listens
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = parse_server)]
    server: Option<SocketAddr>,
    /// Domain with private answers, in place of those in the configuration; may be repeated
    #[arg(long, value_name = "NAME", value_parser = parse_domain)]
    domain: Vec<Name>,
    /// Address of your own Plex server; may be repeated
    #[arg(long, value_name = "ADDRESS", conflicts_with = "jellyfin")]
    plex: Vec<IpAddr>,
    /// Its id: the 32 characters in front of plex.direct
    #[arg(long, requires = "plex")]
    id: Option<String>,
    /// Address of your own Jellyfin server, with its port if that is not 8096
    #[arg(long, value_name = "ADDRESS[:PORT]", value_parser = parse_jellyfin)]
    jellyfin: Option<SocketAddr>,
    /// The name under which a proxy offers the media server
    #[arg(long, value_name = "NAME", value_parser = parse_host)]
    host: Option<Name>,
    /// The port under which a proxy offers it
    #[arg(long, value_name = "PORT", default_value_t = 443, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
}

impl Wishes {
    /// What a resolver shall do.
    pub(super) fn plan(&self, settings: &Settings) -> Result<Plan, Refusal> {
        let domains: Vec<Domain> = self.decoded(settings);
        let server = self.server.unwrap_or_else(|| listener(settings));
        let plan = Plan::new(server).block(ranges(settings));
        let plan = plan.probe_with(self.probe(&domains, settings));
        let mut plan = plan.fix(self.own(settings)?);
        for name in left_out(settings) {
            let note = format!(
                "{name} in lanward's configuration is left out: a name with a wildcard is no name of one server."
            );
            plan = plan.tell(&[Mode::Static], note);
        }
        let (machinery, exceptions): (Vec<&Exception>, Vec<&Exception>) =
            (settings.protection.policy.exceptions.iter())
                .partition(|exception| builtin().contains(exception));
        plan = plan.spare(machinery.into_iter().map(|exception| exception.domain));
        if !self.domain.is_empty() {
            let allowed = self.domain.iter().map(|&name| Suffix {
                name,
                subdomains: true,
            });
            return Ok(plan.allow(allowed).forward(self.domain.iter().copied()));
        }
        for note in exceptions
            .iter()
            .filter_map(|exception| narrower(exception))
        {
            plan = plan.tell(&[Mode::Allow, Mode::Protect], note);
        }
        let decoded = domains.iter().map(|domain| *domain.suffix());
        let exceptions: Vec<Suffix> = exceptions.into_iter().map(suffix).collect();
        let allowed = decoded.clone().map(|name| Suffix {
            name,
            subdomains: true,
        });
        let forwarded: Vec<Name> = decoded
            .chain(exceptions.iter().map(|suffix| suffix.name))
            .chain(local(settings))
            .collect();
        let routes = settings
            .upstream
            .routes
            .iter()
            .filter(|route| route.private);
        let private = routes.flat_map(|route| route.domains.iter().copied());
        let private = private.map(|name| Suffix {
            name,
            subdomains: true,
        });
        let allowed: Vec<Suffix> = allowed.chain(exceptions).chain(private).collect();
        let mut names = forwarded
            .iter()
            .chain(allowed.iter().map(|suffix| &suffix.name));
        if let Some(odd) = names.find(|name| !is_plain(name)) {
            return Err(Refusal::new(format!(
                "{odd} cannot be written into other programs: allowed are letters, digits, hyphens and underscores. Leave it out with --domain"
            )));
        }
        Ok(plan.allow(allowed).forward(forwarded))
    }

    /// What a proxy stands in front of.
    pub(super) fn front(&self) -> Result<Front, Refusal> {
        let host = self.host.ok_or_else(|| {
            Refusal::new("--host NAME is missing: the public name under which the media server is offered, such as plex.example.com")
        })?;
        let server = match (self.plex.as_slice(), self.jellyfin) {
            ([], None) => {
                return Err(Refusal::new(
                    "the media server is missing: --plex ADDRESS --id ID, or --jellyfin ADDRESS",
                ));
            }
            (_, Some(address)) => Server::Jellyfin { address },
            ([IpAddr::V4(address)], None) if address.is_loopback() => {
                return Err(Refusal::new(format!(
                    "{address} leads nowhere else: name the server's address in your network, also where the proxy runs on the same machine"
                )));
            }
            ([IpAddr::V4(address)], None) => Server::Plex {
                address: *address,
                name: Box::new(self.encode(IpAddr::V4(*address))?),
            },
            ([IpAddr::V6(address)], None) => {
                return Err(Refusal::new(format!(
                    "{address}: Plex believes a proxy's X-Forwarded-For only if it comes from a private IPv4 address; name the server's IPv4 address"
                )));
            }
            _ => {
                return Err(Refusal::new(
                    "a proxy's snippet is for one server; name one --plex",
                ));
            }
        };
        Ok(Front {
            host,
            port: self.port,
            server,
        })
    }

    /// A resolver has no use for what a proxy needs.
    pub(super) fn refuse_front(&self, target: &Target) -> Result<(), Refusal> {
        let flag = match (self.host, self.jellyfin) {
            (Some(_), _) => "--host",
            (_, Some(_)) => "--jellyfin",
            _ => return Ok(()),
        };
        Err(Refusal::new(format!(
            "{} answers questions and stands in front of no media server; leave {flag} out",
            target.title
        )))
    }

    /// A name that the plan is about, and its address.
    fn probe(&self, domains: &[Domain], settings: &Settings) -> Option<(Name, IpAddr)> {
        let is_meant = |name: &Name| {
            self.domain.is_empty() || self.domain.iter().any(|domain| name.is_within(domain))
        };
        let hosts = settings.local.hosts.iter();
        let mut hosts = hosts.filter(|host| is_plain(&host.name) && is_meant(&host.name));
        let host = || hosts.find_map(|host| Some((host.name, *host.addresses.first()?)));
        domains.iter().find_map(carrying).or_else(host)
    }

    fn decoded(&self, settings: &Settings) -> Vec<Domain> {
        let wanted = |domain: &&Domain| {
            let suffix = domain.suffix();
            self.domain.is_empty() || self.domain.iter().any(|name| suffix.is_within(name))
        };
        settings.embedded.iter().filter(wanted).cloned().collect()
    }

    /// The fixed names of own servers: those of Plex, and hosts of the configuration.
    fn own(&self, settings: &Settings) -> Result<Vec<(Name, IpAddr)>, Refusal> {
        let mut own = Vec::new();
        for &address in &self.plex {
            own.push((self.encode(address)?, address));
        }
        for host in settings
            .local
            .hosts
            .iter()
            .filter(|host| is_plain(&host.name))
        {
            own.extend(host.addresses.iter().map(|&address| (host.name, address)));
        }
        Ok(own)
    }

    fn encode(&self, address: IpAddr) -> Result<Name, Refusal> {
        let domains = crate::config::default_domains();
        let id = self.id.as_deref().ok_or_else(|| {
            Refusal::new("--id ID is missing: the 32 characters in front of plex.direct in your server's address, which `openssl s_client -connect ADDRESS:32400 </dev/null` shows")
        })?;
        let domain = domains
            .first()
            .ok_or_else(|| Refusal::new("no domain is decoded"))?;
        (domain.encode(address, Some(id)))
            .map_err(|why| Refusal::new(format!("{address} with the id {id:?}: {why}")))
    }
}

fn suffix(exception: &Exception) -> Suffix {
    Suffix {
        name: exception.domain,
        subdomains: exception.subdomains,
    }
}

/// What lanward asks of an exception beyond its name, which other programs cannot.
fn narrower(exception: &Exception) -> Option<String> {
    let list = |nets: &[IpNet]| {
        let shown: Vec<String> = nets.iter().map(IpNet::to_string).collect();
        shown.join(", ")
    };
    let mut bounds = Vec::new();
    if exception.ranges != PRIVATE {
        bounds.push(format!("only addresses in {}", list(&exception.ranges)));
    }
    if !exception.clients.is_empty() {
        bounds.push(format!("only to {}", list(&exception.clients)));
    }
    let name = exception.domain;
    (!bounds.is_empty()).then(|| {
        format!(
            "For {name} lanward gives {}; here every private address passes, to everybody.",
            bounds.join(", and ")
        )
    })
}

/// A name under a decoded domain, and its address.
fn carrying(domain: &Domain) -> Option<(Name, IpAddr)> {
    let addresses = [EXAMPLE, Ipv4Addr::LOCALHOST].into_iter().map(IpAddr::V4);
    let mut named = addresses.filter_map(|address| {
        let ids = [Some(EXAMPLE_ID), None];
        let name = ids
            .into_iter()
            .find_map(|id| domain.encode(address, id).ok());
        name.map(|name| (name, address))
    });
    named.next()
}

/// The configured hosts that cannot be written one by one.
fn left_out(settings: &Settings) -> impl Iterator<Item = Name> {
    let hosts = settings.local.hosts.iter().map(|host| host.name);
    hosts.filter(|name| !is_plain(name))
}

/// Where lanward listens; on all addresses means also on this machine's own.
fn listener(settings: &Settings) -> SocketAddr {
    let first = settings.listen.first().copied();
    let mut address = first.unwrap_or(crate::config::DEFAULT_LISTEN);
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// All networks whose addresses lanward blocks.
fn ranges(settings: &Settings) -> Vec<IpNet> {
    let mut ranges: Vec<_> = address::networks()
        .into_iter()
        .map(|(net, _)| net)
        .collect();
    if settings.protection.policy.own_action == Some(Action::Block) {
        ranges.extend(settings.protection.own.iter().filter_map(|own| match own {
            OwnNetwork::Network(net) => Some(*net),
            OwnNetwork::Connected => None,
        }));
    }
    ranges
}

/// The names that only lanward can answer, with all below them: of zones, hosts, leases and routes.
fn local(settings: &Settings) -> Vec<Name> {
    let local = &settings.local;
    let mut names: Vec<Name> = local.zones.iter().map(|zone| zone.origin).collect();
    names.extend(local.leases.iter().map(|leases| leases.domain));
    names.extend(local.hosts.iter().map(|host| host.name));
    names.extend(
        settings
            .upstream
            .routes
            .iter()
            .flat_map(|route| route.domains.iter().copied()),
    );
    for path in &local.host_files {
        // One that cannot be read is told by `check`, and by `serve`.
        let text = std::fs::read_to_string(path).unwrap_or_default();
        names.extend(read_hosts(&text).0.into_iter().map(|host| host.name));
    }
    let above = |name: Name| {
        let wildcard = name.as_wire().starts_with(b"\x01*");
        if wildcard {
            name.parent().unwrap_or(name)
        } else {
            name
        }
    };
    names
        .into_iter()
        .map(above)
        .filter(|name| *name != Name::ROOT)
        .collect()
}

/// Whether other programs can read the name where they read names.
fn is_plain(name: &Name) -> bool {
    let octets = name.labels().flatten();
    octets
        .copied()
        .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}

/// Reads a domain, and refuses one under which others have names.
fn parse_domain(text: &str) -> Result<Name, String> {
    if let Some(rest) = text
        .strip_prefix("*.")
        .or_else(|| text.strip_prefix('.'))
        .filter(|rest| !rest.is_empty())
    {
        return Err(format!(
            "write {rest:?}: all names below it are meant as well, and a wildcard does nothing in most programs"
        ));
    }
    let name = parse_host(text)?;
    match breadth(&name) {
        Breadth::Household => Ok(name),
        Breadth::Root => Err("the root is every name; name your own domain".to_owned()),
        wide @ (Breadth::Registry(_) | Breadth::Hoster(_)) => Err(wide.to_string()),
    }
}

fn parse_host(text: &str) -> Result<Name, String> {
    let name: Name = text
        .parse()
        .map_err(|why| format!("it is no domain name: {why}"))?;
    if is_plain(&name) {
        Ok(name)
    } else {
        Err(
            "it is no name of a host: allowed are letters, digits, hyphens and underscores"
                .to_owned(),
        )
    }
}

/// Reads where lanward is: an address, with a port unless it is 53.
fn parse_server(text: &str) -> Result<SocketAddr, String> {
    parse_address(text, 53, "192.168.1.2, 192.168.1.2:53 or [fd00::2]:53")
}

fn parse_jellyfin(text: &str) -> Result<SocketAddr, String> {
    parse_address(
        text,
        Server::JELLYFIN_PORT,
        "192.168.1.20 or 192.168.1.20:8096",
    )
}

fn parse_address(text: &str, port: u16, examples: &str) -> Result<SocketAddr, String> {
    let alone = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, port));
    let read = alone.or_else(|_| text.parse());
    let usable = read
        .ok()
        .filter(|address| !address.ip().is_unspecified() && address.port() != 0);
    usable.ok_or_else(|| format!("it is no address; allowed: such as {examples}"))
}
