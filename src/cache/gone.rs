//! Names of which somebody said that they do not exist.
//!
//! That is said of a name, not of one type of it (RFC 2308 §2.1), while answers are kept by name and type. A stale address must
//! not outlive the word that its name is gone, whatever type that word was an answer for.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use quick_cache::sync::Cache;

/// How many names are remembered. If there are more, a name may be forgotten, and only questions of the type that was asked
/// for are known to have no stale answer.
const REMEMBERED: usize = 16_384;

/// When names were last said not to exist. A name is known by a hash with a key of its own; two names that share one would cost
/// a stale answer, and never give one.
#[derive(Debug)]
pub(super) struct Gone {
    names: Cache<u64, Duration>,
    hasher: RandomState,
}

impl Default for Gone {
    fn default() -> Self {
        Self {
            names: Cache::new(REMEMBERED),
            hasher: RandomState::new(),
        }
    }
}

impl Gone {
    /// Notes that `name` (on the wire, in canonical form) was said at `now` not to exist.
    pub(super) fn note(&self, name: &[u8], now: Duration) {
        // Answers from a file come in any order.
        if !self.since(name, now) {
            self.names.insert(self.hasher.hash_one(name), now);
        }
    }

    /// Whether that was said of `name` after `time`.
    pub(super) fn since(&self, name: &[u8], time: Duration) -> bool {
        let said = self.names.get(&self.hasher.hash_one(name));
        said.is_some_and(|said| said > time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_word_counts_in_whatever_order_words_come() {
        let gone = Gone::default();
        let at = Duration::from_secs;
        // Answers come back from a file in no order.
        gone.note(b"\x01a\0", at(10));
        gone.note(b"\x01a\0", at(3));
        assert!(gone.since(b"\x01a\0", at(5)));
        assert!(!gone.since(b"\x01a\0", at(10)));
    }
}
