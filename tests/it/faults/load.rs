//! Many at once: twins are asked once, a failing name is not asked again and again, and a silent upstream holds nobody else up.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::{good, is_right};
use crate::support::client::{PATIENCE, check, receive};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::upstream::{Act, Behaviour, Seen, Upstream};
use crate::support::wire::{Query, Response, SERVFAIL};

/// A thousand clients ask for the same name while the upstream thinks: it is asked once, and all are answered.
#[test]
fn a_thousand_twins_are_one_question() {
    let upstream = Upstream::start();
    let slow = Behaviour::silent().then(Duration::from_millis(300), good("twin.example").into());
    upstream.on("twin.example", A, slow);
    let lanward = Lanward::start(&[upstream.address], "");
    let sockets: Vec<_> = (1..=100)
        .map(|host| {
            lanward
                .client()
                .from(Ipv4Addr::new(127, 0, 2, host))
                .socket()
        })
        .collect();
    let queries: Vec<Query> = (0..1000).map(|_| Query::new("twin.example", A)).collect();
    for (query, socket) in queries.iter().zip(sockets.iter().cycle()) {
        socket.send(&query.bytes()).unwrap();
    }
    for socket in &sockets {
        for _ in 0..10 {
            let bytes = receive(socket, PATIENCE).expect("a reply to each");
            let query = queries
                .iter()
                .find(|query| query.id.to_be_bytes() == bytes[..2])
                .expect("our ID");
            assert!(is_right(&check(query, &bytes)));
        }
    }
    assert_eq!(upstream.count("twin.example"), 1);
}

/// RFC 9520: a failure is remembered for at least a second.
#[test]
fn a_failing_name_is_not_asked_again_and_again() {
    let upstream = Upstream::start();
    upstream.on("broken.example", A, Response::rcode(SERVFAIL));
    let lanward = Lanward::start(&[upstream.address], "");
    let start = Instant::now();
    for _ in 0..2000 {
        assert_eq!(
            lanward
                .client()
                .udp(&Query::new("broken.example", A))
                .rcode(),
            SERVFAIL
        );
    }
    let windows = start.elapsed().as_secs() as usize + 1;
    let asked = upstream.count("broken.example");
    assert!(asked <= 6 * windows, "{asked} questions in {windows} s");
}

/// What one client's options made the upstream refuse is no failure of the name for others.
#[test]
fn odd_options_spoil_a_name_for_nobody_else() {
    let upstream = Upstream::start();
    let odd = Behaviour::new(|seen: &Seen| {
        let edns = seen.query.edns.as_ref();
        let options = edns.is_some_and(|edns| edns.options.iter().any(|(code, _)| *code == 65001));
        let response = if options {
            Response::rcode(SERVFAIL)
        } else {
            good("odd.example")
        };
        vec![Act::Send(response.to(&seen.query))]
    });
    upstream.on("odd.example", A, odd);
    let lanward = Lanward::start(&[upstream.address], "");
    let with_option =
        Query::new("odd.example", A).edns(|edns| edns.options.push((65001, b"x".to_vec())));
    assert_eq!(lanward.client().udp(&with_option).rcode(), SERVFAIL);
    assert!(is_right(
        &lanward.client().udp(&Query::new("odd.example", A))
    ));
}

/// Two thousand names that nobody answers: what is known is answered all the while, and the program does not grow.
#[test]
fn a_black_hole_holds_nobody_up() {
    let upstream = Upstream::start();
    upstream.otherwise(Behaviour::silent());
    upstream.on("known.example", A, good("known.example"));
    let mut lanward = Lanward::start(&[upstream.address], "");
    assert!(is_right(
        &lanward.client().udp(&Query::new("known.example", A))
    ));
    let before = lanward.rss();
    let flood = lanward.client().from(Ipv4Addr::new(127, 0, 0, 50)).socket();
    let mut slowest = Duration::ZERO;
    for number in 0..2000 {
        flood
            .send(&Query::new(&format!("n{number}.hole.example"), A).bytes())
            .unwrap();
        if number % 20 == 0 {
            let start = Instant::now();
            assert!(is_right(
                &lanward.client().udp(&Query::new("known.example", A))
            ));
            slowest = slowest.max(start.elapsed());
        }
    }
    assert!(
        slowest < Duration::from_millis(500),
        "{slowest:?} for a cached name"
    );
    assert!(
        lanward.rss() < before + (64 << 20),
        "{} bytes more",
        lanward.rss() - before
    );
    lanward.assert_alive();
}
