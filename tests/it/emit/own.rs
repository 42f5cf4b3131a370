//! The names of the household's own servers, without an exception for others.

use std::net::IpAddr;

use crate::support::peers::Peer;
use crate::support::records::{A, AAAA};
use crate::support::wire::NOERROR;

use super::world::{ID, ask, plex};

/// The flags that name them.
pub(super) const OWN: [&str; 4] = ["--plex", "192.168.1.10", "--id", ID];

/// Fails unless the server's name has its address, and nothing else.
pub(super) fn assert_own(peer: &Peer) {
    let name = plex("192-168-1-10");
    let address: IpAddr = "192.168.1.10".parse().unwrap();
    let reply = ask(peer, &name, A);
    assert_eq!(reply.addresses(), [address], "{}", reply.summary());
    let reply = ask(peer, &name, AAAA);
    assert!(reply.addresses().is_empty(), "{}", reply.summary());
    assert_eq!(reply.rcode(), NOERROR, "{}", reply.summary());
}
