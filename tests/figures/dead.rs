//! All upstreams fall silent, and come back: what was known is answered all the while.

use std::time::{Duration, Instant};

use crate::echo::beside;
use crate::load::{Asked, ask};
use crate::machine::alone;
use crate::percentile;
use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::until;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{Query, Response};

/// Names that were asked for before.
const NAMES: usize = 1000;
/// Questions in a second.
const RATE: u32 = 500;
const ADDRESS: &str = "93.184.216.34";
/// Lanward waits 1.8 s for its upstreams; to this comes what an echo takes at worst.
const LONGEST: Duration = Duration::from_millis(1900);

#[test]
fn all_upstreams_fall_silent() {
    let (rounds, back) = alone(|| {
        let upstreams = [Upstream::start(), Upstream::start()];
        for upstream in &upstreams {
            upstream.quiet();
            upstream.otherwise(answer(1));
        }
        let lanward = Lanward::start(&upstreams.each_ref().map(|one| one.address), "");
        let all = || {
            let name = |at| (at < NAMES).then(|| format!("n{at}.known.example"));
            beside(RATE, || ask(lanward.address, RATE, name))
        };
        assert!(all().0.iter().all(|asked| asked.says(ADDRESS)));
        let kept = Instant::now();
        until(Duration::from_secs(5), || {
            kept.elapsed() > Duration::from_millis(1100)
        });
        for upstream in &upstreams {
            upstream.otherwise(Behaviour::silent());
        }
        let rounds = [all(), all()];
        for upstream in &upstreams {
            upstream.otherwise(answer(60));
        }
        let start = Instant::now();
        let fresh = || {
            let reply = lanward.client().udp(&Query::new("n0.known.example", A));
            reply.answer[0].ttl > 30
        };
        let back = until(Duration::from_secs(10), fresh).then(|| start.elapsed());
        (rounds, back)
    });
    for ((asked, mut echo), round) in rounds.into_iter().zip(["first", "second"]) {
        let lost: Vec<&Asked> = asked.iter().filter(|asked| !asked.says(ADDRESS)).collect();
        let mut times: Vec<Duration> = asked.iter().map(|asked| asked.took).collect();
        let [worst, machine] = [&mut times, &mut echo].map(|times| percentile(times, 100));
        println!(
            "figure: all upstreams silent, {round} question for each of {NAMES} known names: {} lost, p50 {:?}, worst {worst:?}, \
             of an echo {machine:?}",
            lost.len(),
            percentile(&mut times, 50)
        );
        let some: Vec<String> = lost.iter().take(5).map(|asked| asked.summary()).collect();
        assert!(some.is_empty(), "{} lost, such as {some:#?}", lost.len());
        assert!(
            worst <= LONGEST + machine,
            "worst {worst:?}, of an echo {machine:?}"
        );
    }
    println!("figure: fresh again {back:.1?} after their return");
    assert!(back.is_some_and(|back| back <= Duration::from_secs(5)));
}

fn answer(ttl: u32) -> Behaviour {
    Behaviour::new(move |seen| {
        let record = a(&seen.name(), ADDRESS).ttl(ttl);
        Behaviour::from(Response::new(vec![record])).acts(seen)
    })
}
