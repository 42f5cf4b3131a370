//! The container image in a real Docker engine, and lanward beside other containers. `scripts/test-container` starts the engine and
//! runs these tests inside its namespaces.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads the clock"
)]

mod engine;
mod image;
