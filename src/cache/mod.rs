//! Floor 3: the packet cache.
//!
//! Whole upstream answers, kept until their TTL runs out and for a while after that, bounded by bytes. An entry carries with it
//! what its keeper found out about it (`F`), so that a hit need not be looked into again. The cache reads no clock: `now` is the
//! time since boot.

mod entry;
pub mod file;
mod gone;
mod key;
mod weight;

use std::sync::Arc;
use std::time::Duration;

use crate::wire::Name;
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
        let freshness = self.freshness(key.name(), &entry, now)?;
        Some(Found { entry, freshness })
    }

    /// All entries that are of use at `now`, and will be when they are stale, with their keys. Others may come and go meanwhile.
    pub fn useful(&self, now: Duration) -> impl Iterator<Item = (Key, Arc<Entry<F>>)> {
        let entries = self.entries.iter();
        entries.filter(move |(key, entry)| {
            !self.is_outdated(key.name(), entry) && self.freshness(key.name(), entry, now).is_some()
        })
    }

    /// Whether somebody said later than an entry arrived that its name does not exist.
    fn is_outdated(&self, name: &[u8], entry: &Entry<F>) -> bool {
        entry.answer().kind != Kind::Nxdomain && self.gone.since(name, entry.arrived())
    }

    /// What is left of an entry for `name`; none where it is not worth to be kept any longer.
    fn freshness(&self, name: &[u8], entry: &Entry<F>, now: Duration) -> Option<Freshness> {
        let stale = Duration::from_secs(self.lifetimes.stale.into());
        let freshness = entry.freshness(now, stale)?;
        let outdated = freshness == Freshness::Stale && self.is_outdated(name, entry);
        (!outdated).then_some(freshness)
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

    /// Forgets the answer for a question.
    pub fn remove(&self, key: &KeyRef<'_>) {
        self.entries.remove(key);
    }

    /// Forgets the answers for all names that are not `wanted`.
    pub fn retain(&self, wanted: impl Fn(&Name) -> bool) {
        self.entries.retain(|key, _| {
            let name = Name::read_plain(key.name(), 0);
            name.is_ok_and(|(name, _)| wanted(&name))
        });
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
