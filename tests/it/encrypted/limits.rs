//! Limits under attack: old connections make room, new clients are served at every door, and memory stays.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{slice, thread};

use socket2::SockRef;

use super::{DECODED, House, runtime};
use crate::support::authority::NAME;
use crate::support::caller::{Caller, Door};
use crate::support::client::frame as message;
use crate::support::peers::installed;
use crate::support::records::{A, TXT, txt};
use crate::support::siege::{
    CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS, Sealed, besiege,
    connect, fields, flood, frame, garbage, have_files, hello, initials, open, preface, quic,
    request, sealed, source,
};
use crate::support::until;
use crate::support::upstream::Behaviour;
use crate::support::wire::{QR, Query, RA, Response, TC};

/// Connections of all clients, and of one.
const ALL: usize = 256;
const OF_ONE: usize = 16;
/// How much more memory an attack may take.
const MEMORY: usize = 64 << 20;
const PATIENCE: Duration = Duration::from_secs(10);
/// The client that is to be served whatever others do.
const GOOD: Ipv4Addr = Ipv4Addr::new(127, 0, 9, 9);

/// Attacks, looks at the memory while the attack lasts, and has a new client served at every door.
fn withstand<T>(attack: impl FnOnce(&House) -> T) {
    // What the cache takes is bounded by itself.
    let mut house = House::with("[cache]\nsize = \"1MiB\"\n");
    let before = house.lanward.rss();
    let attackers = attack(&house);
    house.lanward.assert_alive();
    for door in Door::ALL {
        let server = door.of(&house.lanward);
        let caller = Caller::connect(door, server, &house.authority, GOOD);
        let query = Query::new(DECODED, A).bytes();
        let reply = caller.ask(&query).unwrap();
        assert_eq!(reply[3] & 15, 0, "{door:?}");
    }
    let grown = house.lanward.rss().saturating_sub(before);
    assert!(grown <= MEMORY, "{grown} octets more");
    drop(attackers);
}

/// A thousand connections that say these words and no more, at both doors of streams.
fn besieged(words: impl Fn(&House) -> Vec<u8>) {
    withstand(|house| {
        let words = words(house);
        [house.tls(), house.https()].map(|door| {
            let mut streams = besiege(door, 1000, &words);
            let mut left = 0;
            let bounded = until(PATIENCE, || {
                left = open(&mut streams);
                left <= ALL
            });
            assert!(bounded, "{left} of 1000 connections are kept");
            streams
        })
    });
}

#[test]
fn silent_connections_make_room() {
    besieged(|_| Vec::new());
}

#[test]
fn half_handshakes_make_room() {
    besieged(|house| {
        let hello = hello(&house.authority);
        hello[..hello.len() / 2].to_vec()
    });
}

#[test]
fn one_client_has_its_share_at_all_doors_together() {
    withstand(|house| {
        let greedy = Ipv4Addr::new(127, 0, 3, 1);
        let mut streams: Vec<_> = [house.tls(), house.https()]
            .iter()
            .flat_map(|door| (0..20).map(|_| connect(*door, greedy).unwrap()))
            .collect();
        let mut left = 0;
        let bounded = until(PATIENCE, || {
            left = open(&mut streams);
            left <= OF_ONE
        });
        assert!(bounded, "{left} of 40 connections are kept");
        streams
    });
}

/// Half a handshake is no reason to wait for long.
#[test]
fn a_handshake_has_five_seconds() {
    withstand(|house| {
        let hello = hello(&house.authority);
        let mut streams = besiege(house.tls(), 2, &hello[..hello.len() / 2]);
        streams.extend(besiege(house.https(), 2, &hello[..hello.len() / 2]));
        assert_eq!(open(&mut streams), 4);
        assert!(until(PATIENCE, || open(&mut streams) == 0));
    });
}

/// Other octets than TLS, alerts for ever, and records that are too long.
#[test]
fn garbage_for_tls_ends_the_connection() {
    withstand(|house| {
        let alerts = [0x15, 3, 3, 0, 2, 1, 90].repeat(1000);
        let hello = hello(&house.authority);
        let after_hello = [&hello[..], &alerts].concat();
        let long = [&[0x16, 3, 3, 0xff, 0xff][..], &vec![0; 70_000]].concat();
        let http = b"GET / HTTP/1.1\r\nHost: dns.example\r\n\r\n".to_vec();
        let dns = message(&Query::new(DECODED, A).bytes());
        for (what, words) in [
            ("alerts", alerts),
            ("alerts after the hello", after_hello),
            ("a long record", long),
            ("HTTP", http),
            ("DNS", dns),
        ] {
            for door in [house.tls(), house.https()] {
                let mut streams = besiege(door, 1, &words);
                assert!(until(PATIENCE, || open(&mut streams) == 0), "{what}");
            }
        }
    });
}

