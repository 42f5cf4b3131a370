//! Knot Resolver with its snippets.

use crate::support::peers::{Peer, installed, start};
use crate::support::records::A;

use super::world::{World, all, ask, leaks, plex};

const PROGRAM: &str = "kresd";
const TARGET: &str = "knot-resolver-5";

/// Knot Resolver that hands everything to the world's Internet, with these lines in front of that.
fn kresd(world: &World, lines: &str) -> Peer {
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
    if !installed(
        "knot_resolver_hands_the_names_to_lanward",
        PROGRAM,
        "knot-resolver",
    ) {
        return;
    }
    let world = World::new();
    let snippet = world.emit(TARGET, "forward", &[]);
    let peer = kresd(
        &world,
        &format!("modules.load('rebinding < iterate')\n{snippet}"),
    );
    world.assert_forwards(&peer);
}

#[test]
fn knot_resolver_lets_the_names_through() {
    if !installed(
        "knot_resolver_lets_the_names_through",
        PROGRAM,
        "knot-resolver",
    ) {
        return;
    }
    let world = World::new();
    let snippet = world.emit(TARGET, "allow", &[]);
    let peer = kresd(
        &world,
        &format!("modules.load('rebinding < iterate')\n{snippet}"),
    );
    world.assert_allows(&peer);
    println!("{:?}", leaks(&peer));
}

#[test]
fn knot_resolver_is_protected_but_for_what_the_snippet_says() {
    if !installed(
        "knot_resolver_is_protected_but_for_what_the_snippet_says",
        PROGRAM,
        "knot-resolver",
    ) {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&kresd(&world, "")), all());
    let peer = kresd(&world, &world.emit(TARGET, "protect", &[]));
    world.assert_allows(&peer);
    println!("{:?}", leaks(&peer));
}

#[test]
fn knot_resolver_has_the_names_of_own_servers() {
    if !installed(
        "knot_resolver_has_the_names_of_own_servers",
        PROGRAM,
        "knot-resolver",
    ) {
        return;
    }
    let world = World::new();
    let own = ["--plex", "192.168.1.10", "--id", super::world::ID];
    let snippet = world.emit(TARGET, "static", &own);
    let peer = kresd(
        &world,
        &format!("modules.load('rebinding < iterate')\n{snippet}"),
    );
    println!("{:?}", ask(&peer, &plex("192-168-1-10"), A));
    println!("{:?}", leaks(&peer));
}
