//! The end: who has asked by then gets a reply, and nobody keeps the program from ending.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::support::authority::Authority;
use crate::support::caller::{Asker, Caller, Door, Way, section};
use crate::support::client::{PATIENCE, receive};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::upstream::{Behaviour, Gate, Upstream};
use crate::support::wire::{NOERROR, Query, SERVFAIL};

const WAYS: [Way; 6] = [
    Way::Udp,
    Way::Tcp,
    Way::Sealed(Door::Tls),
    Way::Sealed(Door::Https),
    Way::Sealed(Door::Quic),
    Way::Sealed(Door::H3),
];
const PUBLIC: &str = "93.184.216.34";
/// What is logged when the end begins.
const BEGINS: &str = "counted since the start";

/// Has a question wait for the upstream over every way, says `meanwhile` when all do, and gives the replies.
fn replies_after(
    lanward: &Lanward,
    upstream: &Upstream,
    authority: &Authority,
    meanwhile: impl FnOnce(),
) -> Vec<(Way, Reply)> {
    thread::scope(|scope| {
        let asking: Vec<_> = WAYS
            .into_iter()
            .enumerate()
            .map(|(number, way)| {
                scope.spawn(move || {
                    let query = Query::new(&format!("n{number}.example"), A);
                    let asker = Asker::new(lanward, authority);
                    (way, asker.ask(way, Ipv4Addr::LOCALHOST, &query))
                })
            })
            .collect();
        assert!(until(PATIENCE, || {
            (0..WAYS.len()).all(|number| upstream.count(&format!("n{number}.example")) > 0)
        }));
        meanwhile();
        asking
            .into_iter()
            .map(|asking| asking.join().unwrap())
            .collect()
    })
}

#[test]
fn who_waits_for_the_answer_gets_it() {
    let (upstream, authority, gate) = (Upstream::start(), Authority::new(), Gate::default());
    upstream.otherwise(Behaviour::everywhere(PUBLIC).behind(&gate));
    let mut lanward = Lanward::start(&[upstream.address], &section(&authority, &Door::ALL));
    let end = || {
        lanward.signal("-TERM");
        lanward.line(&[BEGINS]);
        gate.open();
    };
    for (way, reply) in replies_after(&lanward, &upstream, &authority, end) {
        let public: IpAddr = PUBLIC.parse().unwrap();
        assert_eq!(reply.addresses(), [public], "{way:?}");
    }
    assert!(lanward.ended().success());
}

#[test]
fn who_would_wait_for_longer_hears_so() {
    let (upstream, authority) = (Upstream::start(), Authority::new());
    upstream.otherwise(Behaviour::silent());
    let mut lanward = Lanward::start(&[upstream.address], &section(&authority, &Door::ALL));
    let end = || lanward.signal("-TERM");
    for (way, reply) in replies_after(&lanward, &upstream, &authority, end) {
        assert_eq!(reply.rcode(), SERVFAIL, "{way:?}");
    }
    assert!(lanward.ended().success());
}

/// The kernel has taken them, and their clients do not know that nobody looked at them yet.
#[test]
fn what_lies_in_the_sockets_is_answered() {
    let upstream = Upstream::start();
    upstream.otherwise(Behaviour::everywhere(PUBLIC));
    let mut lanward = Lanward::start(&[upstream.address], "");
    let mut stream = lanward.client().connect();
    stream.send(&Query::new("localhost", A).bytes());
    assert!(stream.receive(PATIENCE).is_some());
    lanward.signal("-STOP");
    let names = |at: usize| match at % 2 {
        0 => "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct".to_owned(),
        _ => format!("n{at}.example"),
    };
    let sockets: Vec<UdpSocket> = (0..200).map(|_| lanward.client().socket()).collect();
    for (at, socket) in sockets.iter().enumerate() {
        socket.send(&Query::new(&names(at), A).bytes()).unwrap();
        if at < 10 {
            stream.send(&Query::new(&names(at), A).bytes());
        }
    }
    let mut unseen = lanward.client().connect();
    unseen.send(&Query::new("unseen.example", A).bytes());
    // It hears of the end first.
    lanward.signal("-TERM");
    lanward.signal("-CONT");
    let replies = sockets.iter().map(|socket| receive(socket, PATIENCE));
    let streamed = (0..10).map(|_| stream.receive(PATIENCE));
    let replies: Vec<_> = replies.chain(streamed).collect();
    let lost = replies.iter().filter(|reply| reply.is_none()).count();
    assert_eq!(lost, 0, "of {} questions", replies.len());
    for reply in replies.into_iter().flatten() {
        let reply = Reply::parse(&reply).unwrap();
        assert_eq!((reply.rcode(), reply.answer.len()), (NOERROR, 1));
    }
    assert!(unseen.receive(PATIENCE).is_some());
    assert!(lanward.ended().success());
}

