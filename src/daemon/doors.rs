//! From settings to open doors.
//!
//! All sockets are bound before one of them is served, so that a start that fails has answered nobody.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread::JoinHandle;

use super::StartError;
use crate::config::{Encrypted, Settings};
use crate::server::bind::{BindError, Bound, bind, bind_datagram, bind_stream};
use crate::server::encrypted::{Protocol, Tls, serve_doq, serve_dot, serve_h3, serve_https};
use crate::server::{House, serve_tcp, serve_udp};

/// Sockets that nobody serves yet.
#[derive(Debug)]
pub(super) struct Doors {
    plain: Vec<Bound>,
    encrypted: Vec<(Protocol, Socket)>,
    /// Where DNS is on the web servers.
    path: String,
}

/// How encrypted doors are served.
#[derive(Debug)]
struct Manner<'a> {
    tls: &'a Tls,
    path: String,
    /// The doors for HTTP/3.
    h3: Vec<SocketAddr>,
}

impl Manner<'_> {
    /// The port at which HTTP/3 is spoken on the address of a door for HTTPS.
    fn h3_beside(&self, door: SocketAddr) -> Option<u16> {
        let beside = |h3: &&SocketAddr| {
            h3.ip() == door.ip() || h3.ip().is_unspecified() && h3.is_ipv4() == door.is_ipv4()
        };
        self.h3.iter().find(beside).map(SocketAddr::port)
    }
}

/// A socket, and what is to be spoken on it.
#[derive(Debug)]
enum Socket {
    Tls(TcpListener),
    Https(TcpListener),
    Quic(UdpSocket),
    H3(UdpSocket),
}

impl Socket {
    fn bind(protocol: Protocol, address: SocketAddr) -> Result<Self, BindError> {
        match protocol {
            Protocol::Tls => bind_stream(address).map(Self::Tls),
            Protocol::Https => bind_stream(address).map(Self::Https),
            Protocol::Quic => bind_datagram(address).map(Self::Quic),
            Protocol::H3 => bind_datagram(address).map(Self::H3),
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tls(listener) | Self::Https(listener) => listener.local_addr(),
            Self::Quic(socket) | Self::H3(socket) => socket.local_addr(),
        }
    }

    /// Serves it until the end.
    fn open(self, manner: &Manner<'_>, house: &House) -> Result<(), StartError> {
        let (tls, path, house) = (manner.tls, manner.path.clone(), house.clone());
        let tasks = house.tasks.clone();
        // Whoever waits for the end waits for the tracker, not for the handle.
        match self {
            Self::Tls(listener) => {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                drop(tasks.spawn(serve_dot(listener, house, tls)?));
            }
            Self::Https(listener) => {
                let site = (path, manner.h3_beside(listener.local_addr()?));
                let listener = tokio::net::TcpListener::from_std(listener)?;
                drop(tasks.spawn(serve_https(listener, house, tls, site)?));
            }
            Self::Quic(socket) => drop(tasks.spawn(serve_doq(socket, house, tls)?)),
            Self::H3(socket) => drop(tasks.spawn(serve_h3(socket, house, tls, path)?)),
        }
        Ok(())
    }
}

/// A door on all IPv6 addresses is one on none where the kernel has no IPv6, and no loss: the same configuration, such as that of the
/// image, serves machines with it and without. Who wrote down one address wants that one.
fn unless_dispensable(error: BindError) -> Result<BindError, BindError> {
    if error.lacks_all_of_ipv6() {
        tracing::warn!("{error}; this machine has no IPv6, so the other doors must do");
        Ok(error)
    } else {
        Err(error)
    }
}

impl Doors {
    /// Binds what the settings say, and writes the ports that were got into them.
    pub(super) fn bind(settings: &mut Settings, workers: usize) -> Result<Self, StartError> {
        let mut plain = Vec::new();
        let mut without = None;
        for address in &mut settings.listen {
            match bind(*address, workers) {
                Ok(bound) => {
                    *address = bound.tcp.local_addr()?;
                    plain.push(bound);
                }
                Err(error) => without = Some(unless_dispensable(error)?),
            }
        }
        if let (Some(error), true) = (without, plain.is_empty()) {
            return Err(error.into());
        }
        let mut doors = Self {
            plain,
            encrypted: Vec::new(),
            path: String::new(),
        };
        if let Some(encrypted) = &mut settings.encrypted {
            doors.bind_encrypted(encrypted)?;
        }
        Ok(doors)
    }

    fn bind_encrypted(&mut self, settings: &mut Encrypted) -> Result<(), StartError> {
        self.path.clone_from(&settings.path);
        for (protocol, address) in &mut settings.doors {
            match Socket::bind(*protocol, *address) {
                Ok(socket) => {
                    *address = socket.address()?;
                    self.encrypted.push((*protocol, socket));
                }
                Err(error) => drop(unless_dispensable(error)?),
            }
        }
        Ok(())
    }

    /// Serves all of them until the end, the encrypted ones with this TLS. Returns the threads that do.
    pub(super) fn open(
        self,
        house: &House,
        tls: Option<&Tls>,
    ) -> Result<Vec<JoinHandle<()>>, StartError> {
        let h3 = (self.encrypted.iter()).filter(|(protocol, _)| *protocol == Protocol::H3);
        let h3 = h3.map(|(_, socket)| socket.address());
        let h3 = h3.collect::<io::Result<_>>()?;
        let manner = tls.map(|tls| Manner {
            tls,
            path: self.path,
            h3,
        });
        // If one cannot be served, those before it must end again.
        let guard = house.stop.clone().drop_guard();
        let mut threads = Vec::new();
        for bound in self.plain {
            let address = bound.tcp.local_addr()?;
            for socket in bound.udp {
                threads.push(serve_udp(socket, threads.len(), house.clone())?);
            }
            tracing::info!("listening for UDP on {address}");
            let listener = tokio::net::TcpListener::from_std(bound.tcp)?;
            // Whoever waits for the end waits for the tracker, not for the handle.
            drop(house.tasks.spawn(serve_tcp(listener, house.clone())));
            tracing::info!("listening for TCP on {address}");
        }
        for (protocol, socket) in self.encrypted {
            let address = socket.address()?;
            if let Some(manner) = &manner {
                socket.open(manner, house)?;
            }
            tracing::info!("listening for {protocol} on {address}");
        }
        guard.disarm();
        Ok(threads)
    }
}
