//! What attackers do at the encrypted doors, by the thousand: connections that say nothing, or half of something, floods of
//! frames, garbage.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use socket2::{Domain, Socket, Type};

use super::Dice;
use super::authority::{Authority, NAME};
use super::caller::believing;

/// A connection on which TLS is spoken.
pub(crate) type Sealed = StreamOwned<ClientConnection, TcpStream>;

/// Clients enough that each has less than its share of a thousand connections.
const CLIENTS: usize = 100;

/// One of many clients.
pub(crate) fn source(at: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 2, 0, u8::try_from(at % CLIENTS + 1).unwrap())
}

/// Lets this process have as many files open as the system lets it.
pub(crate) fn have_files() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}

pub(crate) fn connect(server: SocketAddr, source: Ipv4Addr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    socket.connect_timeout(&server.into(), Duration::from_secs(5))?;
    Ok(socket.into())
}

/// So many connections, each of which says `words` and no more.
pub(crate) fn besiege(server: SocketAddr, count: usize, words: &[u8]) -> Vec<TcpStream> {
    have_files();
    let begin = |at| {
        let mut stream = connect(server, source(at)).unwrap();
        // It may be over already, to make room.
        drop(stream.write_all(words));
        stream
    };
    (0..count).map(begin).collect()
}

/// How many of these the server has not ended.
pub(crate) fn open(streams: &mut [TcpStream]) -> usize {
    let is_open = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let mut octets = [0; 1024];
        loop {
            match stream.read(&mut octets) {
                Ok(0) => return false,
                Ok(_) => {}
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    };
    streams
        .iter_mut()
        .filter_map(|stream| is_open(stream).then_some(()))
        .count()
}

/// The first thing that a client says in TLS.
pub(crate) fn hello(authority: &Authority) -> Vec<u8> {
    let mut session = session(believing(authority));
    let mut octets = Vec::new();
    session.write_tls(&mut octets).unwrap();
    octets
}

/// A connection with a finished handshake, for this application protocol.
pub(crate) fn sealed(
    server: SocketAddr,
    source: Ipv4Addr,
    authority: &Authority,
    protocol: &[u8],
) -> io::Result<Sealed> {
    let mut config = believing(authority);
    config.alpn_protocols = vec![protocol.to_vec()];
    let mut stream = StreamOwned::new(session(config), connect(server, source)?);
    stream.sock.set_read_timeout(Some(Duration::from_secs(5)))?;
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    Ok(stream)
}

fn session(config: ClientConfig) -> ClientConnection {
    let name = ServerName::try_from(NAME).unwrap();
    ClientConnection::new(Arc::new(config), name).unwrap()
}

/// A frame of HTTP/2 (RFC 9113 §4.1).
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The frames of HTTP/2 that matter here (RFC 9113 §6), and their flags.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// What a client says first in HTTP/2: that it takes as much as there is, on each stream and on all.
pub(crate) fn preface() -> Vec<u8> {
    let most = (u32::MAX >> 1).to_be_bytes();
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, &[&[0, 4][..], &most].concat()),
        frame(
            WINDOW_UPDATE,
            0,
            0,
            &(0x7fff_ffff_u32 - 65_535).to_be_bytes(),
        ),
    ]
    .concat()
}

/// The fields of a POST of DNS to the usual path, as HPACK literals (RFC 7541 §6.2.2).
pub(crate) fn fields() -> Vec<u8> {
    let literal = |name: &str, value: &str| {
        let part = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        [vec![0], part(name), part(value)].concat()
    };
    [
        literal(":method", "POST"),
        literal(":scheme", "https"),
        literal(":authority", NAME),
        literal(":path", super::caller::PATH),
        literal("content-type", "application/dns-message"),
    ]
    .concat()
}

/// A whole request with this question.
pub(crate) fn request(stream: u32, question: &[u8]) -> Vec<u8> {
    [
        frame(HEADERS, END_HEADERS, stream, &fields()),
        frame(DATA, END_STREAM, stream, question),
    ]
    .concat()
}

/// Writes `octets(0)`, `octets(1)` and so on without reading, until the server takes no more, ends, or has taken `limit` octets;
/// says how many it took.
pub(crate) fn flood(stream: &mut Sealed, limit: usize, octets: impl Fn(u32) -> Vec<u8>) -> usize {
    let wait = Some(Duration::from_millis(500));
    stream.sock.set_write_timeout(wait).unwrap();
    let mut taken = 0;
    for at in 0.. {
        let next = octets(at);
        if taken >= limit
            || stream
                .write_all(&next)
                .and_then(|()| stream.flush())
                .is_err()
        {
            break;
        }
        taken += next.len();
    }
    taken
}

/// Datagrams that are no QUIC, or look like its beginning (RFC 9000 §17): for versions that there are not, cut, with any octets.
pub(crate) fn garbage(server: SocketAddr, count: usize) {
    let mut dice = Dice::new(7);
    let sockets: Vec<UdpSocket> = (0..16)
        .map(|at| UdpSocket::bind((source(at), 0)).unwrap())
        .collect();
    for at in 0..count {
        let length = *dice.pick(&[0, 1, 7, 20, 1199, 1200, 1452]);
        let mut octets: Vec<u8> = (0..length).map(|_| dice.roll() as u8).collect();
        if let Some(head) = octets.get_mut(..6) {
            match at % 4 {
                // An Initial of version 1, with an ID of 8 octets; of an unknown version; a short header.
                0 => head.copy_from_slice(&[0xc3, 0, 0, 0, 1, 8]),
                1 => head.copy_from_slice(&[0xc3, 0x1a, 0x2a, 0x3a, 0x4a, 8]),
                2 => head[0] = 0x43,
                _ => {}
            }
        }
        // A full queue loses it.
        drop(sockets[at % sockets.len()].send_to(&octets, server));
    }
}

/// So many first datagrams of connections over QUIC, each by itself whole and right.
pub(crate) fn initials(authority: &Authority, count: usize) -> Vec<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let sink = UdpSocket::bind("127.0.0.1:0").unwrap();
    sink.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let config = quic(authority);
    let address = sink.local_addr().unwrap();
    (0..count)
        .map(|_| {
            runtime.block_on(async {
                let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
                let connecting = endpoint
                    .connect_with(config.clone(), address, NAME)
                    .unwrap();
                let brief = Duration::from_millis(1);
                drop(tokio::time::timeout(brief, connecting).await);
            });
            let mut octets = vec![0; 2048];
            loop {
                let length = sink.recv(&mut octets).unwrap();
                // What says that the client has given up is shorter.
                if length >= 1200 {
                    octets.truncate(length);
                    return octets;
                }
            }
        })
        .collect()
}

/// How a client speaks QUIC that asks for DNS.
pub(crate) fn quic(authority: &Authority) -> quinn::ClientConfig {
    let mut config = believing(authority);
    config.alpn_protocols = vec![b"doq".to_vec()];
    let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(config).unwrap();
    quinn::ClientConfig::new(Arc::new(crypto))
}
