//! TCP as RFC 7766 wants it: several questions at once, answers as they come, and limits that hold.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::start;
use crate::support::client::{PATIENCE, Stream, check, frame};
use crate::support::lanward::Lanward;
use crate::support::records::{A, TXT, a, txt};
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::upstream::{Behaviour, Gate, Seen, Upstream};
use crate::support::wire::{Query, Response, text};

/// The upstream answers every name, once the gate is open.
fn gated(upstream: &Upstream, gate: &Gate) {
    let answer = Behaviour::new(|seen: &Seen| {
        let response = Response::new(vec![a(&text(&seen.query.name), "93.184.216.34")]);
        vec![crate::support::upstream::Act::Send(
            response.to(&seen.query),
        )]
    });
    upstream.otherwise(answer.behind(gate));
}

#[test]
fn a_slow_name_does_not_hold_a_local_one() {
    let (upstream, lanward) = start();
    let gate = Gate::default();
    gated(&upstream, &gate);
    let [slow, fast] = [Query::new("slow.example", A), Query::new("localhost", A)];
    let mut stream = lanward.client().connect();
    stream.send(&slow.bytes());
    assert!(until(PATIENCE, || upstream.count("slow.example") > 0));
    stream.send(&fast.bytes());
    check(
        &fast,
        &stream
            .receive(Duration::from_millis(500))
            .expect("the local name, at once"),
    );
    gate.open();
    check(&slow, &stream.receive(PATIENCE).expect("the slow name"));
}

#[test]
fn a_hundred_questions_in_one_write() {
    let (upstream, lanward) = start();
    upstream.on(
        "x.example",
        A,
        Response::new(vec![a("x.example", "93.184.216.34")]),
    );
    let queries: Vec<Query> = (0..100)
        .map(|at| Query::new("x.example", A).id(at))
        .collect();
    let bytes: Vec<u8> = queries
        .iter()
        .flat_map(|query| frame(&query.bytes()))
        .collect();
    let mut stream = lanward.client().connect();
    // In two pieces, cut inside a message.
    for piece in bytes.chunks(bytes.len() / 2 + 7) {
        std::io::Write::write_all(&mut stream.stream, piece).unwrap();
    }
    let mut ids = BTreeSet::new();
    for _ in 0..100 {
        let reply = stream.receive(PATIENCE).expect("a reply to each");
        ids.insert(u16::from_be_bytes([reply[0], reply[1]]));
    }
    assert_eq!(ids.len(), 100);
}