/// A client of TLS 1.2 that wants to negotiate anew is told no, or goes.
#[test]
fn nothing_is_negotiated_twice() {
    if !installed("nothing_is_negotiated_twice", "openssl", "openssl") {
        return;
    }
    withstand(|house| {
        for door in [house.tls(), house.https()] {
            let client = format!("exec openssl s_client -tls1_2 -connect {door} 2>&1");
            let mut child = Command::new("sh")
                .args(["-c", &client])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut input = child.stdin.take().unwrap();
            input.write_all(b"R\n").unwrap();
            let mut said = String::new();
            for line in BufReader::new(child.stdout.take().unwrap()).lines() {
                said += &(line.unwrap() + "\n");
                if said.contains("no renegotiation") {
                    break;
                }
            }
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(said.contains("Cipher is ECDHE"), "{said}");
            assert!(said.contains("RENEGOTIATING"), "{said}");
            assert!(said.contains("no renegotiation"), "{said}");
        }
    });
}

/// HTTP/2 to the door for HTTPS, after the preface.
fn http2(house: &House, at: usize) -> Sealed {
    let mut stream = sealed(house.https(), source(at), &house.authority, b"h2").unwrap();
    stream.write_all(&preface()).unwrap();
    stream
}

#[test]
fn heads_have_an_end() {
    withstand(|house| {
        let mut stream = sealed(house.https(), source(0), &house.authority, b"http/1.1").unwrap();
        let start = b"GET /dns-query HTTP/1.1\r\nHost: dns.example\r\n";
        stream.write_all(start).unwrap();
        let field = format!("X-Long: {}\r\n", "x".repeat(1000)).into_bytes();
        let taken = flood(&mut stream, 16 << 20, |_| field.clone());
        assert!(taken < 4 << 20, "{taken} octets of a head in HTTP/1.1");

        let mut stream = http2(house, 1);
        let begin = frame(HEADERS, END_STREAM, 1, &fields());
        stream.write_all(&begin).unwrap();
        // A field that is not to be kept: name and value as they are.
        let field = [&[0x10, 1, b'x', 0x7f, 0x81, 0x7f][..], &[b'y'; 16_384 - 6]].concat();
        let more = frame(CONTINUATION, 0, 1, &field);
        let taken = flood(&mut stream, 64 << 20, |_| more.clone());
        assert!(taken < 16 << 20, "{taken} octets of a head in HTTP/2");
    });
}

/// Heads of many short fields, for bodies that do not come: all that one client may have.
#[test]
fn heads_are_not_kept() {
    withstand(|house| {
        let fields = (0..430).fold(fields(), |mut fields, at| {
            fields.extend([0, 4]);
            fields.extend(format!("x{at:03}").bytes());
            fields.push(0);
            fields
        });
        let heads: Vec<u8> = (0..100)
            .flat_map(|number| frame(HEADERS, END_HEADERS, 2 * number + 1, &fields))
            .collect();
        let streams = [(); OF_ONE].map(|()| {
            let mut stream = http2(house, 0);
            stream.write_all(&heads).unwrap();
            stream.write_all(&frame(PING, 0, 0, b"12345678")).unwrap();
            stream.flush().unwrap();
            stream
        });
        // When it does no more, it has read all of them.
        let mut last = house.lanward.processor_time();
        until(PATIENCE, || {
            thread::sleep(Duration::from_millis(100));
            let now = house.lanward.processor_time();
            std::mem::replace(&mut last, now) == now
        });
        streams
    });
}

#[test]
fn small_continuations_have_an_end() {
    withstand(|house| {
        let mut stream = http2(house, 0);
        let begin = frame(HEADERS, END_STREAM, 1, &fields());
        stream.write_all(&begin).unwrap();
        let nothing = frame(CONTINUATION, 0, 1, &[]).repeat(1000);
        let taken = flood(&mut stream, 64 << 20, |_| nothing.clone());
        assert!(
            taken < 16 << 20,
            "{taken} octets of frames with nothing in them"
        );
    });
}

#[test]
fn requests_that_are_taken_back_cost_little() {
    withstand(|house| {
        house.upstream.otherwise(Behaviour::silent());
        let mut stream = http2(house, 0);
        flood(&mut stream, 16 << 20, |at| {
            let number = 2 * at + 1;
            let question = Query::new(&format!("n{at}.example"), A).bytes();
            let reset = frame(RST_STREAM, 0, number, &8_u32.to_be_bytes());
            [request(number, &question), reset].concat()
        });
        stream
    });
}

#[test]
fn frames_that_want_a_reply_wait_for_it() {
    withstand(|house| {
        let ping = frame(PING, 0, 0, b"12345678").repeat(1000);
        let settings = frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9]).repeat(1000);
        [ping, settings].map(|frames| {
            let mut stream = http2(house, 0);
            let taken = flood(&mut stream, 64 << 20, |_| frames.clone());
            assert!(taken < 64 << 20, "{taken} octets, and no reply was read");
            stream
        })
    });
}

