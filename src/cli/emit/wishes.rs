//! What a snippet is about: from the configuration, and from the command line.

use std::net::{IpAddr, SocketAddr};

use clap::Args;

use super::doors;
use super::known::{self, is_plain};
use crate::config::Settings;
use crate::emit::{Doors, Front, Mode, Plan, Refusal, Server, Suffix, Target};
use crate::name::breadth::{Breadth, breadth};
use crate::rebinding::{Exception, builtin};
use crate::wire::Name;
use crate::zone::Host;

/// The port of public names unless it is said.
const HTTPS: u16 = 443;

#[derive(Debug, Args)]
pub(super) struct Wishes {
    /// Where the target reaches lanward; without it where lanward listens. For encrypted doors it may be repeated, for each family
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = parse_server)]
    server: Vec<SocketAddr>,
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
    #[arg(long, value_name = "NAME", value_parser = parse_public)]
    host: Option<Name>,
    /// The port under which a proxy offers it, if not 443
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
}

impl Wishes {
    /// What a resolver shall do.
    pub(super) fn plan(&self, settings: &Settings) -> Result<Plan, Refusal> {
        // Whoever names domains does not wait for files about others.
        let hosts = if self.domain.is_empty() {
            known::hosts(settings)?
        } else {
            settings.local.hosts.clone()
        };
        let server = self.one_server(settings)?;
        let plan = Plan::new(server)
            .block(known::ranges(settings))
            .probe_with(self.probe(settings, &hosts))
            .fix(self.own(&hosts)?);
        let exceptions = settings.protection.policy.exceptions.iter();
        let (machinery, exceptions): (Vec<&Exception>, Vec<&Exception>) =
            exceptions.partition(|exception| builtin().contains(exception));
        let plan = plan.spare(machinery.into_iter().map(|exception| exception.domain));
        if !self.domain.is_empty() {
            let allowed = self.domain.iter().copied().map(whole);
            return Ok(plan.allow(allowed).forward(self.domain.iter().copied()));
        }
        let decoded = settings.embedded.iter().map(|domain| *domain.suffix());
        let allowed: Vec<Suffix> = decoded
            .clone()
            .chain(known::private(settings))
            .map(whole)
            .chain(exceptions.iter().copied().map(known::suffix))
            .collect();
        let forwarded = decoded
            .chain(exceptions.iter().map(|exception| exception.domain))
            .chain(known::local(settings, &hosts));
        let (forwarded, odd): (Vec<Name>, Vec<Name>) = forwarded.partition(is_plain);
        let plan = plan
            .allow(allowed.into_iter().filter(|suffix| is_plain(&suffix.name)))
            .forward(forwarded);
        let plan = tell_of_odd(plan, &odd, &hosts);
        let lost = exceptions.into_iter().filter_map(known::narrower);
        Ok(lost.fold(plan, |plan, note| {
            plan.tell(&[Mode::Allow, Mode::Protect], note)
        }))
    }

    /// The encrypted doors that devices are told of.
    pub(super) fn doors(&self, title: &str, settings: &Settings) -> Result<Doors, Refusal> {
        let idle = [
            ("--domain", !self.domain.is_empty()),
            ("--plex", !self.plex.is_empty()),
            ("--jellyfin", self.jellyfin.is_some()),
            ("--host", self.host.is_some()),
            ("--port", self.port.is_some()),
        ];
        if let Some((flag, _)) = idle.into_iter().find(|(_, given)| *given) {
            return Err(Refusal::new(format!(
                "{title}: names and ports are those of [server.tls]; leave {flag} out"
            )));
        }
        doors::doors(settings, &self.server)
    }