#[test]
fn sixteen_in_flight_on_one_connection() {
    let (upstream, lanward) = start();
    let gate = Gate::default();
    gated(&upstream, &gate);
    let mut stream = lanward.client().connect();
    for at in 0..40 {
        stream.send(&Query::new(&format!("n{at}.example"), A).bytes());
    }
    let names = || {
        upstream
            .seen()
            .iter()
            .map(Seen::name)
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert!(until(PATIENCE, || names() >= 16), "{} names", names());
    lanward.client().udp(&Query::new("localhost", A));
    assert_eq!(names(), 16, "the others wait");
    gate.open();
    for _ in 0..40 {
        stream
            .receive(PATIENCE)
            .expect("all are answered in the end");
    }
}

/// Neither saying nothing nor saying half of something keeps a connection for ever.
#[test]
fn idle_connections_are_closed() {
    let (_upstream, lanward) = start();
    let mut silent = lanward.client().connect();
    let mut half = lanward.client().connect();
    std::io::Write::write_all(&mut half.stream, &[0, 40, 1, 2, 3]).unwrap();
    let mut used = lanward.client().connect();
    used.send(&Query::new("localhost", A).bytes());
    assert!(used.receive(PATIENCE).is_some());
    for (what, stream) in [
        ("silent", &mut silent),
        ("half a message", &mut half),
        ("used before", &mut used),
    ] {
        assert!(stream.ends(Duration::from_secs(40)), "{what}");
    }
}

/// How many of the connections still answer. The newest is asked first: when it answers, all before it were accepted, and those
/// that had to make room for it are gone.
fn alive(streams: &mut [Stream]) -> usize {
    let query = Query::new("localhost", A).bytes();
    streams
        .iter_mut()
        .rev()
        .map(|stream| {
            usize::from(stream.try_send(&query) && stream.receive(Duration::from_secs(2)).is_some())
        })
        .sum()
}

fn open(lanward: &Lanward, source: Ipv4Addr, count: usize) -> Vec<Stream> {
    (0..count)
        .filter_map(|_| lanward.client().from(source).try_connect())
        .collect()
}

#[test]
fn one_client_has_at_most_sixteen_connections() {
    let (_upstream, mut lanward) = start();
    let mut greedy = open(&lanward, Ipv4Addr::LOCALHOST, 24);
    let answered = alive(&mut greedy);
    assert!((1..=16).contains(&answered), "{answered} of 24 are served");
    let mut other = open(&lanward, Ipv4Addr::new(127, 0, 0, 3), 1);
    assert_eq!(alive(&mut other), 1, "another client is served");
    drop(greedy);
    let again = until(PATIENCE, || {
        alive(&mut open(&lanward, Ipv4Addr::LOCALHOST, 1)) == 1
    });
    assert!(again, "places become free again");
    lanward.assert_alive();
}

#[test]
fn all_clients_together_have_at_most_256_connections() {
    let (_upstream, mut lanward) = start();
    let mut streams: Vec<Stream> = (1..=20)
        .flat_map(|last| open(&lanward, Ipv4Addr::new(127, 0, 1, last), 16))
        .collect();
    let answered = alive(&mut streams);
    assert!(
        (128..=256).contains(&answered),
        "{answered} of 320 are served"
    );
    lanward.assert_alive();
    drop(streams);
    let again = until(PATIENCE, || {
        alive(&mut open(&lanward, Ipv4Addr::LOCALHOST, 1)) == 1
    });
    assert!(again, "places become free again");
}

/// Somebody who asks for much and reads nothing costs neither memory nor anybody else's time.
#[test]
fn a_slow_reader_hurts_nobody() {
    let (upstream, mut lanward) = start();
    let big = Response::new(
        (0..280)
            .map(|_| txt("big.example", &[&[b'x'; 200]]))
            .collect(),
    );
    let cut = Response {
        flags: crate::support::wire::QR | crate::support::wire::TC,
        ..Response::new(Vec::new())
    };
    upstream.on("big.example", TXT, Behaviour::split(cut.into(), big.into()));
    assert_eq!(
        lanward
            .client()
            .tcp(&Query::new("big.example", TXT))
            .answer
            .len(),
        280
    );
    let before = lanward.rss();
    let mut slow: Vec<Stream> = open(&lanward, Ipv4Addr::new(127, 0, 0, 4), 8);
    for stream in &mut slow {
        stream
            .stream
            .set_write_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        for _ in 0..200 {
            if !stream.try_send(&Query::new("big.example", TXT).bytes()) {
                break;
            }
        }
    }
    for _ in 0..20 {
        lanward.assert_alive();
        assert_eq!(
            lanward
                .client()
                .tcp(&Query::new("big.example", TXT))
                .answer
                .len(),
            280
        );
    }
    assert!(
        lanward.rss() < before + (32 << 20),
        "{} bytes more",
        lanward.rss() - before
    );
}

/// Connections that are reset at once do not end the listener.
#[test]
fn resets_do_not_end_the_listener() {
    let (_upstream, mut lanward) = start();
    for _ in 0..500 {
        if let Some(stream) = lanward.client().try_connect() {
            socket2::SockRef::from(&stream.stream)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
        }
    }
    assert!(until(PATIENCE, || alive(&mut open(
        &lanward,
        Ipv4Addr::LOCALHOST,
        1
    )) == 1));
    lanward.assert_alive();
}

/// How long a connection stays is told to who asks, and where there is a connection (RFC 7828 §3.2).
#[test]
fn who_asks_is_told_how_long_a_connection_stays() {
    const KEEPALIVE: (u16, &[u8]) = (11, &[]);
    let (_upstream, lanward) = start();
    let told = |reply: Reply| {
        let mut options = reply.edns.unwrap().options.into_iter();
        options.find(|(code, _)| *code == KEEPALIVE.0)
    };
    let curious = Query::new("localhost", A).edns(|edns| {
        edns.options = vec![(KEEPALIVE.0, KEEPALIVE.1.to_vec())];
    });
    let tenths = 100_u16.to_be_bytes().to_vec();
    assert_eq!(told(lanward.client().tcp(&curious)), Some((11, tenths)));
    assert_eq!(told(lanward.client().udp(&curious)), None);
    let incurious = Query::new("localhost", A);
    assert_eq!(told(lanward.client().tcp(&incurious)), None);
}
