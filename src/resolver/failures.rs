//! Questions that failed a moment ago.
//!
//! Whoever gets SERVFAIL asks again, often at once. Without a memory each time would cost the upstream, which is in trouble
//! already, another round of attempts (RFC 9520 §3.2).

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::cache::{Key, KeyRef};
use crate::upstream::Failure;

/// The shortest time that RFC 9520 §3.2 allows: when the upstream is back, so are we.
const KEPT: Duration = Duration::from_secs(1);
/// What is bogus stays so until somebody mends the zone, and every attempt costs a chain of questions and signatures.
const KEPT_BOGUS: Duration = Duration::from_secs(10);
/// How many failed questions are remembered.
const REMEMBERED: usize = 4096;

/// The failures of the last seconds, by question.
#[derive(Debug)]
pub(super) struct Failures {
    recent: Cache<Key, (Duration, Arc<Failure>)>,
}

impl Default for Failures {
    fn default() -> Self {
        Self {
            recent: Cache::new(REMEMBERED),
        }
    }
}

impl Failures {
    /// How this question failed, if it did so just now.
    pub(super) fn find(&self, key: &KeyRef<'_>, now: Duration) -> Option<Arc<Failure>> {
        let (failed, failure) = self.recent.get(key)?;
        let kept = match *failure {
            Failure::Bogus(_) => KEPT_BOGUS,
            _ => KEPT,
        };
        (now.saturating_sub(failed) < kept).then_some(failure)
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.recent.clear();
    }

    /// Remembers a failure.
    pub(super) fn note(&self, key: Key, failure: &Arc<Failure>, now: Duration) {
        self.recent.insert(key, (now, Arc::clone(failure)));
    }
}
