//! Answers from local data: RFC 1034 §4.3.2 with RFC 2308, RFC 4592 and RFC 6672.
//!
//! [`Zones`] says whose word counts for a name; a [`Walk`] follows the aliases from the question's name to where they end.

use std::sync::Arc;

use super::additional::Targets;
use super::hosts::{self, Host};
use super::node::Node;
use super::tree::{Spot, Zone};
use super::writer::Writer;
use super::{Mode, Record};

use crate::name::SuffixMap;
use crate::wire::answer::MAX_CHAIN;
use crate::wire::edns::ExtendedError;
use crate::wire::types::{class, ede};
use crate::wire::{Name, Query, Question, Rcode, RecordType, Section};

/// What local data say to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for a moment; an allocation would cost more"
)]
pub enum Looked {
    /// The reply is written.
    Reply,
    /// Aliases lead out of local data. The local part is written: that many records of the answer section. Either
    /// [`super::complete()`] adds what upstream says about `target`, or [`super::end`] ends the reply here.
    Leaves {
        /// What must be asked upstream.
        target: Name,
        /// How many records are written.
        records: u16,
    },
    /// Nothing here; nothing is written.
    Pass,
}

/// All that this network knows by itself.
#[derive(Debug, Default)]
pub struct Zones {
    by_origin: Arc<SuffixMap<Arc<Zone>>>,
    /// The hosts, as an overlay over everything; none if there are no hosts.
    hosts: Option<Arc<Zone>>,
    /// What this server says of itself, as an overlay over the zones.
    own: Option<Zone>,
}

impl Zones {
    /// These zones and hosts. Of two zones with one origin the later counts. A host stands before all zones; the reverse name
    /// of its address does not hide one that a zone has.
    pub fn new(zones: Vec<impl Into<Arc<Zone>>>, hosts: &[Host]) -> Self {
        let zones: SuffixMap<Arc<Zone>> = zones
            .into_iter()
            .map(Into::into)
            .map(|zone| (*zone.origin(), zone))
            .collect();
        let here = |name: &Name| zones.find_all(name).any(|(_, zone)| zone.has(name));
        let records = hosts::records(hosts, here);
        Self {
            hosts: overlay(records).map(Arc::new),
            by_origin: Arc::new(zones),
            own: None,
        }
    }

    /// The same, and what this server says of itself. Hosts and zones stand before it, where they have records of a name; that a
    /// zone has none, or only a wildcard, is no word about a name that is written down elsewhere.
    #[must_use]
    pub fn with_own(&self, mut records: Vec<Record>) -> Self {
        records.retain(|record| !self.has(&record.owner));
        Self {
            by_origin: Arc::clone(&self.by_origin),
            hosts: self.hosts.clone(),
            own: overlay(records),
        }
    }

    /// Whether hosts or zones have records of a name.
    pub fn has(&self, name: &Name) -> bool {
        let mut zones = self.by_origin.find_all(name).map(|(_, zone)| &**zone);
        let host = self.hosts.as_ref().is_some_and(|hosts| hosts.has(name));
        host || zones.any(|zone| zone.has(name))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.by_origin.is_empty() && self.hosts.is_none() && self.own.is_none()
    }

    /// Whether this server says something of itself under a name.
    pub fn is_own(&self, name: &Name) -> bool {
        self.own.as_ref().is_some_and(|own| own.has(name))
    }

    /// The origins of the authoritative zones: name space that means something in this network only. An overlay lies over names
    /// that others answer for, so its origin is not among them.
    pub fn origins(&self) -> impl Iterator<Item = &Name> {
        self.by_origin
            .iter()
            .filter(|(_, zone)| zone.mode() == Mode::Authoritative)
            .map(|(origin, _)| origin)
    }

    /// The zones, for those who report on them.
    pub fn iter(&self) -> impl Iterator<Item = &Zone> {
        self.by_origin.iter().map(|(_, zone)| &**zone)
    }

