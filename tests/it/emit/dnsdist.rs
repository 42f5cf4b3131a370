//! dnsdist with its snippets.

use crate::support::peers::{Peer, installed, start_checked};

use super::world::{ALONE, World, all, leaks};

const PROGRAM: &str = "dnsdist";

/// dnsdist before the world's Internet, with these lines besides.
fn dnsdist(world: &World, lines: &str) -> Peer {
    let upstream = world.upstream();
    let configure = |_: &str, port: u16| {
        format!(
            "setLocal('127.0.0.1:{port}')\nsetACL({{'127.0.0.0/8'}})\nsetSecurityPollSuffix('')\n\
             newServer({{address='{upstream}', healthCheckMode='up'}})\n{lines}"
        )
    };
    let check = [PROGRAM, "--check-config", "-C", "conf"];
    start_checked(PROGRAM, &check, &[], &configure, "ready.example")
}

#[test]
fn dnsdist_hands_the_names_to_lanward() {
    if !installed("dnsdist_hands_the_names_to_lanward", PROGRAM, PROGRAM) {
        return;
    }
    let world = World::new();
    let peer = dnsdist(&world, &world.emit(PROGRAM, "forward", &[]));
    world.assert_forwards(&peer);
}

#[test]
fn dnsdist_asks_lanward_for_special_names() {
    if !installed("dnsdist_asks_lanward_for_special_names", PROGRAM, PROGRAM) {
        return;
    }
    let world = World::with_own_names();
    let peer = dnsdist(&world, &world.emit(PROGRAM, "forward", &[]));
    world.assert_knows_own_names(&peer);
}

/// What it takes came with 1.9.12.
#[cfg_attr(newer_debian, test)]
#[cfg_attr(
    not(newer_debian),
    expect(dead_code, reason = "scripts/test-peers runs it")
)]
fn dnsdist_is_protected() {
    if !installed("dnsdist_is_protected", PROGRAM, PROGRAM) {
        return;
    }
    let world = World::with_one_name_alone();
    assert_eq!(leaks(&dnsdist(&world, "")), all());
    let peer = dnsdist(&world, &world.emit(PROGRAM, "protect", &[]));
    world.assert_allows(&peer);
    world.assert_one_name_alone(&peer);
    assert_eq!(leaks(&peer), [ALONE]);
}

#[test]
fn dnsdist_has_the_names_of_own_servers() {
    if !installed("dnsdist_has_the_names_of_own_servers", PROGRAM, PROGRAM) {
        return;
    }
    let world = World::new();
    let peer = dnsdist(&world, &world.emit_fixed(PROGRAM, &[]));
    world.assert_fixed(&peer);
}
