//! Far ends that prove who they are, and then misbehave.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::with_servers;
use crate::support::authority::{Authority, NAME};
use crate::support::client::frame;
use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::sealed::{Sealed, SealedServer, receive, send};
use crate::support::upstream::Upstream;
use crate::support::wire::{NOERROR, Query, Response, SERVFAIL, text};

/// The truth.
const TRUE: &str = "93.184.216.34";

fn answer(question: &[u8]) -> Vec<u8> {
    let query = Query::parse(question).unwrap();
    let record = a(&text(&query.name), TRUE);
    Response::new(vec![record]).to(&query)
}

/// What a far end may do with a connection on which it was asked something.
type Misbehaviour = fn(&mut Sealed) -> io::Result<()>;

const MISBEHAVIOURS: &[(&str, Misbehaviour)] = &[
    ("says nothing", |stream| {
        loop {
            receive(stream)?;
        }
    }),
    ("closes at once", |_| Ok(())),
    ("closes before the answer", |stream| {
        receive(stream)?;
        stream.conn.send_close_notify();
        stream.flush()
    }),
    ("closes inside the answer", |stream| {
        let framed = frame(&answer(&receive(stream)?));
        stream.write_all(&framed[..framed.len() - 5])?;
        stream.flush()
    }),
    ("says that more comes", |stream| {
        let question = receive(stream)?;
        stream.write_all(&[0xff, 0xff])?;
        stream.write_all(&answer(&question))?;
        stream.flush()?;
        receive(stream).map(drop)
    }),
    ("says that less comes", |stream| {
        let question = receive(stream)?;
        stream.write_all(&[0, 5])?;
        stream.write_all(&answer(&question))?;
        stream.flush()?;
        receive(stream).map(drop)
    }),
    ("answers with other IDs", |stream| {
        let mut other = answer(&receive(stream)?);
        for _ in 0..100 {
            other[1] = other[1].wrapping_add(1);
            if other[1] != 0 {
                send(stream, &other)?;
            }
        }
        receive(stream).map(drop)
    }),
    ("answers another question", |stream| {
        let question = receive(stream)?;
        let mut query = Query::parse(&question).unwrap();
        query.name = crate::support::wire::name("other.example");
        let record = a("other.example", "93.184.216.66");
        send(stream, &Response::new(vec![record]).to(&query))?;
        receive(stream).map(drop)
    }),
    ("answers with a cut message", |stream| {
        let mut cut = answer(&receive(stream)?);
        cut[2] |= 2;
        send(stream, &cut)?;
        receive(stream).map(drop)
    }),
];

#[test]
fn a_second_server_hides_what_the_first_does() {
    let authority = Authority::new();
    for (what, misbehave) in MISBEHAVIOURS {
        let bad = SealedServer::start(&authority, *misbehave);
        let good = SealedServer::start(&authority, serve);
        let lanward = with_servers(&authority, &[&bad.server, &good.server]);
        for at in 0..4 {
            let began = Instant::now();
            let reply = lanward
                .client()
                .udp(&Query::new(&format!("n{at}.example"), A));
            let took = began.elapsed();
            assert_eq!(
                reply.addresses(),
                [TRUE.parse::<std::net::IpAddr>().unwrap()],
                "{what}: {}",
                reply.summary()
            );
            assert!(took <= Duration::from_secs(1), "{what}: {took:?}");
        }
    }
}

/// Alone, it is a failure that says why; and an end of it once the server behaves.
#[test]
fn alone_it_is_a_failure() {
    let authority = Authority::new();
    thread::scope(|scope| {
        for (what, misbehave) in MISBEHAVIOURS {
            let authority = &authority;
            scope.spawn(move || {
                let bad = SealedServer::start(authority, *misbehave);
                let lanward = with_servers(authority, &[&bad.server]);
                let began = Instant::now();
                let reply = lanward.client().udp(&Query::new("n.example", A));
                assert_eq!(reply.rcode(), SERVFAIL, "{what}: {}", reply.summary());
                assert!(
                    began.elapsed() <= Duration::from_secs(5),
                    "{what}: {:?}",
                    began.elapsed()
                );
                assert!(bad.connections() <= 6, "{what}: {}", bad.connections());
            });
        }
    });
}

/// Answers everything.
fn serve(stream: &mut Sealed) -> io::Result<()> {
    loop {
        let question = receive(stream)?;
        send(stream, &answer(&question))?;
    }
}

/// What is in a question must not show in its length (RFC 8467), nor where it is from (RFC 7871); keep-alive is asked for over TLS
/// (RFC 7828); and nothing of it reaches the client, or any server over UDP.
#[test]
fn questions_are_padded_and_tell_nothing_else() {
    let authority = Authority::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writing = Arc::clone(&seen);
    let far = SealedServer::start(&authority, move |stream| {
        loop {
            let question = receive(stream)?;
            let query = Query::parse(&question).unwrap();
            let record = a(&text(&query.name), TRUE);
            let mut response = Response::new(vec![record]);
            let edns = response.edns.as_mut().unwrap();
            edns.options = vec![(11, vec![0, 100]), (12, vec![0; 50])];
            writing.lock().unwrap().push(question);
            send(stream, &response.to(&query))?;
        }
    });
    let lanward = with_servers(&authority, &[&far.server]);
    let names = ["a.example", "a-much-longer-name-than-the-first.example"];
    for name in names {
        let query = Query::new(name, A).edns(|edns| {
            // A client's own subnet, cookie, padding and a private option.
            edns.options = vec![
                (8, vec![0, 1, 24, 0, 192, 0, 2]),
                (10, vec![1; 8]),
                (12, vec![0; 3]),
                (65001, vec![7]),
            ];
        });
        let reply = lanward.client().udp(&query);
        assert_eq!(reply.rcode(), NOERROR, "{}", reply.summary());
        let options = reply.edns.unwrap().options;
        assert!(
            options.iter().all(|(code, _)| !matches!(code, 11 | 12)),
            "{options:?}"
        );
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), names.len());
    for (question, name) in seen.iter().zip(names) {
        assert_eq!(question.len() % 128, 0, "{} octets", question.len());
        let query = Query::parse(question).unwrap();
        let codes: Vec<u16> = (query.edns.unwrap().options.iter())
            .map(|(code, _)| *code)
            .collect();
        assert_eq!(codes, [65001, 11, 12]);
        // Letters in random case guard nothing here.
        let written = crate::support::wire::name(name);
        assert!(question.windows(written.len()).any(|part| part == written));
    }
    let plain = Upstream::start();
    let lanward = Lanward::start(&[plain.address], "");
    lanward.client().udp(&Query::new("a.example", A));
    let options = plain.seen()[0].query.edns.clone().unwrap().options;
    assert_eq!(options, []);
}

/// The server of somebody else is told nothing.
#[test]
fn a_stranger_is_not_asked() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let far = SealedServer::start(&stranger, serve);
    let renamed = SealedServer::start(&authority, serve);
    let renamed = renamed.server.replace(NAME, "other.example");
    for server in [&far.server, &renamed] {
        let lanward = with_servers(&authority, &[server]);
        let reply = lanward.client().udp(&Query::new("n.example", A));
        assert_eq!(reply.rcode(), SERVFAIL, "{}", reply.summary());
        lanward.line(&["no upstream server answered", "certificate"]);
    }
}
