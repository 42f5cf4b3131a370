//! The encrypted doors, knocked at by clients of others.

mod certificate;
mod chromium;
mod discovery;
mod dnsperf;
mod dot;
mod h3;
mod household;
mod https;
mod limits;
mod quic;
mod reload;
mod resolved;
mod same;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use rustls::ClientConfig;
use tokio::runtime::Runtime;

use crate::support::authority::{Authority, NAME};
use crate::support::caller::{self, Door, believing};
use crate::support::client::check;
use crate::support::lanward::Lanward;
use crate::support::records::a;
use crate::support::upstream::{Act, Behaviour, Gate, Seen, Upstream};
use crate::support::wire::{Query, Response};

/// A name with an address in it, for which nobody is asked.
const DECODED: &str = "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct";

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

    /// Has the upstream answer every name, but not before the gate is open.
    fn gate(&self) -> Gate {
        let gate = Gate::default();
        let answer = Behaviour::new(|seen: &Seen| {
            let response = Response::new(vec![a(&seen.name(), "93.184.216.34")]);
            vec![Act::Send(response.to(&seen.query))]
        });
        self.upstream.otherwise(answer.behind(&gate));
        gate
    }

    /// What kdig says, with what it needs to prove the server.
    fn kdig(&self, door: SocketAddr, arguments: &[&str]) -> String {
        let ca = self.authority.ca();
        let output = Command::new("kdig")
            .arg(format!("@{}", door.ip()))
            .args(["-d", "-p", &door.port().to_string()])
            .arg(format!("+tls-ca={}", ca.display()))
            .arg(format!("+tls-hostname={NAME}"))
            .args(arguments)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    }

    /// TLS as a client speaks it that believes the authority alone, with these application protocols.
    fn tls_client(&self, protocols: &[&[u8]]) -> ClientConfig {
        let mut config = believing(&self.authority);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config
    }
}

/// What holds for every reply, and that there is an address in it.
fn answered(query: &Query, reply: &[u8]) {
    let reply = check(query, reply);
    assert_eq!(reply.addresses().len(), 1, "{query}: {}", reply.summary());
}

/// A runtime for clients that need one; their connections go on while the test waits for something else.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// `[server.tls]` with all doors on free ports.
fn section(authority: &Authority) -> String {
    caller::section(authority, &Door::ALL)
}

/// `[server.tls]` with a certificate of lanward's own, kept in this folder, and `more`.
fn own(folder: &Path, more: &str) -> String {
    let folder = folder.display();
    format!(
        "[server.tls]\nself_signed = true\nstate = \"{folder}\"\ntls = [\"127.0.0.1:0\"]\n{more}"
    )
}

#[test]
fn each_door_is_where_the_log_says() {
    let house = House::open();
    for door in [house.tls(), house.https(), house.quic(), house.h3()] {
        assert!(door.ip().is_loopback() && door.port() > 0, "{door}");
    }
}
