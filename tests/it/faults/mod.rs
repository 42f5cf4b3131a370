//! The upstream misbehaves, b01 to b24: the client gets the right answer or SERVFAIL within five seconds, and nothing wrong is kept.

mod effort;
mod forgery;
mod load;
mod poison;
mod probing;
mod spread;
mod takeover;

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::behaviours::{Fault, bad_packets, faults};
use crate::support::client::PATIENCE;
use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::reply::Reply;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{NOERROR, Query, REFUSED, Response, SERVFAIL};
use crate::support::{said, until};

/// The truth about every name in this file.
const TRUE: &str = "93.184.216.34";
const NAME: &str = "asked.example";

fn good(name: &str) -> Response {
    Response::new(vec![a(name, TRUE)])
}

/// Whether the reply says the truth and nothing else.
fn is_right(reply: &Reply) -> bool {
    reply.rcode() == NOERROR
        && reply.addresses() == [TRUE.parse::<IpAddr>().unwrap()]
        && reply.answer.len() == 1
}

fn upstream_for(fault: &Fault) -> Upstream {
    let upstream = if fault.tcp {
        Upstream::start()
    } else {
        Upstream::without_tcp()
    };
    upstream.on(NAME, A, fault.behaviour.clone());
    upstream
}

/// Runs `check` on every fault, six at a time, and fails with all that went wrong; gives the longest time that one took.
fn on_every_fault(check: impl Fn(&Fault) -> Result<Duration, String> + Sync) -> Duration {
    let todo = Mutex::new(faults(&good(NAME)));
    let failed = Mutex::new(Vec::new());
    let worst = Mutex::new(Duration::ZERO);
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                while let Some(fault) = next(&todo) {
                    let tried = catch_unwind(AssertUnwindSafe(|| check(&fault)));
                    match tried.unwrap_or_else(|panic| Err(said(panic.as_ref()))) {
                        Ok(took) => {
                            let mut worst = worst.lock().unwrap();
                            *worst = took.max(*worst);
                        }
                        Err(why) => failed.lock().unwrap().push(format!("{}: {why}", fault.id)),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} failures:\n{}",
        failed.len(),
        failed.join("\n")
    );
    worst.into_inner().unwrap()
}

fn next(todo: &Mutex<Vec<Fault>>) -> Option<Fault> {
    todo.lock().unwrap().pop()
}

#[test]
fn a_lone_upstream_that_misbehaves() {
    let worst = on_every_fault(|fault| {
        let upstream = upstream_for(fault);
        let mut lanward = Lanward::start(&[upstream.address], "");
        let start = Instant::now();
        let bytes = lanward
            .client()
            .try_udp(&Query::new(NAME, A).bytes(), PATIENCE);
        let reply = Reply::parse(&bytes.ok_or("no reply")?)?;
        let took = start.elapsed();
        // A lone upstream's own word for why it does not answer is passed on.
        let excused = |reply: &Reply| {
            reply.rcode() == SERVFAIL || fault.id.contains("REFUSED") && reply.rcode() == REFUSED
        };
        if !is_right(&reply) && (fault.answered || !excused(&reply)) {
            return Err(format!("after {took:?}: {}", reply.summary()));
        }
        if took > Duration::from_secs(5) {
            return Err(format!("it took {took:?}"));
        }
        let asked = upstream.count(NAME);
        if asked > effort::MOST {
            return Err(format!("{asked} questions upstream"));
        }
        // What the client saw may be in the cache; the fault must not be, for longer than RFC 9520 lets a failure stay.
        upstream.on(NAME, A, good(NAME));
        let mut wrong = None;
        let right = until(Duration::from_secs(12), || {
            let reply = lanward.client().udp(&Query::new(NAME, A));
            if !is_right(&reply) && !excused(&reply) {
                wrong = Some(reply.summary());
            }
            is_right(&reply)
        });
        lanward.assert_alive();
        match wrong {
            Some(wrong) => Err(format!("afterwards: {wrong}")),
            None if !right && fault.tcp => {
                Err("no right answer after the upstream turned good".to_owned())
            }
            None => Ok(took),
        }
    });
    println!(
        "figure: 24 misbehaviours, alone: right or SERVFAIL, worst {worst:.1?}; nothing wrong kept"
    );
}

#[test]
fn a_healthy_second_upstream_hides_it() {
    let worst = on_every_fault(|fault| {
        let [bad, healthy] = [upstream_for(fault), Upstream::start()];
        healthy.on(NAME, A, good(NAME));
        let lanward = Lanward::start(&[bad.address, healthy.address], "");
        let start = Instant::now();
        let reply = lanward.client().udp(&Query::new(NAME, A));
        let took = start.elapsed();
        if is_right(&reply) && took <= Duration::from_secs(1) {
            Ok(took)
        } else {
            Err(format!("after {took:?}: {}", reply.summary()))
        }
    });
    println!("figure: 24 misbehaviours, a healthy second upstream: all right, worst {worst:.1?}");
}

/// A resolver that gives up at the first packet it cannot use is one that anybody can silence.
#[test]
fn bad_packets_before_the_answer_do_not_matter() {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    let mut failed = Vec::new();
    for (at, (id, bad)) in bad_packets().into_iter().enumerate() {
        for count in [1, 3, 100] {
            let name = format!("n{at}-{count}.example");
            let many = bad.clone();
            let many =
                Behaviour::new(move |seen| (0..count).flat_map(|_| many.acts(seen)).collect());
            upstream.on(
                &name,
                A,
                Behaviour::split(many, Behaviour::silent())
                    .then(Duration::from_millis(20), good(&name).into()),
            );
            let reply = lanward.client().udp(&Query::new(&name, A));
            if !is_right(&reply) {
                failed.push(format!("{count} times {id}: {}", reply.summary()));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// No upstream at all: the client learns so, with the reason, and local names do not suffer.
#[test]
fn no_upstream_is_said_to_be_none() {
    let upstream = Upstream::start();
    upstream.otherwise(Behaviour::silent());
    let closed = std::net::UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for (kind, address) in [("silent", upstream.address), ("closed", closed)] {
        let lanward = Lanward::start(&[address], "");
        let start = Instant::now();
        let reply = lanward.client().udp(&Query::new(NAME, A));
        assert!(
            start.elapsed() <= Duration::from_secs(5),
            "{kind}: {:?}",
            start.elapsed()
        );
        assert_eq!(reply.rcode(), SERVFAIL, "{kind}");
        assert!(
            reply
                .errors()
                .iter()
                .any(|(code, _)| matches!(code, 22 | 23)),
            "{kind}: {}",
            reply.summary()
        );
        let start = Instant::now();
        let local = lanward
            .client()
            .udp(&Query::new(&format!("10-0-0-1.{:032x}.plex.direct", 1), A));
        assert_eq!(local.answer.len(), 1, "{kind}: {}", local.summary());
        assert!(start.elapsed() < Duration::from_millis(500));
    }
}
