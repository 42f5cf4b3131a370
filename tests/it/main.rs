//! The program as its users meet it: the real binary on loopback, before a hostile upstream and real peers.
//!
//! `cargo test --test it` runs everything, in any order and in parallel. Nothing leaves the machine and no port is fixed.
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
    reason = "a test fails by panicking, reads the clock, and says what it skipped"
)]
#![expect(
    clippy::too_many_lines,
    reason = "tables of cases are long, and better in one piece"
)]

mod addresses;
mod cache;
mod check_peer;
mod cli;
mod compose;
mod differential;
mod dnssec;
mod door;
mod emit;
mod encrypted;
mod end;
mod faults;
mod harness;
mod house;
mod init;
mod kubernetes;
mod local;
mod log;
mod service;
mod strategy;
mod support;
mod system;
mod transparency;
mod transports;
mod trust;
mod vectors;
mod zones;
