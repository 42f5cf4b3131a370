//! The front door: what it answers, with which code, how large, to whom, and what it never answers.

mod flood;
mod tcp;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::support::client::{Client, PATIENCE, receive};
use crate::support::lanward::Lanward;
use crate::support::records::{A, ANY, AXFR, HINFO, IXFR, TXT, a, txt};
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{
    AD, BADVERS, CH, FORMERR, NOERROR, NOTIMP, NXDOMAIN, QR, Query, RD, REFUSED, Response, TC,
    message, name,
};

fn start() -> (Upstream, Lanward) {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    (upstream, lanward)
}

/// Sends raw bytes over UDP and over TCP and reads the replies.
fn both(lanward: &Lanward, bytes: &[u8]) -> [Reply; 2] {
    let udp = lanward
        .client()
        .try_udp(bytes, PATIENCE)
        .expect("a reply over UDP");
    let mut stream = lanward.client().connect();
    stream.send(bytes);
    let tcp = stream.receive(PATIENCE).expect("a reply over TCP");
    [udp, tcp].map(|bytes| Reply::parse(&bytes).unwrap())
}

#[test]
fn codes_at_the_edges_of_the_protocol() {
    let (upstream, lanward) = start();
    let asked = Query::new("x.example", A);
    let with =
        |questions: &[Vec<u8>], flags| message([asked.id, flags], questions, [&[], &[], &[]]);
    let one = asked.question();
    let cases = [
        ("no question", with(&[], RD), FORMERR),
        (
            "two questions",
            with(&[one.clone(), one.clone()], RD),
            FORMERR,
        ),
        (
            "opcode 1, inverse",
            with(std::slice::from_ref(&one), 0x0800),
            NOTIMP,
        ),
        (
            "opcode 4, notify",
            with(std::slice::from_ref(&one), 0x2000),
            NOTIMP,
        ),
        (
            "opcode 5, update",
            with(std::slice::from_ref(&one), 0x2800),
            NOTIMP,
        ),
        (
            "EDNS version 1",
            asked.clone().edns(|edns| edns.version = 1).bytes(),
            BADVERS,
        ),
        (
            "AXFR",
            Query::new("x.example", AXFR).id(asked.id).bytes(),
            REFUSED,
        ),
        (
            "IXFR",
            Query::new("x.example", IXFR).id(asked.id).bytes(),
            REFUSED,
        ),
        (
            "class CH, another name",
            Query::new("x.example", TXT).class(CH).id(asked.id).bytes(),
            REFUSED,
        ),
        ("RD=0, not local", asked.clone().flags(0).bytes(), REFUSED),
    ];
    for (what, bytes, rcode) in cases {
        for reply in both(&lanward, &bytes) {
            assert_eq!(
                (reply.id, reply.rcode()),
                (asked.id, rcode),
                "{what}: {}",
                reply.summary()
            );
            assert!(
                reply.has(QR) && reply.answer.is_empty(),
                "{what}: {}",
                reply.summary()
            );
            assert_eq!(
                reply.flags & 0x7800,
                u16::from_be_bytes([bytes[2], bytes[3]]) & 0x7800,
                "{what}: the opcode comes back"
            );
            // The last byte of the header counts the records at the end: one, if the query has an OPT (RFC 6891, section 6.1.1).
            assert_eq!(
                reply.edns.is_some(),
                bytes[11] == 1,
                "{what}: {}",
                reply.summary()
            );
            assert!(reply.edns.is_none_or(|edns| edns.version == 0), "{what}");
        }
    }
    assert!(
        upstream.seen().is_empty(),
        "none of these reaches the upstream"
    );
}

