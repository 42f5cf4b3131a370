//! Answers past their end (RFC 8767): when they are given, to whom, and when not.

use super::*;
use crate::support::client::{check, receive};
use crate::support::records::{AAAA, aaaa, soa};
use crate::support::upstream::Gate;
use crate::support::wire::{AD, CD, NXDOMAIN, RD};

/// Less than this is no waiting.
const AT_ONCE: Duration = Duration::from_millis(700);

/// Two ways of being dead: nobody listens, or nobody answers.
#[test]
fn what_was_known_is_answered_when_the_upstream_is_dead() {
    for silent in [false, true] {
        let (upstream, lanward) = start("");
        let names: Vec<String> = (0..20).map(|at| format!("n{at}.example")).collect();
        let queries: Vec<Query> = names.iter().map(|name| Query::new(name, A)).collect();
        keep(&lanward, &queries);
        let upstream = if silent {
            upstream.otherwise(Behaviour::silent());
            Some(upstream)
        } else {
            upstream.end();
            None
        };
        std::thread::scope(|scope| {
            for name in &names {
                scope.spawn(|| {
                    let (reply, took) = timed(&lanward, name);
                    assert!(is_stale(&reply), "{}", reply.summary());
                    assert!(took < Duration::from_millis(2500), "{took:?}");
                });
            }
        });
        // Once the servers are known to be dead nobody waits, also not for another name; and what just failed is not asked.
        lanward.line(&["no upstream server answered"]);
        let asked = |name: &str| upstream.as_ref().map_or(0, |upstream| upstream.count(name));
        for name in &names {
            let before = asked(name);
            let (reply, took) = timed(&lanward, name);
            assert!(is_stale(&reply) && took < AT_ONCE, "{took:?}");
            assert!(asked(name) <= before + 1, "{silent}");
        }
    }
}

/// The upstream's own failure is no answer, either.
#[test]
fn a_failure_is_met_with_what_was_known_and_not_repeated() {
    let (upstream, lanward) = start("");
    keep(&lanward, &[Query::new("n.example", A)]);
    upstream.otherwise(Response::rcode(SERVFAIL));
    let before = upstream.count("n.example");
    let begin = Instant::now();
    let mut replies = 0;
    until(Duration::from_millis(1500), || {
        let (reply, took) = timed(&lanward, "n.example");
        assert!(is_stale(&reply) && took < AT_ONCE, "{}", reply.summary());
        replies += 1;
        false
    });
    let asked = upstream.count("n.example") - before;
    let seconds = begin.elapsed().as_secs() as usize + 1;
    assert!(asked <= seconds && replies > 20, "{asked}, {replies}");
    upstream.otherwise(answer(ADDRESSES[1], 60));
    let back = until(Duration::from_secs(5), || {
        is_fresh(&ask(&lanward, "n.example"), ADDRESSES[1])
    });
    assert!(back, "used again within five seconds of its return");
}

/// Who waited too long is served; the question goes on, and its answer is for those who come later.
#[test]
fn a_late_answer_is_for_the_next_one() {
    let (upstream, lanward) = start("");
    keep(&lanward, &[Query::new("late.example", A)]);
    let gate = Gate::default();
    upstream.otherwise(answer(ADDRESSES[1], 60).behind(&gate));
    let (reply, took) = timed(&lanward, "late.example");
    assert!(is_stale(&reply), "{}", reply.summary());
    let waited = Duration::from_millis(1700)..Duration::from_millis(2500);
    assert!(waited.contains(&took), "{took:?}");
    gate.open();
    let asked = upstream.count("late.example");
    let refreshed = until(Duration::from_secs(5), || {
        is_fresh(&ask(&lanward, "late.example"), ADDRESSES[1])
    });
    assert!(refreshed);
    assert_eq!(upstream.count("late.example"), asked, "by the same flight");
}

