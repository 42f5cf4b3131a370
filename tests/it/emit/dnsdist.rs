//! dnsdist with its snippets.

use crate::support::peers::{Peer, for_newer, installed, start_checked, version};
use crate::support::records::A;

use super::world::{World, all, ask, leaks, plex};

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
    let peer = dnsdist(&world, &world.emit(PROGRAM, "protect", &[]));
    println!("{:?}", leaks(&peer));
    world.assert_allows(&peer);
}

#[test]
fn dnsdist_has_the_names_of_own_servers() {
    if !installed("dnsdist_has_the_names_of_own_servers", PROGRAM, PROGRAM) {
        return;
    }
    let world = World::new();
    let own = ["--plex", "192.168.1.10", "--id", super::world::ID];
    let peer = dnsdist(&world, &world.emit(PROGRAM, "static", &own));
    println!("{:?}", ask(&peer, &plex("192-168-1-10"), A));
    println!(
        "{:?}",
        ask(&peer, &plex("192-168-1-10"), crate::support::records::AAAA)
    );
}
