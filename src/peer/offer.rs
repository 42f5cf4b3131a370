//! What lanward would be told, in its own configuration, to do the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::net::SocketAddr;

use super::{Allowed, Asked, Forward, Known, Place, Reading};
use crate::name::SuffixMap;
use crate::name::breadth::{Breadth, breadth};
use crate::upstream::Server;
use crate::wire::Name;

impl Reading {
    /// Servers, routes and exceptions as TOML, each with the place where it was found. What lanward does by itself, or does otherwise, stands
    /// there as a comment.
    pub fn offer(&self, known: &Known) -> String {
        let mut text = String::new();
        for note in &self.notes {
            line(&mut text, format_args!("# {note}."));
        }
        self.offer_servers(&mut text, known);
        self.offer_exceptions(&mut text, known);
        self.offer_routes(&mut text, known);
        text
    }

    fn offer_servers(&self, text: &mut String, known: &Known) {
        let bootstrap = self.bootstrap.iter();
        let bootstrap: Vec<&Asked> = bootstrap
            .filter(|asked| !asked.server.addresses().is_empty() && !known.is_self(&asked.server))
            .filter(|asked| !lacks_interface(&asked.server))
            .collect();
        let mut servers: Vec<&Asked> = Vec::new();
        for asked in &self.servers {
            if known.is_self(&asked.server) {
                line(
                    text,
                    format_args!(
                        "# {} ({}) is where lanward listens: it cannot ask itself.",
                        asked.server, asked.place
                    ),
                );
            } else if servers.iter().all(|known| known.server != asked.server) {
                servers.push(asked);
            }
        }
        // Somebody must know the address of one that has only a name.
        let finds = |asked: &&Asked| asked.server.all_addresses().next().is_some();
        let knows = !bootstrap.is_empty() || servers.iter().any(finds);
        let (usable, lost): (Vec<&Asked>, Vec<&Asked>) = (servers.into_iter())
            .partition(|asked| (knows || finds(asked)) && !lacks_interface(&asked.server));
        for Asked { place, server } in lost {
            let wants = if lacks_interface(server) {
                "needs its interface, as in [fe80::1%eth0]"
            } else {
                "needs its address: write it as tls://NAME@ADDRESS, or name a resolver that knows it as bootstrap"
            };
            line(text, format_args!("# {server} ({place}) {wants}."));
        }
        let Some(first) = usable.first() else {
            return;
        };
        line(text, format_args!("[upstream] # {}", first.place));
        let all = usable.iter().map(|asked| &asked.server);
        line(text, format_args!("servers = {}", list(all)));
        if usable.iter().any(|asked| asked.server.name().is_some()) && !bootstrap.is_empty() {
            let all = bootstrap.iter().map(|asked| &asked.server);
            line(text, format_args!("bootstrap = {}", list(all)));
        }
        text.push('\n');
    }

    fn offer_exceptions(&self, text: &mut String, known: &Known) {
        let routed: SuffixMap<()> = (self.forwards.iter())
            .filter(|forward| is_offered(forward, known))
            .map(|forward| (forward.name, ()))
            .collect();
        let mut seen = BTreeSet::new();
        for Allowed { place, name } in &self.allowed {
            if !seen.insert(name.to_string()) {
                continue;
            }
            if known.decodes(name) {
                line(
                    text,
                    format_args!(
                        "# {name} ({place}): lanward decodes its names, and needs no exception."
                    ),
                );
            } else if routed.find(name).is_none() {
                line(text, format_args!("[[rebinding.allow]] # {place}"));
                line(text, format_args!("domain = {}", shown(name)));
                text.push('\n');
            }
        }
    }

    fn offer_routes(&self, text: &mut String, known: &Known) {
        let allowed: SuffixMap<()> = (self.allowed.iter())
            .map(|allowed| (allowed.name, ()))
            .collect();
        // By domain, with all servers, in the order in which they stand there.
        let mut order: Vec<(&Place, Name)> = Vec::new();
        let mut servers: BTreeMap<String, Vec<&Server>> = BTreeMap::new();
        for forward in &self.forwards {
            let Forward { place, name, .. } = forward;
            if known.decodes(name) {
                line(
                    text,
                    format_args!(
                        "# {name} ({place}): lanward decodes its names, and needs no route."
                    ),
                );
            }
            if !is_offered(forward, known) {
                continue;
            }
            let of_name = servers.entry(name.to_string()).or_insert_with(|| {
                order.push((place, *name));
                Vec::new()
            });
            for server in usable(forward, known) {
                if !of_name.contains(&server) {
                    of_name.push(server);
                }
            }
        }
        for (place, name) in order {
            let of_name = servers
                .get(&name.to_string())
                .map_or(&[][..], Vec::as_slice);
            line(text, format_args!("[[route]] # {place}"));
            line(text, format_args!("domains = [{}]", shown(&name)));
            line(
                text,
                format_args!("servers = {}", list(of_name.iter().copied())),
            );
            if allowed.find(&name).is_some() && breadth(&name) == Breadth::Household {
                line(text, format_args!("private = true"));
            }
            text.push('\n');
        }
    }
}

impl Known {
    fn is_self(&self, server: &Server) -> bool {
        let mut addresses = server.all_addresses();
        addresses.any(|address| self.listeners.contains(address))
    }
}

/// A route needs a server that can be asked, and a domain that is not answered by lanward itself.
fn is_offered(forward: &Forward, known: &Known) -> bool {
    !known.decodes(&forward.name) && usable(forward, known).next().is_some()
}

fn usable<'a>(forward: &'a Forward, known: &Known) -> impl Iterator<Item = &'a Server> {
    let servers = forward.servers.iter();
    servers
        .filter(|server| !known.is_self(server) && !lacks_interface(server))
        .filter(|server| server.all_addresses().next().is_some())
}

/// Whether it has an address that each interface has a network of its own for (RFC 4007 §6).
fn lacks_interface(server: &Server) -> bool {
    let mut addresses = server.all_addresses();
    addresses.any(|address| match address {
        SocketAddr::V6(address) => address.ip().is_unicast_link_local() && address.scope_id() == 0,
        SocketAddr::V4(_) => false,
    })
}

fn list<'a>(servers: impl Iterator<Item = &'a Server>) -> String {
    let texts: Vec<String> = servers.map(|server| format!("\"{server}\"")).collect();
    format!("[{}]", texts.join(", "))
}

fn shown(name: &Name) -> String {
    let text = name.to_string();
    let text = text.strip_suffix('.').filter(|text| !text.is_empty());
    format!("{:?}", text.map_or_else(|| name.to_string(), str::to_owned))
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _fits = writeln!(text, "{line}");
}
