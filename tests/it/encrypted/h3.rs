//! DNS over HTTPS with HTTP/3 (RFC 8484, RFC 9114).

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use h3::client::SendRequest;
use h3_quinn::OpenStreams;
use hickory_net::h3::H3ClientStream;
use hickory_net::quic::QuicClientStream;
use hickory_net::xfer::DnsRequestSender;
use hickory_proto::op::{DnsRequest, DnsRequestOptions, Message};
use http::{Request, Response};
use quinn::{Connection, RecvStream, TransportConfig, VarInt};
use tokio::time::timeout;

use super::https::get;
use super::quic::{connect, connect_with, ended};
use super::{DECODED, House, answered, runtime};
use crate::support::authority::NAME;
use crate::support::client::PATIENCE;
use crate::support::records::A;
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::wire::{QR, Query};

const MESSAGE: &str = "application/dns-message";

/// Begins HTTP/3.
async fn open(house: &House) -> (Connection, SendRequest<OpenStreams, Bytes>) {
    let quic = connect(house, house.h3(), b"h3").await;
    let connection = h3_quinn::Connection::new(quic.clone());
    let (mut driver, send) = h3::client::new(connection).await.unwrap();
    tokio::spawn(async move { driver.wait_idle().await });
    (quic, send)
}

/// Sends a request; the future gives its response.
async fn begin(
    send: &SendRequest<OpenStreams, Bytes>,
    request: Request<Vec<u8>>,
) -> impl Future<Output = Response<Vec<u8>>> + use<> {
    let (head, body) = request.into_parts();
    let mut send = send.clone();
    let mut stream = (send.send_request(Request::from_parts(head, ())).await).unwrap();
    if !body.is_empty() {
        stream.send_data(body.into()).await.unwrap();
    }
    stream.finish().await.unwrap();
    async move {
        let _kept = send;
        let response = timeout(PATIENCE, stream.recv_response()).await;
        let (head, ()) = response.unwrap().unwrap().into_parts();
        let mut body = Vec::new();
        while let Some(mut piece) = stream.recv_data().await.unwrap() {
            body.extend_from_slice(&piece.copy_to_bytes(piece.remaining()));
        }
        Response::from_parts(head, body)
    }
}

fn request(method: &str, rest: &str, media_type: &str, body: &[u8]) -> Request<Vec<u8>> {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("https://{NAME}{rest}"));
    if !media_type.is_empty() {
        request = request.header("content-type", media_type);
    }
    request.body(body.to_vec()).unwrap()
}

fn post(query: &Query) -> Request<Vec<u8>> {
    request("POST", "/dns-query", MESSAGE, &query.bytes())
}

#[test]
fn the_message_is_that_of_the_udp_door() {
    let house = House::open();
    let query = Query::new(DECODED, A);
    let udp = house.lanward.client().udp(&query);
    runtime().block_on(async {
        let (_, send) = open(&house).await;
        for request in [
            post(&query),
            request("GET", &get(&query.bytes()), "", b""),
            request("HEAD", &get(&query.bytes()), "", b""),
        ] {
            let expected = if request.method() == "HEAD" {
                &[]
            } else {
                udp.bytes.as_slice()
            };
            let response = begin(&send, request).await.await;
            assert_eq!(response.status(), 200);
            assert_eq!(response.body(), expected);
            let headers = response.headers();
            assert_eq!(headers["content-type"], MESSAGE);
            assert_eq!(headers["content-length"], udp.bytes.len().to_string());
            let fresh = format!("max-age={}", udp.answer[0].ttl);
            assert_eq!(headers["cache-control"], fresh);
            let date = headers["date"].to_str().unwrap();
            assert!(date.ends_with(" GMT"), "{date}");
        }
    });
}

/// Over QUIC and over HTTP/3.
#[test]
fn hickory_gets_the_message_of_the_udp_door() {
    let house = House::open();
    let query = Query::new(DECODED, A).id(0);
    let udp = house.lanward.client().udp(&query);
    runtime().block_on(async {
        let request = || {
            let message = Message::from_vec(&query.bytes()).unwrap();
            DnsRequest::new(message, DnsRequestOptions::default())
        };
        let mut quic = QuicClientStream::builder()
            .crypto_config(house.tls_client(&[]))
            .build(house.quic(), Arc::from(NAME))
            .await
            .unwrap();
        let mut h3 = H3ClientStream::builder()
            .crypto_config(house.tls_client(&[b"h3"]))
            .build(house.h3(), Arc::from(NAME), Arc::from("/dns-query"))
            .await
            .unwrap();
        for mut answers in [quic.send_message(request()), h3.send_message(request())] {
            let answer = timeout(PATIENCE, answers.next()).await.unwrap();
            let answer = answer.unwrap().unwrap().into_buffer();
            assert_eq!(Reply::parse(&answer).unwrap().essence(), udp.essence());
            assert_eq!(answer, udp.bytes);
        }
    });
}

