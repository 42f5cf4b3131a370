//! Names whose answers are not kept.

use std::fs;

use super::*;
use crate::support::client::{PATIENCE, receive};
use crate::support::records::AAAA;
use crate::support::upstream::Gate;

const EXCLUDE: &str = "[cache]\nexclude = [\"moving.example\"]\n";
/// At the domain, below it, and beside it.
const EXCLUDED: [&str; 2] = ["moving.example", "a.b.moving.example"];
const BESIDE: [&str; 2] = ["notmoving.example", "example"];

fn start_long(more: &str) -> (Upstream, Lanward) {
    let (upstream, lanward) = start(more);
    upstream.otherwise(answer(ADDRESSES[0], 300));
    (upstream, lanward)
}

/// Asks for each name so many times, and says how often the upstream was asked for it.
fn asked(upstream: &Upstream, lanward: &Lanward, names: &[&str], times: usize) -> Vec<usize> {
    let count = |name: &&str| {
        let before = upstream.count(name);
        for _ in 0..times {
            assert!(is_fresh(&ask(lanward, name), ADDRESSES[0]));
        }
        upstream.count(name) - before
    };
    names.iter().map(count).collect()
}

#[test]
fn excluded_names_are_asked_for_each_time() {
    let (upstream, lanward) = start_long(EXCLUDE);
    assert_eq!(asked(&upstream, &lanward, &EXCLUDED, 3), [3, 3]);
    assert_eq!(asked(&upstream, &lanward, &BESIDE, 3), [1, 1]);
    upstream.end();
    for name in EXCLUDED {
        let reply = ask(&lanward, name);
        assert_eq!(reply.rcode(), SERVFAIL, "never stale: {}", reply.summary());
    }
}

#[test]
fn twins_of_an_excluded_name_share_a_flight() {
    let (upstream, lanward) = start_long(EXCLUDE);
    let gate = Gate::default();
    upstream.on("moving.example", A, answer(ADDRESSES[0], 300).behind(&gate));
    // From one socket, so that one thread takes them in this order: when the last is answered, the others wait.
    let socket = lanward.client().socket();
    let query = Query::new("moving.example", A);
    for id in 0..10 {
        let twin = query.clone().id(id);
        socket.send(&twin.bytes()).unwrap();
    }
    let last = Query::new("notmoving.example", A);
    socket.send(&last.bytes()).unwrap();
    let take = || receive(&socket, PATIENCE).map(|bytes| Reply::parse(&bytes).unwrap());
    assert_eq!(take().unwrap().id, last.id);
    gate.open();
    for _ in 0..10 {
        let reply = take().unwrap();
        assert!(is_fresh(&reply, ADDRESSES[0]), "{}", reply.summary());
    }
    assert_eq!(upstream.count("moving.example"), 1);
}

#[test]
fn a_reload_excludes_at_once_and_back() {
    let (upstream, lanward) = start_long("");
    assert_eq!(asked(&upstream, &lanward, &EXCLUDED, 2), [1, 1]);
    assert_eq!(asked(&upstream, &lanward, &BESIDE, 2), [1, 1]);
    lanward.reload(&[upstream.address], EXCLUDE);
    assert_eq!(asked(&upstream, &lanward, &EXCLUDED, 2), [2, 2]);
    assert_eq!(asked(&upstream, &lanward, &BESIDE, 2), [0, 0], "still kept");
    lanward.reload(&[upstream.address], "");
    assert_eq!(asked(&upstream, &lanward, &EXCLUDED, 2), [1, 1]);
    assert_eq!(lanward.logged("next start"), 0, "{:?}", lanward.lines());
}

/// Neither what was kept before it was excluded is read from the file, nor is anything of it written there.
#[test]
fn a_restart_brings_no_excluded_name_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let file = format!("[cache]\nfile = \"{}\"\n", path.display());
    let (upstream, lanward) = start_long(&file);
    asked(&upstream, &lanward, &[EXCLUDED, BESIDE].concat(), 1);
    let aaaa = Query::new("moving.example", AAAA);
    lanward.client().udp(&aaaa);
    lanward.stop();
    let holds = |label: &[u8]| {
        let bytes = fs::read(&path).unwrap().to_ascii_lowercase();
        bytes.windows(label.len()).any(|part| part == label)
    };
    assert!(holds(b"\x06moving") && holds(b"\x09notmoving"));
    let more = format!("{file}exclude = [\"moving.example\"]\n");
    let lanward = Lanward::start(&[upstream.address], &more);
    assert_eq!(asked(&upstream, &lanward, &EXCLUDED, 2), [2, 2]);
    assert_eq!(asked(&upstream, &lanward, &BESIDE, 2), [0, 0]);
    lanward.stop();
    assert!(!holds(b"\x06moving") && holds(b"\x09notmoving"));
}
