//! BIND with its snippets.

use crate::support::peers::{Peer, installed, start_checked};
use crate::support::records::A;
use crate::support::wire::SERVFAIL;

use super::world::{ROOT_DIGEST, World, all, ask, emit, leads_to_fixed, leaks, plex};

const PROGRAM: &str = "named";

fn is_there(test: &str) -> bool {
    installed(test, PROGRAM, "bind9")
}

/// What stands in `options`, among the clauses, and in files beside them.
#[derive(Debug, Default)]
struct Texts<'a> {
    options: &'a str,
    zones: &'a str,
    files: &'a [(&'a str, &'a str)],
    validates: bool,
}

/// BIND that has nothing but the world's Internet for the names in it, and answers special-use names itself: it does so only where
/// it may also ask the root servers, which here are nowhere.
fn bind(world: &World, texts: &Texts<'_>) -> Peer {
    let internet = world.upstream().port();
    let (validation, anchor) = if texts.validates {
        let anchor = format!("trust-anchors {{ . static-ds 20326 8 2 \"{ROOT_DIGEST}\"; }};\n");
        ("yes", anchor)
    } else {
        ("no", String::new())
    };
    let domains = ["example", "direct"].map(|domain| {
        format!("zone \"{domain}\" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {internet}; }}; }};\n")
    });
    let configure = |folder: &str, port: u16| {
        let zones = texts.zones.replace("/etc/bind", folder);
        format!(
            "options {{\n  directory \"{folder}\";\n  listen-on port {port} {{ 127.0.0.1; }};\n  listen-on-v6 {{ none; }};\n  \
             pid-file none;\n  session-keyfile none;\n  recursion yes;\n  dnssec-validation {validation};\n{}}};\ncontrols {{ }};\n\
             zone \".\" {{ type hint; file \"hints\"; }};\n{}{anchor}{zones}",
            texts.options,
            domains.concat()
        )
    };
    let hints = ("hints", ". 3600 NS nowhere.\nnowhere. 3600 A 127.0.0.254\n");
    let files = [texts.files, &[hints]].concat();
    let check = ["named-checkconf", "-z", "conf"];
    start_checked(PROGRAM, &check, &files, &configure, "ready.example")
}

/// BIND with its protection.
pub(super) fn protected(world: &World) -> Peer {
    let texts = Texts {
        options: &world.emit("bind", "protect", &[]),
        ..Texts::default()
    };
    bind(world, &texts)
}

fn parts(world: &World, mode: &str) -> [String; 2] {
    ["options", "zones"].map(|part| world.emit("bind", mode, &["--part", part]))
}

#[test]
fn bind_hands_the_names_to_lanward() {
    if !is_there("bind_hands_the_names_to_lanward") {
        return;
    }
    let world = World::new();
    let [options, zones] = parts(&world, "forward");
    let protect = world.emit("bind", "protect", &[]);
    let texts = Texts {
        options: &format!("{protect}{options}"),
        zones: &zones,
        ..Texts::default()
    };
    let peer = bind(&world, &texts);
    world.assert_forwards(&peer);
}

/// The names are handed over, and excepted by hand from a protection that is there: another site's alias reaches them, unless the part
/// `aliases` stands beside it. That part and `protect` have the same statement, which may stand there once.
#[test]
fn bind_that_forwards_keeps_aliases_of_other_sites_out() {
    if !is_there("bind_that_forwards_keeps_aliases_of_other_sites_out") {
        return;
    }
    let world = World::new();
    let [options, zones] = parts(&world, "forward");
    let aliases = world.emit("bind", "forward", &["--part", "aliases"]);
    let protect = world.emit("bind", "protect", &[]);
    let (by_hand, statement) = protect.split_once("deny-answer-aliases").unwrap();
    for name in aliases.lines().filter(|line| line.starts_with("    ")) {
        assert!(statement.contains(name), "protect stands in for it: {name}");
    }
    for (aliases, expected) in [
        ("", &["https4", "https6", "svcb", "alias out"][..]),
        (&aliases, &["https4", "https6", "svcb"]),
    ] {
        let texts = Texts {
            options: &format!("{by_hand}{options}{aliases}"),
            zones: &zones,
            ..Texts::default()
        };
        let peer = bind(&world, &texts);
        world.assert_allows(&peer);
        assert_eq!(leaks(&peer), expected);
    }
}

