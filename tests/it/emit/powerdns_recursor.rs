//! PowerDNS Recursor with its snippets: those of old before 5.1, YAML since.

use std::fs;
use std::io::Write;

use crate::support::peers::{Peer, installed, start_checked, version};

use super::world::{ALONE, World, all, leaks};

const PROGRAM: &str = "pdns_recursor";

/// PowerDNS Recursor that hands everything to the world's Internet, with a snippet of these parts.
fn recursor(world: &World, parts: &[(&str, String)]) -> Peer {
    let upstream = world.upstream();
    let is_old = is_old();
    let configure = |folder: &str, port: u16| {
        let included = format!("{folder}/recursor.d");
        fs::create_dir(&included).unwrap();
        for (_, text) in parts {
            let text = text.replace("/etc/powerdns", folder);
            // The file that the snippet names; two parts never share one.
            let (_, place) = text.split_once("File: ").unwrap();
            let file = place.split([' ', ',', '\n']).next().unwrap();
            fs::File::create_new(file)
                .unwrap()
                .write_all(text.as_bytes())
                .unwrap();
        }
        if is_old {
            let lua = parts.iter().find(|(name, _)| *name == "lua");
            let lua = lua.map_or(String::new(), |_| {
                format!("lua-config-file={folder}/recursor.lua\n")
            });
            format!(
                "local-address=127.0.0.1\nlocal-port={port}\nforward-zones-recurse=.={upstream}\ninclude-dir={included}\n\
                 security-poll-suffix=\nhint-file=no\nthreads=1\n{lua}"
            )
        } else {
            format!(
                "incoming:\n  listen: ['127.0.0.1:{port}']\nrecursor:\n  include_dir: {included}\n  security_poll_suffix: ''\n  \
                 threads: 1\n  forward_zones_recurse:\n    - zone: '.'\n      forwarders: ['{upstream}']\n"
            )
        }
    };
    let check = [PROGRAM, "--config-dir=.", "--config=check"];
    start_checked(PROGRAM, &check, &[], &configure, "ready.example")
}

/// PowerDNS Recursor with the protection that is written for it.
pub(super) fn protected(world: &World) -> Peer {
    recursor(world, &parts(world, "protect", &["conf", "script"]))
}

fn is_old() -> bool {
    version(PROGRAM, "--version") < [5, 1, 0]
}

/// The parts of the snippet for the version that is there.
fn parts(world: &World, mode: &str, names: &[&'static str]) -> Vec<(&'static str, String)> {
    let target = if is_old() {
        "powerdns-recursor-4"
    } else {
        "powerdns-recursor"
    };
    let part = |&name: &&'static str| {
        let more = ["--part", name];
        let text = match mode {
            "static" => world.emit_fixed(target, &more),
            _ => world.emit(target, mode, &more),
        };
        (name, text)
    };
    names.iter().map(part).collect()
}

fn forwarding(world: &World) -> Peer {
    recursor(world, &forwarding_parts(world))
}

fn forwarding_parts(world: &World) -> Vec<(&'static str, String)> {
    let names: &[&str] = if is_old() {
        &["conf", "lua"]
    } else {
        &["conf"]
    };
    parts(world, "forward", names)
}

fn is_there(test: &str) -> bool {
    installed(test, PROGRAM, "pdns-recursor")
}

#[test]
fn powerdns_recursor_hands_the_names_to_lanward() {
    if !is_there("powerdns_recursor_hands_the_names_to_lanward") {
        return;
    }
    let world = World::new();
    let peer = forwarding(&world);
    // It has no protection, as the snippet says; the alias that leads away from plex.direct is lanward's to answer.
    let mut others = all();
    others.retain(|id| id != "alias in");
    assert_eq!(leaks(&peer), others);
    world.assert_forwards(&peer);
}

#[test]
fn powerdns_recursor_asks_lanward_for_names_that_it_answers_itself() {
    if !is_there("powerdns_recursor_asks_lanward_for_names_that_it_answers_itself") {
        return;
    }
    let world = World::with_own_names();
    world.assert_knows_own_names(&forwarding(&world));
}

#[test]
fn powerdns_recursor_is_protected() {
    if !is_there("powerdns_recursor_is_protected") {
        return;
    }
    let world = World::with_one_name_alone();
    assert_eq!(leaks(&recursor(&world, &[])), all());
    let peer = protected(&world);
    world.assert_allows(&peer);
    world.assert_one_name_alone(&peer);
    assert_eq!(leaks(&peer), [ALONE]);
}

/// Each in a file of its own, side by side.
#[test]
fn powerdns_recursor_takes_all_snippets_together() {
    if !is_there("powerdns_recursor_takes_all_snippets_together") {
        return;
    }
    let world = World::new();
    let all = [
        forwarding_parts(&world),
        parts(&world, "protect", &["conf", "script"]),
        parts(&world, "static", &["conf", "hosts"]),
    ];
    let peer = recursor(&world, &all.concat());
    assert_eq!(leaks(&peer), [""; 0]);
    world.assert_forwards(&peer);
}

#[test]
fn powerdns_recursor_has_the_names_of_own_servers() {
    if !is_there("powerdns_recursor_has_the_names_of_own_servers") {
        return;
    }
    let world = World::new();
    let peer = recursor(&world, &parts(&world, "static", &["conf", "hosts"]));
    world.assert_fixed(&peer);
}
