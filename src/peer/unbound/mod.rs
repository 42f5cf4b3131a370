//! unbound.conf, with what it includes.
//!
//! Source: unbound.conf(5) of 1.26, `iter_priv.c`, `iter_fwd.c` and `iter_donotq.c`; measured with 1.17.1.

mod include;
mod lexer;
mod zone;

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::place::quoted;
use super::reading::SPECIAL;
use super::{Forward, Place, Protection, Reading};
use crate::wire::Name;

use include::Files;
use lexer::{Fault, Item, items};
use zone::Zone;

/// What all clauses together say.
#[derive(Debug, Default)]
struct Clauses {
    files: Files,
    /// The clause that is being read.
    clause: Clause,
    /// The forward or stub zone that is being read.
    zone: Option<Zone>,
    zones: Vec<Zone>,
    ranges: Vec<(Place, IpNet)>,
    insecure: Vec<Name>,
    /// Where a trust anchor stands.
    anchor: Option<Place>,
    /// Zones that Unbound does not answer by itself.
    opened: Vec<Name>,
    switches: BTreeSet<Switch>,
}

/// Where an option stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Clause {
    /// In front of all clauses, or behind an include-toplevel, which ends the one above it: here no option can be.
    #[default]
    None,
    /// The same, and it has been told.
    Told,
    /// In a clause of this name.
    Named(String),
}

/// What is not as it is by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Switch {
    /// The validator is no module.
    LeavesValidatorOut,
    /// Answers that fail are given all the same.
    IsPermissive,
    /// Servers on the own machine are asked.
    AsksLocalhost,
    /// Reverse names of private networks are asked.
    OpensReverse,
    /// All servers are asked over TLS.
    AsksOverTls,
}

/// Reads unbound.conf; none if it cannot be read, or is something else from its first word on.
pub(super) fn read(reading: &mut Reading) -> Option<()> {
    let (place, text) = reading.open()?;
    let (items, fault) = items(&text);
    let is_other = items.is_empty() && fault.is_some();
    let mut clauses = Clauses::default();
    clauses.read_items(reading, &place, (&items, fault));
    if is_other {
        return None;
    }
    clauses.end(reading);
    Some(())
}

impl Clauses {
    fn read_items(
        &mut self,
        reading: &mut Reading,
        file: &Place,
        (read, fault): (&[Item], Option<Fault>),
    ) {
        for item in read {
            let place = file.row(item.row);
            if matches!(item.key.as_str(), "include" | "include-toplevel") {
                let is_toplevel = item.key == "include-toplevel";
                if is_toplevel {
                    self.begin(Clause::None);
                }
                for (file, text) in self.files.open(reading, &place, value(item)) {
                    self.files.depth += 1;
                    let (read, fault) = items(&text);
                    self.read_items(reading, &file, (&read, fault));
                    self.files.depth -= 1;
                }
                if is_toplevel {
                    self.begin(Clause::None);
                }
            } else {
                self.take(reading, &place, item);
            }
        }
        if let Some((row, why)) = fault {
            reading.error(&file.row(row), why);
        }
    }

    fn take(&mut self, reading: &mut Reading, place: &Place, item: &Item) {
        let Item { key, values, .. } = item;
        if values.is_empty() {
            self.begin(Clause::Named(key.clone()));
            self.zone = Zone::begin(key, place);
            return;
        }
        let value = value(item);
        if let Some(zone) = &mut self.zone {
            if zone.take(reading, place, key, value) {
                return;
            }
            let problem = format!(
                "{key}: stands in the zone above it, where it cannot be; write server: in front of it. Unbound does not start"
            );
            reading.error(place, problem);
        } else {
            self.find_misplaced(reading, place, key);
        }
        // Where it is in a wrong place it is plain what was meant.
        self.take_of_server(reading, place, item);
    }

    fn begin(&mut self, clause: Clause) {
        self.zones.extend(self.zone.take());
        self.clause = clause;
    }

    /// An option in front of all clauses, which one error tells of, or one of the protection in a clause that is not that of the server.
    fn find_misplaced(&mut self, reading: &mut Reading, place: &Place, key: &str) {
        let stands = match &self.clause {
            Clause::None => "in no clause".to_owned(),
            Clause::Named(clause)
                if clause != "server" && matches!(key, "private-address" | "private-domain") =>
            {
                format!("in {clause}:")
            }
            Clause::Named(_) | Clause::Told => return,
        };
        if self.clause == Clause::None {
            self.clause = Clause::Told;
        }
        let problem = format!(
            "{key}: stands {stands}, where it cannot be; write server: in front of it. Unbound does not start"
        );
        reading.error(place, problem);
    }