#[test]
fn what_is_wrong_has_its_status() {
    let house = House::open();
    let query = Query::new(DECODED, A).bytes();
    let response = Query::new(DECODED, A).flags(QR).bytes();
    let long = vec![0; 4097];
    runtime().block_on(async {
        let (_, send) = open(&house).await;
        for (request, status) in [
            (request("GET", "/", "", b""), 404),
            (request("POST", "/other", MESSAGE, &query), 404),
            (request("PUT", "/dns-query", MESSAGE, &query), 405),
            (request("GET", "/dns-query", "", b""), 400),
            (request("GET", &get(&response), "", b""), 400),
            (request("GET", &get(&long), "", b""), 414),
            (request("POST", "/dns-query", "", &query), 415),
            (request("POST", "/dns-query", MESSAGE, &long), 413),
            (request("POST", "/dns-query", MESSAGE, b""), 400),
            (request("POST", "/dns-query", MESSAGE, &query), 200),
        ] {
            let said = format!("{} {}", request.method(), request.uri().path());
            let response = begin(&send, request).await.await;
            assert_eq!(response.status(), status, "{said}");
            let allowed = response.headers().get("allow");
            assert_eq!(allowed.is_some(), status == 405, "{said}");
        }
    });
}

#[test]
fn a_slow_name_does_not_hold_a_local_one() {
    let house = House::open();
    let gate = house.gate();
    let [slow, fast] = [Query::new("slow.example", A), Query::new(DECODED, A)];
    runtime().block_on(async {
        let (_, send) = open(&house).await;
        let waiting = begin(&send, post(&slow)).await;
        assert!(until(PATIENCE, || house.upstream.count("slow.example") > 0));
        answered(&fast, begin(&send, post(&fast)).await.await.body());
        gate.open();
        answered(&slow, waiting.await.body());
    });
}

#[test]
fn a_hundred_requests_at_a_time_and_the_others_after_them() {
    let house = House::open();
    let gate = house.gate();
    runtime().block_on(async {
        let (_, send) = open(&house).await;
        let mut waiting = Vec::new();
        for number in 0..100 {
            let query = Query::new(&format!("x{number}.example"), A);
            waiting.push((begin(&send, post(&query)).await, query));
        }
        let fast = Query::new(DECODED, A);
        let mut more = Box::pin(begin(&send, post(&fast)));
        let early = timeout(Duration::from_millis(100), &mut more).await;
        assert!(early.is_err(), "there is no place for it yet");
        gate.open();
        for (response, query) in waiting {
            answered(&query, response.await.body());
        }
        answered(&fast, more.await.await.body());
    });
}

#[test]
fn a_head_that_is_too_long_is_refused() {
    let house = House::open();
    let query = Query::new(DECODED, A);
    runtime().block_on(async {
        let (quic, send) = open(&house).await;
        let (mut long, mut receive) = quic.open_bi().await.unwrap();
        // A field `x` of 20,000 octets: its name in five bits, its length in seven and then 19,873 in groups of seven.
        let field = [
            &[0, 0, 0x21, b'x', 0x7f, 0xa1, 0x9b, 0x01],
            vec![b'y'; 20_000].as_slice(),
        ]
        .concat();
        let head = [&[0x01, 0x80, 0, 0x4e, 0x28][..], &field].concat();
        long.write_all(&head).await.unwrap();
        long.finish().unwrap();
        let said = timeout(PATIENCE, receive.read_to_end(1000)).await.unwrap();
        assert_eq!(said.unwrap()[0], 0x01, "a response");
        answered(&query, begin(&send, post(&query)).await.await.body());
    });
}

#[test]
fn a_head_without_an_end_ends_its_request() {
    let house = House::open();
    let query = Query::new(DECODED, A);
    runtime().block_on(async {
        let (quic, send) = open(&house).await;
        let (mut endless, _receive) = quic.open_bi().await.unwrap();
        // HEADERS, of a gigabyte.
        endless
            .write_all(&[0x01, 0xc0, 0, 0, 0, 0x40, 0, 0, 0])
            .await
            .unwrap();
        let writing = async {
            for _ in 0..1024 {
                endless.write_all(&[0; 1024]).await?;
            }
            Ok(())
        };
        let error: quinn::WriteError = timeout(PATIENCE, writing).await.unwrap().unwrap_err();
        assert!(
            error.to_string().contains("error 263"),
            "H3_EXCESSIVE_LOAD: {error}"
        );
        answered(&query, begin(&send, post(&query)).await.await.body());
    });
}

#[test]
fn the_end_waits_for_what_is_under_way() {
    let house = House::open();
    let gate = house.gate();
    let query = Query::new("late.example", A);
    runtime().block_on(async {
        let (quic, send) = open(&house).await;
        let response = begin(&send, post(&query)).await;
        assert!(until(PATIENCE, || house.upstream.count("late.example") > 0));
        house.lanward.signal("-TERM");
        gate.open();
        answered(&query, response.await.body());
        // Whichever side is first to see that nothing is left to do.
        timeout(PATIENCE, quic.closed()).await.unwrap();
        drop(send);
    });
    let over = until(PATIENCE, || house.lanward.logged("stopped") > 0);
    assert!(over, "{:?}", house.lanward.lines());
}

