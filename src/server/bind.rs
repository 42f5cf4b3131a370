//! Sockets for the doors.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, UdpSocket};

use nix::errno::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use super::{interfaces, occupied};

/// A burst that comes while a worker is at work must find room; the kernel may give less.
const RECEIVE_BUFFER: usize = 4 << 20;
/// How often to look for a port that is free for both UDP and TCP when any will do.
const PORT_TRIES: usize = 32;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 256;

/// The sockets of one address: one for each worker, and a TCP listener on the same port.
#[derive(Debug)]
pub struct Bound {
    /// One for each worker; the kernel spreads clients over them.
    pub udp: Vec<UdpSocket>,
    /// For connections.
    pub tcp: TcpListener,
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}/{protocol}: {error}{remedy}")]
pub struct BindError {
    address: SocketAddr,
    protocol: &'static str,
    error: io::Error,
    remedy: String,
}

impl BindError {
    /// Whether all IPv6 addresses were wanted, and the kernel knows no IPv6 (`ipv6.disable=1`).
    pub fn lacks_all_of_ipv6(&self) -> bool {
        let code = self.error.raw_os_error().map(Errno::from_raw);
        let wanted = self.address.ip();
        wanted.is_unspecified() && wanted.is_ipv6() && code == Some(Errno::EAFNOSUPPORT)
    }
}

/// Binds an address for so many workers. Port 0 takes any port that is free for both protocols.
pub fn bind(address: SocketAddr, workers: usize) -> Result<Bound, BindError> {
    for _ in 1..PORT_TRIES {
        match try_bind(address, workers) {
            Err(error) if address.port() == 0 && error.error.kind() == ErrorKind::AddrInUse => {}
            done => return done,
        }
    }
    try_bind(address, workers)
}

/// Binds a listener for connections, such as those over TLS.
pub fn bind_stream(address: SocketAddr) -> Result<TcpListener, BindError> {
    tell_if_away(address);
    listen(address).map_err(|error| explain(address, "tcp", error))
}

/// Binds one socket for datagrams, such as those of QUIC.
pub fn bind_datagram(address: SocketAddr) -> Result<UdpSocket, BindError> {
    tell_if_away(address);
    let socket = open(address, Type::DGRAM, false).and_then(|socket| {
        socket.set_nonblocking(true)?;
        let _smaller = socket.set_recv_buffer_size(RECEIVE_BUFFER);
        Ok(socket.into())
    });
    socket.map_err(|error| explain(address, "udp", error))
}

fn tell_if_away(address: SocketAddr) {
    if !interfaces::is_local(address.ip()) {
        tracing::warn!(%address, "no interface has this address yet; listening all the same");
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = open(address, Type::STREAM, false)?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn try_bind(address: SocketAddr, workers: usize) -> Result<Bound, BindError> {
    let failed = |protocol| move |error| explain(address, protocol, error);
    tell_if_away(address);
    // A socket that shares its port would get along with a second server of ours; one that does not finds out.
    let probe = open(address, Type::DGRAM, false).map_err(failed("udp"))?;
    let address = probe
        .local_addr()
        .map_err(failed("udp"))?
        .as_socket()
        .unwrap_or(address);
    drop(probe);
    let tcp = listen(address).map_err(|error| explain(address, "tcp", error))?;
    let udp = (0..workers.max(1))
        .map(|_| open_udp(address))
        .collect::<io::Result<_>>();
    Ok(Bound {
        udp: udp.map_err(|error| explain(address, "udp", error))?,
        tcp,
    })
}

fn open_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(address, Type::DGRAM, true)?;
    socket.set_nonblocking(true)?;
    // A smaller buffer than wished for is no reason not to serve.
    let _smaller = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    #[cfg(target_os = "linux")]
    if address.ip().is_unspecified() {
        use nix::sys::socket::{setsockopt, sockopt};
        if address.is_ipv4() {
            setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        } else {
            setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        }
    }
    Ok(socket.into())
}

fn open(address: SocketAddr, kind: Type, shared: bool) -> io::Result<Socket> {
    let protocol = if kind == Type::DGRAM {
        Protocol::UDP
    } else {
        Protocol::TCP
    };
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        // So that 0.0.0.0 and [::] can be listened on side by side, and IPv4 clients have IPv4 addresses.
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // A restart must not wait for the connections of the last run to be forgotten.
        socket.set_reuse_address(true)?;
    }
    #[cfg(all(unix, not(target_os = "solaris")))]
    if shared {
        socket.set_reuse_port(true)?;
    }
    match socket.bind(&address.into()) {
        // An address that comes up later (Wi-Fi, VPN) can be bound now.
        #[cfg(target_os = "linux")]
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
            if address.is_ipv4() {
                socket.set_freebind_v4(true)?;
            } else {
                socket.set_freebind_v6(true)?;
            }
            socket.bind(&address.into())?;
        }
        bound => bound?,
    }
    Ok(socket)
}

fn explain(address: SocketAddr, protocol: &'static str, error: io::Error) -> BindError {
    let remedy = match error.kind() {
        ErrorKind::AddrInUse => taken(address, protocol),
        ErrorKind::PermissionDenied => {
            "; ports below 1024 need root, or CAP_NET_BIND_SERVICE: `setcap cap_net_bind_service=+ep lanward`, or AmbientCapabilities= in the systemd unit, or in a container with the host's network `--user 0 --cap-drop ALL --cap-add NET_BIND_SERVICE`".to_owned()
        }
        _ => String::new(),
    };
    BindError {
        address,
        protocol,
        error,
        remedy,
    }
}

/// What to do where systemd-resolved has the port.
const STUB_REMEDY: &str = "set DNSStubListener=no in /etc/systemd/resolved.conf and restart systemd-resolved, or listen on the LAN address alone";

/// Who has the port, where the system tells, and what to do about it.
fn taken(address: SocketAddr, protocol: &str) -> String {
    match occupied::holder(address, protocol) {
        Some(holder) if holder.name.starts_with("systemd-resolve") => {
            format!("; {holder} has it: {STUB_REMEDY}")
        }
        Some(holder) if holder.is_self() => {
            "; lanward itself listens there already, with another of its doors: give one of them another address or port".to_owned()
        }
        Some(holder) => format!("; {holder} has it: stop it, or listen on another address or port"),
        None if occupied::by_systemd_resolved(address, protocol) => {
            format!("; systemd-resolved has it: {STUB_REMEDY}")
        }
        None => format!(
            "; another program has it: `ss -lnp 'sport = {}'` shows which one",
            address.port()
        ),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_to_stop_lanward_for_lanwards_sake() {
        let first = bind_stream("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = bind_stream(first.local_addr().unwrap()).unwrap_err();
        assert!(error.to_string().contains("; lanward itself listens there"));
    }
}
