//! Which of several servers is asked, and when the next one.

use std::time::{Duration, Instant};

use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::until;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{Edns, NOERROR, NXDOMAIN, Query, REFUSED, Response, SERVFAIL};

/// What the first and the second server say, to be told apart.
const ADDRESSES: [&str; 2] = ["93.184.216.1", "93.184.216.2"];

/// Two servers, and a program that asks them in this manner. No answer is kept.
fn start(manner: &str) -> ([Upstream; 2], Lanward) {
    let upstreams = [Upstream::start(), Upstream::start()];
    for (upstream, address) in upstreams.iter().zip(ADDRESSES) {
        upstream.otherwise(answer(address));
    }
    let lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"{}\", \"{}\"]\n{manner}\n",
        upstreams[0].address, upstreams[1].address
    ));
    (upstreams, lanward)
}

/// An answer to any name.
fn answer(address: &'static str) -> Behaviour {
    Behaviour::new(move |seen| {
        let name = crate::support::wire::text(&seen.query.name);
        let acts = Behaviour::from(Response::new(vec![a(&name, address).ttl(0)]));
        acts.acts(seen)
    })
}

fn late(millis: u64, address: &'static str) -> Behaviour {
    Behaviour::silent().then(Duration::from_millis(millis), answer(address))
}

fn ask(lanward: &Lanward, name: &str) -> String {
    let reply = lanward.client().udp(&Query::new(name, A));
    assert_eq!(reply.rcode(), NOERROR, "{}", reply.summary());
    reply.addresses()[0].to_string()
}

#[test]
fn the_quickest_server_is_found_and_asked() {
    let (upstreams, lanward) = start("");
    upstreams[0].otherwise(late(150, ADDRESSES[0]));
    let found = until(Duration::from_secs(10), || {
        ask(&lanward, "find.example") == ADDRESSES[1]
    });
    assert!(found, "the first server is known to be slower now");
    let before = upstreams[0].count("n.example");
    let start = Instant::now();
    for _ in 0..50 {
        assert_eq!(ask(&lanward, "n.example"), ADDRESSES[1]);
    }
    let more = upstreams[0].count("n.example") - before;
    let seconds = start.elapsed().as_secs() as usize;
    assert!(
        more <= 3 + 2 * seconds,
        "{more} questions to the slow server in {seconds} s"
    );
}

/// A server that falls silent costs the wait for the second one, and after a few questions not even that.
#[test]
fn a_silent_server_is_overtaken_and_then_left_out() {
    let (upstreams, lanward) = start("");
    upstreams[1].otherwise(late(40, ADDRESSES[1]));
    assert!(until(Duration::from_secs(10), || {
        ask(&lanward, "warm.example") == ADDRESSES[0]
    }));
    for _ in 0..20 {
        ask(&lanward, "warm.example");
    }
    upstreams[0].otherwise(Behaviour::silent());
    let begin = Instant::now();
    assert_eq!(ask(&lanward, "first.example"), ADDRESSES[1]);
    assert!(begin.elapsed() < Duration::from_secs(1));
    let left_out = until(Duration::from_secs(20), || {
        let before = upstreams[0].count("again.example");
        (0..10).all(|_| ask(&lanward, "again.example") == ADDRESSES[1])
            && upstreams[0].count("again.example") - before <= 1
    });
    assert!(left_out, "nobody waits for it any more");
    upstreams[0].otherwise(answer(ADDRESSES[0]));
    assert!(
        until(Duration::from_secs(5), || ask(&lanward, "back.example")
            == ADDRESSES[0]),
        "used again within five seconds of its return"
    );
}

#[test]
fn strict_keeps_the_order() {
    let (upstreams, lanward) = start("strategy = \"strict\"");
    upstreams[0].otherwise(late(100, ADDRESSES[0]));
    for _ in 0..10 {
        assert_eq!(ask(&lanward, "n.example"), ADDRESSES[0]);
    }
    assert_eq!(upstreams[1].seen().len(), 0);
    upstreams[0].otherwise(Response::rcode(SERVFAIL));
    assert_eq!(ask(&lanward, "m.example"), ADDRESSES[1]);
}

