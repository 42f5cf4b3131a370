//! Unbound with its snippets.

use std::fs;
use std::net::IpAddr;

use crate::support::peers::{Peer, installed, start_checked, version};
use crate::support::records::{A, a};
use crate::support::wire::{Response, SERVFAIL};

use super::world::{ROOT_DIGEST, World, all, ask, emit, leads_to_fixed, leaks, plex};

const PROGRAM: &str = "unbound";

fn is_there(test: &str) -> bool {
    installed(test, PROGRAM, "unbound")
}

/// Unbound that forwards everything to the world's Internet, with these clauses behind its own: behind a `forward-zone:`, where
/// options without a `server:` above them would be an error.
pub(super) fn unbound(world: &World, clauses: &str) -> Peer {
    validating(world, "", clauses)
}

/// The same; with an anchor it validates.
fn validating(world: &World, anchor: &str, clauses: &str) -> Peer {
    let upstream = world.upstream();
    let modules = if anchor.is_empty() {
        "iterator"
    } else {
        "validator iterator"
    };
    let configure = |folder: &str, port: u16| {
        format!(
            "server:\n  interface: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  directory: \"{folder}\"\n  \
             use-syslog: no\n  logfile: \"\"\n  module-config: \"{modules}\"\n{anchor}  do-not-query-localhost: no\n  num-threads: 1\n\
             remote-control:\n  control-enable: no\nforward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{}\n{clauses}",
            upstream.port()
        )
    };
    let check = ["unbound-checkconf", "conf"];
    start_checked(PROGRAM, &check, &[], &configure, "ready.example")
}

/// What the snippets say: hints, and the exception that is open for every site.
fn weaknesses() -> Vec<&'static str> {
    let mut weaknesses = hints();
    weaknesses.push("alias out");
    weaknesses
}

/// Before 1.25 it does not look into HTTPS and SVCB records.
fn hints() -> Vec<&'static str> {
    if version(PROGRAM, "-V") < [1, 25, 0] {
        vec!["https4", "https6", "svcb"]
    } else {
        Vec::new()
    }
}

#[test]
fn unbound_hands_the_names_to_lanward() {
    if !is_there("unbound_hands_the_names_to_lanward") {
        return;
    }
    let world = World::new();
    let [forward, protect] = ["forward", "protect"].map(|mode| world.emit(PROGRAM, mode, &[]));
    let peer = unbound(&world, &format!("{protect}{forward}"));
    assert_eq!(leaks(&peer), weaknesses());
    world.assert_forwards(&peer);
}

#[test]
fn unbound_asks_lanward_for_names_that_it_answers_itself() {
    if !is_there("unbound_asks_lanward_for_names_that_it_answers_itself") {
        return;
    }
    let world = World::with_own_names();
    let [forward, protect] = ["forward", "protect"].map(|mode| world.emit(PROGRAM, mode, &[]));
    world.assert_knows_own_names(&unbound(&world, &format!("{protect}{forward}")));
}

#[test]
fn unbound_that_validates_gives_the_names() {
    if !is_there("unbound_that_validates_gives_the_names") {
        return;
    }
    let world = World::new();
    let anchor = format!("  trust-anchor: \". DS 20326 8 2 {ROOT_DIGEST}\"\n");
    let snippet = world.emit(PROGRAM, "forward", &[]);
    let name = plex("192-168-1-10");
    let reply = ask(&validating(&world, &anchor, &snippet), &name, A);
    assert_eq!(reply.addresses().len(), 1, "{}", reply.summary());
    let (without, _) = cut(&snippet, "domain-insecure:");
    let reply = ask(&validating(&world, &anchor, &without), &name, A);
    assert_eq!(reply.rcode(), SERVFAIL, "{}", reply.summary());
}

#[test]
fn unbound_lets_the_names_through() {
    if !is_there("unbound_lets_the_names_through") {
        return;
    }
    let world = World::new();
    let snippet = world.emit(PROGRAM, "allow", &[]);
    let own = "server:\n  private-address: 192.168.0.0/16\n  private-address: 10.0.0.0/8\n  private-address: fd00::/8\n";
    world.assert_allows(&unbound(&world, &format!("{own}{snippet}")));
}

#[test]
fn unbound_is_protected_but_for_what_the_snippet_says() {
    if !is_there("unbound_is_protected_but_for_what_the_snippet_says") {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&unbound(&world, "")), all());
    let peer = unbound(&world, &world.emit(PROGRAM, "protect", &[]));
    world.assert_allows(&peer);
    assert_eq!(leaks(&peer), weaknesses());
}

/// The safer way that the snippets name: fixed names, and no `private-domain`.
#[test]
fn unbound_answers_the_fixed_names() {
    if !is_there("unbound_answers_the_fixed_names") {
        return;
    }
    let world = World::new();
    let (protect, exceptions) = cut(&world.emit(PROGRAM, "protect", &[]), "private-domain:");
    assert_eq!(
        exceptions, 3,
        "plex.direct, ipv4only.arpa, dns.msftncsi.com"
    );
    let snippet = world.emit_fixed(PROGRAM, &[]);
    let peer = unbound(&world, &format!("{protect}{snippet}"));
    assert_eq!(leaks(&peer), hints());
    assert!(!leads_to_fixed(&peer), "for other sites");
    world.assert_fixed(&peer);
}

/// Ports, addresses of the other family, and more than one domain.
#[test]
fn unbound_accepts_every_server() {
    if !is_there("unbound_accepts_every_server") {
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
        drop(unbound(&world, &snippet));
    }
}

/// A text without the lines that have this option, and how many they were.
fn cut(text: &str, option: &str) -> (String, usize) {
    let (gone, left): (Vec<&str>, Vec<&str>) = text
        .lines()
        .partition(|line| line.trim_start().starts_with(option));
    (left.join("\n") + "\n", gone.len())
}

/// A block list's answers are in 127.0.0.0/8: blocked, unless one does what the snippet says.
#[test]
fn unbound_lets_a_block_list_answer_where_it_is_excepted() {
    if !is_there("unbound_lets_a_block_list_answer_where_it_is_excepted") {
        return;
    }
    let world = World::new();
    let (listed, code) = ("2.0.0.127.zen.spamhaus.org", "127.0.0.4");
    let response = Response::new(vec![a(listed, code)]);
    world.internet.on(listed, A, response);
    let protect = world.emit(PROGRAM, "protect", &[]);
    let by_hand = format!("{protect}    private-domain: \"zen.spamhaus.org\"\n");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.toml");
    let exception =
        "[[rebinding.allow]]\ndomain = \"zen.spamhaus.org\"\nranges = [\"127.0.0.0/8\"]\n";
    fs::write(&file, exception).unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let written = world.emit(PROGRAM, "protect", &config);
    let code: IpAddr = code.parse().unwrap();
    for (clauses, addresses) in [
        (&protect, &[][..]),
        (&by_hand, &[code]),
        (&written, &[code]),
    ] {
        let reply = ask(&unbound(&world, clauses), listed, A);
        assert_eq!(reply.addresses(), addresses, "{}", reply.summary());
    }
}
