//! BIND with its snippets.

use crate::support::peers::{Peer, installed, start_checked};
use crate::support::records::A;
use crate::support::wire::SERVFAIL;

use super::world::{World, all, ask, emit, leaks, plex};

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

/// BIND that forwards everything to the world's Internet, and would answer special-use names itself.
fn bind(world: &World, texts: &Texts<'_>) -> Peer {
    let upstream = world.upstream();
    let (validation, anchor) = if texts.validates {
        ("yes", ANCHOR)
    } else {
        ("no", "")
    };
    let configure = |folder: &str, port: u16| {
        let zones = texts.zones.replace("/etc/bind", folder);
        format!(
            "options {{\n  directory \"{folder}\";\n  listen-on port {port} {{ 127.0.0.1; }};\n  listen-on-v6 {{ none; }};\n  \
             pid-file none;\n  session-keyfile none;\n  recursion yes;\n  dnssec-validation {validation};\n  \
             forwarders {{ 127.0.0.1 port {}; }};\n{}}};\ncontrols {{ }};\n{anchor}{zones}",
            upstream.port(),
            texts.options
        )
    };
    let check = ["named-checkconf", "-z", "conf"];
    start_checked(PROGRAM, &check, texts.files, &configure, "ready.example")
}

/// The root's key, by which nothing in the world is signed.
const ANCHOR: &str = "trust-anchors { . static-ds 20326 8 2 \
                      \"E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"; };\n";

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

/// Nothing above the domain can be proven, as while the line is down.
#[test]
fn bind_that_validates_gives_the_names() {
    if !is_there("bind_that_validates_gives_the_names") {
        return;
    }
    let world = World::new();
    let [options, zones] = parts(&world, "forward");
    let name = plex("192-168-1-10");
    for (options, is_good) in [(options.as_str(), true), ("", false)] {
        let texts = Texts {
            options,
            zones: &zones,
            validates: true,
            ..Texts::default()
        };
        let reply = ask(&bind(&world, &texts), &name, A);
        assert_eq!(reply.rcode() == SERVFAIL, !is_good, "{}", reply.summary());
        assert_eq!(reply.addresses().len(), usize::from(is_good));
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
