//! Ten thousand random names a second for an upstream that is dead: what is known is answered as ever.
//!
//! It lasts two seconds, or `LANWARD_FLOOD_SECONDS`, and does so four times; the figure to show is that of 60.
//!
//! Lanward takes up 2048 of the names, and asks again for them after the same times. On a slow or busy machine these waves are more
//! than its processors can do at once, and what is known waits with all the rest, for as long as the machine needs. So what is
//! asserted are two things: in most quarters of a second even the slowest answer is hardly later than that of an echo that works as
//! much; and in the waves the answers are late by far less than it takes to ask anybody.

use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::echo::{Echo, times};
use crate::load::{Asked, ask};
use crate::machine::alone;
use crate::patient::pace;
use crate::support::crowd::{Crowd, client};
use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::upstream::{Act, Behaviour, Upstream};
use crate::support::wire::{Query, Response};
use crate::{number, percentile};

const FLOOD: u32 = 10_000;
const KNOWN: u32 = 200;
/// What the upstream says while it is there.
const TRUE: &str = "93.184.216.34";
const ZONE: &str =
    "$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 192.168.1.2\n*.in A 192.168.1.10\n";
/// Names that are kept from before.
const KEPT: usize = 50;

fn truth() -> Behaviour {
    Behaviour::new(|seen| {
        let answer = Response::new(vec![a(&seen.name(), TRUE)]);
        vec![Act::Send(answer.to(&seen.query))]
    })
}

/// In turn one from the cache, one from a zone, one that is decoded; and its address.
fn known(at: usize) -> (String, &'static str) {
    match at % 3 {
        0 => (format!("kept{}.example", at % KEPT), TRUE),
        1 => (format!("n{at}.in.home.arpa"), "192.168.1.10"),
        _ => (format!("10-0-0-1.{at:032x}.plex.direct"), "10.0.0.1"),
    }
}

/// How often all is done, in turn with lanward and an echo: what else the machine does comes and goes.
const ROUNDS: usize = 4;
/// Answers that are looked at together: a quarter of a second.
const WINDOW: usize = KNOWN as usize / 4;
/// How much later the slowest of a window may be than at an echo that works as much, in half of the windows: so many times as
/// late, since on a busy machine all times grow, and this much.
const TIMES: u32 = 3;
const MORE: Duration = Duration::from_millis(5);
/// The same for 99 of 100 answers of all windows. The first time-out of a question to upstream is far longer.
const MORE_IN_WAVES: Duration = Duration::from_millis(250);

/// What became of the names that are known, at lanward and at an echo.
struct Round {
    asked: Vec<Asked>,
    echo: Vec<Asked>,
}

#[test]
fn a_flood_of_names_that_nobody_answers() {
    let seconds = number("LANWARD_FLOOD_SECONDS", 2);
    let (rounds, each, later) = alone(|| flood(seconds));
    judge(&rounds, seconds, each);
    println!("figure: a miss 1 s after the end of the flood took at most {later:.1?}");
    assert!(
        later <= Duration::from_secs(1),
        "a miss afterwards takes {later:?}"
    );
}

/// Gives the rounds, the time of a processor that lanward took for a question, and how long a miss takes a second after the end.
fn flood(seconds: usize) -> (Vec<Round>, Duration, Duration) {
    let upstream = Upstream::start();
    upstream.quiet();
    upstream.otherwise(truth());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("home.arpa.zone");
    fs::write(&file, ZONE).unwrap();
    let zone = format!(
        "[[zone]]\norigin = \"home.arpa\"\nfile = \"{}\"\n",
        file.display()
    );
    let mut lanward = Lanward::start(&[upstream.address], &zone);
    for at in 0..KEPT {
        let query = Query::new(&format!("kept{at}.example"), A);
        assert_eq!(lanward.client().udp(&query).addresses().len(), 1);
    }
    upstream.otherwise(Behaviour::silent());

    let threads = thread::available_parallelism().unwrap().get();
    let questions = seconds as u32 * (FLOOD + KNOWN);
    let mut works = Vec::new();
    let rounds = (0..ROUNDS)
        .map(|round| {
            let before = lanward.processor_time();
            let asked = drown(lanward.address, round, seconds);
            let each = lanward.processor_time().saturating_sub(before) / questions;
            works.push(each);
            // One thread for each processor, as lanward has.
            let echo = Echo::working(threads, each);
            let echo = drown(echo.address, round, seconds);
            Round { asked, echo }
        })
        .collect();
    upstream.otherwise(truth());
    thread::sleep(Duration::from_secs(1));
    let later = after(&lanward);
    lanward.assert_alive();
    (rounds, percentile(&mut works, 50), later)
}

