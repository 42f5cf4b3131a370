//! dnsmasq with its snippets.

use std::net::SocketAddr;

use crate::support::peers::{Peer, installed, start_checked, version};

use super::world::{World, all, leaks};

const PROGRAM: &str = "dnsmasq";

fn is_there(test: &str) -> bool {
    installed(test, PROGRAM, "dnsmasq-base")
}

fn dnsmasq(world: &World, lines: &str) -> Peer {
    start(world.upstream(), lines)
}

/// dnsmasq that forwards everything to `upstream`, with these lines besides.
pub(super) fn start(upstream: SocketAddr, lines: &str) -> Peer {
    let configure = |_: &str, port: u16| {
        format!(
            "port={port}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nno-poll\npid-file=\nuser=\ngroup=\n\
             log-facility=-\nserver=127.0.0.1#{}\n{lines}",
            upstream.port()
        )
    };
    let check = [PROGRAM, "--test", "-C", "conf"];
    start_checked(PROGRAM, &check, &[], &configure, "ready.example")
}

#[test]
fn dnsmasq_hands_the_names_to_lanward() {
    if !is_there("dnsmasq_hands_the_names_to_lanward") {
        return;
    }
    let world = World::new();
    let snippet = world.emit("dnsmasq", "forward", &[]);
    let peer = dnsmasq(&world, &format!("stop-dns-rebind\n{snippet}"));
    world.assert_forwards(&peer);
}

#[test]
fn dnsmasq_lets_the_names_through() {
    if !is_there("dnsmasq_lets_the_names_through") {
        return;
    }
    let world = World::new();
    let snippet = world.emit("dnsmasq", "allow", &[]);
    world.assert_allows(&dnsmasq(&world, &format!("stop-dns-rebind\n{snippet}")));
}

#[test]
fn dnsmasq_is_protected_but_for_what_the_snippet_says() {
    if !is_there("dnsmasq_is_protected_but_for_what_the_snippet_says") {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&dnsmasq(&world, "")), all());
    let peer = dnsmasq(&world, &world.emit("dnsmasq", "protect", &[]));
    world.assert_allows(&peer);
    println!("{:?} {:?}", version(PROGRAM, "--version"), leaks(&peer));
}
