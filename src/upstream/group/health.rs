//! How quick a server is, and whether it is there at all.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rand::RngExt;

/// So many failures in a row, and a server counts as out of order.
const OUT_AFTER: u32 = 3;
/// How long a server that is out of order is left alone at first; doubled each time that it is still out, up to [`LONGEST_REST`].
const FIRST_REST: Duration = Duration::from_millis(500);
/// Short enough for a server to be used again within a few seconds of its return.
const LONGEST_REST: Duration = Duration::from_secs(3);
/// How often the time of a server is measured that is not asked because others are quicker.
const REMEASURE: Duration = Duration::from_secs(60);
/// What is taken for the time of a server that nobody has measured.
const UNKNOWN: Duration = Duration::from_millis(100);

/// What is known of a server. Many questions write here at the same time; each value is right by itself, and that is enough.
#[derive(Debug)]
pub(super) struct Health {
    /// The smoothed round-trip time in microseconds; 0: never measured.
    time: AtomicU32,
    /// Failures since the last answer.
    failures: AtomicU32,
    /// When the server should be tried beside the others, in milliseconds since boot.
    trial: AtomicU64,
}

impl Health {
    /// Of a server of which nothing is known; how quick it is, is found out beside the first question.
    pub(super) fn new() -> Self {
        Self {
            time: AtomicU32::new(0),
            failures: AtomicU32::new(0),
            trial: AtomicU64::new(0),
        }
    }

    /// The smoothed round-trip time.
    pub(super) fn time(&self) -> Duration {
        match self.time.load(Ordering::Relaxed) {
            0 => UNKNOWN,
            micros => Duration::from_micros(micros.into()),
        }
    }

    /// Whether the server counts as out of order: then it is asked only if there is no other.
    pub(super) fn is_out(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= OUT_AFTER
    }

    /// Notes an answer that took `time`.
    pub(super) fn answered(&self, time: Duration, now: Duration) {
        self.smooth(time);
        // Written only when it changes: the answers of a good server need not fight for the cache line.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        if self.trial.load(Ordering::Relaxed) < millis(now + REMEASURE / 2) {
            self.trial
                .store(millis(now + jitter(REMEASURE)), Ordering::Relaxed);
        }
    }

    /// Notes the answer to a trial. A server that is quicker than thought, as after its return, is so from now on. One that was
    /// away is tried again soon, and so is one that seems much slower: its answer may have waited for the return.
    pub(super) fn proved(&self, time: Duration, now: Duration) {
        let was_away = self.failures.load(Ordering::Relaxed) > 0;
        let odd = time > self.time() * 2;
        self.answered(time, now);
        self.time.fetch_min(micros(time).max(1), Ordering::Relaxed);
        if was_away || odd {
            let soon = millis(now + jitter(FIRST_REST));
            self.trial.store(soon, Ordering::Relaxed);
        }
    }

    /// Notes that there was no answer, or none of use, although another server had one.
    pub(super) fn failed(&self, now: Duration) {
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        let over = before.saturating_add(1).saturating_sub(OUT_AFTER);
        let rest = FIRST_REST
            .saturating_mul(1 << over.min(8))
            .min(LONGEST_REST);
        self.trial
            .store(millis(now + jitter(rest)), Ordering::Relaxed);
    }

    /// Notes that another server had the answer when this one had taken `time` already. It may be silent for ever, or have a
    /// hard name to resolve; the next trial tells which.
    pub(super) fn overtaken(&self, time: Duration, now: Duration) {
        if time > self.time() {
            self.smooth(time);
        }
        let soon = millis(now + jitter(FIRST_REST));
        self.trial.fetch_min(soon, Ordering::Relaxed);
    }

    /// One eighth of the news, as TCP does it (RFC 6298 §2.3).
    fn smooth(&self, time: Duration) {
        let new = micros(time);
        let smoothed = match self.time.load(Ordering::Relaxed) {
            0 => new,
            old => old - old / 8 + new / 8,
        };
        self.time.store(smoothed.max(1), Ordering::Relaxed);
    }

    /// Whether the server should be tried beside the others now. True for one asker only.
    pub(super) fn take_trial(&self, now: Duration) -> bool {
        let due = self.trial.load(Ordering::Relaxed);
        let next = millis(now + LONGEST_REST);
        due <= millis(now)
            && (self.trial)
                .compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

/// Between three and five quarters, so that many resolvers, or many servers, do not fall into step.
fn jitter(time: Duration) -> Duration {
    time.mul_f64(rand::rng().random_range(0.75..1.25))
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_time_follows_the_answers_smoothly() {
        let health = Health::new();
        assert_eq!(health.time(), UNKNOWN);
        health.answered(ms(80), NOW);
        assert_eq!(health.time(), ms(80));
        health.answered(ms(160), NOW);
        assert_eq!(health.time(), ms(90));
        health.answered(ms(10), NOW);
        assert_eq!(health.time(), ms(80));
    }

    #[test]
    fn a_server_is_out_after_failures_in_a_row_and_back_with_an_answer() {
        let health = Health::new();
        health.answered(ms(10), NOW);
        for _ in 1..OUT_AFTER {
            health.failed(NOW);
            assert!(!health.is_out());
        }
        health.answered(ms(10), NOW);
        for _ in 0..OUT_AFTER {
            health.failed(NOW);
        }
        assert!(health.is_out());
        health.answered(ms(10), NOW);
        assert!(!health.is_out());
    }

    #[test]
    fn a_server_that_is_out_is_tried_soon_and_by_one_asker() {
        let health = Health::new();
        for _ in 0..100 {
            health.failed(NOW);
        }
        assert!(!health.take_trial(NOW));
        let later = NOW + LONGEST_REST * 5 / 4;
        assert!(health.take_trial(later));
        assert!(!health.take_trial(later), "one trial at a time");
        assert!(
            health.take_trial(later + LONGEST_REST),
            "and another one after a rest"
        );
    }

    #[test]
    fn a_quick_server_is_measured_only_now_and_then() {
        let health = Health::new();
        assert!(health.take_trial(NOW), "nothing is known at first");
        health.answered(ms(10), NOW);
        assert!(!health.take_trial(NOW + ms(40_000)));
        assert!(health.take_trial(NOW + REMEASURE * 5 / 4));
    }

    #[test]
    fn who_returns_starts_afresh() {
        let health = Health::new();
        health.answered(ms(400), NOW);
        health.proved(ms(10), NOW);
        assert_eq!(health.time(), ms(10));
        health.proved(ms(90), NOW);
        assert_eq!(health.time(), ms(20), "one hard name does not make it slow");
    }

    #[test]
    fn an_answer_that_may_have_waited_for_a_return_is_no_measure() {
        let soon = NOW + FIRST_REST * 5 / 4;
        let health = Health::new();
        health.answered(ms(10), NOW);
        health.proved(ms(12), NOW);
        assert!(!health.take_trial(soon), "as expected");
        health.proved(ms(400), NOW);
        assert!(health.take_trial(soon), "much slower than thought");
        health.failed(NOW);
        health.proved(ms(9), NOW);
        assert!(health.take_trial(soon), "was away");
    }

    #[test]
    fn who_is_overtaken_is_slower_than_thought_and_tried_soon() {
        let health = Health::new();
        health.answered(ms(10), NOW);
        health.overtaken(ms(90), NOW);
        assert_eq!(health.time(), ms(20));
        health.overtaken(ms(15), NOW);
        assert_eq!(health.time(), ms(20), "no answer is no proof of speed");
        assert!(!health.is_out());
        assert!(health.take_trial(NOW + FIRST_REST * 5 / 4));
    }
}
