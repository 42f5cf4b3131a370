//! Far ends that close every connection after a second, or after a hundred questions, under load.

use std::net::SocketAddr;
use std::time::Duration;

use crate::cutter::cutter;
use crate::load::{Asked, ask};
use crate::machine::alone;
use crate::percentile;
use crate::support::authority::{Authority, NAME};
use crate::support::hickory::{self, Hickory};
use crate::support::lanward::Lanward;
use crate::support::peers::{installed, sealed_unbound};
use crate::support::records::a;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{Response, text};

const QUESTIONS: usize = 10_000;
/// So that the questions take more than three seconds.
const RATE: u32 = 1500;
const LIFE: Duration = Duration::from_secs(1);
const ADDRESS: &str = "93.184.216.34";

/// Has a program ask `server` for `count` names below `domain`, so many a second.
fn load(
    authority: &Authority,
    (server, domain): (&str, &str),
    (count, rate): (usize, u32),
) -> Vec<Asked> {
    let lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"{server}\"]\nca = \"{}\"\n",
        authority.ca().display()
    ));
    ask(lanward.address, rate, |at| {
        (at < count).then(|| format!("n{at}.{domain}"))
    })
}

/// None may be lost.
fn judge(what: &str, asked: &[Asked], address: &str) {
    let lost: Vec<String> = (asked.iter())
        .filter(|asked| !asked.says(address))
        .map(Asked::summary)
        .collect();
    let mut times: Vec<Duration> = asked.iter().map(|asked| asked.took).collect();
    println!(
        "figure: {what}: {} lost of {}, p50 {:.1?}, p99 {:.1?}, worst {:.1?}",
        lost.len(),
        asked.len(),
        percentile(&mut times, 50),
        percentile(&mut times, 99),
        percentile(&mut times, 100),
    );
    let some: Vec<_> = lost.iter().take(5).collect();
    assert!(
        lost.is_empty(),
        "{what}: {} lost, such as {some:#?}",
        lost.len()
    );
}

/// Unbound before a server with an address for any name, over TLS or HTTPS, cut every second.
fn cut_every_second(transport: &str, at: usize) {
    let asked = alone(|| {
        let authority = Authority::new();
        let upstream = Upstream::start();
        upstream.quiet();
        upstream.otherwise(Behaviour::new(|seen| {
            let answer = Response::new(vec![a(&text(&seen.query.name), ADDRESS)]);
            Behaviour::from(answer).acts(seen)
        }));
        let (_unbound, ports) = sealed_unbound(upstream.address, &authority);
        let port = cutter(SocketAddr::from(([127, 0, 0, 1], ports[at])), LIFE);
        let server = format!("{transport}://{NAME}@127.0.0.1:{port}");
        load(&authority, (&server, "example"), (QUESTIONS, RATE))
    });
    let what = format!("{transport}, every connection cut after {LIFE:?}, {RATE}/s");
    judge(&what, &asked, ADDRESS);
}

#[test]
fn connections_over_tls_are_cut() {
    if installed("connections_over_tls_are_cut", "unbound", "unbound") {
        cut_every_second("tls", 0);
    }
}

#[test]
fn connections_over_https_are_cut() {
    if installed("connections_over_https_are_cut", "unbound", "unbound") {
        cut_every_second("https", 1);
    }
}

/// hickory-server ends each connection after its hundredth question, which at this rate is several times in a second.
#[test]
fn connections_over_quic_are_closed() {
    // It takes its time for HTTP/3.
    for (transport, (count, rate)) in [("quic", (QUESTIONS, RATE)), ("h3", (2000, 500))] {
        let asked = alone(|| {
            let authority = Authority::new();
            let far = Hickory::start(transport, &authority);
            let target = (&*far.server, "hickory.example");
            load(&authority, target, (count, rate))
        });
        let what = format!("{transport}, every connection closed after 100 questions, {rate}/s");
        judge(&what, &asked, &hickory::ADDRESS.to_string());
    }
}