#[test]
fn a_name_that_is_gone_is_never_stale() {
    for (ttl, asked) in [(60, A), (0, A), (0, AAAA)] {
        let (upstream, lanward) = start("");
        let kept = Query::new("gone.example", A);
        keep(&lanward, &[kept.clone(), kept.clone().flags(CD | RD)]);
        upstream.otherwise(Response {
            authority: vec![soa("example", ttl).ttl(ttl)],
            ..Response::nxdomain("example")
        });
        let reply = lanward.client().udp(&Query::new("gone.example", asked));
        assert_eq!(reply.rcode(), NXDOMAIN, "{}", reply.summary());
        upstream.end();
        let known = if (ttl, asked) == (60, A) {
            NXDOMAIN
        } else {
            SERVFAIL
        };
        for (query, right) in [(kept.clone(), known), (kept.flags(CD | RD), SERVFAIL)] {
            let reply = lanward.client().udp(&query);
            assert_eq!(reply.rcode(), right, "{ttl} {asked}: {}", reply.summary());
        }
    }
}

#[test]
fn that_a_name_does_not_exist_can_be_stale_too() {
    let (upstream, lanward) = start("");
    upstream.otherwise(Response {
        authority: vec![soa("example", 1).ttl(1)],
        ..Response::nxdomain("example")
    });
    keep(&lanward, &[Query::new("nobody.example", A)]);
    upstream.end();
    let reply = ask(&lanward, "nobody.example");
    assert_eq!(reply.rcode(), NXDOMAIN);
    assert_eq!(reply.errors(), [(STALE_NXDOMAIN, String::new())]);
    assert_eq!(reply.authority[0].ttl, 30);
    lanward.signal("-USR1");
    lanward.line(&["counted since the start", "stale=1"]);
}

/// Where there is no room to ask, what was known is better than nothing.
#[test]
fn too_many_questions_are_met_with_what_was_known() {
    /// More than one client may have under way.
    const MANY: usize = 300;
    let (upstream, lanward) = start("");
    let queries: Vec<Query> = (0..MANY as u16)
        .map(|id| Query::new(&format!("n{id}.example"), A).id(id))
        .collect();
    keep(&lanward, &queries);
    upstream.otherwise(Behaviour::silent());
    let socket = lanward.client().socket();
    let start = Instant::now();
    for query in &queries {
        socket.send(&query.bytes()).unwrap();
    }
    let mut at_once = 0;
    for number in 0..MANY {
        let bytes = receive(&socket, Duration::from_secs(5));
        let bytes = bytes.unwrap_or_else(|| panic!("{number} replies"));
        let id = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        let reply = check(&queries[id], &bytes);
        assert!(is_stale(&reply), "{}", reply.summary());
        at_once += usize::from(start.elapsed() < AT_ONCE);
    }
    assert!((1..MANY / 2).contains(&at_once), "{at_once} at once");
}

#[test]
fn questions_that_differ_in_a_bit_are_kept_apart() {
    let (upstream, lanward) = start("");
    let plain = Query::new("bits.example", A);
    keep(&lanward, std::slice::from_ref(&plain));
    upstream.end();
    for query in [plain.clone().dnssec(), plain.clone().flags(CD | RD)] {
        assert_eq!(lanward.client().udp(&query).rcode(), SERVFAIL, "{query}");
    }
    let reply = lanward.client().udp(&plain.clone().flags(AD | RD));
    assert!(is_stale(&reply) && !reply.has(AD), "{}", reply.summary());
    let over_tcp = lanward.client().tcp(&plain.clone().plain());
    assert_eq!(over_tcp.addresses(), reply.addresses());
}

/// The judge looks at what is stale as at everything from outside.
#[test]
fn what_was_blocked_stays_blocked() {
    let (upstream, lanward) = start("");
    upstream.otherwise(answer("192.168.1.1", 1));
    let over_v6 = Response::new(vec![aaaa("evil.example", "fd00::1").ttl(1)]);
    upstream.on("evil.example", AAAA, over_v6);
    let queries = [A, AAAA].map(|rtype| Query::new("evil.example", rtype));
    keep(&lanward, &queries);
    upstream.end();
    for query in &queries {
        let reply = lanward.client().udp(query);
        assert_eq!((reply.rcode(), reply.answer.len()), (NOERROR, 0));
        assert_eq!(reply.errors()[0].0, 15, "{}", reply.summary());
    }
}

