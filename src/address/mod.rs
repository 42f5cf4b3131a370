//! Floor 1: what an address is. The special-purpose table, and networks.

mod networks;
mod special;

pub use networks::networks;
pub use special::{Reason, classify};
