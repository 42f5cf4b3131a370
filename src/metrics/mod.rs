//! Floor 3: what is counted.
//!
//! Every worker counts in a place of its own, so that counting costs no more than an addition; reading sums them up. Names and
//! addresses of clients are never part of a counter.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($variant:ident $word:literal $doc:literal,)*) => {
        /// What is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Counter {
            $(#[doc = $doc] $variant,)*
        }

        impl Counter {
            /// All counters, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The counter's name.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

counters! {
    Zone "zone" "Answered from local data.",
    Embedded "embedded" "Answered by decoding the name.",
    Special "special" "Answered from the special-use names.",
    Server "server" "Answered by what the server says of itself.",
    Cache "cache" "Answered from the cache.",
    Stale "stale" "Answered from the cache past the answer's life, because no upstream answered.",
    Upstream "upstream" "Answered by an upstream.",
    Blocked "blocked" "Blocked: the answer pointed inside.",
    Sinkhole "sinkhole" "Blocked: the upstream's own word for a name that it blocks.",
    Reported "reported" "Passed although the answer pointed inside: action is report, the client is exempt, or the address is an own public one.",
    Failed "failed" "SERVFAIL: no upstream gave an answer that can be used.",
    Refused "refused" "Refused: malformed, not a query, or nothing that is answered here.",
    Dropped "dropped" "Not answered: a response, or too short.",
    Denied "denied" "Not answered: the client may not ask.",
    Crowded "crowded" "Connections not taken: there are too many.",
    Overload "overload" "SERVFAIL: too many questions under way.",
}

/// The counters of one worker, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Shard {
    counts: [AtomicU64; Counter::ALL.len()],
}

impl Shard {
    /// Counts one.
    pub fn count(&self, counter: Counter) {
        if let Some(count) = self.place(counter) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[expect(
        clippy::as_conversions,
        reason = "an enum without fields is its place in the list"
    )]
    fn place(&self, counter: Counter) -> Option<&AtomicU64> {
        self.counts.get(counter as usize)
    }
}

/// The counters of all workers.
#[derive(Debug)]
pub struct Metrics {
    shards: Box<[Shard]>,
}

impl Metrics {
    /// Counters for so many workers, at least one.
    pub fn new(workers: usize) -> Self {
        Self {
            shards: (0..workers.max(1)).map(|_| Shard::default()).collect(),
        }
    }

    /// The place in which a worker counts.
    pub fn shard(&self, worker: usize) -> &Shard {
        static NOWHERE: std::sync::OnceLock<Shard> = std::sync::OnceLock::new();
        let index = worker.checked_rem(self.shards.len()).unwrap_or(0);
        self.shards
            .get(index)
            .unwrap_or_else(|| NOWHERE.get_or_init(Shard::default))
    }

    /// The sum of all workers.
    pub fn total(&self, counter: Counter) -> u64 {
        self.shards
            .iter()
            .filter_map(|shard| shard.place(counter))
            .map(|count| count.load(Ordering::Relaxed))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_counter_has_a_place_of_its_own() {
        let metrics = Metrics::new(2);
        for (place, counter) in Counter::ALL.iter().enumerate() {
            for times in 0..=place {
                metrics.shard(times).count(*counter);
            }
        }
        for (place, counter) in Counter::ALL.iter().enumerate() {
            let expected = u64::try_from(place + 1).unwrap();
            assert_eq!(metrics.total(*counter), expected, "{}", counter.word());
        }
    }
}
