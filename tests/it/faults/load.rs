//! Many at once: twins are asked once, a failing name is not asked again and again, and a silent upstream holds nobody else up.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::{good, is_right};
use crate::support::client::{PATIENCE, check};
use crate::support::crowd::{Crowd, client};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::upstream::{Act, Behaviour, Gate, Seen, Upstream};
use crate::support::wire::{Query, Response, SERVFAIL};

/// A thousand clients ask for the same name at once, before the upstream answers: it is asked once, and all are answered.
#[test]
fn a_thousand_clients_are_one_question() {
    let upstream = Upstream::start();
    let gate = Gate::default();
    upstream.on(
        "twin.example",
        A,
        Behaviour::from(good("twin.example")).behind(&gate),
    );
    let lanward = Lanward::start(&[upstream.address], "");
    let crowd = Crowd::new(lanward.address);
    let queries: Vec<Query> = (0..1000)
        .map(|number| Query::new("twin.example", A).id(number))
        .collect();
    let packets: Vec<Vec<u8>> = queries.iter().map(Query::bytes).collect();
    let start = Instant::now();
    for (number, packet) in packets.iter().enumerate() {
        crowd.send(client(number), packet);
    }
    let within = start.elapsed();
    assert!(
        crowd.receive(Duration::from_millis(200)).is_none(),
        "nobody is answered before the upstream has spoken"
    );
    gate.open();
    let mut answered = BTreeSet::new();
    for _ in &queries {
        let (from, bytes) = crowd.receive(PATIENCE).expect("a reply to each");
        let number = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        assert!(is_right(&check(&queries[number], &bytes)));
        assert_eq!(from, client(number), "the reply goes to whoever asked");
        answered.insert(number);
    }
    let asked = upstream.count("twin.example");
    println!(
        "figure: 1,000 clients, one uncached name, within {within:.1?}: {asked} question upstream, {} right answers",
        answered.len()
    );
    assert_eq!((asked, answered.len()), (1, 1000));
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
