//! The container image in a real Docker engine, and lanward beside other containers. `scripts/test-container` starts the engine and
//! runs these tests inside its namespaces.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, reads the clock, and says what it measured"
)]
#![expect(
    clippy::too_many_lines,
    reason = "tables of cases are long, and better in one piece"
)]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "the tests of the program itself use the rest")]
mod support;

mod alone;
mod behind;
mod configured;
mod engine;
mod home;
mod image;
mod lan;
mod network;
mod pair;
#[path = "../figures/patient.rs"]
mod patient;
mod project;
mod question;
mod sidecar;
