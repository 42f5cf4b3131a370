//! From the records of a file to the nodes of a zone.

use std::collections::HashSet;
use std::ops::Range;

use super::node::{self, CUT, DNAME, Node};
use super::table::Table;
use super::tree::Zone;
use super::{Mode, Record};
use crate::wire::{Name, RecordType, layout, overwrite};

/// Makes a zone of records.
pub(super) struct Builder<'a> {
    zone: Zone,
    origin: &'a Name,
    /// In the order of names, within a name by type, signatures behind what they cover.
    order: Vec<&'a Record>,
    /// The nodes so far, and where each stands.
    written: Vec<u8>,
    nodes: Vec<(&'a [u8], Range<usize>)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(origin: &'a Name, mode: Mode, records: &'a [Record]) -> Self {
        let mut order: Vec<&Record> = records
            .iter()
            .filter(|record| record.owner.is_within(origin))
            .collect();
        // Stable: the records of a set stay in the order of the file.
        order.sort_by(|a, b| {
            (a.owner.as_wire(), covers(a), is_signature(a)).cmp(&(
                b.owner.as_wire(),
                covers(b),
                is_signature(b),
            ))
        });
        Self {
            zone: Zone::empty(*origin, mode),
            origin,
            order,
            written: Vec::new(),
            nodes: Vec::new(),
        }
    }

    pub(super) fn build(mut self) -> Zone {
        let order = std::mem::take(&mut self.order);
        let mut seen: HashSet<&[u8]> = order.iter().map(|record| record.owner.as_wire()).collect();
        let mut empty: Vec<&[u8]> = Vec::new();
        let origin = self.origin;
        if seen.insert(origin.as_wire()) {
            empty.push(origin.as_wire());
        }
        for record in &order {
            let above = record.owner.suffixes().skip(1);
            // A name that is known brings its own ancestors.
            empty.extend(
                above
                    .take_while(|suffix| suffix.len() > origin.as_wire().len())
                    .take_while(|suffix| seen.insert(suffix)),
            );
        }
        self.zone.table = Table::new(seen.len());
        drop(seen);
        for records in order.chunk_by(|a, b| a.owner == b.owner) {
            if let Some(first) = records.first() {
                let (flags, sets) = self.sets(records);
                self.push(first.owner.as_wire(), flags, &sets);
            }
        }
        for name in empty {
            self.push(name, 0, &[]);
        }
        let (arena, places) = self.zone.table.lay_out(self.nodes, &self.written);
        self.zone.arena = arena;
        link(&mut self.zone, &places);
        self.zone
    }

    fn sets(&mut self, records: &[&Record]) -> (u8, Vec<u8>) {
        let mut flags = 0;
        let mut sets = Vec::new();
        for set in records.chunk_by(|a, b| (a.kind, covers(a)) == (b.kind, covers(b))) {
            let Some(first) = set.first() else { continue };
            match first.kind {
                RecordType::NS if first.owner != self.zone.origin => flags |= CUT,
                RecordType::DNAME => flags |= DNAME,
                _ => {}
            }
            let ttl = set.iter().map(|record| record.ttl).min().unwrap_or(0);
            let mut known = HashSet::new();
            let different: Vec<&[u8]> = set
                .iter()
                .filter(|record| {
                    set.len() == 1 || known.insert(layout::canonical(record.kind, &record.data))
                })
                .map(|record| &*record.data)
                .collect();
            self.zone.records += different.len();
            node::push_set(
                &mut sets,
                first.kind,
                covers(first),
                ttl,
                different.into_iter(),
            );
        }
        (flags, sets)
    }

    fn push(&mut self, name: &'a [u8], flags: u8, sets: &[u8]) {
        if let Some(node) = node::push(&mut self.written, name, flags, sets) {
            self.nodes.push((name, node));
            self.zone.longest = self.zone.longest.max(name.len());
            self.zone.synthesises |= flags != 0 || name.starts_with(b"\x01*");
        }
    }
}

/// Gives every node its links, once all are there.
fn link(zone: &mut Zone, places: &[node::Place]) {
    if !zone.synthesises {
        return;
    }
    let apex = zone.origin.as_wire().len();
    for &place in places {
        let Some(name) = Node::read(&zone.arena, place)
            .and_then(|node| Name::read_plain(node.name, 0).ok())
            .map(|(name, _)| name)
        else {
            continue;
        };
        let mut topmost = 0;
        for (height, suffix) in name.suffixes().enumerate().skip(1) {
            if suffix.len() < apex {
                break;
            }
            let above = zone.table.find(&zone.arena, suffix).unwrap_or(0);
            if height == 1 && name.as_wire().starts_with(b"\x01*") {
                patch(&mut zone.arena, above, node::WILDCARD, place);
            }
            if Node::read(&zone.arena, above).is_some_and(|node| node.is(CUT | DNAME)) {
                topmost = above;
            }
        }
        patch(&mut zone.arena, place, node::ABOVE, topmost);
    }
}

fn patch(arena: &mut [u8], node: node::Place, field: usize, link: node::Place) {
    if let Some(at) = usize::try_from(node).ok().filter(|at| *at > 0) {
        overwrite(arena, at + field, &link.to_be_bytes());
    }
}

/// The type that a signature covers, the type itself of all others (RFC 4034 §3.1.1).
fn covers(record: &Record) -> RecordType {
    match (record.kind, record.data.first_chunk()) {
        (RecordType::RRSIG, Some(covered)) => RecordType(u16::from_be_bytes(*covered)),
        (kind, _) => kind,
    }
}

fn is_signature(record: &Record) -> bool {
    record.kind == RecordType::RRSIG
}
