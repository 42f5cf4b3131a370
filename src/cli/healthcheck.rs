//! `lanward healthcheck`.

use std::io::{self, Read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::output::{complain, say};
use super::{Source, exit};
use crate::config::{DEFAULT_LISTEN, Settings, parse_listen};
use crate::server::Access;
use crate::server::access::places;
use crate::server::interfaces;
use crate::wire::header::{Header, flag};
use crate::wire::types::class;
use crate::wire::{Message, Name, Question, Rcode, RecordType};

/// Ask a running lanward one local question
///
/// Exit code 0 if the answer is right, else 1. Needs no upstream, so a router without internet does not make the container ill.
/// It asks where `lanward serve` listens with the same file and variables. Where nobody on this machine may ask, it is enough that
/// lanward ends a connection.
#[derive(Debug, Args)]
pub(super) struct Healthcheck {
    /// Ask here, wherever the file and the variables say that lanward listens
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = parse_listen)]
    server: Option<SocketAddr>,
    #[command(flatten)]
    source: Source,
}

/// Tries, and how long each waits: a datagram may be lost.
const TRIES: usize = 3;
const PATIENCE: Duration = Duration::from_millis(700);

impl Healthcheck {
    pub(super) fn run(self) -> ExitCode {
        let (server, may_ask) = match self.server {
            Some(server) => (server, true),
            None => match self.source.running() {
                Ok(settings) => door(&settings),
                Err(code) => return code,
            },
        };
        let (checked, well) = if may_ask {
            (ask(server), "answers")
        } else {
            (
                knock(server),
                "is open, and lets nobody on this machine ask",
            )
        };
        match checked {
            Ok(()) => {
                say(format_args!("{server} {well}"));
                exit::OK
            }
            Err(error) => {
                complain(&format_args!(
                    "{server} does not answer as it should: {error}"
                ));
                ExitCode::from(exit::NO)
            }
        }
    }
}

/// Where this machine reaches a server with these settings, and whether it may ask there.
fn door(settings: &Settings) -> (SocketAddr, bool) {
    let links = interfaces::links();
    let access = Access::new(&settings.allow, &interfaces::networks(&links));
    let places = places(&settings.listen, &links);
    let own = access.own_door(&places);
    let place = own.or_else(|| places.first().copied());
    (place.unwrap_or(DEFAULT_LISTEN), own.is_some())
}

/// Finds out whether somebody accepts connections there and ends them at once, as lanward does with who may not ask.
fn knock(server: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    match stream.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::other("it speaks without being asked")),
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
