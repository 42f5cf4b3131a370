//! Names that fail, again and again (RFC 9520).

use super::*;
use crate::support::client::{check, receive};
use crate::support::crowd::{Crowd, client};
use crate::support::upstream::{Act, Seen};
use crate::support::wire::{FORMERR, QR, REFUSED, TC};

/// However a name fails, with options or without, and however often it is asked for, a server hears of it at most three times
/// in any second.
#[test]
fn a_failing_name_is_rarely_asked_for() {
    const MOST: usize = 3;
    let upstreams = [Upstream::without_tcp(), Upstream::start()];
    let lanward = Lanward::start(&upstreams.each_ref().map(|one| one.address), "");
    let cut = Response {
        flags: QR | TC,
        ..Response::new(Vec::new())
    };
    let long = Response {
        trailing: vec![0],
        ..Response::new(Vec::new())
    };
    let wrong_id = Response {
        id_shift: 1,
        ..Response::new(Vec::new())
    };
    let no_edns = Behaviour::new(|seen: &Seen| {
        let rcode = if seen.query.edns.is_some() {
            FORMERR
        } else {
            SERVFAIL
        };
        vec![Act::Send(Response::rcode(rcode).to(&seen.query))]
    });
    let kinds: [(&str, Behaviour); 7] = [
        ("servfail", Response::rcode(SERVFAIL).into()),
        ("refused", Response::rcode(REFUSED).into()),
        ("silent", Behaviour::silent()),
        ("cut", cut.into()),
        ("long", long.into()),
        ("guessed", wrong_id.into()),
        ("no-edns", no_edns),
    ];
    let mut asked = Vec::new();
    for (kind, behaviour) in kinds {
        for options in [false, true] {
            let name = format!("{kind}-{options}.example");
            for upstream in &upstreams {
                upstream.on(&name, A, behaviour.clone());
            }
            let mut query = Query::new(&name, A);
            if options {
                query = query.edns(|edns| edns.options.push((65001, b"x".to_vec())));
            }
            asked.push((name, query, lanward.client().socket()));
        }
    }
    let mut sent = 0;
    until(Duration::from_millis(3500), || {
        for (_, query, socket) in &asked {
            socket.send(&query.bytes()).unwrap();
        }
        sent += 1;
        false
    });
    for (name, query, socket) in &asked {
        let reply = receive(socket, Duration::from_secs(5)).expect("a reply");
        assert!(check(query, &reply).answer.is_empty());
        for upstream in &upstreams {
            let most = most_in_a_second(&upstream.seen(), name);
            assert!(
                (1..=MOST).contains(&most),
                "{name}, asked {sent} times: {most} questions in a second"
            );
        }
    }
}

/// How many questions about a name came in the second with the most of them.
fn most_in_a_second(seen: &[Seen], name: &str) -> usize {
    let seen = seen.iter().filter(|seen| seen.name() == name);
    let times: Vec<Instant> = seen.map(|seen| seen.at).collect();
    let within = |start: &Instant| {
        let end = *start + Duration::from_secs(1);
        times
            .iter()
            .filter(|time| (*start..end).contains(*time))
            .count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

/// Also when the upstream is so quick that its answer meets the burst: who was on the way to ask when it came does not ask again.
#[test]
fn a_burst_is_one_question_however_quick_the_upstream() {
    let upstream = Upstream::start();
    upstream.otherwise(answer(ADDRESSES[0], 60));
    let lanward = Lanward::start(&[upstream.address], "");
    let crowd = Crowd::new(lanward.address);
    for round in 0..40 {
        let name = format!("n{round}.example");
        let fails = round % 2 == 1;
        if fails {
            upstream.on(&name, A, Response::rcode(SERVFAIL));
        }
        let queries: Vec<Query> = (0..1000).map(|id| Query::new(&name, A).id(id)).collect();
        for (number, query) in queries.iter().enumerate() {
            crowd.send(client(number), &query.bytes());
        }
        for _ in &queries {
            let (_, bytes) = crowd.receive(Duration::from_secs(5)).expect("a reply");
            let number = usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
            let reply = check(&queries[number], &bytes);
            assert_eq!(reply.rcode() == SERVFAIL, fails, "{}", reply.summary());
        }
        assert_eq!(upstream.count(&name), 1, "{name}");
    }
}

/// Questions with the same options are twins like others: many at once would help to guess an answer.
#[test]
fn the_same_options_are_the_same_question() {
    let upstream = Upstream::start();
    let gate = crate::support::upstream::Gate::default();
    upstream.otherwise(answer(ADDRESSES[0], 60).behind(&gate));
    let lanward = Lanward::start(&[upstream.address], "");
    let query = |value: &[u8]| {
        Query::new("twin.example", A).edns(|edns| edns.options.push((65001, value.to_vec())))
    };
    let queries: Vec<Query> = (0..30_u8).map(|at| query(&[at % 2])).collect();
    let sockets: Vec<_> = queries
        .iter()
        .map(|query| {
            let socket = lanward.client().socket();
            socket.send(&query.bytes()).unwrap();
            socket
        })
        .collect();
    assert!(until(Duration::from_secs(5), || {
        upstream.count("twin.example") >= 2
    }));
    gate.open();
    for (query, socket) in queries.iter().zip(&sockets) {
        let reply = receive(socket, Duration::from_secs(5)).expect("a reply");
        assert!(is_fresh(&check(query, &reply), ADDRESSES[0]));
    }
    // A slow machine may have let the first attempt go stale.
    let asked = upstream.count("twin.example");
    assert!((2..=4).contains(&asked), "{asked} questions for two");
}
