//! A question to a container, over either protocol and either kind of address.

use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use crate::support::client::{PATIENCE, check, frame, receive};
use crate::support::reply::Reply;
use crate::support::sealed;
use crate::support::wire::Query;

/// What is answered over UDP; nothing where nobody answers.
pub(crate) fn over_udp(server: SocketAddr, query: &Query) -> Option<Reply> {
    let socket = send(server, query);
    receive(&socket, PATIENCE).map(|bytes| check(query, &bytes))
}

/// What is answered over TCP.
pub(crate) fn over_tcp(server: SocketAddr, query: &Query) -> Option<Reply> {
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&frame(&query.bytes())).ok()?;
    let bytes = sealed::receive(&mut stream).ok()?;
    Some(check(query, &bytes))
}

/// Asks over UDP; the reply comes to the socket.
pub(crate) fn send(server: SocketAddr, query: &Query) -> UdpSocket {
    let socket = match server {
        SocketAddr::V4(_) => UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = socket.unwrap();
    socket.connect(server).unwrap();
    socket.send(&query.bytes()).unwrap();
    socket
}
