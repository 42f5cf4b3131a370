//! One of two upstreams dies at a thousand questions a second, and comes back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::echo::beside;
use crate::load::{Asked, ask};
use crate::machine::alone;
use crate::percentile;
use crate::support::lanward::Lanward;
use crate::support::peers::{self, Peer, installed};
use crate::support::records::{A, a};
use crate::support::until;
use crate::support::upstream::{Act, Behaviour, Upstream};
use crate::support::wire::{Query, Response};

const RATE: u32 = 1000;
/// Questions before the end of the first upstream, while it is away, and after its return: each in thousands, so in seconds.
const BEFORE: usize = 2000;
const AWAY: usize = 3000;
const AFTER: usize = 5500;
/// An end for the questions if nobody says when.
const MOST: usize = 60_000;
/// What the first upstream says, and the second: whoever answers is known by it.
const FIRST: &str = "93.184.216.34";
const SECOND: &str = "93.184.216.35";
/// The second is farther away, so that the first is the better one whenever it is there.
const FARTHER: Duration = Duration::from_millis(8);

#[test]
fn an_upstream_is_killed() {
    let test = "an_upstream_is_killed";
    outage(test, "killed", Peer::kill, Peer::revive);
}

#[test]
fn an_upstream_falls_silent() {
    let test = "an_upstream_falls_silent";
    let stop = |first: &mut Peer| first.signal("-STOP");
    let go_on = |first: &mut Peer| first.signal("-CONT");
    outage(test, "stopped", stop, go_on);
}

fn outage(test: &str, what: &str, end: fn(&mut Peer), bring_back: fn(&mut Peer)) {
    if !installed(test, "knotd", "knot") {
        return;
    }
    let (asked, echo, back) = alone(|| die_and_return(end, bring_back));
    judge(what, &asked, echo, back);
}

/// Gives all that was asked, how long the answers of an echo took meanwhile, and when the first upstream was there again.
fn die_and_return(
    end: fn(&mut Peer),
    bring_back: fn(&mut Peer),
) -> (Vec<Asked>, Vec<Duration>, Instant) {
    let zone =
        format!("@ 300 SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A {FIRST}\n* A {FIRST}\n");
    let mut first = peers::knot("outage.example", &zone);
    let second = Upstream::start();
    second.quiet();
    second.otherwise(Behaviour::new(|seen| {
        let answer = Response::new(vec![a(&seen.name(), SECOND)]);
        vec![Act::Wait(FARTHER), Act::Send(answer.to(&seen.query))]
    }));
    let lanward = Lanward::start(&[first.address, second.address], "");
    let [sent, last] = [AtomicUsize::new(0), AtomicUsize::new(MOST)];
    thread::scope(|scope| {
        let load = scope.spawn(|| {
            let name = |at| {
                sent.store(at, Ordering::SeqCst);
                (at < last.load(Ordering::SeqCst)).then(|| format!("n{at}.outage.example"))
            };
            beside(RATE, || ask(lanward.address, RATE, name))
        });
        let reaches = |count| {
            let limit = Duration::from_secs(60);
            assert!(until(limit, || sent.load(Ordering::SeqCst) >= count));
        };
        reaches(BEFORE);
        end(&mut first);
        reaches(BEFORE + AWAY);
        bring_back(&mut first);
        assert!(until(Duration::from_secs(10), || is_there(&first)));
        let back = Instant::now();
        last.store(sent.load(Ordering::SeqCst) + AFTER, Ordering::SeqCst);
        let (asked, echo) = load.join().unwrap();
        (asked, echo, back)
    })
}

fn is_there(peer: &Peer) -> bool {
    let query = Query::new("probe.outage.example", A).bytes();
    let answer = peer.client().try_udp(&query, Duration::from_millis(100));
    answer.is_some()
}

fn judge(what: &str, asked: &[Asked], mut echo: Vec<Duration>, back: Instant) {
    let by_first = |asked: &&Asked| asked.says(FIRST);
    let at_first = asked[BEFORE / 2..BEFORE].iter().filter(by_first).count();
    assert!(
        at_first > BEFORE / 4,
        "the first upstream was in use: {at_first}"
    );
    let lost: Vec<String> = asked
        .iter()
        .filter(|asked| !asked.says(FIRST) && !asked.says(SECOND))
        .map(Asked::summary)
        .collect();
    let mut times: Vec<Duration> = asked.iter().map(|asked| asked.took).collect();
    let [worst, machine] = [&mut times, &mut echo].map(|times| percentile(times, 100));
    let mut since = asked.iter().filter(|asked| asked.sent > back);
    let used = since
        .find(by_first)
        .map(|asked| asked.sent + asked.took - back);
    println!(
        "figure: upstream {what} at {RATE}/s: {} lost of {}, worst {worst:.1?} (of an echo {machine:.1?}), p99 {:.1?}, used again after {used:.1?}",
        lost.len(),
        asked.len(),
        percentile(&mut times, 99)
    );
    let some: Vec<_> = lost.iter().take(5).collect();
    assert!(lost.is_empty(), "{} lost, such as {some:#?}", lost.len());
    assert!(
        worst <= Duration::from_secs(1) + machine,
        "worst {worst:?}, of an echo {machine:?}"
    );
    assert!(
        used.is_some_and(|used| used <= Duration::from_secs(5)),
        "used again after {used:?}"
    );
}