#[test]
fn any_is_answered_small() {
    let (upstream, lanward) = start();
    upstream.on(
        "x.example",
        ANY,
        Response::new((0..50).map(|_| txt("x.example", &[&[b'x'; 200]])).collect()),
    );
    for tcp in [false, true] {
        let reply = lanward.client().ask(&Query::new("x.example", ANY), tcp);
        assert_eq!(
            (reply.rcode(), reply.answer.len(), reply.answer[0].rtype),
            (NOERROR, 1, HINFO)
        );
        assert!(reply.bytes.len() <= 512 && upstream.seen().is_empty());
    }
}

#[test]
fn it_says_what_it_is() {
    let (_upstream, lanward) = start();
    for name in ["version.bind", "version.server", "VERSION.bind"] {
        let reply = lanward.client().udp(&Query::new(name, TXT).class(CH));
        assert_eq!(
            (reply.rcode(), reply.answer.len()),
            (NOERROR, 1),
            "{}",
            reply.summary()
        );
        assert_eq!((reply.answer[0].rtype, reply.answer[0].class), (TXT, CH));
    }
}

/// Names that never leave the network are answered without recursion being desired, too.
#[test]
fn local_names_need_no_recursion_and_no_upstream() {
    let (upstream, lanward) = start();
    let plex = format!("10-0-0-1.{:032x}.plex.direct", 7);
    for (name, rcode) in [
        ("localhost", NOERROR),
        (plex.as_str(), NOERROR),
        ("x.invalid", NXDOMAIN),
        ("x.onion", NXDOMAIN),
    ] {
        for flags in [0, RD] {
            let reply = lanward.client().udp(&Query::new(name, A).flags(flags));
            assert_eq!(reply.rcode(), rcode, "{name}: {}", reply.summary());
            assert_eq!(reply.has(RD), flags & RD != 0, "RD comes back");
        }
    }
    assert!(upstream.seen().is_empty());
}

/// A response is never answered, nor is what is too short to be a message: two resolvers could go on for ever.
#[test]
fn responses_and_scraps_are_not_answered() {
    let (upstream, mut lanward) = start();
    let socket = lanward.client().socket();
    let valid =
        Response::new(vec![a("x.example", "93.184.216.34")]).to(&Query::new("x.example", A));
    let malformed = [&valid[..12], &[0xc0, 0x0c, 0xff]].concat();
    let query = Query::new("localhost", A);
    for round in 0..10_000_usize {
        let scrap = &valid[..round % 12];
        socket
            .send(if round % 2 == 0 { &valid } else { &malformed })
            .unwrap();
        socket.send(scrap).unwrap();
        if round % 64 == 0 {
            // A question in between keeps the queue short; its answer is the only one.
            socket.send(&query.bytes()).unwrap();
            let bytes = receive(&socket, PATIENCE).expect("the answer to the question");
            assert_eq!(bytes[..2], query.id.to_be_bytes());
        }
    }
    lanward.assert_alive();
    assert_eq!(receive(&socket, Duration::from_millis(200)), None);
    assert!(upstream.seen().is_empty());
}

#[test]
fn strangers_get_nothing() {
    let upstream = Upstream::start();
    let lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nallow = [\"127.0.0.1/32\"]\n[upstream]\nservers = [\"{}\"]\n",
        upstream.address
    ));
    let stranger = lanward.client().from(Ipv4Addr::new(127, 0, 0, 2));
    let query = Query::new("localhost", A);
    let silent = stranger.socket();
    silent.send(&query.bytes()).unwrap();
    if let Some(mut stream) = stranger.try_connect() {
        let sent = stream.try_send(&query.bytes());
        assert!(
            !sent || stream.receive(PATIENCE).is_none(),
            "no answer over TCP"
        );
        assert!(
            stream.ends(Duration::from_secs(2)),
            "the connection is closed"
        );
    }
    assert_eq!(
        lanward.client().udp(&query).answer.len(),
        1,
        "a friend is answered"
    );
    assert_eq!(
        receive(&silent, Duration::from_millis(100)),
        None,
        "a stranger is not"
    );
}

