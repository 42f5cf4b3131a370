//! Nodes by name. Names with the same hash lie side by side, so that a look-up reads one number and then one place: in a large
//! zone every further place would cost more than all the rest of an answer. Seeded by the system, since names come from outside.
//! Nothing is ever added or removed later: a reload builds a new zone.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use super::node::{Node, Place, UNIT};

/// Where the nodes of a hash begin.
#[derive(Debug)]
pub(super) struct Table {
    seed: RandomState,
    /// In units of [`UNIT`] octets, which reach for 64 GB. The nodes of a hash end where those of the next begin.
    starts: Box<[u32]>,
}

impl Table {
    /// A table for so many names, still without nodes.
    pub(super) fn new(names: usize) -> Self {
        Self {
            seed: RandomState::new(),
            starts: vec![0; names.next_power_of_two() + 1].into_boxed_slice(),
        }
    }

    /// Lays the nodes out in an arena; `nodes` are names and where in `written` their nodes stand. Returns the places, too.
    pub(super) fn lay_out(
        &mut self,
        nodes: Vec<(&[u8], Range<usize>)>,
        written: &[u8],
    ) -> (Box<[u8]>, Vec<Place>) {
        let mut nodes: Vec<(usize, Range<usize>)> = nodes
            .into_iter()
            .map(|(name, node)| (self.bucket(name), node))
            .collect();
        nodes.sort_unstable_by_key(|(bucket, node)| (*bucket, node.start));
        let room: usize = nodes.iter().map(|(_, node)| node.len()).sum();
        // No node begins at 0.
        let mut arena = Vec::with_capacity(room + UNIT);
        arena.resize(UNIT, 0);
        let mut places = Vec::with_capacity(nodes.len());
        let mut nodes = nodes.into_iter().peekable();
        for (bucket, start) in self.starts.iter_mut().enumerate() {
            *start = u32::try_from(arena.len() / UNIT).unwrap_or(u32::MAX);
            while let Some((_, node)) = nodes.next_if(|(at, _)| *at == bucket) {
                places.extend(Place::try_from(arena.len()));
                arena.extend_from_slice(written.get(node).unwrap_or_default());
            }
        }
        (arena.into_boxed_slice(), places)
    }

    /// The place of the node with this name.
    pub(super) fn find(&self, arena: &[u8], name: &[u8]) -> Option<Place> {
        let mut starts = self.starts.get(self.bucket(name)..)?.iter();
        let mut place = start(*starts.next()?);
        let end = start(*starts.next()?);
        while place < end {
            let node = Node::read(arena, place)?;
            if node.name == name {
                return Some(place);
            }
            place += node.room();
        }
        None
    }

    /// How many octets it takes.
    pub(super) fn size(&self) -> usize {
        size_of_val(&*self.starts)
    }

    fn bucket(&self, name: &[u8]) -> usize {
        // One start more than there are hashes, which are a power of two.
        let mask = u64::try_from(self.starts.len())
            .unwrap_or(0)
            .saturating_sub(2);
        usize::try_from(self.seed.hash_one(name) & mask).unwrap_or(0)
    }
}

fn start(units: u32) -> Place {
    Place::from(units) << UNIT.ilog2()
}
