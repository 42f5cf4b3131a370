//! Floor 3: the packet cache.
//!
//! Whole upstream answers, kept until their TTL runs out and for a while after that, bounded by bytes. An entry carries with it
//! what its keeper found out about it (`F`), so that a hit need not be looked into again. The cache reads no clock: `now` is the
//! time since boot.

mod entry;
mod gone;
mod key;
mod weight;

use std::sync::Arc;
use std::time::Duration;

use crate::wire::answer::Kind;

use gone::Gone;
use weight::Entries;

pub use entry::{Entry, Freshness, Lifetimes};
pub use key::{Key, KeyRef};

/// Answers by question. `F` is what was found in an answer.
#[derive(Debug)]
pub struct Cache<F> {
    entries: Entries<F>,
    gone: Gone,
    lifetimes: Lifetimes,
}

/// An entry, and what is left of its life.
#[derive(Debug)]
pub struct Found<F> {
    /// The entry.
    pub entry: Arc<Entry<F>>,
    /// What is left of it.
    pub freshness: Freshness,
}

impl<F> Cache<F> {
    /// A cache that takes at most `bytes`, tables and gaps included, whose entries live as `lifetimes` says.
    pub fn new(bytes: u64, lifetimes: Lifetimes) -> Self {
        Self {
            entries: weight::entries(bytes),
            gone: Gone::default(),
            lifetimes,
        }
    }

    /// The entry for a question, if there is one that is of use at `now`. A stale one is so only if nobody said later that its
    /// name does not exist.
    pub fn find(&self, key: &KeyRef<'_>, now: Duration) -> Option<Found<F>> {
        let entry = self.entries.get(key)?;
        let stale = Duration::from_secs(self.lifetimes.stale.into());
        let freshness = entry.freshness(now, stale)?;
        if freshness == Freshness::Stale
            && entry.answer().kind != Kind::Nxdomain
            && self.gone.since(key.name(), entry.arrived())
        {
            return None;
        }
        Some(Found { entry, freshness })
    }

    /// Keeps `entry` if its upstream and the settings allow it to be kept at all. In any case it takes the place of what was
    /// known before, unless it is a failure, which says nothing about the name.
    pub fn insert(&self, key: Key, entry: &Arc<Entry<F>>) {
        match entry.answer().kind {
            Kind::Failure => return,
            Kind::Nxdomain if self.lifetimes.stale > 0 => {
                self.gone.note(key.name(), entry.arrived());
            }
            Kind::Nxdomain | Kind::Nodata | Kind::Positive => {}
        }
        if entry.lifetime() > Duration::ZERO {
            self.entries.insert(key, Arc::clone(entry));
        } else {
            self.entries.remove(&key);
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
