//! A client of the program: questions over UDP and TCP from a chosen source address, with every reply read strictly.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::reply::Reply;
use super::wire::{QR, Query};

/// How long the program may take for any answer, a little for the machine included.
pub(crate) const PATIENCE: Duration = Duration::from_millis(5500);

/// Asks one server from one source address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    server: SocketAddr,
    source: Ipv4Addr,
}

impl Client {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self {
            server,
            source: Ipv4Addr::LOCALHOST,
        }
    }

    pub(crate) fn from(self, source: Ipv4Addr) -> Self {
        Self { source, ..self }
    }

    pub(crate) fn ask(&self, query: &Query, tcp: bool) -> Reply {
        if tcp {
            self.tcp(query)
        } else {
            self.udp(query)
        }
    }

    pub(crate) fn udp(&self, query: &Query) -> Reply {
        let reply = self
            .try_udp(&query.bytes(), PATIENCE)
            .unwrap_or_else(|| panic!("no reply over UDP to {query}"));
        check(query, &reply)
    }

    pub(crate) fn tcp(&self, query: &Query) -> Reply {
        let mut stream = self.connect();
        stream.send(&query.bytes());
        let reply = stream
            .receive(PATIENCE)
            .unwrap_or_else(|| panic!("no reply over TCP to {query}"));
        check(query, &reply)
    }

    /// A datagram and what comes back, whatever it is.
    pub(crate) fn try_udp(&self, bytes: &[u8], limit: Duration) -> Option<Vec<u8>> {
        let socket = self.socket();
        socket.send(bytes).unwrap();
        receive(&socket, limit)
    }

    /// A connected UDP socket of its own.
    pub(crate) fn socket(&self) -> UdpSocket {
        let socket = UdpSocket::bind((self.source, 0)).unwrap();
        socket.connect(self.server).unwrap();
        socket
    }

    pub(crate) fn connect(&self) -> Stream {
        self.try_connect().expect("a TCP connection")
    }

    pub(crate) fn try_connect(&self) -> Option<Stream> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from((self.source, 0)).into())
            .unwrap();
        socket
            .connect_timeout(&self.server.into(), Duration::from_secs(2))
            .ok()?;
        Some(Stream {
            stream: socket.into(),
            pending: Vec::new(),
        })
    }
}

/// What arrives at a UDP socket within `limit`.
pub(crate) fn receive(socket: &UdpSocket, limit: Duration) -> Option<Vec<u8>> {
    socket.set_read_timeout(Some(limit)).unwrap();
    let mut buffer = vec![0; 65535];
    let length = socket.recv(&mut buffer).ok()?;
    buffer.truncate(length);
    Some(buffer)
}

/// What holds for every reply: it can be read to its end, it is ours, and the question stands in it letter for letter.
pub(crate) fn check(query: &Query, bytes: &[u8]) -> Reply {
    let reply = Reply::parse(bytes)
        .unwrap_or_else(|error| panic!("reply to {query}: {error}: {bytes:02x?}"));
    let summary = reply.summary();
    assert!(
        reply.id == query.id && reply.has(QR),
        "ID and QR of the reply to {query}: {summary}"
    );
    let question = [(query.name.clone(), query.qtype, query.qclass)];
    assert_eq!(
        reply.questions, question,
        "the question as it was asked, {query}: {summary}"
    );
    let both = [reply.edns.is_some(), query.edns.is_some()];
    assert!(
        both[0] == both[1],
        "OPT in the reply exactly if it was in {query}: {summary}"
    );
    reply
}

/// One TCP connection, frame by frame.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) stream: TcpStream,
    pending: Vec<u8>,
}

impl Stream {
    pub(crate) fn send(&mut self, message: &[u8]) {
        assert!(self.try_send(message), "the connection takes a question");
    }

    pub(crate) fn try_send(&mut self, message: &[u8]) -> bool {
        self.stream.write_all(&frame(message)).is_ok()
    }

    /// The next frame; nothing where the time is over or the connection ends.
    pub(crate) fn receive(&mut self, limit: Duration) -> Option<Vec<u8>> {
        let end = Instant::now() + limit;
        let mut buffer = [0; 16384];
        loop {
            if let Some(frame) = unframe(&mut self.pending) {
                return Some(frame);
            }
            let left = end
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())?;
            self.stream.set_read_timeout(Some(left)).unwrap();
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(length) => self.pending.extend(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    /// Whether the other side ends the connection within `limit`.
    pub(crate) fn ends(&mut self, limit: Duration) -> bool {
        self.stream.set_read_timeout(Some(limit)).unwrap();
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => {
                    return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                }
            }
        }
    }
}

/// A message with its length before it.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    [
        &u16::try_from(message.len()).unwrap().to_be_bytes()[..],
        message,
    ]
    .concat()
}

/// Takes the first whole frame off `pending`.
pub(crate) fn unframe(pending: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes([*pending.first()?, *pending.get(1)?]));
    if pending.len() < length + 2 {
        return None;
    }
    let frame = pending[2..length + 2].to_vec();
    pending.drain(..length + 2);
    Some(frame)
}
