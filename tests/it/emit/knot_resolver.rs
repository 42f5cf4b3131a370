//! Knot Resolver with its snippets.

use crate::support::peers::{Peer, installed, start};

use super::alone;
use super::own::{OWN, assert_own};
use super::world::{World, all, leaks};

const PROGRAM: &str = "kresd";
const TARGET: &str = "knot-resolver-5";
/// Its protection, without a snippet.
const PROTECTION: &str = "modules.load('rebinding < iterate')\n";

/// What its own list lacks, and `protect` adds.
const MISSING: [&str; 18] = [
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.251",
    "240.0.0.1",
    "255.255.255.255",
    "::192.168.1.1",
    "64:ff9b::192.168.1.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:c0a8:101::1",
    "4000::1",
    "fec0::1",
    "ff02::fb",
];
/// What it never looks at.
const HINTS: [&str; 3] = ["https4", "https6", "svcb"];
const ALIAS: &str = "alias in";

fn is_there(test: &str) -> bool {
    installed(test, PROGRAM, "knot-resolver")
}

/// Knot Resolver that hands everything to the world's Internet, with these lines in front of that.
pub(super) fn kresd(world: &World, lines: &str) -> Peer {
    let upstream = world.upstream();
    let configure = |_: &str, port: u16| {
        format!(
            "net.listen('127.0.0.1', {port}, {{kind='dns'}})\ntrust_anchors.remove('.')\nmodules.unload('ta_update')\n\
             modules.unload('ta_signal_query')\nmodules.unload('priming')\nmodules.unload('detect_time_skew')\n\
             cache.size = 10 * MB\n{lines}policy.add(policy.all(policy.STUB('127.0.0.1@{}')))\n",
            upstream.port()
        )
    };
    start(PROGRAM, &[], &configure, "ready.example")
}

#[test]
fn knot_resolver_hands_the_names_to_lanward() {
    if !is_there("knot_resolver_hands_the_names_to_lanward") {
        return;
    }
    let world = World::new();
    let snippet = world.emit(TARGET, "forward", &[]);
    let peer = kresd(&world, &format!("{PROTECTION}{snippet}"));
    world.assert_forwards(&peer);
}

#[test]
fn knot_resolver_lets_the_names_through() {
    if !is_there("knot_resolver_lets_the_names_through") {
        return;
    }
    let world = World::new();
    let snippet = world.emit(TARGET, "allow", &[]);
    let peer = kresd(&world, &format!("{PROTECTION}{snippet}"));
    world.assert_allows(&peer);
    assert_eq!(leaks(&peer), [&MISSING[..], &HINTS, &[ALIAS]].concat());
}

#[test]
fn knot_resolver_is_protected_but_for_what_the_snippet_says() {
    if !is_there("knot_resolver_is_protected_but_for_what_the_snippet_says") {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&kresd(&world, "")), all());
    let config = alone::config();
    let more = ["--config", config.path().to_str().unwrap()];
    let peer = kresd(&world, &world.emit(TARGET, "protect", &more));
    world.assert_allows(&peer);
    alone::assert_holds(&peer);
    assert_eq!(
        leaks(&peer),
        [&[alone::ATTACK][..], &HINTS, &[ALIAS]].concat()
    );
}

#[test]
fn knot_resolver_has_the_names_of_own_servers() {
    if !is_there("knot_resolver_has_the_names_of_own_servers") {
        return;
    }
    let world = World::new();
    let snippet = world.emit(TARGET, "static", &OWN);
    let peer = kresd(&world, &format!("{PROTECTION}{snippet}"));
    assert_own(&peer);
    assert_eq!(leaks(&peer), [&MISSING[..], &HINTS].concat());
}
