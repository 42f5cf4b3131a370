//! The figures that need the machine for themselves: how long answers take while upstreams die, drown or lie, and
//! networks go, or the encrypted doors are besieged; how much memory the cache takes.
//!
//! `cargo test --test figures -- --nocapture` prints them. Cargo runs one binary of tests after the other, and these wait for
//! each other, so nothing else competes with what is measured.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, reads the clock, and says what it measured"
)]
#![expect(
    clippy::too_many_lines,
    reason = "tables of cases are long, and better in one piece"
)]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "the tests of the other binary use the rest")]
mod support;

mod connections;
mod cutter;
mod dead;
mod echo;
mod end;
mod flood;
mod load;
mod machine;
mod memory;
mod network;
mod noise;
mod outage;
mod pair;
mod patient;
mod siege;

use std::env;
use std::time::Duration;

/// A number from the environment, for longer runs than the usual one.
fn number(variable: &str, usual: usize) -> usize {
    let set = env::var(variable).ok();
    set.map_or(usual, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}"))
    })
}

/// The time that `part` of a hundred do not exceed.
fn percentile(times: &mut [Duration], part: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * part).div_ceil(100).saturating_sub(1);
    times[at]
}
