//! BIND with its snippets.

use crate::support::peers::{Peer, installed, start_checked};
use crate::support::records::A;
use crate::support::wire::SERVFAIL;

use super::world::{ROOT_DIGEST, World, all, ask, emit, leaks, plex};

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

/// BIND that forwards everything to the world's Internet, and would answer special-use names itself: it does so only where it may
/// also ask others, here the root servers, which are nowhere.
fn bind(world: &World, texts: &Texts<'_>) -> Peer {
    let upstream = world.upstream();
    let (validation, anchor) = if texts.validates {
        (
            "yes",
            format!("trust-anchors {{ . static-ds 20326 8 2 \"{ROOT_DIGEST}\"; }};\n"),
        )
    } else {
        ("no", String::new())
    };
    let configure = |folder: &str, port: u16| {
        let zones = texts.zones.replace("/etc/bind", folder);
        format!(
            "options {{\n  directory \"{folder}\";\n  listen-on port {port} {{ 127.0.0.1; }};\n  listen-on-v6 {{ none; }};\n  \
             pid-file none;\n  session-keyfile none;\n  recursion yes;\n  dnssec-validation {validation};\n  \
             forwarders {{ 127.0.0.1 port {}; }};\n{}}};\ncontrols {{ }};\n\
             zone \".\" {{ type hint; file \"hints\"; }};\n{anchor}{zones}",
            upstream.port(),
            texts.options
        )
    };
    let hints = ("hints", ". 3600 NS nowhere.\nnowhere. 3600 A 127.0.0.1\n");
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
    let texts = Texts {
        options: &options,
        zones: &zones,
        validates: true,
        ..Texts::default()
    };
    let peer = bind(&world, &texts);
    let reply = ask(&peer, "public.example", A);
    assert_eq!(reply.rcode(), SERVFAIL, "it validates: {}", reply.summary());
    let reply = ask(&peer, &plex("192-168-1-10"), A);
    assert_eq!(reply.addresses().len(), 1, "{}", reply.summary());
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
            options: &part("options"),
            zones: &part("zones"),
            ..Texts::default()
        };
        drop(bind(&world, &texts));
    }
}