    /// Answers `query` with a reply of at most `limit` octets.
    pub fn answer(&self, query: &Query<'_>, limit: usize, out: &mut Vec<u8>) -> Looked {
        let Question { name, kind, class } = query.question;
        if class != class::IN {
            return Looked::Pass;
        }
        let Some((zone, spot)) = self.find(&name, kind) else {
            return Looked::Pass;
        };
        let walk = Walk {
            zones: self,
            kind,
            writer: Writer::start(out, query, limit),
            // AA speaks of the first owner of the answer section (RFC 1035 §4.1.1); below a cut others are responsible.
            authoritative: !matches!(spot, Spot::Cut(_)),
            redirections: Vec::new(),
        };
        walk.follow(name, zone, spot)
    }

    /// Whose word counts for `name`, and where it stands there. The longest origin wins; an overlay that has nothing passes the
    /// name on to the next shorter one.
    pub(super) fn find(&self, name: &Name, kind: RecordType) -> Option<(&Zone, Spot<'_>)> {
        for overlay in self.hosts.as_deref().into_iter().chain(&self.own) {
            let spot = overlay.spot(name, kind);
            if !overlay.passes(&spot) {
                return Some((overlay, spot));
            }
        }
        let mut child = None;
        for (origin, zone) in self.by_origin.find_all(name) {
            let zone = &**zone;
            let spot = zone.spot(name, kind);
            if zone.passes(&spot) {
                continue;
            }
            // The DS record of a zone stands in the zone that delegates it, if that is here, too (RFC 4035 §3.1.4.1).
            if kind == RecordType::DS && origin == name {
                child = child.or(Some((zone, spot)));
            } else if child.is_none() || matches!(spot, Spot::Here(_)) {
                return Some((zone, spot));
            }
        }
        child
    }
}

/// Records that lie over everything; none if there are none.
fn overlay(records: Vec<Record>) -> Option<Zone> {
    (!records.is_empty()).then(|| Zone::new(Name::ROOT, Mode::Overlay, records))
}

/// The way from the question's name along its aliases.
struct Walk<'z, 'o, 'q> {
    zones: &'z Zones,
    kind: RecordType,
    writer: Writer<'o, 'q>,
    authoritative: bool,
    /// The owners of the DNAME records that stand in the reply, which needs each only once. Mostly there are none, and an empty
    /// list costs nothing.
    redirections: Vec<&'z [u8]>,
}

/// Where one name of the chain leads.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for a moment; an allocation would cost more"
)]
enum Step {
    Done(Rcode),
    Alias(Name),
}

impl<'z> Walk<'z, '_, '_> {
    fn follow(mut self, name: Name, zone: &'z Zone, spot: Spot<'z>) -> Looked {
        let mut name = name;
        let mut here = (zone, spot);
        for _ in 0..=MAX_CHAIN {
            match self.step(&name, here.0, here.1) {
                Step::Done(rcode) => {
                    // The code is that of the last name (RFC 6604 §3).
                    self.writer.finish(rcode, self.authoritative, &[], None);
                    return Looked::Reply;
                }
                Step::Alias(target) => name = target,
            }
            match self.zones.find(&name, self.kind) {
                Some(found) => here = found,
                None => {
                    return Looked::Leaves {
                        target: name,
                        records: self.writer.answers(),
                    };
                }
            }
        }
        // Half a chain would look like NODATA.
        self.writer.clear();
        let error = ExtendedError {
            code: ede::OTHER,
            text: "local aliases lead in a circle, or on for too long",
        };
        self.writer.finish(Rcode::SERVFAIL, false, &[], Some(error));
        Looked::Reply
    }

    fn step(&mut self, name: &Name, zone: &'z Zone, spot: Spot<'z>) -> Step {
        match spot {
            Spot::Here(node) | Spot::Wildcard(node) => self.data(name, zone, &node),
            Spot::Cut(node) => {
                self.referral(&node);
                Step::Done(Rcode::NOERROR)
            }
            Spot::Dname(node) => self.redirect(name, &node),
            Spot::Missing => {
                self.denial(name, zone);
                Step::Done(Rcode::NXDOMAIN)
            }
        }
    }

