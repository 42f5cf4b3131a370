//! Encrypted connections to real far ends, each with a certificate of the test's own authority.

mod hostile;
mod peers;

use crate::support::authority::Authority;
use crate::support::lanward::Lanward;

/// A program that asks these servers, in the order and with the trust of the test.
fn with_servers(authority: &Authority, servers: &[&str]) -> Lanward {
    Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = {servers:?}\nca = \"{}\"\n",
        authority.ca().display()
    ))
}
