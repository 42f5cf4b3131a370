//! An exception for one name, and none below it.

use std::net::IpAddr;

use tempfile::NamedTempFile;

use crate::support::peers::Peer;
use crate::support::records::A;

use super::world::ask;

/// The attack that it lets through.
pub(super) const ATTACK: &str = "192.168.1.1";
const NAME: &str = "x192-168-1-1.other.example";

/// A configuration with that exception.
pub(super) fn config() -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let text = format!("[[rebinding.allow]]\ndomain = \"{NAME}\"\nsubdomains = false\n");
    std::fs::write(file.path(), text).unwrap();
    file
}

/// Fails unless the name has its address, and a name below it has none.
pub(super) fn assert_holds(peer: &Peer) {
    let inside: IpAddr = ATTACK.parse().unwrap();
    assert_eq!(ask(peer, NAME, A).addresses(), [inside]);
    let below = ask(peer, &format!("below.{NAME}"), A);
    assert!(below.addresses().is_empty(), "{}", below.summary());
}
