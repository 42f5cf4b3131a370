//! The encrypted doors, knocked at by clients of others.

mod dot;
mod resolved;
mod same;

use std::net::SocketAddr;

use crate::support::authority::{Authority, NAME};
use crate::support::lanward::Lanward;
use crate::support::upstream::Upstream;

/// lanward with all its doors open, the authority that vouches for it, and its upstream.
struct House {
    authority: Authority,
    upstream: Upstream,
    lanward: Lanward,
}

impl House {
    fn open() -> Self {
        Self::with("")
    }

    /// With `more` at the end of the configuration.
    fn with(more: &str) -> Self {
        let authority = Authority::new();
        let upstream = Upstream::start();
        let lanward = Lanward::start(&[upstream.address], &(section(&authority) + more));
        Self {
            authority,
            upstream,
            lanward,
        }
    }

    /// Where the door for DNS over TLS is.
    fn tls(&self) -> SocketAddr {
        self.lanward.door("DNS over TLS")
    }

    /// Where the door for DNS over HTTPS is.
    fn https(&self) -> SocketAddr {
        self.lanward.door("DNS over HTTPS")
    }

    /// Where the door for DNS over QUIC is.
    fn quic(&self) -> SocketAddr {
        self.lanward.door("DNS over QUIC")
    }

    /// Where the door for DNS over HTTP/3 is.
    fn h3(&self) -> SocketAddr {
        self.lanward.door("DNS over HTTP/3")
    }
}

/// `[server.tls]` with all doors on free ports.
fn section(authority: &Authority) -> String {
    let [certificate, key] = authority.files();
    let mut section =
        format!("[server.tls]\ncertificate = {certificate:?}\nkey = {key:?}\nname = {NAME:?}\n");
    for door in ["tls", "https", "quic", "h3"] {
        section += &format!("{door} = [\"127.0.0.1:0\"]\n");
    }
    section
}

#[test]
fn each_door_is_where_the_log_says() {
    let house = House::open();
    for door in [house.tls(), house.https(), house.quic(), house.h3()] {
        assert!(door.ip().is_loopback() && door.port() > 0, "{door}");
    }
}
