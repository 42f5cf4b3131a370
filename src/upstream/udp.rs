//! One question over UDP.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::MsgFlags;
use rand::RngExt;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::exchange::Outcome;
use super::packet::{Incoming, Outgoing};

/// More than any honest answer to a question that offers 1232 octets.
const BUFFER: usize = 4096;

/// How long to wait on for the right answer once something broken with the right ID came.
const PATIENCE: Duration = Duration::from_millis(300);

/// What a socket is waited for: packets, and the news that nobody listens at the far end (ICMP).
const NEWS: Interest = Interest::READABLE.add(Interest::ERROR);

/// How often to look for a free port before the system may choose one.
const PORT_TRIES: usize = 10;

/// Sends a question to `server` and waits for its answer until `deadline`; ignores everything else.
///
/// A packet with the right question and a wrong ID ends the wait: with the port known, the 65,536 IDs take an attacker less
/// than a second, so the question must be put over TCP before he gets to the right one.
pub(super) async fn exchange(
    server: SocketAddr,
    question: &Outgoing,
    mut deadline: Instant,
) -> io::Result<Outcome> {
    let socket = open(server)?;
    // Before the socket is registered: what can be sent at once need not wait for the news that it can.
    socket.send(&question.bytes)?;
    let socket = UdpSocket::from_std(socket.into())?;
    let mut broken = false;
    loop {
        let received = socket.async_io(NEWS, || receive(&socket, question));
        let incoming = match timeout_at(deadline, received).await {
            Ok(incoming) => incoming?,
            Err(_) if broken => return Ok(Outcome::AskOverTcp),
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        };
        match incoming {
            Incoming::Answer(answer) => return Ok(Outcome::Answer(answer)),
            Incoming::Unusable(unusable) => return Ok(Outcome::Unusable(unusable)),
            Incoming::NoEdns => return Ok(Outcome::NoEdns),
            Incoming::Cut | Incoming::NearMiss => return Ok(Outcome::AskOverTcp),
            Incoming::Folded => return Ok(Outcome::Folded),
            Incoming::Broken if !broken => {
                broken = true;
                deadline = deadline.min(Instant::now() + PATIENCE);
            }
            Incoming::Broken | Incoming::Noise => {}
        }
    }
}

fn receive(socket: &UdpSocket, question: &Outgoing) -> io::Result<Incoming> {
    // One for all questions of the thread: thousands may wait.
    thread_local!(static PACKET: RefCell<[u8; BUFFER]> = const { RefCell::new([0; BUFFER]) });
    PACKET.with_borrow_mut(|packet| {
        let length = nix::sys::socket::recv(socket.as_raw_fd(), packet, MsgFlags::empty())?;
        Ok(question.check(packet.get(..length).unwrap_or_default()))
    })
}

/// A socket of its own for each question, on an unpredictable port, connected: only the server can reach it, and nobody can
/// find its port by probing (CVE-2020-25705).
fn open(server: SocketAddr) -> io::Result<Socket> {
    let local: IpAddr = if server.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let kind = Type::DGRAM.nonblocking();
    let socket = Socket::new(Domain::for_address(server), kind, Some(Protocol::UDP))?;
    let bind = |port: u16| socket.bind(&SocketAddr::new(local, port).into());
    let mut tries = (0..PORT_TRIES).map(|_| rand::rng().random_range(1024..=u16::MAX));
    if !tries.any(|port| bind(port).is_ok()) {
        bind(0)?;
    }
    socket.connect(&server.into())?;
    Ok(socket)
}
