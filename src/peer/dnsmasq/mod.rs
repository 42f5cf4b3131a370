//! dnsmasq.conf, with what it includes, and the lines that Pi-hole hands to its dnsmasq.
//!
//! Source: dnsmasq(8) of 2.93, option.c and rfc1035.c; measured with 2.90.

mod include;
mod line;
mod server;

use ipnet::IpNet;

use super::place::quoted;
use super::{Asked, Forward, Kind, Place, Protection, Reading};
use crate::wire::Name;

use line::{Line, lines};
use server::Written;

/// What [`Options`] has learnt from all lines together.
#[derive(Debug, Default)]
pub(super) struct Options {
    stop: Option<Place>,
    is_loopback_allowed: bool,
    /// Where validation is switched on.
    pub(super) dnssec: Option<Place>,
    anchors: Vec<Name>,
    is_without_resolv: bool,
    included: include::Included,
}

/// Reads dnsmasq.conf; none if it cannot be read.
pub(super) fn read(reading: &mut Reading) -> Option<()> {
    let (place, text) = reading.open()?;
    let mut options = Options::default();
    options.read_text(reading, &place, &text);
    if reading.servers.is_empty() && !options.is_without_resolv {
        reading.notes.push(
            "dnsmasq takes its servers from /etc/resolv.conf; lanward without [upstream] does the same"
                .to_owned(),
        );
    }
    options.end(reading);
    Some(())
}

impl Options {
    /// Reads the lines of a file.
    fn read_text(&mut self, reading: &mut Reading, file: &Place, text: &str) {
        for (row, line) in lines(text) {
            self.read_line(reading, &file.row(row), line);
        }
    }

    /// Reads one option as it would stand in a file.
    pub(super) fn read_option(&mut self, reading: &mut Reading, place: &Place, text: &str) {
        for (_, line) in lines(text) {
            self.read_line(reading, place, line);
        }
    }

    fn read_line(
        &mut self,
        reading: &mut Reading,
        place: &Place,
        line: Result<Line, &'static str>,
    ) {
        match line {
            Ok((name, value)) => self.take(reading, place, &name, value.as_deref()),
            Err(why) => reading.error(place, why),
        }
    }

    fn take(&mut self, reading: &mut Reading, place: &Place, name: &str, value: Option<&str>) {
        match (name, value) {
            ("stop-dns-rebind" | "rebind-localhost-ok" | "dnssec" | "no-resolv", Some(_)) => {
                let problem = format!("{name} stands alone, without =; dnsmasq does not start");
                reading.error(place, problem);
            }
            ("stop-dns-rebind", None) => {
                self.stop.get_or_insert_with(|| place.clone());
            }
            ("rebind-localhost-ok", None) => self.is_loopback_allowed = true,
            ("dnssec", None) => {
                self.dnssec.get_or_insert_with(|| place.clone());
            }
            ("no-resolv", None) => self.is_without_resolv = true,
            ("rebind-domain-ok" | "server" | "local" | "conf-file" | "conf-dir", None) => {
                reading.error(
                    place,
                    format!("{name} lacks a value; dnsmasq does not start"),
                );
            }
            ("rebind-domain-ok", Some(value)) => allow(reading, place, value),
            ("server" | "local", Some(value)) => forward(reading, place, value),
            ("trust-anchor", Some(value)) => self.anchors.extend(value.parse::<Name>()),
            ("conf-file" | "conf-dir" | "servers-file", Some(value)) => {
                let files = include::files(&mut self.included, reading, place, (name, value));
                for (file, text) in files {
                    self.included.depth += 1;
                    self.read_text(reading, &file, &text);
                    self.included.depth -= 1;
                }
            }
            _ if name.starts_with("--") => {
                let problem = format!(
                    "in a file options stand without --; dnsmasq does not start: {}",
                    quoted(name)
                );
                reading.error(place, problem);
            }
            _ => {}
        }
    }