#[test]
fn bind_asks_lanward_for_names_that_it_answers_itself() {
    if !is_there("bind_asks_lanward_for_names_that_it_answers_itself") {
        return;
    }
    let world = World::with_own_names();
    let [options, zones] = parts(&world, "forward");
    let protect = world.emit("bind", "protect", &[]);
    let texts = Texts {
        options: &format!("{protect}{options}"),
        zones: &zones,
        ..Texts::default()
    };
    let peer = bind(&world, &texts);
    world.assert_knows_own_names(&peer);
}

#[test]
fn bind_that_validates_gives_the_names() {
    if !is_there("bind_that_validates_gives_the_names") {
        return;
    }
    let world = World::new();
    let [options, zones] = parts(&world, "forward");
    for (options, addresses) in [(options.as_str(), 1), ("", 0)] {
        let texts = Texts {
            options,
            zones: &zones,
            validates: true,
            ..Texts::default()
        };
        let reply = ask(&bind(&world, &texts), &plex("192-168-1-10"), A);
        let failed = reply.rcode() == SERVFAIL;
        let said = (failed, reply.addresses().len());
        assert_eq!(said, (addresses == 0, addresses), "{}", reply.summary());
    }
}

/// An exception without `deny-answer-aliases` is open for every site; with it, as `emit` writes it, it is not.
#[test]
fn bind_is_protected_but_for_what_the_snippet_says() {
    if !is_there("bind_is_protected_but_for_what_the_snippet_says") {
        return;
    }
    let world = World::new();
    assert_eq!(leaks(&bind(&world, &Texts::default())), all());
    let protect = world.emit("bind", "protect", &[]);
    let usual = protect.split_once("deny-answer-aliases").unwrap().0;
    for (options, expected) in [
        (usual, &["https4", "https6", "svcb", "alias out"][..]),
        (&protect, &["https4", "https6", "svcb"]),
    ] {
        let texts = Texts {
            options,
            ..Texts::default()
        };
        let peer = bind(&world, &texts);
        world.assert_allows(&peer);
        assert_eq!(leaks(&peer), expected);
    }
}

#[test]
fn bind_answers_the_fixed_names() {
    if !is_there("bind_answers_the_fixed_names") {
        return;
    }
    let world = World::new();
    let [options, zones, names] =
        ["options", "zones", "names"].map(|part| world.emit_fixed("bind", &["--part", part]));
    let protect = world.emit("bind", "protect", &[]);
    let texts = Texts {
        options: &format!("{protect}{options}"),
        zones: &zones,
        files: &[("db.lanward.rpz", &names)],
        ..Texts::default()
    };
    let peer = bind(&world, &texts);
    assert_eq!(leaks(&peer), ["https4", "https6", "svcb"]);
    assert!(!leads_to_fixed(&peer), "for other sites");
    world.assert_fixed(&peer);
}

/// Ports, addresses of the other family, and more than one domain.
#[test]
fn bind_accepts_every_server() {
    if !is_there("bind_accepts_every_server") {
        return;
    }
    let world = World::new();
    for server in [
        "192.168.1.2",
        "192.168.1.2:5353",
        "fd00::2",
        "[fd00::2]:5353",
    ] {
        let domains = ["--domain", "plex.direct", "--domain", "home.example.com"];
        let part = |part: &str| {
            let asked = ["bind", "--server", server, "--part", part];
            emit(&[&asked, &domains[..]].concat())
        };
        let texts = Texts {
            options: &format!("{}{}", part("options"), part("aliases")),
            zones: &part("zones"),
            ..Texts::default()
        };
        drop(bind(&world, &texts));
    }
}
