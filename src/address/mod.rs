//! Floor 1: what an address is. The special-purpose table, and networks.

mod special;

pub use special::{Reason, classify};