#[test]
fn idle_connections_keep_nobody_waiting() {
    let (upstream, authority) = (Upstream::start(), Authority::new());
    let mut lanward = Lanward::start(&[upstream.address], &section(&authority, &Door::ALL));
    let query = Query::new("localhost", A).bytes();
    let callers: Vec<Caller> = Door::ALL
        .into_iter()
        .map(|door| {
            let caller = Caller::connect(door, door.of(&lanward), &authority, Ipv4Addr::LOCALHOST);
            caller.ask(&query).unwrap();
            caller
        })
        .collect();
    let mut stream = lanward.client().connect();
    lanward.signal("-TERM");
    assert!(stream.ends(PATIENCE));
    assert!(lanward.ended().success());
    assert_eq!(lanward.logged("did not end in time"), 0);
    // They have been told.
    for caller in callers {
        caller.ask(&query).unwrap_err();
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let (upstream, mut lanward, socket) = waiting();
    until(PATIENCE, || {
        lanward.signal("-INT");
        lanward.logged("stopped") > 0
    });
    assert_eq!(lanward.ended().code(), Some(1));
    assert_eq!(lanward.logged("stopped at once"), 1);
    assert!(receive(&socket, Duration::from_millis(1)).is_none());
    drop(upstream);
}

/// Load balancers ask for `localhost`, and so hear of the end before it is there.
#[test]
fn a_lame_duck_says_so_and_answers() {
    let upstream = Upstream::start();
    upstream.otherwise(Behaviour::everywhere(PUBLIC));
    let mut lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nlame_duck = 20\n[upstream]\nservers = [\"{}\"]\n[log]\nformat = \"json\"\n",
        upstream.address
    ));
    let health = || lanward.client().udp(&Query::new("localhost", A));
    assert_eq!(health().rcode(), NOERROR);
    lanward.signal("-TERM");
    assert!(until(PATIENCE, || health().rcode() == SERVFAIL));
    let [(code, _)] = health().errors()[..] else {
        panic!("one extended error");
    };
    assert_eq!(code, 14, "not ready");
    for tcp in [false, true] {
        for name in ["new.example", "a.localhost"] {
            let reply = lanward.client().ask(&Query::new(name, A), tcp);
            assert_eq!(reply.addresses().len(), 1, "{name}");
        }
    }
    // Whoever does not want to wait for that says so.
    until(PATIENCE, || {
        lanward.signal("-TERM");
        lanward.logged("stopped") > 0
    });
    assert_eq!(lanward.ended().code(), Some(1));
}

/// `timeout` from coreutils signals the program, and then its group.
#[test]
fn two_signals_in_one_moment_are_one() {
    let (_upstream, mut lanward, socket) = waiting();
    let id = lanward.id().to_string();
    let status = Command::new("kill").args(["-TERM", &id, &id]).status();
    assert!(status.unwrap().success());
    let reply = Reply::parse(&receive(&socket, PATIENCE).unwrap()).unwrap();
    assert_eq!(reply.rcode(), SERVFAIL);
    assert!(lanward.ended().success());
}

/// A server with a question that waits for a silent upstream, and where the reply would come.
fn waiting() -> (Upstream, Lanward, UdpSocket) {
    let upstream = Upstream::start();
    upstream.otherwise(Behaviour::silent());
    let lanward = Lanward::start(&[upstream.address], "");
    let socket = lanward.client().socket();
    socket.send(&Query::new("n.example", A).bytes()).unwrap();
    assert!(until(PATIENCE, || upstream.count("n.example") > 0));
    (upstream, lanward, socket)
}