/// Clients that ask for much and read nothing, with all connections that there may be.
#[test]
fn slow_readers_are_not_read_for() {
    let big = Query::new("big.example", TXT).id(0).bytes();
    withstand(|house| {
        know_big(house);
        let slow = |at: usize| {
            let client = source(at / OF_ONE);
            let (mut stream, words) = if at.is_multiple_of(2) {
                let stream = sealed(house.https(), client, &house.authority, b"h2").unwrap();
                let requests = (0..100).flat_map(|number| request(2 * number + 1, &big));
                (stream, preface().into_iter().chain(requests).collect())
            } else {
                let stream = sealed(house.tls(), client, &house.authority, b"dot").unwrap();
                (stream, message(&big).repeat(100))
            };
            let wait = Some(Duration::from_millis(200));
            stream.sock.set_write_timeout(wait).unwrap();
            drop(stream.write_all(&words).and_then(|()| stream.flush()));
            stream
        };
        let streams: Vec<Sealed> = (0..ALL).map(slow).collect();
        rest(house);
        streams
    });
}

/// The same with answers that are not in the cache, each for a question of its own.
#[test]
fn slow_readers_of_fresh_answers_are_not_read_for() {
    withstand(|house| {
        let fresh = Behaviour::new(|seen| Behaviour::from(long(&seen.name())).acts(seen));
        house
            .upstream
            .otherwise(Behaviour::split(cut().into(), fresh));
        let slow = |at: usize| {
            let client = source(at / OF_ONE);
            let mut stream = sealed(house.tls(), client, &house.authority, b"dot").unwrap();
            let sock = SockRef::from(&stream.sock);
            sock.set_recv_buffer_size(4096).unwrap();
            let wait = Some(Duration::from_millis(200));
            stream.sock.set_write_timeout(wait).unwrap();
            let name = |number: usize| format!("n{number}.c{at}.example");
            let words: Vec<u8> = (0..100)
                .flat_map(|number| message(&Query::new(&name(number), TXT).bytes()))
                .collect();
            drop(stream.write_all(&words).and_then(|()| stream.flush()));
            stream
        };
        let streams: Vec<Sealed> = (0..ALL / 4).map(slow).collect();
        rest(house);
        streams
    });
}

/// The same over QUIC, where each stream says that it takes one octet.
#[test]
fn slow_readers_of_quic_are_not_read_for() {
    let big = message(&Query::new("big.example", TXT).id(0).bytes());
    withstand(|house| {
        know_big(house);
        let runtime = runtime();
        let mut transport = quinn::TransportConfig::default();
        transport.stream_receive_window(1_u32.into());
        let mut config = quic(&house.authority);
        config.transport_config(Arc::new(transport));
        let slow = async |at: usize| {
            let endpoint = quinn::Endpoint::client((source(at / OF_ONE), 0).into()).unwrap();
            let connecting = endpoint.connect_with(config.clone(), house.quic(), NAME);
            let connection = connecting.unwrap().await.unwrap();
            let mut streams = Vec::new();
            for _ in 0..100 {
                let (mut send, receive) = connection.open_bi().await.unwrap();
                send.write_all(&big).await.unwrap();
                send.finish().unwrap();
                streams.push((send, receive));
            }
            (endpoint, connection, streams)
        };
        let connections = runtime.block_on(async {
            let mut connections = Vec::new();
            for at in 0..ALL / 4 {
                connections.push(slow(at).await);
            }
            connections
        });
        rest(house);
        (connections, runtime)
    });
}

/// Waits until the program has nothing more to do: then all is taken that an attack takes.
fn rest(house: &House) {
    let mut last = house.lanward.processor_time();
    until(PATIENCE, || {
        thread::sleep(Duration::from_millis(200));
        let now = house.lanward.processor_time();
        let rests = now == last;
        last = now;
        rests
    });
}

/// A name whose answer is nearly as long as answers can be, in the cache.
fn know_big(house: &House) {
    let whole = Behaviour::split(cut().into(), long("big.example").into());
    house.upstream.on("big.example", TXT, whole);
    let reply = house.lanward.client().tcp(&Query::new("big.example", TXT));
    assert_eq!(reply.answer.len(), 280);
}

fn long(name: &str) -> Response {
    let text = || txt(name, &[&[b'x'; 200]]);
    Response::new((0..280).map(|_| text()).collect())
}

fn cut() -> Response {
    Response {
        flags: QR | RA | TC,
        ..Response::new(Vec::new())
    }
}

#[test]
fn datagrams_that_are_no_quic_cost_nothing() {
    withstand(|house| garbage(house.quic(), 10_000));
}

/// Whoever does not come again with the token that it got takes no seat.
#[test]
fn beginnings_of_quic_take_no_seat() {
    withstand(|house| {
        let beginnings = initials(&house.authority, 1000);
        have_files();
        let mut stream = sealed(house.tls(), GOOD, &house.authority, b"dot").unwrap();
        for (at, octets) in beginnings.iter().enumerate() {
            let socket = UdpSocket::bind((source(at), 0)).unwrap();
            socket.send_to(octets, house.quic()).unwrap();
        }
        house.lanward.client().udp(&Query::new("localhost", A));
        assert_eq!(open(slice::from_mut(&mut stream.sock)), 1);
    });
}
