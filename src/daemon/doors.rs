//! From settings to open doors.
//!
//! All sockets are bound before one of them is served, so that a start that fails has answered nobody.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread::JoinHandle;

use super::StartError;
use crate::config::{Encrypted, Identity, Settings};
use crate::server::bind::{BindError, Bound, bind, bind_datagram, bind_stream};
use crate::server::encrypted::{Protocol, Tls, serve_doq, serve_dot, serve_https};
use crate::server::{House, serve_tcp, serve_udp};

/// Sockets that nobody serves yet.
#[derive(Debug)]
pub(super) struct Doors {
    plain: Vec<Bound>,
    encrypted: Vec<(Protocol, Socket)>,
    manner: Option<Manner>,
}

/// How encrypted doors are served.
#[derive(Debug)]
struct Manner {
    tls: Tls,
    /// Where DNS is on the web servers.
    path: String,
}

/// A socket, and what is to be spoken on it.
#[derive(Debug)]
enum Socket {
    Tls(TcpListener),
    Https(TcpListener),
    Quic(UdpSocket),
}

impl Socket {
    fn bind(protocol: Protocol, address: SocketAddr) -> Result<Self, BindError> {
        match protocol {
            Protocol::Tls | Protocol::H3 => bind_stream(address).map(Self::Tls),
            Protocol::Quic => bind_datagram(address).map(Self::Quic),
            Protocol::Https => bind_stream(address).map(Self::Https),
        }
    }

    fn address(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tls(listener) | Self::Https(listener) => listener.local_addr(),
            Self::Quic(socket) => socket.local_addr(),
        }
    }

    /// Serves it until the end.
    fn open(self, Manner { tls, path }: &Manner, house: &House) -> Result<(), StartError> {
        let house = house.clone();
        let tasks = house.tasks.clone();
        // Whoever waits for the end waits for the tracker, not for the handle.
        match self {
            Self::Tls(listener) => {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                drop(tasks.spawn(serve_dot(listener, house, tls)?));
            }
            Self::Https(listener) => {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                drop(tasks.spawn(serve_https(listener, house, tls, path.clone())?));
            }
            Self::Quic(socket) => drop(tasks.spawn(serve_doq(socket, house, tls)?)),
        }
        Ok(())
    }
}

impl Doors {
    /// Binds what the settings say, and writes the ports that were got into them.
    pub(super) fn bind(settings: &mut Settings, workers: usize) -> Result<Self, StartError> {
        let plain: Vec<Bound> = (settings.listen.iter())
            .map(|address| bind(*address, workers))
            .collect::<Result<_, _>>()?;
        settings.listen = (plain.iter())
            .map(|bound| bound.tcp.local_addr())
            .collect::<Result<_, _>>()?;
        let mut doors = Self {
            plain,
            encrypted: Vec::new(),
            manner: None,
        };
        if let Some(encrypted) = &mut settings.encrypted {
            doors.bind_encrypted(encrypted)?;
        }
        Ok(doors)
    }

    fn bind_encrypted(&mut self, settings: &mut Encrypted) -> Result<(), StartError> {
        let Identity::Files { read, .. } = &settings.identity;
        self.manner = Some(Manner {
            tls: Tls::new(read)?,
            path: settings.path.clone(),
        });
        for (protocol, address) in &mut settings.doors {
            let socket = Socket::bind(*protocol, *address)?;
            *address = socket.address()?;
            self.encrypted.push((*protocol, socket));
        }
        Ok(())
    }

    /// TLS as it is spoken at the encrypted doors, if there are any.
    pub(super) fn tls(&self) -> Option<Tls> {
        self.manner.as_ref().map(|manner| manner.tls.clone())
    }

    /// Serves all of them until the end. Returns the threads that do.
    pub(super) fn open(self, house: &House) -> Result<Vec<JoinHandle<()>>, StartError> {
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
            if let Some(manner) = &self.manner {
                socket.open(manner, house)?;
            }
            tracing::info!("listening for {protocol} on {address}");
        }
        guard.disarm();
        Ok(threads)
    }
}