#[test]
fn parallel_asks_all() {
    let (upstreams, lanward) = start("strategy = \"parallel\"");
    upstreams[0].otherwise(late(300, ADDRESSES[0]));
    for number in 0..10 {
        let name = format!("n{number}.example");
        assert_eq!(ask(&lanward, &name), ADDRESSES[1]);
        assert!(until(Duration::from_secs(5), || upstreams[0].count(&name) == 1));
    }
}

#[test]
fn what_leads_on_is_the_operators_choice() {
    let nxdomain = Response::nxdomain("example");
    for (manner, first, rcode, asked) in [
        ("", Response::rcode(SERVFAIL), NOERROR, 1),
        ("", Response::rcode(REFUSED), NOERROR, 1),
        ("", nxdomain.clone(), NXDOMAIN, 0),
        ("failover_on = []", Response::rcode(SERVFAIL), SERVFAIL, 0),
        (
            "failover_on = [\"refused\"]",
            Response::rcode(SERVFAIL),
            SERVFAIL,
            0,
        ),
        ("failover_on = [\"nxdomain\"]", nxdomain.clone(), NOERROR, 1),
        // NOTAUTH answers no question that anybody asked.
        ("failover_on = []", Response::rcode(9), NOERROR, 1),
    ] {
        let (upstreams, lanward) = start(&format!("strategy = \"strict\"\n{manner}"));
        upstreams[0].otherwise(first);
        let reply = lanward.client().udp(&Query::new("n.example", A));
        let seen = upstreams[1].count("n.example");
        assert_eq!((reply.rcode(), seen), (rcode, asked), "{manner}");
    }
}

/// If nobody knows better, a name that does not exist does not exist, and that is kept.
#[test]
fn the_last_word_counts() {
    let (upstreams, lanward) = start("failover_on = [\"nxdomain\", \"servfail\"]");
    for upstream in &upstreams {
        upstream.otherwise(Response::nxdomain("example"));
    }
    for _ in 0..3 {
        let reply = lanward.client().udp(&Query::new("n.example", A));
        assert_eq!(reply.rcode(), NXDOMAIN, "{}", reply.summary());
    }
    let asked: usize = upstreams
        .iter()
        .map(|upstream| upstream.count("n.example"))
        .sum();
    assert!(asked <= 3, "kept, but for one trial: {asked} questions");
    let blocked = Edns {
        options: vec![(15, [&[0, 18][..], b"the boss said no"].concat())],
        ..Edns::default()
    };
    for upstream in &upstreams {
        upstream.otherwise(Response {
            edns: Some(blocked.clone()),
            ..Response::rcode(SERVFAIL)
        });
    }
    let reply = lanward.client().udp(&Query::new("m.example", A));
    assert_eq!(reply.rcode(), SERVFAIL);
    assert!(
        reply
            .errors()
            .contains(&(18, "the boss said no".to_owned()))
    );
}

/// A server that says that a name does not exist has failed nobody: where the operator wants the next one asked for its opinion,
/// the order stays.
#[test]
fn who_does_not_know_a_name_keeps_its_place() {
    let (upstreams, lanward) = start("strategy = \"strict\"\nfailover_on = [\"nxdomain\"]");
    upstreams[0].otherwise(Response::nxdomain("example"));
    for number in 0..5 {
        assert_eq!(ask(&lanward, &format!("n{number}.example")), ADDRESSES[1]);
    }
    upstreams[0].otherwise(answer(ADDRESSES[0]));
    assert_eq!(ask(&lanward, "nas.example"), ADDRESSES[0]);
}

/// That a name does not exist says more than that a server failed.
#[test]
fn a_failure_does_not_outdo_an_answer() {
    let (upstreams, lanward) =
        start("strategy = \"strict\"\nfailover_on = [\"nxdomain\", \"servfail\"]");
    upstreams[0].otherwise(Response::nxdomain("example"));
    upstreams[1].otherwise(Response::rcode(SERVFAIL));
    let reply = lanward.client().udp(&Query::new("n.example", A));
    assert_eq!(reply.rcode(), NXDOMAIN, "{}", reply.summary());
}