    fn one_server(&self, settings: &Settings) -> Result<SocketAddr, Refusal> {
        match self.server.as_slice() {
            [] => Ok(known::listener(settings)),
            [server] => Ok(*server),
            _ => Err(Refusal::new(
                "questions are handed to one address of lanward; name one --server",
            )),
        }
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
            port: self.port.unwrap_or(HTTPS),
            server,
        })
    }

    /// The mode that these wishes ask for, if it was not said: fixed names, if one of them was.
    pub(super) fn mode(&self, target: &Target) -> Option<Mode> {
        let fixed = !self.plex.is_empty() && target.modes().contains(&Mode::Static);
        fixed.then_some(Mode::Static)
    }

    /// A resolver has no use for what a proxy needs, nor other modes for fixed names.
    pub(super) fn refuse_idle(&self, target: &Target, mode: Option<Mode>) -> Result<(), Refusal> {
        let title = target.title;
        let proxy = [
            ("--host", self.host.is_some()),
            ("--jellyfin", self.jellyfin.is_some()),
            ("--port", self.port.is_some()),
        ];
        if let Some((flag, _)) = proxy.into_iter().find(|(_, given)| *given) {
            return Err(Refusal::new(format!(
                "{title} answers questions and stands in front of no media server; leave {flag} out"
            )));
        }
        if !self.plex.is_empty() && mode != Some(Mode::Static) {
            return Err(Refusal::new(
                "--plex names a server for --mode static, which writes its fixed names; leave one of them out",
            ));
        }
        Ok(())
    }

    /// A proxy has no use for what a resolver needs.
    pub(super) fn refuse_domains(&self, title: &str) -> Result<(), Refusal> {
        let resolver = [
            ("--domain", !self.domain.is_empty()),
            ("--server", !self.server.is_empty()),
        ];
        match resolver.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((flag, _)) => Err(Refusal::new(format!(
                "{title} stands in front of a media server and asks no resolver; leave {flag} out"
            ))),
        }
    }

    /// A name that the plan is about, and its address.
    fn probe(&self, settings: &Settings, hosts: &[Host]) -> Option<(Name, IpAddr)> {
        let is_within = |name: &Name| self.domain.iter().any(|domain| name.is_within(domain));
        let is_meant = |name: &Name| self.domain.is_empty() || is_within(name);
        let mut decoded = settings.embedded.iter();
        let decoded = decoded.find_map(|domain| {
            let found = known::carrying(domain)?;
            is_meant(&found.0).then_some(found)
        });
        let mut hosts = hosts
            .iter()
            .filter(|host| is_plain(&host.name) && is_meant(&host.name));
        decoded.or_else(|| hosts.find_map(|host| Some((host.name, *host.addresses.first()?))))
    }

    /// The fixed names of own servers: those of Plex, and hosts of the configuration.
    fn own(&self, hosts: &[Host]) -> Result<Vec<(Name, IpAddr)>, Refusal> {
        let mut own = Vec::new();
        for &address in &self.plex {
            own.push((self.encode(address)?, address));
        }
        for host in hosts.iter().filter(|host| is_plain(&host.name)) {
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

fn whole(name: Name) -> Suffix {
    Suffix {
        name,
        subdomains: true,
    }
}

/// Says which configured names are left out, for other programs would read something else.
fn tell_of_odd(mut plan: Plan, odd: &[Name], hosts: &[Host]) -> Plan {
    for name in odd {
        let note = format!(
            "{name} in lanward's configuration is left out: other programs read letters, digits, hyphens and underscores."
        );
        plan = plan.tell(&[Mode::Allow, Mode::Forward], note);
    }
    for host in hosts.iter().filter(|host| !is_plain(&host.name)) {
        let note = format!(
            "{} in lanward's configuration is left out: it is no name of one server.",
            host.name
        );
        plan = plan.tell(&[Mode::Static], note);
    }
    plan
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

/// Reads the public name of a server, for which somebody must give a certificate.
fn parse_public(text: &str) -> Result<Name, String> {
    let name = parse_host(text)?;
    let has_underscore = name.labels().any(|label| label.contains(&b'_'));
    if name.label_count() < 2 || has_underscore {
        return Err("it is no public name; allowed: letters, digits and hyphens in at least two labels, such as plex.example.com".to_owned());
    }
    Ok(name)
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
