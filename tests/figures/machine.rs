//! The machine, which a measurement needs for itself: one test at a time, and nobody else at work.

use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::support::until;

/// How often a measurement is tried before what it says counts whoever else was at work.
const TRIES: usize = 3;
/// How long to wait for the others to end their work.
const PATIENCE: Duration = Duration::from_secs(60);
/// The share of the processors that others may have.
const SHARE: f64 = 0.15;

/// The machine, for one test; the harness would start several at once.
pub(crate) fn take() -> MutexGuard<'static, ()> {
    static MACHINE: Mutex<()> = Mutex::new(());
    // A test that failed has left the machine.
    MACHINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Measures while no other test does, and again if others had the processors meanwhile: then it was them who were measured.
///
/// What `measure` starts it must also end, or that would be others, too.
pub(crate) fn alone<T>(measure: impl Fn() -> T) -> T {
    let _machine = take();
    for _ in 1..TRIES {
        until(PATIENCE, || {
            let before = Work::now();
            until(Duration::from_millis(300), || false);
            before.share_of_others() <= SHARE
        });
        let before = Work::now();
        let result = measure();
        let share = before.share_of_others();
        if share <= SHARE {
            return result;
        }
        println!(
            "measured again: others had {:.0} % of the processors",
            100.0 * share
        );
    }
    measure()
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
