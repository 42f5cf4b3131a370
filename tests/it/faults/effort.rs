//! What one question can cost the upstreams (`NXNSAttack`, CVE-2020-8616, and kin): whatever an answer holds, at most six questions.

use std::time::{Duration, Instant};

use super::{NAME, TRUE, good, is_right, on_every_fault, upstream_for};
use crate::support::client::PATIENCE;
use crate::support::lanward::Lanward;
use crate::support::records::{A, NS, Record, a, cname, raw};
use crate::support::reply::Reply;
use crate::support::upstream::{Seen, Upstream};
use crate::support::wire::{NOERROR, Query, Response, SERVFAIL, name};

/// Of all upstreams together.
pub(super) const MOST: usize = 6;
/// The longest chain of aliases that is an answer.
const LONGEST: usize = 11;

/// `length` aliases from `NAME.c0` on, and an address at the end.
fn chain(site: &str, length: usize) -> Vec<Record> {
    let link = |at: usize| format!("c{at}.{site}");
    let mut chain: Vec<Record> = (0..length)
        .map(|at| cname(&link(at), &link(at + 1)))
        .collect();
    chain.push(a(&link(length), TRUE));
    chain
}

#[test]
fn two_upstreams_that_misbehave_alike() {
    let worst = on_every_fault(|fault| {
        let upstreams = [upstream_for(fault), upstream_for(fault)];
        let lanward = Lanward::start(&upstreams.each_ref().map(|upstream| upstream.address), "");
        let start = Instant::now();
        let query = Query::new(NAME, A);
        let bytes = lanward.client().try_udp(&query.bytes(), PATIENCE);
        let took = start.elapsed();
        let reply = Reply::parse(&bytes.ok_or("no reply")?)?;
        let asked: usize = upstreams.iter().map(|upstream| upstream.count(NAME)).sum();
        let wrong = !reply.addresses().is_empty() && !is_right(&reply);
        if wrong || fault.answered && !is_right(&reply) {
            return Err(format!("after {took:?}: {}", reply.summary()));
        }
        if took > Duration::from_secs(5) {
            return Err(format!("it took {took:?}"));
        }
        if asked > MOST {
            return Err(format!("{asked} questions upstream in {took:?}"));
        }
        Ok(took)
    });
    println!(
        "figure: two upstreams that misbehave alike: at most {MOST} questions, worst {worst:.1?}"
    );
}

/// An answer that names other servers, or another name, is no reason to ask those.
#[test]
fn what_an_answer_names_is_not_asked_for() {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    let servers = |site: &str| -> Vec<Record> {
        (0..100)
            .map(|at| raw(site, NS, name(&format!("ns{at}.victim.example"))))
            .collect()
    };
    let referral = |site: &str| Response {
        authority: servers(site),
        ..Response::new(Vec::new())
    };
    upstream.on("www.referral.example", A, referral("referral.example"));
    upstream.on("www.up.example", A, referral(""));
    let answer = Response::new(servers("list.example"));
    upstream.on("list.example", NS, answer);
    let half = vec![cname("half.example", "next.victim.example")];
    upstream.on("half.example", A, Response::new(half));
    for (asked, rtype) in [
        ("www.referral.example", A),
        ("www.up.example", A),
        ("list.example", NS),
        ("half.example", A),
    ] {
        lanward.client().udp(&Query::new(asked, rtype));
        let questions = upstream.count(asked);
        assert!(questions <= MOST, "{questions} questions about {asked}");
    }
    let strange: Vec<String> = upstream
        .seen()
        .iter()
        .map(Seen::name)
        .filter(|name| name.ends_with("victim.example"))
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

/// Chains up to the limit of Unbound and BIND are answers; longer ones are a failure, and a quick one.
#[test]
fn chains_of_aliases_end() {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    let mut times = Vec::new();
    for length in 0..=20 {
        let site = format!("n{length}.example");
        let asked = format!("c0.{site}");
        upstream.on(&asked, A, Response::new(chain(&site, length)));
        let start = Instant::now();
        let reply = lanward.client().udp(&Query::new(&asked, A));
        let whole = reply.rcode() == NOERROR && reply.answer.len() == length + 1;
        let refused = reply.rcode() == SERVFAIL && reply.answer.is_empty();
        let right = if length <= LONGEST { whole } else { refused };
        assert!(right, "{length} aliases: {}", reply.summary());
        if refused {
            times.push(start.elapsed());
        }
        let questions = upstream.count(&asked);
        assert!(questions <= MOST, "{questions} questions about {asked}");
    }
    times.sort();
    let median = times[times.len() / 2];
    println!("figure: more than {LONGEST} aliases: SERVFAIL after {median:?}");
    assert!(median < Duration::from_millis(200), "{times:?}");
}

/// The same in circles, which have no end, and of which every part is a chain that is short enough.
#[test]
fn circles_of_aliases_are_no_answer() {
    let upstream = Upstream::start();
    let mut lanward = Lanward::start(&[upstream.address], "");
    for length in [1, 2, 5, LONGEST] {
        let site = format!("o{length}.example");
        let asked = format!("c0.{site}");
        let mut circle = chain(&site, length);
        circle.pop();
        let back = cname(&format!("c{}.{site}", length - 1), &asked);
        circle.pop();
        circle.push(back);
        upstream.on(&asked, A, Response::new(circle));
        let reply = lanward.client().udp(&Query::new(&asked, A));
        assert!(
            reply.rcode() == SERVFAIL && reply.answer.is_empty(),
            "{length}: {}",
            reply.summary()
        );
        let questions = upstream.count(&asked);
        assert!(questions <= MOST, "{questions} questions about {asked}");
    }
    upstream.on("fine.example", A, good("fine.example"));
    assert!(is_right(
        &lanward.client().udp(&Query::new("fine.example", A))
    ));
    lanward.assert_alive();
}
