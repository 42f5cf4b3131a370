//! The cache in trouble: answers that are past their end, failures, answers asked for again in time, restarts; and what it is
//! told not to keep.

mod exclude;
mod failing;
mod refresh;
mod restart;
mod stale;

use std::time::{Duration, Instant};

use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{NOERROR, Query, Response, SERVFAIL};

/// What names lead to, before and after a change.
const ADDRESSES: [&str; 2] = ["93.184.216.1", "93.184.216.2"];
/// The info codes of stale answers (RFC 8914).
const STALE: u16 = 3;
const STALE_NXDOMAIN: u16 = 19;

/// An answer to any name that lives for so many seconds.
fn answer(address: &'static str, ttl: u32) -> Behaviour {
    Behaviour::new(move |seen| {
        let record = a(&seen.name(), address).ttl(ttl);
        Behaviour::from(Response::new(vec![record])).acts(seen)
    })
}

/// An upstream that answers with the first address for a second, and a program that asks it.
fn start(more: &str) -> (Upstream, Lanward) {
    let upstream = Upstream::start();
    upstream.otherwise(answer(ADDRESSES[0], 1));
    let lanward = Lanward::start(&[upstream.address], more);
    (upstream, lanward)
}

fn ask(lanward: &Lanward, name: &str) -> Reply {
    lanward.client().udp(&Query::new(name, A))
}

/// The reply, and how long it took.
fn timed(lanward: &Lanward, name: &str) -> (Reply, Duration) {
    let start = Instant::now();
    let reply = ask(lanward, name);
    (reply, start.elapsed())
}

/// Has these answers kept for the second that they live, and waits until that is over.
fn keep(lanward: &Lanward, queries: &[Query]) {
    for query in queries {
        lanward.client().udp(query);
    }
    let kept = Instant::now();
    until(Duration::from_secs(5), || {
        kept.elapsed() > Duration::from_millis(1020)
    });
}

fn is_fresh(reply: &Reply, address: &str) -> bool {
    reply.rcode() == NOERROR
        && reply.errors().is_empty()
        && reply.addresses().len() == 1
        && reply.addresses()[0].to_string() == address
}

/// Whether this is the old answer, says so, and is to be kept for 30 s.
fn is_stale(reply: &Reply) -> bool {
    reply.rcode() == NOERROR
        && reply.errors() == [(STALE, String::new())]
        && reply.answer.len() == 1
        && reply.answer[0].ttl == 30
        && reply.addresses()[0].to_string() == ADDRESSES[0]
}
