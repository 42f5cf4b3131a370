//! DNS over QUIC (RFC 9250).

use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use quinn::crypto::rustls::QuicClientConfig;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{
    ApplicationClose, AsyncUdpSocket, ClientConfig, Connection, ConnectionError, Endpoint,
    EndpointConfig, RecvStream, Runtime, SendStream, TokioRuntime, TransportConfig, UdpPoller,
};
use tokio::time::timeout;

use super::{DECODED, House, answered, runtime, section};
use crate::support::authority::{Authority, NAME};
use crate::support::client::{Client, PATIENCE, frame, receive};
use crate::support::lanward::Lanward;
use crate::support::peers::installed;
use crate::support::records::A;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::wire::{QR, Query};

const KEEPALIVE: u16 = 11;

fn client(house: &House, protocol: &[u8]) -> ClientConfig {
    let crypto = QuicClientConfig::try_from(house.tls_client(&[protocol])).unwrap();
    ClientConfig::new(Arc::new(crypto))
}

/// QUIC as it is, with nothing of lanward's.
pub(super) async fn connect(house: &House, door: SocketAddr, protocol: &[u8]) -> Connection {
    connect_with(house, door, protocol, TransportConfig::default()).await
}

/// The same for a client that has its own limits.
pub(super) async fn connect_with(
    house: &House,
    door: SocketAddr,
    protocol: &[u8],
    transport: TransportConfig,
) -> Connection {
    let mut config = client(house, protocol);
    config.transport_config(Arc::new(transport));
    let endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let connecting = endpoint.connect_with(config, door, NAME).unwrap();
    timeout(PATIENCE, connecting).await.unwrap().unwrap()
}

/// Sends these octets, and no more, on a stream of their own.
async fn send(connection: &Connection, octets: &[u8]) -> (SendStream, RecvStream) {
    let (mut send, receive) = connection.open_bi().await.unwrap();
    send.write_all(octets).await.unwrap();
    send.finish().unwrap();
    (send, receive)
}

/// Sends a question; the future gives the answer.
async fn begin(connection: &Connection, query: &Query) -> impl Future<Output = Vec<u8>> + use<> {
    let (_, mut receive) = send(connection, &frame(&query.bytes())).await;
    async move {
        let octets = timeout(PATIENCE, receive.read_to_end(65537)).await;
        let octets = octets.unwrap().unwrap();
        let (length, answer) = octets.split_at(2);
        let length = u16::from_be_bytes([length[0], length[1]]);
        assert_eq!(usize::from(length), answer.len());
        answer.to_vec()
    }
}

/// A question as it is asked here, without an ID.
fn query(name: &str) -> Query {
    Query::new(name, A).id(0)
}

/// The code with which the other side ended the connection.
pub(super) async fn ended(connection: &Connection) -> u64 {
    match timeout(PATIENCE, connection.closed()).await.unwrap() {
        ConnectionError::ApplicationClosed(ApplicationClose { error_code, .. }) => {
            error_code.into_inner()
        }
        other => panic!("{other}"),
    }
}

#[test]
fn kdig_gets_the_address_in_the_name_padded() {
    if !installed("kdig over QUIC", "kdig", "knot-dnsutils") {
        return;
    }
    let house = House::open();
    let said = house.kdig(house.quic(), &["+quic", "+padding", DECODED]);
    assert!(said.contains("192.168.1.10"), "{said}");
    assert!(said.contains("The certificate is trusted"), "{said}");
    assert!(said.contains("Received 468 B"), "{said}");
}

#[test]
fn the_message_is_that_of_the_udp_door() {
    let house = House::open();
    let query = query(DECODED);
    let client = house.lanward.client();
    let udp = client.try_udp(&query.bytes(), PATIENCE).unwrap();
    runtime().block_on(async {
        let connection = connect(&house, house.quic(), b"doq").await;
        for _ in 0..5 {
            let answer = begin(&connection, &query).await.await;
            assert_eq!(answer, udp);
        }
    });
}

