//! Ten thousand random names a second for an upstream that is dead: what is known is answered as ever.
//!
//! It lasts ten seconds, or `LANWARD_FLOOD_SECONDS`; the figure to show is that of 60.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::load::{Asked, ask, pace};
use crate::machine::alone;
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

#[test]
fn a_flood_of_names_that_nobody_answers() {
    let seconds = number("LANWARD_FLOOD_SECONDS", 10);
    let (asked, later) = alone(|| flood(seconds));
    judge(&asked, seconds, later);
}

/// Gives what became of the names that are known, and how long a miss takes a second after the end.
fn flood(seconds: usize) -> (Vec<Asked>, Duration) {
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

    let flood = Crowd::new(lanward.address);
    let start = Instant::now();
    let (asked, flooded) = thread::scope(|scope| {
        let flood = scope.spawn(|| {
            pace(FLOOD, |at| {
                let query = Query::new(&format!("r{at}.flood.example"), A);
                flood.send(client(1000 + at % 100), &query.bytes());
                at < FLOOD as usize * seconds
            });
            start.elapsed()
        });
        let count = KNOWN as usize * seconds;
        let name = |at| (at < count).then(|| known(at).0);
        let asked = ask(lanward.address, KNOWN, name);
        (asked, flood.join().unwrap())
    });
    upstream.otherwise(truth());
    assert!(
        flooded < Duration::from_secs(seconds as u64).mul_f64(1.05),
        "{flooded:?} for a flood of {seconds} s: this machine is too slow"
    );
    thread::sleep(Duration::from_secs(1));
    let later = after(&lanward);
    lanward.assert_alive();
    (asked, later)
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

fn judge(asked: &[Asked], seconds: usize, later: Duration) {
    let lost: Vec<String> = (asked.iter().enumerate())
        .filter(|(at, asked)| !asked.says(known(*at).1))
        .map(|(_, asked)| asked.summary())
        .collect();
    let mut times: Vec<Duration> = asked.iter().map(|asked| asked.took).collect();
    let [p99, worst] = [99, 100].map(|part| percentile(&mut times, part));
    println!(
        "figure: {FLOOD} random names a second for a dead upstream, {seconds} s: of {} cached and local answers {} lost, p99 {p99:.1?}, \
         worst {worst:.1?}; a miss 1 s after the end at most {later:.1?}",
        asked.len(),
        lost.len()
    );
    let some: Vec<_> = lost.iter().take(5).collect();
    assert!(lost.is_empty(), "{} lost, such as {some:#?}", lost.len());
    assert!(p99 <= Duration::from_millis(5), "p99 {p99:?}");
    assert!(
        later <= Duration::from_secs(1),
        "a miss afterwards takes {later:?}"
    );
}
