//! Addresses that a client will ask for next (RFC 1034 §4.3.2 step 6).

use super::answer::Zones;
use super::node::{Node, Set};
use super::tree::Spot;
use super::writer::{Writer, wire_length};
use crate::wire::{Name, RecordType, Section};

/// For how many different names addresses are added; more would only make the reply larger than it is useful.
const TARGETS: usize = 32;

/// The names that records point at.
pub(super) struct Targets<'z, 'w, 'o, 'q> {
    zones: &'z Zones,
    writer: &'w mut Writer<'o, 'q>,
    seen: [&'z [u8]; TARGETS],
    count: usize,
}

impl<'z, 'w, 'o, 'q> Targets<'z, 'w, 'o, 'q> {
    pub(super) fn new(zones: &'z Zones, writer: &'w mut Writer<'o, 'q>) -> Self {
        Self {
            zones,
            writer,
            seen: [&[]; TARGETS],
            count: 0,
        }
    }

    /// Adds the addresses that local data have for the names in `set`, which belongs to `owner`; of a referral at `cut` those
    /// below it whatever their size: without them nobody could go there, so the reply is cut if they do not fit (RFC 9471 §2.1).
    pub(super) fn of(&mut self, set: &Set<'z>, owner: &Name, cut: Option<&Name>) {
        let Some(skip) = octets_before_target(set.kind) else {
            return;
        };
        for data in set.records() {
            let target = data.get(skip..).unwrap_or_default();
            self.note(target.get(..wire_length(target)).unwrap_or_default());
        }
        // What is needed comes first, so that what is not takes no room from it.
        for needed in [true, false] {
            for target in self.seen.into_iter().take(self.count) {
                let name = read_target(target, set.kind, owner);
                let Some(name) = name.filter(|name| is_needed(name, cut) == needed) else {
                    continue;
                };
                self.add(&name, set.kind, needed);
            }
        }
    }

    /// Remembers a target that is new.
    fn note(&mut self, target: &'z [u8]) {
        let mut known = self.seen.iter().take(self.count);
        if known.any(|seen| seen.eq_ignore_ascii_case(target)) {
            return;
        }
        if let Some(place) = self.seen.get_mut(self.count) {
            *place = target;
            self.count += 1;
        }
    }

    fn add(&mut self, name: &Name, kind: RecordType, needed: bool) {
        let Some(node) = self.addresses_of(name, kind == RecordType::NS) else {
            return;
        };
        for kind in [RecordType::A, RecordType::AAAA] {
            let Some(set) = node.set(kind) else { continue };
            if needed {
                self.writer
                    .set(Section::Additional, name.as_wire(), &node, &set);
            } else {
                self.writer.set_if_it_fits(name.as_wire(), &node, &set);
            }
        }
    }

    /// The node that has the addresses of a name. Addresses below a cut are not ours to give, except those of name servers:
    /// glue.
    fn addresses_of(&self, name: &Name, glue: bool) -> Option<Node<'z>> {
        let (zone, spot) = self.zones.find(name, RecordType::A)?;
        match spot {
            Spot::Here(node) | Spot::Wildcard(node) => Some(node),
            Spot::Cut(_) if glue => zone.node(name.as_wire()),
            _ => None,
        }
    }
}

/// Without the address of this name nobody could go to the other side of the cut.
fn is_needed(name: &Name, cut: Option<&Name>) -> bool {
    cut.is_some_and(|cut| name.is_within(cut))
}

/// The name that data point at. "." stands for the owner itself (RFC 9460 §2.5.2), and elsewhere for no name at all (RFC 2782,
/// RFC 7505).
fn read_target(target: &[u8], kind: RecordType, owner: &Name) -> Option<Name> {
    let (name, _) = Name::read_plain(target, 0).ok()?;
    match kind {
        _ if name != Name::ROOT => Some(name),
        RecordType::SVCB | RecordType::HTTPS => Some(*owner),
        _ => None,
    }
}

/// How many octets stand before the name in the data of types that point at hosts.
fn octets_before_target(kind: RecordType) -> Option<usize> {
    match kind {
        RecordType::NS => Some(0),
        RecordType::MX | RecordType::SVCB | RecordType::HTTPS => Some(2),
        RecordType::SRV => Some(6),
        _ => None,
    }
}
