//! PowerDNS Recursor with its snippets: those of old before 5.1, YAML since.

use crate::support::peers::{Peer, installed, start_checked, version};
use crate::support::records::A;

use super::world::{World, all, ask, leaks, plex};

const PROGRAM: &str = "pdns_recursor";

/// PowerDNS Recursor that hands everything to the world's Internet, with a snippet of these parts.
fn recursor(world: &World, parts: &[(&str, String)]) -> Peer {
    let upstream = world.upstream();
    let old = is_old();
    let configure = |folder: &str, port: u16| {
        let conf = if old {
            format!(
                "local-address=127.0.0.1\nlocal-port={port}\nforward-zones-recurse=.=127.0.0.1:{}\ninclude-dir={folder}/conf.d\nsecurity-poll-suffix=\nhint-file=no\nthreads=1\n{}",
                upstream.port(),
                if parts.iter().any(|(name, _)| *name == "lua") {
                    format!("lua-config-file={folder}/lua\n")
                } else {
                    String::new()
                }
            )
        } else {
            format!(
                "incoming:\n  listen: ['127.0.0.1:{port}']\nrecursor:\n  include_dir: {folder}/conf.d\n  security_poll_suffix: ''\n  threads: 1\n  forward_zones_recurse:\n    - zone: '.'\n      forwarders: ['127.0.0.1:{}']\n",
                upstream.port()
            )
        };
        std::fs::create_dir_all(format!("{folder}/conf.d")).unwrap();
        for (name, text) in parts {
            let text = text.replace("/etc/powerdns", folder);
            let file = match *name {
                "conf" if old => "conf.d/lanward.conf".to_owned(),
                "conf" => "conf.d/lanward.yml".to_owned(),
                "script" => "lanward-rebinding.lua".to_owned(),
                "hosts" => "lanward.hosts".to_owned(),
                other => other.to_owned(),
            };
            std::fs::write(format!("{folder}/{file}"), text).unwrap();
        }
        conf
    };
    let check = [PROGRAM, "--config-dir=.", "--config=check"];
    start_checked(PROGRAM, &check, &[], &configure, "ready.example")
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
    println!("{:?}", leaks(&peer));
    world.assert_forwards(&peer);
}

#[test]
fn powerdns_recursor_is_protected() {
    if !installed("powerdns_recursor_is_protected", PROGRAM, "pdns-recursor") {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&recursor(&world, &[])), all());
    let peer = recursor(&world, &parts(&world, "protect", &["conf", "script"], &[]));
    println!("{:?}", leaks(&peer));
    world.assert_allows(&peer);
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
    let own = ["--plex", "192.168.1.10", "--id", super::world::ID];
    let peer = recursor(&world, &parts(&world, "static", &["conf", "hosts"], &own));
    println!("{:?}", ask(&peer, &plex("192-168-1-10"), A));
    println!(
        "{:?}",
        ask(&peer, &plex("192-168-1-10"), crate::support::records::AAAA)
    );
}
