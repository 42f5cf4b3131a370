//! V84, V94, V95, V96 and what the log tells: the vectors that are a story and not a row.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::support::authority::Authority;
use crate::support::caller::{Asker, Way};
use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::wire::{FORMERR, Query, RD, Response, message};

use super::doors;

/// Tells the story over this way; it panics where the program fails.
type Story = fn(Way);

/// Id, whether it is an attack, and the story.
pub(super) const ALL: &[(&str, bool, Story)] = &[
    ("V84", true, two_questions),
    ("V94", true, one_line_for_a_thousand_blocks),
    ("V95", false, an_exception_acts_at_once),
    ("V96", true, no_opt_for_who_sent_none),
];

/// A program whose upstream rebinds evil.example, with the door that the way needs.
fn rebound(authority: &Authority, way: Way) -> (Upstream, Lanward) {
    let upstream = Upstream::start();
    upstream.on(
        "evil.example",
        A,
        Response::new(vec![a("evil.example", "192.168.1.1")]),
    );
    let lanward = Lanward::start(&[upstream.address], &doors(authority, way));
    (upstream, lanward)
}

fn two_questions(way: Way) {
    let authority = Authority::new();
    let (upstream, lanward) = rebound(&authority, way);
    let query = Query::new("evil.example", A);
    let bytes = message(
        [query.id, RD],
        &[query.question(), query.question()],
        [&[], &[], &[]],
    );
    let reply = Asker::new(&lanward, &authority).send(way, Ipv4Addr::LOCALHOST, &bytes);
    let reply = Reply::parse(&reply).unwrap();
    assert_eq!(
        (reply.id, reply.rcode(), reply.answer.len()),
        (query.id, FORMERR, 0)
    );
    assert_eq!(upstream.count("evil.example"), 0);
}

fn one_line_for_a_thousand_blocks(way: Way) {
    let authority = Authority::new();
    let (_upstream, lanward) = rebound(&authority, way);
    let asker = Asker::new(&lanward, &authority);
    for _ in 0..1000 {
        let reply = asker.ask(way, Ipv4Addr::LOCALHOST, &Query::new("evil.example", A));
        assert!(reply.answer.is_empty(), "{}", reply.summary());
    }
    lanward.line(&["blocked", "evil.example"]);
    assert_eq!(lanward.logged("evil.example"), 1, "{:#?}", lanward.lines());
}

fn an_exception_acts_at_once(way: Way) {
    let authority = Authority::new();
    let (upstream, lanward) = rebound(&authority, way);
    let asker = Asker::new(&lanward, &authority);
    let passes = || {
        let reply = asker.ask(way, Ipv4Addr::LOCALHOST, &Query::new("evil.example", A));
        reply.answer.len() == 1
    };
    assert!(!passes());
    let doors = doors(&authority, way);
    let allow = "[[rebinding.allow]]\ndomain = \"evil.example\"\nranges = [\"192.168.1.0/24\"]\n";
    lanward.reload(&[upstream.address], &(doors.clone() + allow));
    assert!(
        until(Duration::from_secs(1), passes),
        "{:#?}",
        lanward.lines()
    );
    lanward.reload(&[upstream.address], &doors);
    assert!(
        until(Duration::from_secs(1), || !passes()),
        "{:#?}",
        lanward.lines()
    );
}

fn no_opt_for_who_sent_none(way: Way) {
    let authority = Authority::new();
    let (_upstream, lanward) = rebound(&authority, way);
    let asker = Asker::new(&lanward, &authority);
    // That the OPT is there exactly if the query had one is checked on every reply.
    let query = Query::new("evil.example", A);
    let plain = asker.ask(way, Ipv4Addr::LOCALHOST, &query.clone().plain());
    assert!(
        plain.edns.is_none() && plain.answer.is_empty() && plain.authority.len() == 1,
        "{}",
        plain.summary()
    );
    let with = asker.ask(way, Ipv4Addr::LOCALHOST, &query);
    assert_eq!(
        with.errors(),
        [(15, "rebinding: 192.168.1.1 (rfc1918)".to_owned())]
    );
}

/// The line about a block says everything, and what it offers as the remedy is one.
#[test]
fn a_block_explains_itself() {
    let (upstream, lanward) = rebound(&Authority::new(), Way::Udp);
    lanward.client().udp(&Query::new("evil.example", A));
    let line = lanward.line(&["blocked", "evil.example"]);
    for field in [
        "name", "type", "client", "chain", "record", "reason", "allow",
    ] {
        assert!(line.contains(&format!("\"{field}\":")), "{field} in {line}");
    }
    for value in ["192.168.1.1", "127.0.0.1", "rfc1918"] {
        assert!(line.contains(value), "{value} in {line}");
    }
    let remedy = string(&line, "allow");
    let mended = Lanward::start(&[upstream.address], &remedy);
    let reply = mended.client().udp(&Query::new("evil.example", A));
    assert_eq!(reply.answer.len(), 1, "with {remedy}: {}", reply.summary());
}

/// A string of a JSON line, with its escapes undone.
fn string(line: &str, key: &str) -> String {
    let mut rest = line
        .split_once(&format!("\"{key}\":\""))
        .expect("a string")
        .1
        .chars();
    let mut out = String::new();
    loop {
        match rest.next().expect("the end of the string") {
            '"' => return out,
            '\\' => match rest.next().unwrap() {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
}
