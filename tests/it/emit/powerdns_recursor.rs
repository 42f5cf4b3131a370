//! PowerDNS Recursor with its snippets: those of old before 5.1, YAML since.

use std::fs;

use crate::support::peers::{Peer, installed, start_checked, version};

use super::alone;
use super::own::{OWN, assert_own};
use super::world::{World, all, leaks};

const PROGRAM: &str = "pdns_recursor";

/// PowerDNS Recursor that hands everything to the world's Internet, with a snippet of these parts.
fn recursor(world: &World, parts: &[(&str, String)]) -> Peer {
    let upstream = world.upstream();
    let is_old = is_old();
    let configure = |folder: &str, port: u16| {
        let included = format!("{folder}/recursor.d");
        fs::create_dir(&included).unwrap();
        for (name, text) in parts {
            let file = match *name {
                "conf" if is_old => "recursor.d/lanward.conf",
                "conf" => "recursor.d/lanward.yml",
                "script" => "lanward-rebinding.lua",
                "hosts" => "lanward.hosts",
                other => other,
            };
            let text = text.replace("/etc/powerdns", folder);
            fs::write(format!("{folder}/{file}"), text).unwrap();
        }
        if is_old {
            let lua = parts.iter().find(|(name, _)| *name == "lua");
            let lua = lua.map_or(String::new(), |_| format!("lua-config-file={folder}/lua\n"));
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
    recursor(world, &parts(world, "protect", &["conf", "script"], &[]))
}

fn is_old() -> bool {
    version(PROGRAM, "--version") < [5, 1, 0]
}

fn parts(
    world: &World,
    mode: &str,
    names: &[&'static str],
    more: &[&str],
) -> Vec<(&'static str, String)> {
    let target = if is_old() {
        "powerdns-recursor-4"
    } else {
        "powerdns-recursor"
    };
    names
        .iter()
        .map(|name| {
            let more = [more, &["--part", name]].concat();
            (*name, world.emit(target, mode, &more))
        })
        .collect()
}

#[test]
fn powerdns_recursor_hands_the_names_to_lanward() {
    if !installed(
        "powerdns_recursor_hands_the_names_to_lanward",
        PROGRAM,
        "pdns-recursor",
    ) {
        return;
    }
    let world = World::new();
    let names: &[&str] = if is_old() {
        &["conf", "lua"]
    } else {
        &["conf"]
    };
    let peer = recursor(&world, &parts(&world, "forward", names, &[]));
    // It has no protection, as the snippet says; the one that leads away from plex.direct is lanward's to answer.
    let mut others = all();
    others.retain(|id| id != "alias in");
    assert_eq!(leaks(&peer), others);
    world.assert_forwards(&peer);
}

#[test]
fn powerdns_recursor_is_protected() {
    if !installed("powerdns_recursor_is_protected", PROGRAM, "pdns-recursor") {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&recursor(&world, &[])), all());
    let config = alone::config();
    let more = ["--config", config.path().to_str().unwrap()];
    let parts = parts(&world, "protect", &["conf", "script"], &more);
    let peer = recursor(&world, &parts);
    world.assert_allows(&peer);
    alone::assert_holds(&peer);
    assert_eq!(leaks(&peer), [alone::ATTACK]);
}

#[test]
fn powerdns_recursor_has_the_names_of_own_servers() {
    if !installed(
        "powerdns_recursor_has_the_names_of_own_servers",
        PROGRAM,
        "pdns-recursor",
    ) {
        return;
    }
    let world = World::new();
    let parts = parts(&world, "static", &["conf", "hosts"], &OWN);
    assert_own(&recursor(&world, &parts));
}
