//! Two of them behind dnsdist, as packaging/compose/pair has it, at two thousand questions a second: one is killed and comes back, the
//! other is upgraded. The clients ask once more when they hear nothing, as all do.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::machine::alone;
use crate::patient::{Asked, PUBLIC, ask};
use crate::percentile;
use crate::support::lanward::Lanward;
use crate::support::peers::{Peer, installed, start_checked};
use crate::support::until;
use crate::support::upstream::{Behaviour, Upstream};

const RATE: u32 = 2000;
/// How long an engine may take to put one container in the place of another.
const GAP: Duration = Duration::from_millis(500);

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/compose/pair");

/// A file of the example, in which other addresses stand there.
fn example(file: &str, addresses: &[(&str, String)]) -> String {
    let mut text = fs::read_to_string(Path::new(FOLDER).join(file)).unwrap();
    for (there, here) in addresses {
        assert_eq!(text.matches(there).count(), 1, "{there} in {file}");
        text = text.replace(there, here);
    }
    text
}

/// lanward with the file of the example, and with the variable that the example sets.
fn lanward(listen: &str, upstream: SocketAddr) -> Lanward {
    let file = example("lanward/lanward.toml", &[("0.0.0.0:53", listen.to_owned())]);
    Lanward::in_environment(&file, &[("LANWARD_UPSTREAM", &upstream.to_string())])
}

/// dnsdist with the file of the example.
fn dnsdist(servers: [SocketAddr; 2]) -> Peer {
    let configure = |_: &str, port: u16| {
        let listen = ("0.0.0.0:53", format!("127.0.0.1:{port}"));
        let first = ("10.53.57.11:53", servers[0].to_string());
        let second = ("10.53.57.12:53", servers[1].to_string());
        example("dnsdist.conf", &[listen, first, second])
    };
    let check = ["dnsdist", "--check-config", "-C", "conf"];
    start_checked("dnsdist", &check, &[], &configure, "localhost")
}

/// What became of the questions, and which of them were asked while one was killed, and upgraded.
struct Figures {
    asked: Vec<Asked>,
    killed: [usize; 2],
    upgraded: [usize; 2],
}

fn run() -> Figures {
    let upstream = Upstream::start();
    upstream.quiet();
    upstream.otherwise(Behaviour::everywhere(PUBLIC));
    let start = |listen: &str| lanward(listen, upstream.address);
    let (first, mut second) = (start("127.53.0.1:0"), start("127.53.0.2:0"));
    let addresses = [first.address, second.address];
    let dnsdist = dnsdist(addresses);
    let (sent, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let asking = scope.spawn(|| ask(dnsdist.address, RATE, (&sent, &ended)));
        let now = || sent.load(Ordering::SeqCst);
        // In seconds.
        let wait = |seconds: usize| {
            let goal = now() + seconds * RATE as usize;
            assert!(until(Duration::from_secs(20), || now() >= goal));
        };
        wait(1);
        let begin = now();
        drop(first);
        wait(2);
        let first = start(&addresses[0].to_string());
        wait(1);
        let killed = [begin, now()];
        wait(1);
        let begin = now();
        second.signal("-TERM");
        assert!(second.ended().success());
        thread::sleep(GAP);
        let second = start(&addresses[1].to_string());
        wait(2);
        let upgraded = [begin, now()];
        ended.store(true, Ordering::SeqCst);
        let asked = asking.join().unwrap();
        drop((first, second));
        Figures {
            asked,
            killed,
            upgraded,
        }
    })
}

#[test]
fn one_of_two_is_killed_and_the_other_upgraded() {
    if !installed(
        "one_of_two_is_killed_and_the_other_upgraded",
        "dnsdist",
        "dnsdist",
    ) {
        return;
    }
    let Figures {
        asked,
        killed,
        upgraded,
    } = alone(run);
    let [by_kill, by_upgrade] = [killed, upgraded].map(|[begin, end]| {
        let asked = &asked[begin..end];
        asked.iter().filter(|asked| asked.again).count()
    });
    let again = asked.iter().filter(|asked| asked.again).count();
    let lost = asked.iter().filter(|asked| asked.took.is_none()).count();
    let mut times: Vec<_> = asked.iter().filter_map(|asked| asked.took).collect();
    println!(
        "figure: two behind dnsdist at {RATE}/s, one killed: {by_kill} asked again; one upgraded: {by_upgrade}; {again} of {} in all, {lost} in vain; p99 {:.1?}, worst {:.1?}",
        asked.len(),
        percentile(&mut times, 99),
        percentile(&mut times, 100),
    );
    assert_eq!(lost, 0, "questions without an answer after the first retry");
}
