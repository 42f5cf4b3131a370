//! What every test here stands on: the program itself, a client, a hostile upstream, real peers, and DNS as bytes.
//!
//! Nothing in here uses the program's own code: a fault in its parser must not hide behind the same fault in the test.

pub(crate) mod authority;
pub(crate) mod behaviours;
pub(crate) mod caller;
pub(crate) mod client;
pub(crate) mod command;
pub(crate) mod crowd;
pub(crate) mod dot;
pub(crate) mod hickory;
pub(crate) mod lanward;
pub(crate) mod network;
pub(crate) mod peers;
pub(crate) mod records;
pub(crate) mod reply;
pub(crate) mod resolved;
pub(crate) mod sealed;
pub(crate) mod siege;
pub(crate) mod upstream;
pub(crate) mod wire;

use std::any::Any;
use std::thread;
use std::time::{Duration, Instant};

/// Waits until `condition` holds, at most `limit`; says whether it did.
pub(crate) fn until(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() >= limit {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The message of a panic.
pub(crate) fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}

/// A cheap generator of the same numbers on every run (xorshift64*).
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.roll() as usize % limit
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.below(from.len());
        &from[at]
    }
}
