//! Two thousand questions a second while the configuration is read again, and until after the end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::load::{Asked, ask};
use crate::machine::alone;
use crate::patient::PUBLIC;
use crate::support::lanward::Lanward;
use crate::support::until;
use crate::support::upstream::{Behaviour, Upstream};

const RATE: u32 = 2000;
/// When it is called to end, in questions.
const END: usize = 4000;
/// The files are read again as often.
const RELOADS: usize = 8;
/// Within this time it has ended.
const LIMIT: Duration = Duration::from_secs(2);
/// So far apart may questions be that are looked at in another order than they were sent in: each worker has a socket of its own.
const APART: Duration = Duration::from_millis(20);

fn run() -> (Vec<Asked>, Duration) {
    let upstream = Upstream::start();
    upstream.quiet();
    upstream.otherwise(Behaviour::everywhere(PUBLIC));
    let mut lanward = Lanward::start(&[upstream.address], "");
    let address = lanward.address;
    let [sent, last] = [AtomicUsize::new(0), AtomicUsize::new(usize::MAX)];
    thread::scope(|scope| {
        let load = scope.spawn(|| {
            ask(address, RATE, |at| {
                sent.store(at, Ordering::SeqCst);
                (at < last.load(Ordering::SeqCst)).then(|| format!("n{at}.example"))
            })
        });
        let reaches = |count| {
            let limit = Duration::from_secs(30);
            assert!(until(limit, || sent.load(Ordering::SeqCst) >= count));
        };
        for number in 1..=RELOADS {
            reaches(number * END / (RELOADS + 1));
            lanward.signal("-HUP");
        }
        reaches(END);
        lanward.signal("-TERM");
        let begin = Instant::now();
        let status = lanward.ended();
        let took = begin.elapsed();
        assert!(status.success(), "{status}");
        last.store(sent.load(Ordering::SeqCst) + 100, Ordering::SeqCst);
        (load.join().unwrap(), took)
    })
}

#[test]
fn nothing_is_lost_by_reloads_and_before_the_end() {
    let (asked, took) = alone(run);
    let answered = |asked: &&Asked| asked.says(PUBLIC);
    let last = asked.iter().filter(answered).map(|asked| asked.sent).max();
    let last = last.expect("an answer");
    let before = asked.iter().filter(|asked| asked.sent + APART < last);
    let lost: Vec<String> = before
        .clone()
        .filter(|asked| !answered(asked))
        .map(Asked::summary)
        .collect();
    println!(
        "figure: {RELOADS} reloads and the end at {RATE}/s: {} lost of {}, ended {took:.1?} after SIGTERM",
        lost.len(),
        before.count()
    );
    assert!(
        lost.is_empty(),
        "{} lost, such as {:#?}",
        lost.len(),
        lost.first()
    );
    assert!(took < LIMIT, "{took:?}");
}
