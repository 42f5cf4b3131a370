//! Questions that failed a moment ago.
//!
//! Whoever gets SERVFAIL asks again, often at once. Without a memory each time would cost the upstream, which is in trouble
//! already, another round of attempts (RFC 9520 §3.2).

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::topic::{Topic, TopicRef};
use crate::upstream::Failure;

/// For how long the first failure of a question stands: the shortest time that RFC 9520 §3.2 allows.
const FIRST: Duration = Duration::from_secs(1);
/// The longest time, reached by doubling with each further failure. RFC 9520 allows five minutes, and RFC 8767 §5 wants half a
/// minute between attempts; but this upstream is a handful of servers, and five seconds after their return all is well again.
const LONGEST: Duration = Duration::from_secs(4);
/// After this time without a failure the next one is a first one again. An attempt takes at most 4 s, and comes [`LONGEST`] after
/// the last one at the earliest.
const FORGOTTEN: Duration = Duration::from_secs(12);
/// What is bogus stays so until somebody mends the zone, and every attempt costs a chain of questions and signatures.
const BOGUS: Duration = Duration::from_secs(10);
/// How many failed questions are remembered.
const REMEMBERED: usize = 4096;

/// Failures, by what was asked.
#[derive(Debug)]
pub(super) struct Failures {
    recent: Cache<Topic, Remembered>,
}

#[derive(Debug, Clone)]
struct Remembered {
    failure: Arc<Failure>,
    at: Duration,
    stands: Duration,
}

impl Default for Failures {
    fn default() -> Self {
        Self {
            recent: Cache::new(REMEMBERED),
        }
    }
}

impl Failures {
    /// How this question failed, if that still stands: then it need not be asked again.
    pub(super) fn find(&self, topic: &TopicRef<'_>, now: Duration) -> Option<Arc<Failure>> {
        let last = self.recent.get(topic)?;
        (now.saturating_sub(last.at) < last.stands).then_some(last.failure)
    }

    /// Remembers a failure.
    pub(super) fn note(&self, topic: Topic, failure: &Arc<Failure>, now: Duration) {
        let last = self.recent.get(&topic);
        let repeated = last.filter(|last| now.saturating_sub(last.at) < FORGOTTEN);
        let stands = match **failure {
            Failure::Bogus(_) => BOGUS,
            // It cost nobody a packet, and a link that is back should be used at once.
            Failure::Unasked(_) => FIRST,
            _ => repeated.map_or(FIRST, |last| (last.stands * 2).min(LONGEST)),
        };
        let remembered = Remembered {
            failure: Arc::clone(failure),
            at: now,
            stands,
        };
        self.recent.insert(topic, remembered);
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.recent.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Ask;
    use crate::wire::{Question, RecordType};

    #[test]
    fn a_lack_of_network_stands_no_longer_each_time() {
        let failures = Failures::default();
        let ask = ask(&[]);
        let topic = TopicRef::new(&ask);
        for round in 0..4 {
            let now = Duration::from_secs(1000) + FIRST * round;
            assert!(failures.find(&topic, now).is_none(), "{round}");
            let failure = Arc::new(Failure::Unasked("no way".to_owned()));
            failures.note(topic.to_topic(), &failure, now);
            assert!(failures.find(&topic, now).is_some(), "{round}");
        }
    }

    #[test]
    fn a_failure_stands_for_longer_each_time_and_is_forgotten_in_the_end() {
        let failures = Failures::default();
        let ask = ask(&[]);
        let topic = TopicRef::new(&ask);
        let at = Duration::from_millis;
        let mut now = at(50_000);
        for stands in [1000, 2000, 4000, 4000] {
            failures.note(topic.to_topic(), &Arc::new(Failure::NoServer), now);
            assert!(failures.find(&topic, now + at(stands - 1)).is_some());
            now += at(stands);
            assert!(failures.find(&topic, now).is_none(), "{stands}");
            // An attempt takes so long.
            now += at(3999);
        }
        now += FORGOTTEN;
        failures.note(topic.to_topic(), &Arc::new(Failure::NoServer), now);
        assert!(failures.find(&topic, now + FIRST).is_none());
    }

    #[test]
    fn options_make_another_question() {
        let failures = Failures::default();
        let (plain, odd) = (ask(&[]), ask(b"\xfd\xe9\0\x01x"));
        let [plain, odd] = [&plain, &odd].map(TopicRef::new);
        failures.note(odd.to_topic(), &Arc::new(Failure::NoServer), FIRST);
        assert!(failures.find(&plain, FIRST).is_none());
        assert!(failures.find(&odd, FIRST).is_some());
    }

    fn ask(options: &[u8]) -> Ask {
        Ask {
            question: Question {
                name: "a.example".parse().unwrap(),
                kind: RecordType::A,
                class: 1,
            },
            dnssec_ok: false,
            checking_disabled: false,
            options: options.to_vec(),
        }
    }
}