    /// The name is there: its records of the type, or its alias, or that there are none.
    fn data(&mut self, name: &Name, zone: &'z Zone, node: &Node<'z>) -> Step {
        let owner = name.as_wire();
        let mut found = false;
        for set in node.sets() {
            // ANY gets one set (RFC 8482 §4.1).
            let wanted = set.kind == self.kind || self.kind == RecordType::ANY && !found;
            if wanted {
                self.writer.set(Section::Answer, owner, node, &set);
                if !found {
                    Targets::new(self.zones, &mut self.writer).of(&set, name, None);
                }
                found = true;
            }
        }
        if found {
            return Step::Done(Rcode::NOERROR);
        }
        let alias = node.set(RecordType::CNAME);
        let target = alias
            .and_then(|set| set.first())
            .and_then(|data| Name::read_plain(data, 0).ok());
        if let (Some(set), Some((target, _))) = (alias, target) {
            self.writer.set(Section::Answer, owner, node, &set);
            return Step::Alias(target);
        }
        self.denial(name, zone);
        Step::Done(Rcode::NOERROR)
    }

    /// The name is below a DNAME record, which makes an alias of it (RFC 6672 §3.2).
    fn redirect(&mut self, name: &Name, node: &Node<'z>) -> Step {
        let set = node.set(RecordType::DNAME);
        let (Some(set), Some(data)) = (set, set.and_then(|set| set.first())) else {
            return Step::Done(Rcode::SERVFAIL);
        };
        if !self.redirections.contains(&node.name) {
            self.redirections.push(node.name);
            self.writer.set(Section::Answer, node.name, node, &set);
        }
        let Some(target) = substitute(name, node.name, data) else {
            return Step::Done(Rcode::YXDOMAIN);
        };
        self.writer.record(
            Section::Answer,
            name.as_wire(),
            (RecordType::CNAME, set.ttl),
            target.as_wire(),
        );
        if self.kind == RecordType::CNAME {
            return Step::Done(Rcode::NOERROR);
        }
        Step::Alias(target)
    }

    /// Others are responsible for the name: who, and where they are (RFC 1034 §4.3.2 step 3b).
    fn referral(&mut self, node: &Node<'z>) {
        let Some(set) = node.set(RecordType::NS) else {
            return;
        };
        self.writer
            .set_unsigned(Section::Authority, node.name, &set);
        // The DS record of a zone that is not signed proves nothing to anyone (RFC 4035 §3.1.4).
        let signed = |covers| {
            node.sets()
                .any(|set| set.kind == RecordType::RRSIG && set.covers == covers)
        };
        if let Some(set) = node.set(RecordType::DS)
            && self.writer.dnssec_ok()
            && signed(RecordType::DS)
        {
            self.writer.set(Section::Authority, node.name, node, &set);
        }
        let Ok((cut, _)) = Name::read_plain(node.name, 0) else {
            return;
        };
        Targets::new(self.zones, &mut self.writer).of(&set, &cut, Some(&cut));
    }

    /// There is no such name, or no such type: the SOA record says for how long that may be kept (RFC 2308 §3).
    fn denial(&mut self, name: &Name, zone: &Zone) {
        let soa = zone.soa(name);
        self.writer.record(
            Section::Authority,
            soa.owner,
            (RecordType::SOA, soa.ttl),
            soa.data,
        );
        if let Some(node) = soa.node.filter(|_| self.writer.dnssec_ok()) {
            self.writer.signatures(
                Section::Authority,
                soa.owner,
                &node,
                (RecordType::SOA, soa.ttl),
            );
        }
    }
}

/// `name` with `target` in place of its ancestor `owner`; none if that is too long. All but the first in wire format.
fn substitute(name: &Name, owner: &[u8], target: &[u8]) -> Option<Name> {
    let front = name.as_wire().len().checked_sub(owner.len())?;
    let (target, _) = Name::read_plain(target, 0).ok()?;
    let labels = name.labels().scan(front, |left, label| {
        *left = left.checked_sub(label.len() + 1)?;
        Some(label)
    });
    Name::from_labels(labels.chain(target.labels())).ok()
}
