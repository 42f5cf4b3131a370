//! dnsmasq with its snippets.

use crate::support::peers::{Peer, installed, start_checked, version};
use crate::support::records::{A, PTR};
use crate::support::wire::SERVFAIL;

use super::routers::data;
use super::world::{ROOT_DIGEST, World, all, ask, emit, leads_to_fixed, leaks, plex};

const PROGRAM: &str = "dnsmasq";

fn is_there(test: &str) -> bool {
    installed(test, PROGRAM, "dnsmasq-base")
}

/// dnsmasq that forwards everything to the world's Internet, with these lines besides.
pub(super) fn dnsmasq(world: &World, lines: &str) -> Peer {
    let upstream = world.upstream();
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
    let [forward, protect] = ["forward", "protect"].map(|mode| world.emit(PROGRAM, mode, &[]));
    let peer = dnsmasq(&world, &format!("{protect}{forward}"));
    // lanward answers for the domain, so no alias leads out of it.
    let leaks = leaks(&peer);
    assert!(!leaks.contains(&"alias in".to_owned()), "{leaks:?}");
    world.assert_forwards(&peer);
}

#[test]
fn dnsmasq_asks_lanward_for_names_that_it_answers_itself() {
    if !is_there("dnsmasq_asks_lanward_for_names_that_it_answers_itself") {
        return;
    }
    let world = World::with_own_names();
    let snippet = world.emit(PROGRAM, "forward", &[]);
    let own = "stop-dns-rebind\nbogus-priv\ndomain-needed\nlocal=/home.arpa/\nlocal=/test/\n";
    world.assert_knows_own_names(&dnsmasq(&world, &format!("{own}{snippet}")));
}

#[test]
fn dnsmasq_that_validates_gives_the_names() {
    if !is_there("dnsmasq_that_validates_gives_the_names") {
        return;
    }
    let world = World::new();
    let snippet = world.emit(PROGRAM, "forward", &[]);
    let mut lines = format!("dnssec\ntrust-anchor=.,20326,8,2,{ROOT_DIGEST}\n{snippet}");
    // As the snippet's note says.
    if version(PROGRAM, "--version") >= [2, 92, 0] {
        lines.push_str("trust-anchor=plex.direct\n");
    }
    let peer = dnsmasq(&world, &lines);
    let reply = ask(&peer, "public.example", A);
    assert_eq!(reply.rcode(), SERVFAIL, "it validates: {}", reply.summary());
    let name = plex("192-168-1-10");
    let reply = ask(&peer, &name, A);
    assert_eq!(reply.addresses().len(), 1, "{}", reply.summary());
}

#[test]
fn dnsmasq_lets_the_names_through() {
    if !is_there("dnsmasq_lets_the_names_through") {
        return;
    }
    let world = World::new();
    let snippet = world.emit(PROGRAM, "allow", &[]);
    world.assert_allows(&dnsmasq(&world, &format!("stop-dns-rebind\n{snippet}")));
}

#[test]
fn dnsmasq_is_protected_but_for_what_the_snippet_says() {
    if !is_there("dnsmasq_is_protected_but_for_what_the_snippet_says") {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&dnsmasq(&world, "")), all());
    let protect = world.emit(PROGRAM, "protect", &[]);
    let peer = dnsmasq(&world, &protect);
    world.assert_allows(&peer);
    let version = version(PROGRAM, "--version");
    let mut expected = vec![
        "192.0.0.8",
        "198.18.0.1",
        "224.0.0.251",
        "240.0.0.1",
        "::192.168.1.1",
        "64:ff9b::192.168.1.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2002:c0a8:101::1",
        "4000::1",
        "fc00::1",
        "ff02::fb",
        "https4",
        "https6",
        "svcb",
        "alias in",
    ];
    if version < [2, 92, 0] {
        expected.insert(0, "100.64.1.1");
    }
    assert_eq!(leaks(&peer), expected, "dnsmasq {version:?}");
    if version >= [2, 90, 0] {
        let peer = dnsmasq(&world, &format!("{protect}filter-rr=HTTPS,SVCB\n"));
        expected.retain(|id| !id.starts_with("http") && *id != "svcb");
        assert_eq!(
            leaks(&peer),
            expected,
            "dnsmasq {version:?}, with filter-rr"
        );
    }
}

#[test]
fn dnsmasq_answers_the_fixed_names() {
    if !is_there("dnsmasq_answers_the_fixed_names") {
        return;
    }
    let world = World::new();
    let snippet = world.emit_fixed(PROGRAM, &[]);
    let peer = dnsmasq(&world, &format!("stop-dns-rebind\n{snippet}"));
    let leaks = leaks(&peer);
    assert!(!leaks.contains(&"alias out".to_owned()), "{leaks:?}");
    assert!(!leads_to_fixed(&peer), "for other sites");
    // Who has an address is still for DHCP, or whoever is behind, to say.
    let pointer = "10.1.168.192.in-addr.arpa";
    let reply = ask(&peer, pointer, PTR);
    assert!(reply.answer.is_empty(), "{}", reply.summary());
    assert_eq!(world.internet.count(pointer), 1);
    world.assert_fixed(&peer);
}

/// Some devices set `rebind-localhost-ok` themselves: what passes then is told, and the line is no advice.
#[test]
fn devices_that_let_loopback_pass_say_so() {
    if !is_there("devices_that_let_loopback_pass_say_so") {
        return;
    }
    let world = World::new();
    let protect = world.emit(PROGRAM, "protect", &[]);
    let blocked = leaks(&dnsmasq(&world, &protect));
    let mut passing = leaks(&dnsmasq(&world, &format!("{protect}rebind-localhost-ok\n")));
    passing.retain(|id| !blocked.contains(id));
    assert_eq!(
        passing,
        ["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.8.9.1", "::", "::1"]
    );
    for (target, says) in [
        ("freshtomato", true),
        ("pfsense-forwarder", true),
        ("openwrt", false),
        ("pihole-v6", false),
    ] {
        let data = data(&[target, "--mode", "protect"]);
        let weak = data["weaknesses"].to_string();
        let pass = "loopback addresses pass for every domain: 127.0.0.0/8, 0.0.0.0/8, ::1, ::, ";
        assert_eq!(weak.contains(pass), says, "{target}: {weak}");
        let listed = weak.contains("of its own: 0.0.0.0/8") && weak.contains(" ::, ::1, fd00::/8");
        assert_eq!(listed, !says, "{target}: {weak}");
        let advises = data["notes"]
            .to_string()
            .contains("add the line rebind-localhost-ok");
        assert_eq!(advises, target == "pihole-v6", "{target}");
    }
}

/// Ports, addresses of the other family, and more than one domain.
#[test]
fn dnsmasq_accepts_every_server() {
    if !is_there("dnsmasq_accepts_every_server") {
        return;
    }
    let world = World::new();
    for server in [
        "192.168.1.2",
        "192.168.1.2:5353",
        "fd00::2",
        "[fd00::2]:5353",
    ] {
        let domains = ["--domain", "plex.direct", "--domain", "home.example.com"];
        let snippet = emit(&[&[PROGRAM, "--server", server], &domains[..]].concat());
        drop(dnsmasq(&world, &snippet));
    }
}
