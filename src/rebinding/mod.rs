//! Floor 3: the protection against DNS rebinding.
//!
//! A page must not be able to give its own name an address of the reader's network. So every answer that came from outside is
//! looked through once ([`Findings`]) and judged on each delivery ([`Judge`]), also from the cache: a changed exception acts at
//! once. What is decoded or served from the network's own data never comes here.
//!
//! Two things are judged. Addresses that are not public, by the table of [`crate::address`]. And aliases that lead from outside
//! into the network's own name space: `evil.example CNAME 192-168-1-1.….plex.direct` names no address at all, but a client that
//! follows it would ask us, and be told. One offence drops the whole answer; no alias and no signature is left for a client
//! that goes on by itself.

mod exception;
mod findings;
mod judge;
mod offence;

pub use exception::{Exception, PRIVATE, builtin};
pub use findings::{Alias, Findings, Found};
pub use judge::{Action, Judge, Policy};
pub use offence::{Cause, Inside, Offence, Verdict};

#[cfg(test)]
mod tests;