/// What becomes of the names that are known while the flood goes on.
fn drown(server: SocketAddr, round: usize, seconds: usize) -> Vec<Asked> {
    let flood = Crowd::new(server);
    let start = Instant::now();
    let (asked, flooded) = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            pace(FLOOD, |at| {
                let query = Query::new(&format!("r{at}.flood{round}.example"), A);
                flood.send(client(1000 + at % 100), &query.bytes());
                at < FLOOD as usize * seconds
            });
            start.elapsed()
        });
        let count = KNOWN as usize * seconds;
        let name = |at| (at < count).then(|| known(at).0);
        let asked = ask(server, KNOWN, name);
        (asked, flood.join().unwrap())
    });
    // What is late is sent at once; a machine that is still behind at the end shows a smaller flood, but not none.
    let limit = Duration::from_secs(2 * seconds as u64);
    assert!(flooded < limit, "{flooded:?} for a flood of {seconds} s");
    asked
}

/// A second after the end, names that must be asked upstream; gives how long the slowest takes.
fn after(lanward: &Lanward) -> Duration {
    let ask = |at| {
        let start = Instant::now();
        let query = Query::new(&format!("later{at}.example"), A);
        let reply = lanward.client().udp(&query);
        let summary = reply.summary();
        assert_eq!(reply.addresses().len(), 1, "afterwards: {summary}");
        start.elapsed()
    };
    (0..20).map(ask).max().unwrap()
}

fn judge(rounds: &[Round], seconds: usize, each: Duration) {
    let asked = || rounds.iter().flat_map(|round| &round.asked);
    let lost: Vec<String> = (rounds.iter())
        .flat_map(|round| round.asked.iter().enumerate())
        .filter(|(at, asked)| !asked.says(known(*at).1))
        .map(|(_, asked)| asked.summary())
        .collect();
    let both = [
        Lateness::of(rounds.iter().map(|round| &*round.asked)),
        Lateness::of(rounds.iter().map(|round| &*round.echo)),
    ];
    let [lanward, echo] = &both;
    println!(
        "figure: {FLOOD} random names a second for a dead upstream, {ROUNDS} times {seconds} s: of {} cached and local answers {} lost, \
         worst {:.1?}; p99 {:.1?}, of an echo that works as much ({each:.1?} for a question) {:.1?}; slowest in 0.25 s (median) {:.1?}, \
         of the echo {:.1?}",
        asked().count(),
        lost.len(),
        lanward.worst,
        lanward.p99,
        echo.p99,
        lanward.usual,
        echo.usual,
    );
    let some: Vec<_> = lost.iter().take(5).collect();
    assert!(lost.is_empty(), "{} lost, such as {some:#?}", lost.len());
    assert!(
        lanward.usual <= TIMES * echo.usual + MORE,
        "lanward and an echo: {both:?}"
    );
    assert!(
        lanward.p99 <= TIMES * echo.p99 + MORE_IN_WAVES,
        "lanward and an echo: {both:?}"
    );
}

/// How late the answers of some rounds are.
#[derive(Debug)]
struct Lateness {
    /// The slowest answer of a window, as the median of windows.
    usual: Duration,
    p99: Duration,
    worst: Duration,
}

impl Lateness {
    fn of<'a>(rounds: impl Iterator<Item = &'a [Asked]>) -> Self {
        let (mut all, mut slowest) = (Vec::new(), Vec::new());
        for asked in rounds {
            let windows = asked.chunks(WINDOW).map(times);
            slowest.extend(windows.filter_map(|times| times.into_iter().max()));
            all.extend(times(asked));
        }
        let [p99, worst] = [99, 100].map(|part| percentile(&mut all, part));
        Self {
            usual: percentile(&mut slowest, 50),
            p99,
            worst,
        }
    }
}