    /// What follows from all lines together.
    pub(super) fn end(self, reading: &mut Reading) {
        if let Some(place) = self.stop {
            reading.protection = Protection::On {
                place,
                by: "stop-dns-rebind".to_owned(),
                ranges: ranges(reading.kind, self.is_loopback_allowed),
            };
        }
        let Some(dnssec) = self.dnssec else {
            return;
        };
        let exempt = |name: &Name| self.anchors.iter().any(|anchor| name.is_within(anchor));
        let bare: Vec<String> = (reading.forwards.iter())
            .filter(|forward| forward.is_private() && !exempt(&forward.name))
            .map(|forward| format!("trust-anchor={}", forward.name))
            .collect();
        if let Some(first) = bare.first() {
            let problem = format!(
                "from dnsmasq 2.92 on, answers of servers for single domains are validated as well, and need a proof from the internet that the \
                 domain is unsigned; there add {first}{}. Before 2.92 nothing is needed, and that line would keep dnsmasq from starting",
                match bare.len() {
                    1 => String::new(),
                    more => format!(" and {} more such lines", more - 1),
                }
            );
            reading.warning(&dnssec, problem);
        }
    }
}

/// `rebind-domain-ok=DOMAIN` or `=/DOMAIN/DOMAIN/`. An empty one means names without a dot.
fn allow(reading: &mut Reading, place: &Place, value: &str) {
    let list = value.strip_prefix('/').unwrap_or(value);
    let list = list.strip_suffix('/').unwrap_or(list);
    for domain in list.split('/') {
        if domain.is_empty() {
            reading.notes.push(format!(
                "{place} lets names without a dot through. lanward never asks others for these: give them a [[host]] or a zone"
            ));
        } else {
            reading.allow(place, domain);
        }
    }
}

/// `server=ADDRESS` or `server=/DOMAIN/DOMAIN/ADDRESS`; `local` is another word for it.
fn forward(reading: &mut Reading, place: &Place, value: &str) {
    let (domains, server) = if let Some(rest) = value.strip_prefix('/') {
        let Some((domains, server)) = rest.rsplit_once('/') else {
            let shown = quoted(value);
            return reading.error(
                place,
                format!("{shown}: the domain has no end; write such as /corp.example/192.168.1.2"),
            );
        };
        (Some(domains), server)
    } else {
        (None, value)
    };
    let server = match server::read(server) {
        Written::Server(server) => Some(server),
        Written::Meant(server, problem) => {
            reading.error(place, problem);
            Some(server)
        }
        Written::Default | Written::Nobody => return,
        Written::Name => {
            reading.notes.push(format!(
                "{place}: dnsmasq looks {} up when it starts; lanward wants its address",
                quoted(server)
            ));
            None
        }
        Written::Wrong(problem) => return reading.error(place, problem),
    };
    let Some(domains) = domains else {
        let asked = server.map(|server| Asked {
            place: place.clone(),
            server,
        });
        return reading.servers.extend(asked);
    };
    for domain in domains.split('/') {
        // `#` is every name, and nothing at all those without a dot, which go nowhere from here.
        let domain = domain.strip_prefix("*.").unwrap_or(domain);
        let domain = domain.strip_prefix('.').unwrap_or(domain);
        if domain == "#" {
            reading.servers.extend(server.clone().map(|server| Asked {
                place: place.clone(),
                server,
            }));
        } else if let Ok(name) = super::reading::plain_name(domain) {
            reading.forward(Forward {
                place: place.clone(),
                name,
                servers: server.iter().cloned().collect(),
            });
        }
    }
}

/// What `private_net` and `private_net6` in rfc1035.c know; IPv4 also in its mapped form.
fn ranges(kind: Kind, is_loopback_allowed: bool) -> Vec<IpNet> {
    const FIXED: [&str; 16] = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "255.255.255.255/32",
        "::ffff:10.0.0.0/104",
        "::ffff:172.16.0.0/108",
        "::ffff:192.168.0.0/112",
        "::ffff:169.254.0.0/112",
        "fe80::/10",
        "fec0::/10",
        "fd00::/8",
        "2001:db8::/32",
    ];
    const LOOPBACK: [&str; 5] = [
        "0.0.0.0/8",
        "127.0.0.0/8",
        "::ffff:127.0.0.0/104",
        "::/128",
        "::1/128",
    ];
    // From 2.92 on, which Pi-hole 6 has.
    const SHARED: [&str; 2] = ["100.64.0.0/10", "::ffff:100.64.0.0/106"];
    let loopback = LOOPBACK.iter().filter(|_| !is_loopback_allowed);
    let shared = SHARED.iter().filter(|_| kind == Kind::Pihole);
    let all = FIXED.iter().chain(loopback).chain(shared);
    all.filter_map(|net| net.parse().ok()).collect()
}
