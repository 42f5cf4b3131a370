//! Knot Resolver with its snippets: Lua for 5, YAML for 6.

use std::fs;
use std::process::Command;

use crate::support::peers::{Peer, installed, start, version};

use super::world::{ALONE, World, all, leaks};

const PROGRAM: &str = "kresd";

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

fn is_6() -> bool {
    version(PROGRAM, "-V") >= [6, 0, 0]
}

fn target() -> &'static str {
    if is_6() {
        "knot-resolver-6"
    } else {
        "knot-resolver-5"
    }
}

/// Its protection, without a snippet.
fn protection() -> &'static str {
    if is_6() {
        "options:\n  rebinding-protection: true\n"
    } else {
        "modules.load('rebinding < iterate')\n"
    }
}

/// Knot Resolver that hands everything to the world's Internet, with these lines in front of that.
fn kresd(world: &World, lines: &str) -> Peer {
    let upstream = world.upstream().port();
    let configure = |folder: &str, port: u16| {
        if is_6() {
            return worker(folder, &yaml(folder, port, upstream, lines));
        }
        format!(
            "net.listen('127.0.0.1', {port}, {{kind='dns'}})\ntrust_anchors.remove('.')\nmodules.unload('ta_update')\n\
             modules.unload('ta_signal_query')\nmodules.unload('priming')\nmodules.unload('detect_time_skew')\n\
             cache.size = 10 * MB\n{lines}policy.add(policy.all(policy.STUB('127.0.0.1@{upstream}')))\n"
        )
    };
    start(PROGRAM, &[], &configure, "ready.example")
}

/// Knot Resolver with the protection that is written for it.
pub(super) fn protected(world: &World) -> Peer {
    kresd(world, &world.emit(target(), "protect", &[]))
}

fn yaml(folder: &str, port: u16, upstream: u16, lines: &str) -> String {
    let internet = format!(
        "forward:\n  - subtree: '.'\n    servers: ['127.0.0.1@{upstream}']\n    options: {{dnssec: false}}\n"
    );
    // As the snippet says: what it has for a word that is there already goes below that one.
    let lines = if lines.contains("forward:\n") {
        lines.replace("forward:\n", &internet)
    } else {
        format!("{internet}{lines}")
    };
    format!(
        "rundir: {folder}\nworkers: 1\ncache: {{storage: {folder}/cache, size-max: 10M}}\ndnssec: {{enable: false}}\n\
         network: {{listen: [{{interface: 127.0.0.1@{port}}}]}}\n{lines}"
    )
}

/// What its own manager does with YAML: checks it, lets one process load the rules, and gives another the rest.
fn worker(folder: &str, yaml: &str) -> String {
    fs::create_dir(format!("{folder}/cache")).unwrap();
    fs::write(format!("{folder}/yaml"), yaml).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(folder)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "{program} {arguments:?}: {said}\n{yaml}"
        );
        String::from_utf8(output.stdout).unwrap()
    };
    run("kresctl", &["validate", "yaml"]);
    let rules = run("kresctl", &["convert", "--type", "policy-loader", "yaml"]);
    fs::write(format!("{folder}/rules"), rules).unwrap();
    run(PROGRAM, &["-n", "-c", "rules"]);
    run("kresctl", &["convert", "--type", "worker", "yaml"])
}

#[test]
fn knot_resolver_hands_the_names_to_lanward() {
    if !is_there("knot_resolver_hands_the_names_to_lanward") {
        return;
    }
    let world = World::new();
    let snippet = world.emit(target(), "forward", &[]);
    let peer = kresd(&world, &format!("{}{snippet}", protection()));
    // No alias leads away from the names that are excepted: lanward answers for them.
    assert_eq!(leaks(&peer), [&MISSING[..], &HINTS].concat());
    world.assert_forwards(&peer);
}

#[test]
fn knot_resolver_asks_lanward_for_names_that_it_answers_itself() {
    if !is_there("knot_resolver_asks_lanward_for_names_that_it_answers_itself") {
        return;
    }
    let world = World::with_own_names();
    let snippet = world.emit(target(), "forward", &[]);
    let peer = kresd(&world, &format!("{}{snippet}", protection()));
    world.assert_knows_own_names(&peer);
}

#[test]
fn knot_resolver_lets_the_names_through() {
    if !is_there("knot_resolver_lets_the_names_through") {
        return;
    }
    let world = World::new();
    let snippet = world.emit(target(), "allow", &[]);
    let peer = kresd(&world, &format!("{}{snippet}", protection()));
    world.assert_allows(&peer);
    assert_eq!(leaks(&peer), [&MISSING[..], &HINTS, &[ALIAS]].concat());
}

#[test]
fn knot_resolver_is_protected_but_for_what_the_snippet_says() {
    if !is_there("knot_resolver_is_protected_but_for_what_the_snippet_says") {
        return;
    }
    let world = World::with_one_name_alone();
    assert_eq!(leaks(&kresd(&world, "")), all());
    let peer = protected(&world);
    world.assert_allows(&peer);
    world.assert_one_name_alone(&peer);
    assert_eq!(leaks(&peer), [&[ALONE][..], &HINTS, &[ALIAS]].concat());
}

#[test]
fn knot_resolver_has_the_names_of_own_servers() {
    if !is_there("knot_resolver_has_the_names_of_own_servers") {
        return;
    }
    let world = World::new();
    let snippet = world.emit_fixed(target(), &[]);
    let peer = kresd(&world, &format!("{}{snippet}", protection()));
    // The exception is not needed, so no alias can use it.
    assert_eq!(leaks(&peer), [&MISSING[..], &HINTS].concat());
    world.assert_fixed(&peer);
}
