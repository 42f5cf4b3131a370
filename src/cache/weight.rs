//! What entries take in memory, so that the size in the settings is the size that the machine sees.

use std::sync::Arc;

use quick_cache::sync::{Cache as Store, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::{Entry, Key};

/// Answers by question, bounded by what they weigh.
pub(super) type Entries<F> = Store<Key, Arc<Entry<F>>, Bytes>;

/// Weighs an entry by the memory that it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes;

/// The place of an entry in the tables: 48 octets where it stands, 12 where it is found; and as tables grow by doubling and
/// remember who went lately, half as much again.
const PLACE: usize = 88;
/// The share of the size that is not for entries, in percent: about 16 for the gaps that the allocator leaves when entries of
/// different sizes come and go, the rest for the program itself and answers under way.
const BESIDE: u64 = 24;
/// What an entry weighs usually, in octets. It decides only how many of those who went are remembered: half as many as there
/// would be such entries.
const USUAL: u64 = 1024;
/// The smallest part of the cache that has a lock of its own, in octets. An answer that takes more than a part is not kept: it
/// would have to hold more than 3000 aliases.
const PART: u64 = 2 << 20;
/// More parts than this no machine has use for.
const MAX_PARTS: u64 = 64;

impl<F> Weighter<Key, Arc<Entry<F>>> for Bytes {
    fn weight(&self, key: &Key, entry: &Arc<Entry<F>>) -> u64 {
        u64::try_from(PLACE + block(key.size()) + entry.size()).unwrap_or(u64::MAX)
    }
}

/// Tables for entries that take `bytes` with all that is around them.
#[expect(
    clippy::expect_used,
    reason = "only what is not set can be wrong, and all is set"
)]
pub(super) fn entries<F>(bytes: u64) -> Entries<F> {
    let small = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let parts = (bytes / PART).clamp(1, MAX_PARTS);
    let options = OptionsBuilder::new()
        .estimated_items_capacity(small(bytes / USUAL))
        .weight_capacity(bytes / 100 * (100 - BESIDE))
        .shards(1 << parts.ilog2())
        .build()
        .expect("complete options");
    let hash = DefaultHashBuilder::default();
    Entries::with_options(options, Bytes, hash, DefaultLifecycle::default())
}

/// What the allocator takes for so many octets: multiples of 16, at least 32; and as large blocks of many sizes leave large gaps,
/// half as much again from a page on (measured).
pub(super) fn block(octets: usize) -> usize {
    match octets {
        0 => 0,
        1..PAGE => (octets + 8).next_multiple_of(16).max(32),
        _ => octets.saturating_add(octets / 2),
    }
}

const PAGE: usize = 4096;
