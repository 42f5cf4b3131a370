//! systemd-resolved with its snippets.

use std::fs;

use crate::support::peers::{Peer, start, version};
use crate::support::records::A;
use crate::support::resolved;

use super::world::{World, all, ask, emit, leaks, plex};

const PROGRAM: &str = "systemd-resolved";
const TARGET: &str = PROGRAM;

/// Whether the caller is where it can run.
fn is_there(test: &str) -> bool {
    resolved::is_there(&format!("emit::systemd_resolved::{test}"))
}

/// Since 258 a domain can have servers of its own; before, those are for everything.
fn delegates() -> bool {
    version("resolvectl", "--version") >= [258, 0, 0]
}

/// systemd-resolved with the snippet, and with the world's Internet for everything else where there can be servers for that.
fn resolved(world: &World, more: &str) -> Peer {
    let part = |name| world.emit(TARGET, "forward", &["--part", name]);
    let (folder, file, snippet, internet) = if delegates() {
        let internet = format!("DNS={}\n", world.upstream());
        (
            "dns-delegate.d",
            "lanward.dns-delegate",
            part("delegate"),
            internet,
        )
    } else {
        (
            "resolved.conf.d",
            "lanward.conf",
            part("conf"),
            String::new(),
        )
    };
    let folder = format!("/etc/systemd/{folder}");
    fs::create_dir_all(&folder).unwrap();
    fs::write(format!("{folder}/{file}"), snippet).unwrap();
    let configure = |_: &str, port: u16| {
        let conf = format!(
            "[Resolve]\n{internet}{more}DNSStubListener=no\nDNSStubListenerExtra=127.0.0.1:{port}\nFallbackDNS=\nLLMNR=no\n\
             MulticastDNS=no\nCache=no\nReadEtcHosts=no\n"
        );
        fs::write("/etc/systemd/resolved.conf", &conf).unwrap();
        conf
    };
    start(PROGRAM, &[], &configure, "ready.example")
}

/// All else is taken for a name, and a line of many words is complained about.
#[test]
fn systemd_resolved_gets_comments_that_it_takes_for_such() {
    let text = emit(&[TARGET, "--server", "192.168.1.2", "--part", "negative"]);
    let names: Vec<&str> = text.lines().filter(|line| !line.starts_with(';')).collect();
    assert!(names.contains(&"plex.direct"), "{text}");
    for name in names {
        assert!(!name.contains([' ', '#']), "{name}");
    }
}

#[cfg_attr(newer_debian, test)]
fn systemd_resolved_hands_the_names_to_lanward() {
    if !is_there("systemd_resolved_hands_the_names_to_lanward") {
        return;
    }
    let world = World::new();
    let peer = resolved(&world, "DNSSEC=no\n");
    let leaking = leaks(&peer);
    if delegates() {
        // It has no protection, as the snippet says; the one that leads away from plex.direct is lanward's to answer.
        let mut others = all();
        others.retain(|id| id != "alias in");
        assert_eq!(leaking, others);
    } else {
        assert!(
            leaking.is_empty(),
            "lanward is asked about everything: {leaking:?}"
        );
    }
    world.assert_forwards(&peer);
}

#[cfg_attr(newer_debian, test)]
fn systemd_resolved_takes_the_domains_as_unsigned() {
    if !is_there("systemd_resolved_takes_the_domains_as_unsigned") {
        return;
    }
    let world = World::new();
    let peer = resolved(&world, "DNSSEC=yes\n");
    let name = plex("192-168-1-10");
    assert!(ask(&peer, &name, A).addresses().is_empty());
    drop(peer);
    let snippet = world.emit(TARGET, "forward", &["--part", "negative"]);
    fs::write("/etc/dnssec-trust-anchors.d/lanward.negative", snippet).unwrap();
    let peer = resolved(&world, "DNSSEC=yes\n");
    let reply = ask(&peer, &name, A);
    assert_eq!(reply.addresses().len(), 1, "{}", reply.summary());
}