#[test]
fn a_slow_name_does_not_hold_a_local_one() {
    let house = House::open();
    let gate = house.gate();
    let [slow, fast] = [query("slow.example"), query(DECODED)];
    runtime().block_on(async {
        let connection = connect(&house, house.quic(), b"doq").await;
        let waiting = begin(&connection, &slow).await;
        assert!(until(PATIENCE, || house.upstream.count("slow.example") > 0));
        answered(&fast, &begin(&connection, &fast).await.await);
        gate.open();
        answered(&slow, &waiting.await);
    });
}

#[test]
fn a_hundred_questions_at_a_time_and_the_others_after_them() {
    let house = House::open();
    let gate = house.gate();
    runtime().block_on(async {
        let connection = connect(&house, house.quic(), b"doq").await;
        let mut waiting = Vec::new();
        for number in 0..100 {
            let query = query(&format!("x{number}.example"));
            waiting.push((begin(&connection, &query).await, query));
        }
        let more = query(DECODED);
        let mut answer = Box::pin(begin(&connection, &more));
        let early = timeout(Duration::from_millis(100), &mut answer).await;
        assert!(early.is_err(), "there is no place for it yet");
        gate.open();
        for (answer, query) in waiting {
            answered(&query, &answer.await);
        }
        answered(&more, &answer.await.await);
    });
}

#[test]
fn what_is_against_the_protocol_ends_the_connection() {
    let house = House::open();
    let good = query(DECODED);
    let mut response = good.clone();
    response.flags |= QR;
    let keepalive = good
        .clone()
        .edns(|edns| edns.options.push((KEEPALIVE, Vec::new())));
    let one = frame(&good.bytes());
    runtime().block_on(async {
        for wrong in [
            frame(&Query::new(DECODED, A).id(1).bytes()),
            frame(&keepalive.bytes()),
            frame(&response.bytes()),
            frame(&good.bytes()[..11]),
            [one.as_slice(), &one].concat(),
            one[..one.len() - 1].to_vec(),
            vec![0],
            Vec::new(),
        ] {
            let connection = connect(&house, house.quic(), b"doq").await;
            let _stream = send(&connection, &wrong).await;
            assert_eq!(ended(&connection).await, 2, "DOQ_PROTOCOL_ERROR: {wrong:?}");
        }
        let connection = connect(&house, house.quic(), b"doq").await;
        let one_way = timeout(Duration::from_millis(100), connection.open_uni()).await;
        assert!(one_way.is_err(), "no stream that goes one way");
        answered(&good, &begin(&connection, &good).await.await);
    });
}

#[test]
fn a_question_that_is_too_long_or_taken_back_ends_alone() {
    let house = House::open();
    let gate = house.gate();
    let [good, late] = [query(DECODED), query("late.example")];
    runtime().block_on(async {
        let connection = connect(&house, house.quic(), b"doq").await;
        let (_send, mut receive) = send(&connection, &frame(&[0; 5000])).await;
        let error = timeout(PATIENCE, receive.read_to_end(9)).await.unwrap();
        let error = error.unwrap_err().to_string();
        assert!(error.contains("reset by peer: error 4"), "{error}");

        let (_send, mut receive) = send(&connection, &frame(&late.bytes())).await;
        assert!(until(PATIENCE, || house.upstream.count("late.example") > 0));
        receive.stop(3_u32.into()).unwrap();
        let (mut halved, mut receive) = connection.open_bi().await.unwrap();
        halved.write_all(&[0]).await.unwrap();
        halved.reset(3_u32.into()).unwrap();
        let error = timeout(PATIENCE, receive.read_to_end(9)).await.unwrap();
        let error = error.unwrap_err().to_string();
        assert!(error.contains("reset by peer: error 3"), "{error}");
        answered(&good, &begin(&connection, &good).await.await);
        gate.open();
        answered(&late, &begin(&connection, &late).await.await);
    });
}

#[test]
fn the_end_waits_for_what_is_under_way() {
    let house = House::open();
    let gate = house.gate();
    let late = query("late.example");
    runtime().block_on(async {
        let connection = connect(&house, house.quic(), b"doq").await;
        let idle = connect(&house, house.quic(), b"doq").await;
        let answer = begin(&connection, &late).await;
        assert!(until(PATIENCE, || house.upstream.count("late.example") > 0));
        house.lanward.signal("-TERM");
        assert_eq!(ended(&idle).await, 0, "DOQ_NO_ERROR");
        gate.open();
        answered(&late, &answer.await);
        assert_eq!(ended(&connection).await, 0, "DOQ_NO_ERROR");
    });
}