    /// An option of the `server:` clause; those of other clauses have other names.
    fn take_of_server(&mut self, reading: &mut Reading, place: &Place, item: &Item) {
        let value = value(item);
        match item.key.as_str() {
            "directory" => self.files.start_from(value),
            "private-address" => match network(value) {
                Some(net) => self.ranges.push((place.clone(), net)),
                None => reading.error(
                    place,
                    format!("private-address: {} is no network; allowed: such as 192.168.0.0/16. Unbound does not start", quoted(value)),
                ),
            },
            "private-domain" => allow(reading, place, value),
            "domain-insecure" => self.insecure.extend(value.parse::<Name>()),
            "auto-trust-anchor-file" | "trust-anchor-file" | "trust-anchor" | "trusted-keys-file" if !value.is_empty() => {
                self.anchor.get_or_insert_with(|| place.clone());
            }
            "module-config" => self.switch(Switch::LeavesValidatorOut, !value.contains("validator")),
            "val-permissive-mode" => self.switch(Switch::IsPermissive, value == "yes"),
            "do-not-query-localhost" => self.switch(Switch::AsksLocalhost, value == "no"),
            "unblock-lan-zones" => self.switch(Switch::OpensReverse, value == "yes"),
            "tls-upstream" | "ssl-upstream" => self.switch(Switch::AsksOverTls, value == "yes"),
            "local-zone" => {
                let kind = item.values.get(1).map_or("", String::as_str);
                let opens = matches!(kind, "nodefault" | "transparent" | "typetransparent" | "inform" | "always_transparent" | "block_a");
                self.opened.extend(value.parse::<Name>().ok().filter(|_| opens));
            }
            _ => {}
        }
    }

    /// The last line about it holds.
    fn switch(&mut self, switch: Switch, is_on: bool) {
        if is_on {
            self.switches.insert(switch);
        } else {
            self.switches.remove(&switch);
        }
    }

    fn has(&self, switch: Switch) -> bool {
        self.switches.contains(&switch)
    }

    /// What follows from all clauses together.
    fn end(mut self, reading: &mut Reading) {
        self.zones.extend(self.zone.take());
        if let Some((place, _)) = self.ranges.first() {
            reading.protection = Protection::On {
                place: place.clone(),
                by: "private-address".to_owned(),
                ranges: self.ranges.iter().map(|(_, net)| *net).collect(),
            };
        }
        let mut is_recursive = true;
        for zone in std::mem::take(&mut self.zones) {
            let found = zone.finish(
                reading,
                (
                    self.has(Switch::AsksOverTls),
                    self.has(Switch::AsksLocalhost),
                ),
            );
            let Some(forward) = found else {
                continue;
            };
            if forward.name == Name::ROOT {
                is_recursive = false;
                let place = &forward.place;
                reading
                    .servers
                    .extend(forward.servers.into_iter().map(|server| super::Asked {
                        place: place.clone(),
                        server,
                    }));
                continue;
            }
            self.judge(reading, &forward);
            reading.forward(forward);
        }
        if is_recursive {
            reading.notes.push(
                "Unbound asks the servers of the domains themselves. lanward needs a resolver to ask: it can be this Unbound".to_owned(),
            );
        }
    }

    /// What keeps a zone with servers of its own from being answered.
    fn judge(&self, reading: &mut Reading, forward: &Forward) {
        let Forward { place, name, .. } = forward;
        let is_opened = self.opened.iter().any(|opened| name.is_within(opened));
        if is_answered_by_unbound(name)
            && !is_opened
            && !(self.has(Switch::OpensReverse) && forward.is_reverse())
        {
            reading.error(
                place,
                format!("Unbound answers {name} by itself, with nothing in it, and asks nobody: add in server: local-zone: \"{name}\" transparent"),
            );
        }
        let validates = self.anchor.is_some()
            && !self.has(Switch::LeavesValidatorOut)
            && !self.has(Switch::IsPermissive);
        let is_exempt = self
            .insecure
            .iter()
            .any(|insecure| name.is_within(insecure));
        if validates && !is_exempt && forward.is_private() {
            reading.warning(
                place,
                format!(
                    "Unbound validates, and needs a proof from the internet that {name} is unsigned: without the internet its names are not answered. \
                     Add in server: domain-insecure: \"{name}\""
                ),
            );
        }
    }
}

fn value(item: &Item) -> &str {
    item.values.first().map_or("", String::as_str)
}

fn network(text: &str) -> Option<IpNet> {
    let alone = || {
        text.parse()
            .ok()
            .map(|ip: std::net::IpAddr| IpNet::from(ip))
    };
    text.parse().ok().or_else(alone)
}

/// Unbound takes most texts for names; it refuses those with an empty label.
fn allow(reading: &mut Reading, place: &Place, value: &str) {
    match value.parse::<Name>() {
        Err(why) if value.starts_with('.') => {
            let rest = quoted(value.trim_start_matches('.'));
            reading.error(
                place,
                format!("private-domain: {} is no domain name: {why}; write {rest}. Unbound does not start", quoted(value)),
            );
        }
        _ => reading.allow(place, value),
    }
}

/// The zones of `local_zone_enter_defaults` in services/localzone.c. Of what lanward keeps inside a network, Unbound passes on the
/// top-level domains without a document of their own.
fn is_answered_by_unbound(name: &Name) -> bool {
    let Some(found) = SPECIAL.find(name) else {
        return false;
    };
    let passed = ["alt", "internal", "local", "use-application-dns.net"];
    let zone = found.zone.to_string();
    !passed.contains(&zone.trim_end_matches('.'))
}
