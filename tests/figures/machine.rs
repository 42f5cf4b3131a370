//! The machine, which a measurement needs for itself: one test at a time, and nobody else at work.

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::until;

/// How often a measurement is tried before what it says counts whoever else was at work.
const TRIES: usize = 3;
/// How long to wait for the others to end their work.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long all measurements together may wait for others, or be made again because of them: who never ends is not worth waiting for.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(60);
/// The share of the processors that others may have.
const SHARE: f64 = 0.15;

/// The machine while one test has it; says for how long that was.
#[derive(Debug)]
pub(crate) struct Machine {
    /// What is left of `PATIENCE_IN_ALL`.
    patience: MutexGuard<'static, Duration>,
    since: Instant,
}

impl Machine {
    /// What has passed since `start` is lost.
    fn spend(&mut self, start: Instant) {
        *self.patience = self.patience.saturating_sub(start.elapsed());
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let took = self.since.elapsed();
        // The harness names the thread after the test.
        let name = thread::current().name().unwrap_or_default().to_owned();
        println!("time: {name} took {took:.1?}");
    }
}

/// The machine, for one test; the harness would start several at once.
pub(crate) fn take() -> Machine {
    static MACHINE: Mutex<Duration> = Mutex::new(PATIENCE_IN_ALL);
    Machine {
        // A test that failed has left the machine.
        patience: MACHINE.lock().unwrap_or_else(PoisonError::into_inner),
        since: Instant::now(),
    }
}

/// Measures while no other test does, and again if others had the processors meanwhile: then it was them who were measured.
///
/// What `measure` starts it must also end, or that would be others, too.
pub(crate) fn alone<T>(measure: impl Fn() -> T) -> T {
    let mut machine = take();
    for _ in 1..TRIES {
        let start = Instant::now();
        until(PATIENCE.min(*machine.patience), is_quiet);
        machine.spend(start);
        if machine.patience.is_zero() {
            break;
        }
        let (start, before) = (Instant::now(), Work::now());
        let result = measure();
        let share = before.share_of_others();
        if share <= SHARE {
            return result;
        }
        println!(
            "measured again: others had {:.0} % of the processors",
            100.0 * share
        );
        machine.spend(start);
    }
    measure()
}

/// Whether the others leave the processors for a moment.
fn is_quiet() -> bool {
    let before = Work::now();
    thread::sleep(Duration::from_millis(300));
    before.share_of_others() <= SHARE
}

/// What the processors did so far, in ticks: at all, at work, and for this process and those that it has started and ended.
struct Work {
    all: f64,
    busy: f64,
    own: f64,
}

impl Work {
    fn now() -> Self {
        let numbers = |text: &str| -> Vec<f64> {
            let fields = text.split_whitespace();
            fields.filter_map(|field| field.parse().ok()).collect()
        };
        let machine = fs::read_to_string("/proc/stat").unwrap();
        // User, nice, system, idle, waiting, interrupts (2), stolen; what follows is counted in user already.
        let ticks = &numbers(machine.lines().next().unwrap())[..8];
        let own = fs::read_to_string("/proc/self/stat").unwrap();
        let own = numbers(own.rsplit_once(')').unwrap().1);
        let all = ticks.iter().sum();
        Self {
            all,
            busy: all - ticks[3] - ticks[4],
            // The state before them is a letter, and so no number.
            own: own[10..14].iter().sum(),
        }
    }

    /// Since then, of all that the processors can do.
    fn share_of_others(&self) -> f64 {
        let now = Self::now();
        let others = (now.busy - self.busy) - (now.own - self.own);
        others / (now.all - self.all).max(1.0)
    }
}
