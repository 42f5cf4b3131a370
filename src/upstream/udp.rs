//! One question over UDP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use rand::RngExt;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout_at};

use super::exchange::Outcome;
use super::packet::{Incoming, Outgoing};

/// More than any honest answer to a question that offers 1232 octets.
const BUFFER: usize = 4096;

/// How long to wait on for the right answer once something broken with the right ID came.
const PATIENCE: Duration = Duration::from_millis(300);

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
    socket.send(&question.bytes).await?;
    // On the heap: a task is as large as its largest moment, and thousands may wait.
    let mut buffer = vec![0; BUFFER];
    let mut broken = false;
    loop {
        let received = match timeout_at(deadline, socket.recv(&mut buffer)).await {
            Ok(received) => received?,
            Err(_) if broken => return Ok(Outcome::AskOverTcp),
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        };
        let packet = buffer.get(..received).unwrap_or_default();
        match question.check(packet) {
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

/// A socket of its own for each question, on an unpredictable port, connected: only the server can reach it, and nobody can
/// find its port by probing (CVE-2020-25705).
fn open(server: SocketAddr) -> io::Result<UdpSocket> {
    let local: IpAddr = if server.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = (0..PORT_TRIES)
        .find_map(|_| {
            std::net::UdpSocket::bind((local, rand::rng().random_range(1024..=u16::MAX))).ok()
        })
        .map_or_else(|| std::net::UdpSocket::bind((local, 0)), Ok)?;
    socket.connect(server)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}