/// What servers said that are asked no more is no answer.
#[test]
fn a_reload_keeps_or_forgets_as_the_servers_do() {
    let (upstream, lanward) = start("");
    keep(&lanward, &[Query::new("n.example", A)]);
    upstream.otherwise(Behaviour::silent());
    lanward.reload(&[upstream.address], "[rebinding]\nown_action = \"off\"\n");
    assert!(is_stale(&ask(&lanward, "n.example")), "the same servers");
    let other = Upstream::start();
    other.otherwise(Response::rcode(SERVFAIL));
    lanward.reload(&[other.address], "");
    let reply = ask(&lanward, "n.example");
    assert_eq!(reply.rcode(), SERVFAIL, "{}", reply.summary());
}

/// A client that waits while the servers are changed gets no answer of the old ones.
#[test]
fn a_reload_in_the_middle_of_waiting() {
    let (upstream, lanward) = start("");
    keep(&lanward, &[Query::new("n.example", A)]);
    upstream.otherwise(Behaviour::silent());
    let other = Upstream::start();
    other.otherwise(Response::rcode(SERVFAIL));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&lanward, "n.example"));
        assert!(until(Duration::from_secs(5), || {
            upstream.count("n.example") == 2
        }));
        lanward.reload(&[other.address], "");
        let reply = waiting.join().unwrap();
        assert_eq!(reply.rcode(), SERVFAIL, "{}", reply.summary());
    });
}

/// Who asks after a change of servers does not wait for what the old ones will say, nor gets it.
#[test]
fn a_reload_while_somebody_else_waits() {
    let gate = Gate::default();
    let old = Upstream::start();
    old.otherwise(answer(ADDRESSES[0], 60).behind(&gate));
    let new = Upstream::start();
    new.otherwise(answer(ADDRESSES[1], 60));
    let lanward = Lanward::start(&[old.address], "");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| ask(&lanward, "n.example"));
        assert!(until(Duration::from_secs(5), || old.count("n.example") > 0));
        lanward.reload(&[new.address], "");
        let second = scope.spawn(|| ask(&lanward, "n.example"));
        until(Duration::from_millis(300), || second.is_finished());
        gate.open();
        let reply = second.join().unwrap();
        assert!(is_fresh(&reply, ADDRESSES[1]), "{}", reply.summary());
        first.join().unwrap();
    });
    assert!(is_fresh(&ask(&lanward, "n.example"), ADDRESSES[1]));
}

/// Some names have no servers that answer. That says nothing about the upstream, which knows better about others.
#[test]
fn a_name_that_nobody_can_resolve_makes_no_other_one_stale() {
    let (upstream, lanward) = start("");
    keep(&lanward, &[Query::new("n.example", A)]);
    upstream.on("lame.example", A, Behaviour::silent());
    assert_eq!(ask(&lanward, "lame.example").rcode(), SERVFAIL);
    let way = Duration::from_millis(50);
    upstream.otherwise(Behaviour::silent().then(way, answer(ADDRESSES[1], 60)));
    let reply = ask(&lanward, "n.example");
    assert!(is_fresh(&reply, ADDRESSES[1]), "{}", reply.summary());
}

/// Where local data lead out, the part from outside may be stale.
#[test]
fn an_alias_of_the_networks_own_leads_to_what_was_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("home.zone");
    let zone = "$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 192.168.1.2\nwww CNAME www.example.com.\n";
    std::fs::write(&file, zone).unwrap();
    let (upstream, lanward) = start(&format!(
        "[[zone]]\norigin = \"home.arpa\"\nfile = {:?}\n",
        file.to_str().unwrap()
    ));
    keep(&lanward, &[Query::new("www.home.arpa", A)]);
    upstream.end();
    let reply = ask(&lanward, "www.home.arpa");
    let ttls: Vec<u32> = reply.answer.iter().map(|record| record.ttl).collect();
    assert_eq!(ttls, [300, 30], "{}", reply.summary());
    assert_eq!(reply.errors(), [(STALE, String::new())]);
}

#[test]
fn who_does_not_want_stale_answers_gets_none() {
    let (upstream, lanward) = start("[cache]\nmax_stale = 0\n");
    keep(&lanward, &[Query::new("n.example", A)]);
    upstream.end();
    assert_eq!(ask(&lanward, "n.example").rcode(), SERVFAIL);
}
