//! dnscrypt-proxy with its snippets; Debian 12 has none.

use data_encoding::BASE64URL_NOPAD;

use crate::support::authority::{Authority, NAME};
use crate::support::peers::{Peer, sealed_dnsdist, start_checked, version};
use crate::support::records::{A, AAAA, HTTPS};

use super::world::{ALONE, World, all, ask, leaks, plex};

const PROGRAM: &str = "dnscrypt-proxy";
/// What it never looks at.
const HINTS: [&str; 3] = ["https4", "https6", "svcb"];
const ALIAS: &str = "alias in";

const FORWARD: [&str; 2] = ["conf", "forwarding-rules"];
/// A protection that is there without a snippet.
const BLOCKED: &str = "[blocked_ips]\nblocked_ips_file = 'lanward-own.txt'\n";

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

fn parts(world: &World, mode: &str, names: &[&'static str]) -> Vec<(&'static str, String)> {
    let part = |&name: &&'static str| {
        let more = ["--part", name];
        let text = match mode {
            "static" => world.emit_fixed(PROGRAM, &more),
            _ => world.emit(PROGRAM, mode, &more),
        };
        (name, text)
    };
    names.iter().map(part).collect()
}

#[cfg_attr(newer_debian, test)]
fn dnscrypt_proxy_hands_the_names_to_lanward() {
    let world = World::new();
    let proxy = proxy(&world, &parts(&world, "forward", &FORWARD), false);
    world.assert_forwards(&proxy.peer);
}

#[cfg_attr(newer_debian, test)]
fn dnscrypt_proxy_asks_lanward_for_names_that_it_answers_itself() {
    let world = World::with_own_names();
    let proxy = proxy(&world, &parts(&world, "forward", &FORWARD), false);
    world.assert_knows_own_names(&proxy.peer);
}

#[cfg_attr(newer_debian, test)]
fn dnscrypt_proxy_is_protected_but_for_what_the_snippet_says() {
    let world = World::with_one_name_alone();
    assert_eq!(leaks(&proxy(&world, &[], false).peer), all());
    let parts = parts(&world, "protect", &["conf", "blocked-ips", "allowed-names"]);
    let proxy = proxy(&world, &parts, true);
    world.assert_allows(&proxy.peer);
    world.assert_one_name_alone(&proxy.peer);
    let leaking = leaks(&proxy.peer);
    let (ipv6, others): (Vec<String>, Vec<String>) =
        leaking.into_iter().partition(|id| id.contains(':'));
    assert_eq!(others, [&[ALONE][..], &HINTS, &[ALIAS]].concat());
    if version(PROGRAM, "-version") >= [2, 1, 16] {
        assert!(ipv6.is_empty(), "{ipv6:?}");
    } else {
        assert!(ipv6.iter().any(|id| id == "fd00::1"), "{ipv6:?}");
    }
}

#[cfg_attr(newer_debian, test)]
fn dnscrypt_proxy_lets_the_names_through() {
    let world = World::new();
    let mut parts = parts(&world, "allow", &["conf", "allowed-names"]);
    parts[0].1.push_str(BLOCKED);
    parts.push(("own", "10.*\n192.168.*\n".to_owned()));
    let proxy = proxy(&world, &parts, true);
    world.assert_allows(&proxy.peer);
    let leaking = leaks(&proxy.peer);
    assert!(!leaking.iter().any(|id| id == "10.1.2.3"), "{leaking:?}");
    assert!(leaking.iter().any(|id| id == ALIAS), "{leaking:?}");
}

#[cfg_attr(newer_debian, test)]
fn dnscrypt_proxy_has_the_names_of_own_servers() {
    let world = World::new();
    let mut parts = parts(&world, "static", &["conf", "cloaking-rules"]);
    parts[0].1.push_str(BLOCKED);
    parts.push(("own", "10.*\n192.168.*\n".to_owned()));
    let proxy = proxy(&world, &parts, false);
    let reply = ask(&proxy.peer, &plex("192-168-1-10"), A);
    assert_eq!(reply.addresses().len(), 1, "{}", reply.summary());
    // What it has no address of is not asked for: it says so in a HINFO record.
    for rtype in [AAAA, HTTPS] {
        let reply = ask(&proxy.peer, &plex("192-168-1-10"), rtype);
        assert!(reply.addresses().is_empty(), "{}", reply.summary());
    }
}
