//! dnsdist with its snippets.

use crate::support::peers::{Peer, for_newer, installed, start_checked, version};

use super::alone;
use super::own::{OWN, assert_own};
use super::world::{World, all, leaks};

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
fn dnsdist_is_protected() {
    let test = "dnsdist_is_protected";
    if !installed(test, PROGRAM, PROGRAM) {
        return;
    }
    if version(PROGRAM, "--version") < [1, 8, 0] {
        for_newer(test, "dnsdist 1.9.12");
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&dnsdist(&world, "")), all());
    let config = alone::config();
    let more = ["--config", config.path().to_str().unwrap()];
    let peer = dnsdist(&world, &world.emit(PROGRAM, "protect", &more));
    world.assert_allows(&peer);
    alone::assert_holds(&peer);
    assert_eq!(leaks(&peer), [alone::ATTACK]);
}

#[test]
fn dnsdist_has_the_names_of_own_servers() {
    if !installed("dnsdist_has_the_names_of_own_servers", PROGRAM, PROGRAM) {
        return;
    }
    let world = World::new();
    let peer = dnsdist(&world, &world.emit(PROGRAM, "static", &OWN));
    assert_own(&peer);
}
