//! systemd-resolved, which asks over TLS where it is told to.

use std::fs;
use std::time::Duration;

use super::DECODED;
use crate::support::authority::{Authority, NAME};
use crate::support::caller::{Door, section};
use crate::support::lanward::Lanward;
use crate::support::peers::{Peer, installed, start};
use crate::support::records::{A, a};
use crate::support::reply::Reply;
use crate::support::resolved::is_there;
use crate::support::upstream::Upstream;
use crate::support::wire::{Query, Response};

const PROGRAM: &str = "systemd-resolved";

/// systemd-resolved that knows lanward's door for DNS over TLS and nobody else; nobody answers over UDP on that port.
fn resolved(lanward: &Lanward, authority: &Authority, (name, mode): (&str, &str)) -> Peer {
    let ca = fs::read_to_string(authority.ca()).unwrap();
    let door = Door::Tls.of(lanward);
    let configure = |_: &str, port: u16| {
        let conf = format!(
            "[Resolve]\nDNS={door}#{name}\nDNSOverTLS={mode}\nDNSSEC=no\nDomains=~.\nDNSStubListener=no\n\
             DNSStubListenerExtra=127.0.0.1:{port}\nFallbackDNS=\nLLMNR=no\nMulticastDNS=no\nCache=no\nReadEtcHosts=no\n"
        );
        fs::write("/etc/systemd/resolved.conf", &conf).unwrap();
        conf
    };
    start(PROGRAM, &[("ca.pem", &ca)], &configure, "localhost")
}

/// Whether the caller is where it can run.
fn is_ready(test: &str) -> bool {
    installed(test, PROGRAM, PROGRAM) && is_there(&format!("encrypted::resolved::{test}"))
}

fn asks(test: &str, mode: &str) {
    if !is_ready(test) {
        return;
    }
    let (authority, upstream) = (Authority::new(), Upstream::start());
    for (name, address) in [
        ("www.example", "93.184.216.34"),
        ("evil.example", "10.0.0.1"),
    ] {
        upstream.on(name, A, Response::new(vec![a(name, address)]));
    }
    let lanward = Lanward::start(&[upstream.address], &section(&authority, &[Door::Tls]));
    let peer = resolved(&lanward, &authority, (NAME, mode));
    for (name, addresses) in [
        (DECODED, vec!["192.168.1.10"]),
        ("www.example", vec!["93.184.216.34"]),
        ("evil.example", vec![]),
    ] {
        let reply = peer.client().udp(&Query::new(name, A));
        let got: Vec<String> = reply.addresses().iter().map(ToString::to_string).collect();
        assert_eq!(got, addresses, "{name}: {}", reply.summary());
    }
}

#[test]
fn systemd_resolved_asks_over_tls() {
    asks("systemd_resolved_asks_over_tls", "yes");
}

#[test]
fn systemd_resolved_prefers_tls() {
    asks("systemd_resolved_prefers_tls", "opportunistic");
}

/// That it proves the server is why the others mean something.
#[test]
fn systemd_resolved_asks_nobody_with_another_name() {
    if !is_ready("systemd_resolved_asks_nobody_with_another_name") {
        return;
    }
    let (authority, upstream) = (Authority::new(), Upstream::start());
    let lanward = Lanward::start(&[upstream.address], &section(&authority, &[Door::Tls]));
    let peer = resolved(&lanward, &authority, ("other.example", "yes"));
    // It tries for long, and says nothing meanwhile.
    let query = Query::new(DECODED, A).bytes();
    let reply = peer.client().try_udp(&query, Duration::from_millis(500));
    let reply = reply.map(|reply| Reply::parse(&reply).unwrap());
    assert!(
        reply
            .as_ref()
            .is_none_or(|reply| reply.addresses().is_empty()),
        "{reply:?}"
    );
}
