//! Bad packets before every answer, of fourteen kinds: each answer is right, and hardly later than without them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::load::{Asked, ask};
use crate::machine::alone;
use crate::percentile;
use crate::support::behaviours::bad_packets;
use crate::support::lanward::Lanward;
use crate::support::records::a;
use crate::support::upstream::{Behaviour, Seen, Upstream};
use crate::support::wire::Response;

const RATE: u32 = 1000;
/// Questions for each kind.
const EACH: usize = 1000;
const TRUE: &str = "93.184.216.34";
/// When the good packet comes.
const LATER: Duration = Duration::from_millis(20);
/// How much later the answer may be for the bad ones: a quarter, which is 5 ms where the machine is quiet.
const MORE: f64 = 1.25;

/// The kind to which a question belongs: its first label.
fn kind(name: &str) -> usize {
    let label = name.split('.').next().unwrap();
    label[1..].parse().unwrap()
}

#[test]
fn bad_packets_before_every_answer() {
    // Without a bad packet, and each of those.
    let mut kinds = vec![("none", Behaviour::silent())];
    kinds.extend(bad_packets());
    let asked = alone(|| ask_with(&kinds));
    let names: Vec<&str> = kinds.iter().map(|(name, _)| *name).collect();
    judge(&asked, &names);
}

fn ask_with(kinds: &[(&str, Behaviour)]) -> Vec<Asked> {
    let upstream = Upstream::start();
    upstream.quiet();
    let good = Behaviour::new(|seen: &Seen| {
        let answer = Response::new(vec![a(&seen.name(), TRUE)]);
        Behaviour::from(answer).acts(seen)
    });
    let scripts: Vec<Behaviour> = kinds
        .iter()
        .map(|(_, bad)| {
            let before = Behaviour::split(bad.clone(), Behaviour::silent());
            before.then(LATER, good.clone())
        })
        .collect();
    upstream.otherwise(Behaviour::new(move |seen| {
        scripts[kind(&seen.name())].acts(seen)
    }));
    let lanward = Lanward::start(&[upstream.address], "");
    // All kinds in turn, so that whatever the machine does meets all of them alike.
    ask(lanward.address, RATE, |at| {
        let kind = at % kinds.len();
        (at < EACH * kinds.len()).then(|| format!("k{kind}.n{at}.example"))
    })
}

fn judge(asked: &[Asked], names: &[&str]) {
    let wrong: Vec<String> = (asked.iter().filter(|asked| !asked.says(TRUE)))
        .map(|asked| format!("{}: {}", names[kind(&asked.name)], asked.summary()))
        .collect();
    let mut times: BTreeMap<usize, Vec<Duration>> = BTreeMap::new();
    for asked in asked {
        times.entry(kind(&asked.name)).or_default().push(asked.took);
    }
    let clean = percentile(&mut times.remove(&0).unwrap(), 99);
    let each: Vec<(Duration, &str)> = times
        .iter_mut()
        .map(|(kind, times)| (percentile(times, 99), names[*kind]))
        .collect();
    let mut all: Vec<Duration> = times.into_values().flatten().collect();
    let p99 = percentile(&mut all, 99);
    let (worst, name) = each.iter().max().unwrap();
    println!(
        "figure: 14 kinds of bad packet in {} forms, {EACH} of each: {} wrong of {}, p99 {p99:.1?}, without them {clean:.1?}; \
         worst of a form {worst:.1?} ({name})",
        each.len(),
        wrong.len(),
        all.len()
    );
    let some: Vec<_> = wrong.iter().take(5).collect();
    assert!(wrong.is_empty(), "{} wrong, such as {some:#?}", wrong.len());
    assert!(
        p99 <= clean.mul_f64(MORE),
        "p99 {p99:?}, {clean:?} without bad packets: {each:#?}"
    );
}