/// A socket that sends and hears nothing, like that of someone who writes another's address on what it sends.
#[derive(Debug)]
struct Deaf {
    socket: Arc<dyn AsyncUdpSocket>,
    sent: AtomicUsize,
}

impl AsyncUdpSocket for Deaf {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        self.socket.try_send(transmit)
    }

    fn poll_recv(
        &self,
        _: &mut Context<'_>,
        _: &mut [IoSliceMut<'_>],
        _: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

#[test]
fn who_does_not_hear_takes_no_seat() {
    let house = House::open();
    let query = query(DECODED);
    runtime().block_on(async {
        let idle = connect(&house, house.quic(), b"doq").await;
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let deaf = Arc::new(Deaf {
            socket: TokioRuntime.wrap_udp_socket(socket).unwrap(),
            sent: AtomicUsize::new(0),
        });
        let runtime = Arc::new(TokioRuntime);
        let config = EndpointConfig::default();
        let endpoint =
            Endpoint::new_with_abstract_socket(config, None, deaf.clone(), runtime).unwrap();
        let begun: Vec<_> = (0..40)
            .map(|_| endpoint.connect_with(client(&house, b"doq"), house.quic(), NAME))
            .collect();
        assert!(until(PATIENCE, || deaf.sent.load(Ordering::SeqCst) >= begun.len()));
        // What has come before this one has been looked at when it is there.
        let last = connect(&house, house.quic(), b"doq").await;
        for connection in [last, idle] {
            answered(&query, &begin(&connection, &query).await.await);
        }
    });
}

#[test]
fn the_idlest_of_too_many_connections_makes_room() {
    let house = House::open();
    let query = query(DECODED);
    runtime().block_on(async {
        let first = connect(&house, house.quic(), b"doq").await;
        let second = connect(&house, house.h3(), b"h3").await;
        answered(&query, &begin(&first, &query).await.await);
        let mut more = Vec::new();
        for _ in 0..15 {
            more.push(connect(&house, house.quic(), b"doq").await);
        }
        timeout(PATIENCE, second.closed()).await.unwrap();
        answered(&query, &begin(&first, &query).await.await);
        drop(more);
    });
}

/// A datagram that begins a connection in a version that nobody speaks: whoever may ask is told which ones there are.
fn unknown_version() -> Vec<u8> {
    let mut datagram = vec![0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    datagram.resize(1200, 0);
    datagram
}

#[test]
fn strangers_get_no_word() {
    let authority = Authority::new();
    let lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nallow = [\"127.0.0.1/32\"]\n[upstream]\nservers = [\"127.0.0.1:1\"]\n{}",
        section(&authority)
    ));
    let friend = Client::new(lanward.door("DNS over QUIC"));
    let silent = friend.from(Ipv4Addr::new(127, 0, 0, 2)).socket();
    silent.send(&unknown_version()).unwrap();
    let told = friend.try_udp(&unknown_version(), PATIENCE).unwrap();
    assert_eq!(told[1..5], [0; 4], "a version negotiation packet");
    assert_eq!(receive(&silent, Duration::from_millis(100)), None);
}

/// A client that hears another address than the one it asked does not listen.
#[test]
fn a_door_on_all_addresses_speaks_from_the_one_that_was_asked() {
    let any = "\"0.0.0.0:0\"";
    let authority = Authority::new();
    let upstream = Upstream::start();
    let section = section(&authority).replace("\"127.0.0.1:0\"", any);
    let lanward = Lanward::start(&[upstream.address], &section);
    let house = House {
        authority,
        upstream,
        lanward,
    };
    let query = query(DECODED);
    runtime().block_on(async {
        for last in [1, 77] {
            for (mut door, protocol) in [(house.quic(), "doq"), (house.h3(), "h3")] {
                door.set_ip(Ipv4Addr::new(127, 0, 0, last).into());
                let connection = connect(&house, door, protocol.as_bytes()).await;
                if protocol == "doq" {
                    answered(&query, &begin(&connection, &query).await.await);
                }
            }
        }
    });
}