/// Listening on all addresses, the answer comes from the one that was asked; a connected socket takes no other.
#[test]
fn the_answer_comes_from_where_the_question_went() {
    let upstream = Upstream::start();
    let lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"0.0.0.0:0\"]\nallow = [\"loopback\"]\n[upstream]\nservers = [\"{}\"]\n",
        upstream.address
    ));
    upstream.on(
        "x.example",
        A,
        Response::new(vec![a("x.example", "93.184.216.34")]),
    );
    for last in [1, 5, 200] {
        let client = Client::new(SocketAddr::from((
            [127, 0, 0, last],
            lanward.address.port(),
        )));
        assert_eq!(client.udp(&Query::new("localhost", A)).answer.len(), 1);
        assert_eq!(client.udp(&Query::new("x.example", A)).answer.len(), 1);
    }
}

#[test]
fn what_does_not_fit_is_truncated_to_nothing() {
    let (upstream, lanward) = start();
    let sized = |name: &str, strings: usize| -> Vec<_> {
        (0..strings).map(|_| txt(name, &[&[b'x'; 180]])).collect()
    };
    for (name, strings) in [
        ("small.example", 2),
        ("middle.example", 4),
        ("large.example", 12),
        ("huge.example", 280),
    ] {
        let whole = Response::new(sized(name, strings));
        let cut = Response {
            flags: QR | TC,
            ..Response::new(Vec::new())
        };
        let udp = if strings > 6 { cut } else { whole.clone() };
        upstream.on(name, TXT, Behaviour::split(udp.into(), whole.into()));
    }
    let client = lanward.client();
    let payload = |size: u16| move |query: Query| query.edns(|edns| edns.payload = size);
    // Name, size that the client says it takes (0: no EDNS), whether all of it fits.
    let cases = [
        ("small.example", 0, true),
        ("small.example", 100, true),
        ("middle.example", 0, false),
        ("middle.example", 512, false),
        ("middle.example", 1232, true),
        ("large.example", 1232, false),
        ("large.example", 4096, false),
        ("large.example", 65535, false),
        ("huge.example", 65535, false),
    ];
    for _ in 0..2 {
        for (name, size, fits) in cases {
            let query = Query::new(name, TXT);
            let reply = client.udp(&if size == 0 {
                query.plain()
            } else {
                payload(size)(query)
            });
            assert!(
                reply.bytes.len() <= usize::from(size.clamp(512, 1232)),
                "{name} {size}: {} bytes",
                reply.bytes.len()
            );
            assert_eq!(reply.has(TC), !fits, "{name} {size}: {}", reply.summary());
            assert_eq!(
                reply.records().count() > 0,
                fits,
                "{name} {size}: all or nothing"
            );
        }
        assert_eq!(
            client.tcp(&Query::new("huge.example", TXT)).answer.len(),
            280
        );
    }
}

#[test]
fn flags_of_the_question_come_back_as_they_should() {
    let (upstream, lanward) = start();
    upstream.on(
        "x.example",
        A,
        Response::new(vec![a("x.example", "93.184.216.34")]),
    );
    let reply = lanward
        .client()
        .udp(&Query::new("x.example", A).flags(RD | AD | 0x0040));
    assert!(
        reply.has(RD) && !reply.has(AD) && !reply.has(0x0040),
        "{:04x}: Z stays clear",
        reply.flags
    );
    let root = lanward.client().udp(&Query::new("", A));
    assert_eq!(root.questions[0].0, name(""));
}

#[test]
fn sigterm_ends_it_properly() {
    let (upstream, lanward) = start();
    upstream.otherwise(Behaviour::silent());
    let socket = lanward.client().socket();
    for number in 0..50 {
        socket
            .send(&Query::new(&format!("n{number}.example"), A).bytes())
            .unwrap();
    }
    assert!(until(Duration::from_secs(5), || upstream.seen().len() >= 50));
    lanward.stop();
}
