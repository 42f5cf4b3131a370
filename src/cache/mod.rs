//! Floor 3: the packet cache.
//!
//! Whole upstream answers, kept until their TTL runs out, bounded by bytes. An entry carries with it what its keeper found out
//! about it (`F`), so that a hit need not be looked into again. The cache reads no clock: `now` is the time since boot.

mod entry;
mod key;

use std::sync::Arc;
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache as Store;

pub use entry::{Entry, Lifetimes};
pub use key::{Key, KeyRef};

/// Answers by question. `F` is what was found in an answer.
#[derive(Debug)]
pub struct Cache<F> {
    entries: Store<Key, Arc<Entry<F>>, Bytes>,
    lifetimes: Lifetimes,
}

/// What an entry takes in memory, about: its octets, and the tables around it.
#[derive(Debug, Clone, Copy)]
struct Bytes;

/// Key, entry, reference counts and places in the tables, measured to within a tenth.
const OVERHEAD: usize = 440;

impl<F> Weighter<Key, Arc<Entry<F>>> for Bytes {
    fn weight(&self, key: &Key, entry: &Arc<Entry<F>>) -> u64 {
        u64::try_from(key.size() + entry.size() + OVERHEAD).unwrap_or(u64::MAX)
    }
}

impl<F> Cache<F> {
    /// A cache of at most `bytes`, whose entries live as `lifetimes` says.
    pub fn new(bytes: u64, lifetimes: Lifetimes) -> Self {
        let expected = usize::try_from(bytes / 512)
            .unwrap_or(usize::MAX)
            .clamp(64, 1 << 20);
        Self {
            entries: Store::with_weighter(expected, bytes, Bytes),
            lifetimes,
        }
    }

    /// The entry for a question, if there is one that still lives at `now`.
    pub fn find(&self, key: &KeyRef<'_>, now: Duration) -> Option<Arc<Entry<F>>> {
        self.entries.get(key).filter(|entry| entry.is_fresh(now))
    }

    /// Keeps `entry` if its upstream and the settings allow it to be kept at all.
    pub fn insert(&self, key: Key, entry: &Arc<Entry<F>>) {
        if entry.lifetime() > Duration::ZERO {
            self.entries.insert(key, Arc::clone(entry));
        }
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.entries.clear();
    }

    /// For how long answers live here.
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// How many answers are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests;
