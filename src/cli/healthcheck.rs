//! `lanward healthcheck`.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::exit;
use super::output::{complain, say};
use crate::config::{DEFAULT_LISTEN, parse_listen};
use crate::wire::header::{Header, flag};
use crate::wire::types::class;
use crate::wire::{Message, Name, Question, Rcode, RecordType};

/// Ask a running lanward one local question
///
/// Exit code 0 if the answer is right, else 1. Needs no upstream, so a router without internet does not make the container ill.
#[derive(Debug, Args)]
pub(super) struct Healthcheck {
    /// Where lanward listens
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = DEFAULT_LISTEN, value_parser = parse_listen)]
    server: SocketAddr,
}

/// Tries, and how long each waits: a datagram may be lost.
const TRIES: usize = 3;
const PATIENCE: Duration = Duration::from_millis(700);

impl Healthcheck {
    pub(super) fn run(self) -> ExitCode {
        match ask(self.server) {
            Ok(()) => {
                say(format_args!("{} answers", self.server));
                exit::OK
            }
            Err(error) => {
                complain(&format_args!(
                    "{} does not answer as it should: {error}",
                    self.server
                ));
                ExitCode::from(exit::NO)
            }
        }
    }
}

/// Asks for the address of `localhost`, which lanward always answers itself.
pub(super) fn ask(server: SocketAddr) -> io::Result<()> {
    let local: SocketAddr = if server.is_ipv4() {
        (Ipv4Addr::UNSPECIFIED, 0).into()
    } else {
        (Ipv6Addr::UNSPECIFIED, 0).into()
    };
    let socket = UdpSocket::bind(local)?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let name: Name = "localhost".parse().map_err(io::Error::other)?;
    let question = Question {
        name,
        kind: RecordType::A,
        class: class::IN,
    };
    let mut packet = Header {
        id: rand::random(),
        flags: flag::RD,
        questions: 1,
        answers: 0,
        authorities: 0,
        additionals: 0,
    }
    .to_bytes()
    .to_vec();
    packet.extend_from_slice(name.as_wire());
    packet.extend_from_slice(&[0, 1, 0, 1]);
    let mut result = Err(io::ErrorKind::TimedOut.into());
    for _ in 0..TRIES {
        result = attempt(&socket, &packet, &question);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn attempt(socket: &UdpSocket, packet: &[u8], question: &Question) -> io::Result<()> {
    socket.send(packet)?;
    let mut buffer = [0; 512];
    let length = socket.recv(&mut buffer)?;
    let reply =
        Message::read(buffer.get(..length).unwrap_or_default()).map_err(io::Error::other)?;
    let right = reply.bytes.get(..2) == packet.get(..2)
        && reply.question == *question
        && reply.rcode() == Rcode::NOERROR
        && reply
            .records
            .iter()
            .any(|record| reply.data(record) == [127, 0, 0, 1]);
    if right {
        Ok(())
    } else {
        Err(io::Error::other(format!(
            "{} without 127.0.0.1 for localhost",
            reply.rcode()
        )))
    }
}
