//! The names of one zone, found without walking through them.
//!
//! Every name has a node, also those that only have names below them (RFC 4592 §2.2.2), so the longest suffix that has a node is
//! the closest encloser (RFC 4592 §3.3.1). A node knows the cut or DNAME above it and its wildcard child, so one found node
//! decides. The cost of a look-up grows with the labels of the question, not with the zone.

use super::build::Builder;
use super::node::{CUT, DNAME, Node};
use super::table::Table;
use super::{Mode, Record};
use crate::wire::{Name, RecordType, read_u32, reply};

/// How long negative answers may be kept from a zone without SOA, in seconds.
const NEGATIVE_TTL: u32 = 300;

/// The records below one origin.
#[derive(Debug)]
pub struct Zone {
    pub(super) origin: Name,
    pub(super) mode: Mode,
    pub(super) arena: Box<[u8]>,
    pub(super) table: Table,
    /// The octets of the longest name; longer ones are not looked for, so a question of many labels costs no more than others.
    pub(super) longest: usize,
    /// There are wildcards, cuts or DNAME records: names that are not written down may be answered.
    pub(super) synthesises: bool,
    pub(super) records: usize,
    /// The data of the SOA record for a zone that has none.
    soa: Vec<u8>,
}

/// Where a name stands in a zone.
#[derive(Debug, Clone, Copy)]
pub(super) enum Spot<'a> {
    /// The name is there.
    Here(Node<'a>),
    /// The name is not there, but its closest encloser has this wildcard (RFC 4592 §3.3.1).
    Wildcard(Node<'a>),
    /// The name is at or below this cut.
    Cut(Node<'a>),
    /// The name is below this node, which has a DNAME record.
    Dname(Node<'a>),
    /// The name does not exist.
    Missing,
}

/// The SOA record of a negative answer: what it belongs to, its TTL, its data.
#[derive(Debug, Clone, Copy)]
pub(super) struct Soa<'a> {
    pub(super) owner: &'a [u8],
    pub(super) ttl: u32,
    pub(super) node: Option<Node<'a>>,
    pub(super) data: &'a [u8],
}

impl Zone {
    /// A zone of these records. Records outside of `origin` are left out, duplicates dropped, and each set of records gets its
    /// smallest TTL (RFC 2181 §5).
    pub fn new(origin: Name, mode: Mode, records: Vec<Record>) -> Self {
        let zone = Builder::new(&origin, mode, &records).build();
        // The records weigh more than the zone that was made of them.
        drop(records);
        zone
    }

    /// A zone without names.
    pub(super) fn empty(origin: Name, mode: Mode) -> Self {
        Self {
            origin,
            mode,
            arena: Box::default(),
            table: Table::new(0),
            longest: 0,
            synthesises: false,
            records: 0,
            soa: reply::soa_data(NEGATIVE_TTL),
        }
    }

    /// The name that all names of the zone end with.
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// What becomes of a question that the zone has nothing for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How many records it holds.
    pub fn record_count(&self) -> usize {
        self.records
    }

    /// How many octets it takes.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.arena.len() + self.table.size()
    }

    /// Whether it has records of a name.
    pub fn has(&self, name: &Name) -> bool {
        self.node(name.as_wire())
            .is_some_and(|node| !node.is_empty())
    }

    /// The node of a name in wire format.
    pub(super) fn node(&self, name: &[u8]) -> Option<Node<'_>> {
        self.table
            .find(&self.arena, name)
            .and_then(|place| Node::read(&self.arena, place))
    }

    /// Where `name` stands, for a question of type `kind`.
    pub(super) fn spot(&self, name: &Name, kind: RecordType) -> Spot<'_> {
        let whole = name.as_wire().len();
        if !self.synthesises && self.mode == Mode::Overlay {
            return self.node(name.as_wire()).map_or(Spot::Missing, Spot::Here);
        }
        let apex = self.origin.as_wire().len();
        for suffix in name.suffixes() {
            if suffix.len() > self.longest {
                continue;
            }
            if suffix.len() < apex {
                break;
            }
            if let Some(node) = self.node(suffix) {
                return self.spot_at(node, suffix.len() == whole, kind);
            }
        }
        Spot::Missing
    }

    /// What the longest suffix of a name that has a node says about the name; `exact` if it is the name itself.
    fn spot_at<'a>(&'a self, node: Node<'a>, exact: bool, kind: RecordType) -> Spot<'a> {
        if let Some(above) = Node::read(&self.arena, node.above) {
            return if above.is(CUT) {
                Spot::Cut(above)
            } else {
                Spot::Dname(above)
            };
        }
        // The DS record of a delegated zone belongs to the delegating one (RFC 4035 §3.1.4.1).
        if node.is(CUT) && !(exact && kind == RecordType::DS) {
            return Spot::Cut(node);
        }
        if exact {
            return Spot::Here(node);
        }
        if node.is(DNAME) {
            return Spot::Dname(node);
        }
        Node::read(&self.arena, node.wildcard).map_or(Spot::Missing, Spot::Wildcard)
    }

    /// Whether the zone leaves a name in this spot to others.
    pub(super) fn passes(&self, spot: &Spot<'_>) -> bool {
        if self.mode == Mode::Authoritative {
            return false;
        }
        match spot {
            Spot::Missing => true,
            Spot::Cut(_) | Spot::Dname(_) => false,
            Spot::Here(node) | Spot::Wildcard(node) => {
                let paperwork = |kind| matches!(kind, RecordType::SOA | RecordType::NS);
                let apex = node.name == self.origin.as_wire();
                node.is_empty() || apex && node.sets().all(|set| paperwork(set.covers))
            }
        }
    }

    /// The SOA record of a negative answer about `name`, with the TTL that RFC 2308 §3 gives it. A zone without one gets one at
    /// the name itself: then the answer says nothing about other names.
    pub(super) fn soa<'a>(&'a self, name: &'a Name) -> Soa<'a> {
        let node = self.node(self.origin.as_wire());
        let set = node.and_then(|node| node.set(RecordType::SOA));
        let data = set.and_then(|set| set.first());
        match (set, data) {
            (Some(set), Some(data)) => {
                let minimum = read_u32(data, data.len().saturating_sub(4)).unwrap_or(0);
                Soa {
                    owner: self.origin.as_wire(),
                    ttl: set.ttl.min(minimum),
                    node,
                    data,
                }
            }
            _ => Soa {
                owner: name.as_wire(),
                ttl: NEGATIVE_TTL,
                node: None,
                data: &self.soa,
            },
        }
    }
}