/// A request for the answer to this question, as the octets of its stream (RFC 9114 §4.1, RFC 9204 §4.5.6).
fn raw(query: &Query) -> Vec<u8> {
    let number = |length: usize, most: usize, mark: usize| match length.checked_sub(most) {
        None => vec![u8::try_from(mark + length).unwrap()],
        // What is left is less than 128 here.
        Some(rest) => vec![
            u8::try_from(mark + most).unwrap(),
            u8::try_from(rest).unwrap(),
        ],
    };
    let path = get(&query.bytes());
    let mut fields = vec![0, 0];
    for (name, value) in [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", NAME),
        (":path", &path),
    ] {
        fields.extend(number(name.len(), 7, 0x20));
        fields.extend(name.as_bytes());
        fields.extend(number(value.len(), 127, 0));
        fields.extend(value.as_bytes());
    }
    let length = u16::try_from(fields.len()).unwrap() | 0x4000;
    [&[1][..], &length.to_be_bytes(), &fields].concat()
}

/// Sends these octets, and no more, on a stream of their own.
async fn send_raw(quic: &Connection, octets: &[u8]) -> RecvStream {
    let (mut send, receive) = quic.open_bi().await.unwrap();
    send.write_all(octets).await.unwrap();
    send.finish().unwrap();
    receive
}

/// Whether there is a response.
async fn responded(mut receive: RecvStream) -> bool {
    let octets = timeout(PATIENCE, receive.read_to_end(4096)).await;
    octets.unwrap().unwrap().first() == Some(&1)
}

/// One that lets the server open no streams, and some whose windows end within the first words on them.
#[test]
fn who_lets_nothing_be_said_does_not_hold_the_end() {
    let house = House::open();
    runtime().block_on(async {
        let mut idle = Vec::new();
        for (streams, window) in [
            (0, 1000),
            (3, 1),
            (3, 8),
            (3, 10),
            (3, 12),
            (3, 14),
            (3, 16),
            (3, 18),
            (3, 20),
        ] {
            let mut transport = TransportConfig::default();
            transport
                .max_concurrent_uni_streams(VarInt::from_u32(streams))
                .stream_receive_window(VarInt::from_u32(window));
            idle.push(connect_with(&house, house.h3(), b"h3", transport).await);
        }
        house.lanward.signal("-TERM");
        for connection in idle {
            assert_eq!(ended(&connection).await, 0x100, "H3_NO_ERROR");
        }
    });
    assert!(until(PATIENCE, || house.lanward.logged("stopped") > 0));
    assert_eq!(house.lanward.logged("still under way"), 0);
}

#[test]
fn the_last_request_is_said_to_be_served() {
    let house = House::open();
    let gate = house.gate();
    let query = Query::new("late.example", A);
    runtime().block_on(async {
        let quic = connect(&house, house.h3(), b"h3").await;
        let response = send_raw(&quic, &raw(&query)).await;
        assert!(until(PATIENCE, || house.upstream.count("late.example") > 0));
        house.lanward.signal("-TERM");
        let mut control = quic.accept_uni().await.unwrap();
        let mut said = Vec::new();
        // GOAWAY, of one octet: the first request that is not served is the second one.
        while !said.ends_with(&[7, 1, 4]) {
            let piece = timeout(PATIENCE, control.read_chunk(1, true)).await;
            let piece = piece.unwrap().unwrap();
            said.extend_from_slice(&piece.expect("no end before that").bytes);
        }
        gate.open();
        assert!(responded(response).await);
        assert_eq!(ended(&quic).await, 0x100, "H3_NO_ERROR");
    });
}

#[test]
fn requests_without_a_head_have_an_end() {
    let house = House::open();
    let query = Query::new(DECODED, A);
    runtime().block_on(async {
        let quic = connect(&house, house.h3(), b"h3").await;
        for _ in 0..100 {
            send_raw(&quic, b"").await;
        }
        assert!(responded(send_raw(&quic, &raw(&query)).await).await);
        for _ in 0..1000 {
            let Ok((mut send, _)) = quic.open_bi().await else {
                break;
            };
            drop(send.finish());
        }
        assert_eq!(ended(&quic).await, 0x100, "H3_NO_ERROR");
    });
}

/// As browsers do, which say how urgent each of their requests is.
#[test]
fn much_can_be_said_beside_requests() {
    let house = House::open();
    let query = Query::new(DECODED, A);
    runtime().block_on(async {
        let quic = connect(&house, house.h3(), b"h3").await;
        let mut control = quic.open_uni().await.unwrap();
        // What the stream is for, SETTINGS with nothing in it, and frames that nobody knows.
        control.write_all(&[0, 4, 0]).await.unwrap();
        let frame = [&[0x21, 62][..], &[7; 62]].concat();
        for _ in 0..3000 {
            control.write_all(&frame).await.unwrap();
        }
        assert!(responded(send_raw(&quic, &raw(&query)).await).await);
    });
}
