//! Floor 3: local authoritative data.
//!
//! A [`Zone`] holds the records below one origin; [`Zones`] is all that this network knows by itself, with its [`Host`]s, and
//! answers questions from it (RFC 1034 §4.3.2, RFC 2308, RFC 4592, RFC 6672). Records come from zone files ([`load()`]), hosts
//! files and leases. Proofs of absence (NSEC, NSEC3) are not looked up: signatures are served as they stand in the file, but
//! nothing here is signed or validated.

mod additional;
mod answer;
mod build;
pub mod check;
mod complete;
mod finding;
mod hosts;
pub mod leases;
mod load;
pub mod master;
mod node;
mod own;
mod record;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod writer;

pub use answer::{Looked, Zones};
pub use check::check;
pub use complete::{complete, end};
pub use finding::{Finding, Severity};
pub use hosts::{Host, HostsError, read_hosts};
pub use load::{load, load_single};
pub use own::own_records;
pub use record::Record;
pub use tree::Zone;

/// What becomes of a question that a zone has nothing for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The zone is all there is below its origin: what is not here does not exist.
    Authoritative,
    /// The zone lies over another one: names that are here are answered here, with all their types; all others go on. A name
    /// that only has names below it, and an origin that only has SOA and NS, are not here.
    Overlay,
}
