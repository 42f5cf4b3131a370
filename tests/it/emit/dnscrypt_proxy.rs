//! dnscrypt-proxy with its snippets.

use data_encoding::BASE64URL_NOPAD;

use crate::support::authority::{Authority, NAME};
use crate::support::peers::{Peer, for_newer, is_newer, sealed_dnsdist, start_checked, version};

use super::alone;
use super::own::{OWN, assert_own};
use super::world::{World, all, leaks};

const PROGRAM: &str = "dnscrypt-proxy";
/// What it never looks at.
const HINTS: [&str; 3] = ["https4", "https6", "svcb"];
const ALIAS: &str = "alias in";

/// dnscrypt-proxy, and what stands between it and the world's Internet, which it would ask over HTTPS only.
struct Proxy {
    peer: Peer,
    _before: Peer,
}

/// With a snippet of these parts in front of its first section, or at its end.
fn proxy(world: &World, parts: &[(&str, String)], at_end: bool) -> Proxy {
    let authority = Authority::new();
    let (before, [_, https]) = sealed_dnsdist(world.upstream(), &authority);
    let certificate = std::fs::read_to_string(authority.ca()).unwrap();
    let stamp = stamp(https);
    let text = |part: &str| {
        parts
            .iter()
            .find(|(name, _)| *name == part)
            .map_or("", |(_, text)| text)
    };
    let configure = |folder: &str, port: u16| {
        let conf = text("conf").replace("/etc/dnscrypt-proxy", folder);
        let (first, last) = if at_end {
            ("", conf.as_str())
        } else {
            (conf.as_str(), "")
        };
        format!(
            "listen_addresses = ['127.0.0.1:{port}']\nserver_names = ['internet']\nnetprobe_timeout = 0\nignore_system_dns = true\n\
             block_undelegated = false\nblock_unqualified = false\n{first}\n[static]\n[static.internet]\nstamp = '{stamp}'\n{last}"
        )
    };
    let lists: Vec<(String, &str)> = parts
        .iter()
        .map(|(name, text)| (format!("lanward-{name}.txt"), text.as_str()))
        .collect();
    let mut files: Vec<(&str, &str)> = lists
        .iter()
        .map(|(name, text)| (name.as_str(), *text))
        .collect();
    files.push(("ca.pem", &certificate));
    let check = [PROGRAM, "-config", "conf", "-check"];
    let peer = start_checked(PROGRAM, &check, &files, &configure, "ready.example");
    Proxy {
        peer,
        _before: before,
    }
}

/// A server that is asked over HTTPS on this port.
fn stamp(port: u16) -> String {
    let counted = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let octets = [
        vec![2, 0, 0, 0, 0, 0, 0, 0, 0],
        counted(&format!("127.0.0.1:{port}")),
        vec![0],
        counted(&format!("{NAME}:{port}")),
        counted("/dns-query"),
    ];
    format!("sdns://{}", BASE64URL_NOPAD.encode(&octets.concat()))
}

fn parts(
    world: &World,
    mode: &str,
    names: &[&'static str],
    more: &[&str],
) -> Vec<(&'static str, String)> {
    let part = |name: &&'static str| {
        (
            *name,
            world.emit(PROGRAM, mode, &[more, &["--part", name]].concat()),
        )
    };
    names.iter().map(part).collect()
}

fn is_there(test: &str) -> bool {
    if !is_newer() {
        for_newer(test, "dnscrypt-proxy, which is not in Debian 12");
    }
    is_newer()
}

#[test]
fn dnscrypt_proxy_hands_the_names_to_lanward() {
    if !is_there("dnscrypt_proxy_hands_the_names_to_lanward") {
        return;
    }
    let world = World::new();
    let parts = parts(&world, "forward", &["conf", "forwarding-rules"], &[]);
    let proxy = proxy(&world, &parts, false);
    world.assert_forwards(&proxy.peer);
}

#[test]
fn dnscrypt_proxy_is_protected_but_for_what_the_snippet_says() {
    if !is_there("dnscrypt_proxy_is_protected_but_for_what_the_snippet_says") {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&proxy(&world, &[], false).peer), all());
    let config = alone::config();
    let more = ["--config", config.path().to_str().unwrap()];
    let parts = parts(
        &world,
        "protect",
        &["conf", "blocked-ips", "allowed-names"],
        &more,
    );
    let proxy = proxy(&world, &parts, true);
    world.assert_allows(&proxy.peer);
    alone::assert_holds(&proxy.peer);
    println!(
        "{:?} {:?}",
        version(PROGRAM, "-version"),
        leaks(&proxy.peer)
    );
    let leaking = leaks(&proxy.peer);
    let beside: Vec<&String> = leaking.iter().filter(|id| !id.contains(':')).collect();
    assert_eq!(beside, [&[alone::ATTACK][..], &HINTS, &[ALIAS]].concat());
    if version(PROGRAM, "-version") >= [2, 1, 16] {
        assert!(!leaking.iter().any(|id| id.contains(':')), "{leaking:?}");
    } else {
        assert!(leaking.iter().any(|id| id == "fd00::1"), "{leaking:?}");
    }
}

#[test]
fn dnscrypt_proxy_lets_the_names_through() {
    if !is_there("dnscrypt_proxy_lets_the_names_through") {
        return;
    }
    let world = World::new();
    let mut parts = parts(&world, "allow", &["conf", "allowed-names"], &[]);
    parts[0]
        .1
        .push_str("[blocked_ips]\nblocked_ips_file = 'lanward-own.txt'\n");
    parts.push(("own", "10.*\n192.168.*\n".to_owned()));
    let proxy = proxy(&world, &parts, true);
    world.assert_allows(&proxy.peer);
    let leaking = leaks(&proxy.peer);
    assert!(!leaking.iter().any(|id| id == "10.1.2.3"), "{leaking:?}");
}

#[test]
fn dnscrypt_proxy_has_the_names_of_own_servers() {
    if !is_there("dnscrypt_proxy_has_the_names_of_own_servers") {
        return;
    }
    let world = World::new();
    let mut parts = parts(&world, "static", &["conf", "cloaking-rules"], &OWN);
    let blocked = "[blocked_ips]\nblocked_ips_file = 'lanward-own.txt'\n";
    parts.push(("own", "10.*\n192.168.*\n".to_owned()));
    parts[0].1.push_str("cloak_ttl = 60\n");
    parts[0].1 = format!("{}{blocked}", parts[0].1);
    let proxy = proxy(&world, &parts, false);
    assert_own(&proxy.peer);
}
