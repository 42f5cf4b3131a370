//! Two of them behind dnsdist, as packaging/compose/pair has it, at two thousand questions a second: one is killed and comes back, the
//! other is upgraded. The clients ask once more when they hear nothing, as all do.

use std::fs;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::load::pace;
use crate::machine::alone;
use crate::percentile;
use crate::support::crowd::{Crowd, client};
use crate::support::lanward::Lanward;
use crate::support::peers::{Peer, installed, start_checked};
use crate::support::records::{A, a};
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::upstream::{Act, Behaviour, Upstream};
use crate::support::wire::{Query, Response};

const RATE: u32 = 2000;
/// When a client asks again: the shortest of those in use, that of Windows ("DNS client resolution timeouts", Microsoft Learn). musl
/// has 2.5 s, glibc and dig 5 s.
const RETRY: Duration = Duration::from_secs(1);
/// So many clients ask in turn.
const CLIENTS: usize = 20;
/// How long an engine may take to put one container in the place of another.
const GAP: Duration = Duration::from_millis(500);

const CONF: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/packaging/compose/pair/dnsdist.conf"
);
const PUBLIC: &str = "93.184.216.34";

/// A question, and when it was answered rightly.
#[derive(Debug, Clone, Copy)]
struct Asked {
    sent: Instant,
    again: bool,
    took: Option<Duration>,
}

/// The name that is asked about, and its address: half are decoded, a quarter kept, a quarter new.
fn question(at: usize) -> (String, &'static str) {
    let plex = "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct";
    match at % 4 {
        0 | 2 => (plex.to_owned(), "192.168.1.10"),
        1 => (format!("kept{}.example", at % 100), PUBLIC),
        _ => (format!("n{at}.example"), PUBLIC),
    }
}

fn query(at: usize) -> Query {
    let id = u16::try_from(at / CLIENTS).unwrap();
    Query::new(&question(at).0, A).id(id)
}

/// Asks until `ended`; gives what became of each. `sent` says how many there are so far.
fn ask(server: SocketAddr, sent: &AtomicUsize, ended: &AtomicBool) -> Vec<Asked> {
    let crowd = Crowd::new(server);
    let asked: Mutex<Vec<Asked>> = Mutex::default();
    let heard = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !heard.load(Ordering::SeqCst) {
                let Some((from, bytes)) = crowd.receive(Duration::from_millis(50)) else {
                    continue;
                };
                let now = Instant::now();
                let reply = Reply::parse(&bytes).unwrap();
                let number = (0..CLIENTS).find(|number| client(*number) == from).unwrap();
                let at = usize::from(reply.id) * CLIENTS + number;
                let addresses = reply.addresses();
                if addresses.len() == 1 && addresses[0].to_string() == question(at).1 {
                    let asked = &mut asked.lock().unwrap()[at];
                    asked.took.get_or_insert(now - asked.sent);
                }
            }
        });
        let send = |at| crowd.send(client(at % CLIENTS), &query(at).bytes());
        let mut looked_at = 0;
        pace(RATE, |at| {
            let new = !ended.load(Ordering::SeqCst);
            let mut due = Vec::new();
            {
                let mut asked = asked.lock().unwrap();
                while let Some(old) = asked.get_mut(looked_at)
                    && old.sent.elapsed() >= RETRY
                {
                    if old.took.is_none() {
                        old.again = true;
                        due.push(looked_at);
                    }
                    looked_at += 1;
                }
                if new {
                    asked.push(Asked {
                        sent: Instant::now(),
                        again: false,
                        took: None,
                    });
                } else if looked_at == asked.len() {
                    return false;
                }
            }
            due.into_iter().for_each(send);
            if new {
                send(at);
                sent.store(at + 1, Ordering::SeqCst);
            }
            true
        });
        // The last who asked again have as long for their answer.
        until(RETRY, || {
            asked.lock().unwrap().iter().all(|one| one.took.is_some())
        });
        heard.store(true, Ordering::SeqCst);
    });
    asked.into_inner().unwrap()
}

fn configuration(listen: &str, upstream: SocketAddr) -> String {
    format!(
        "[server]\nlisten = [\"{listen}\"]\nallow = [\"loopback\"]\n[upstream]\nservers = [\"{upstream}\"]\n[log]\nformat = \"json\"\n"
    )
}

/// dnsdist with the file of the example, which has other addresses there.
fn dnsdist(servers: [SocketAddr; 2]) -> Peer {
    let text = fs::read_to_string(CONF).unwrap();
    let configure = |_: &str, port: u16| {
        let mut conf = text.clone();
        for (there, here) in [
            ("0.0.0.0:53", format!("127.0.0.1:{port}")),
            ("172.31.53.11:53", servers[0].to_string()),
            ("172.31.53.12:53", servers[1].to_string()),
        ] {
            assert_eq!(conf.matches(there).count(), 1, "{there} in {CONF}");
            conf = conf.replace(there, &here);
        }
        conf
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
    upstream.otherwise(Behaviour::new(|seen| {
        let answer = Response::new(vec![a(&seen.name(), PUBLIC)]);
        vec![Act::Send(answer.to(&seen.query))]
    }));
    let start = |listen: &str| Lanward::configured(&configuration(listen, upstream.address));
    let (first, mut second) = (start("127.53.0.1:0"), start("127.53.0.2:0"));
    let addresses = [first.address, second.address];
    let dnsdist = dnsdist(addresses);
    let (sent, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let asking = scope.spawn(|| ask(dnsdist.address, &sent, &ended));
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
