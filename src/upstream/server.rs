//! One upstream server: how it is written, and what is known of it.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

/// The port of DNS over UDP and TCP.
const PORT: u16 = 53;

/// After so many answers in other letters, the right one of which then came another way, the server is taken to write letters as it likes.
const FOLDS: u32 = 3;

/// An upstream server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    tcp_only: bool,
    folded: AtomicU32,
}

impl Server {
    /// The server at `address`, over UDP and, where that is not enough, TCP.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            tcp_only: false,
            folded: AtomicU32::new(0),
        }
    }

    /// Its address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it is never asked over UDP.
    pub fn is_tcp_only(&self) -> bool {
        self.tcp_only
    }

    /// Whether its answers repeat the letters of a question as they were. Nearly all servers do; the few that do not are found
    /// out, and questions to them are written in lower case (draft-vixie-dnsext-dns0x20 §6), which they keep.
    pub(super) fn keeps_letters(&self) -> bool {
        self.folded.load(Ordering::Relaxed) < FOLDS
    }

    /// Notes an answer in other letters than the question's, to a question that was then answered another way.
    pub(super) fn note_folded(&self) {
        self.folded.fetch_add(1, Ordering::Relaxed);
    }
}

/// The same server, of which nothing is known yet.
impl Clone for Server {
    fn clone(&self) -> Self {
        Self {
            tcp_only: self.tcp_only,
            ..Self::new(self.address)
        }
    }
}

impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        (self.address, self.tcp_only) == (other.address, other.tcp_only)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tcp_only {
            f.write_str("tcp://")?;
        }
        write!(f, "{}", self.address)
    }
}

/// Why a text names no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// Something else than an address stands there.
    #[error(
        "{0:?} is no server; allowed: an address, with a port if it is not 53, such as 9.9.9.9, 192.168.1.1:5353, [2620:fe::fe]:53, [fe80::1%eth0]:53, with udp:// or tcp:// in front if need be"
    )]
    Address(String),
    /// A transport that does not exist here.
    #[error("{0}:// is not supported; allowed: udp:// and tcp://")]
    Transport(String),
    /// An interface that does not exist.
    #[error("there is no interface {0:?}")]
    Interface(String),
}

impl FromStr for Server {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let (transport, rest) = text.split_once("://").unwrap_or(("udp", text));
        let tcp_only = match transport {
            "udp" => false,
            "tcp" => true,
            other => return Err(ServerError::Transport(other.to_owned())),
        };
        let address = parse_address(rest)?.ok_or_else(|| ServerError::Address(text.to_owned()))?;
        Ok(Self {
            tcp_only,
            ..Self::new(address)
        })
    }
}

/// An address with or without port; an IPv6 address with a port stands in brackets, and may name its interface (RFC 4007 §11).
fn parse_address(text: &str) -> Result<Option<SocketAddr>, ServerError> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok((address.port() != 0).then_some(address));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(Some(SocketAddr::new(address, PORT)));
    }
    let (inner, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, "")) => (inner, Some(PORT)),
        Some((inner, port)) => (
            inner,
            port.strip_prefix(':').and_then(|port| port.parse().ok()),
        ),
        None => (text, Some(PORT)),
    };
    let Some(port) = port.filter(|port| *port != 0) else {
        return Ok(None);
    };
    let (address, scope) = match inner.split_once('%') {
        Some((address, interface)) => (address, interface_index(interface)?),
        None => (inner, 0),
    };
    Ok(address
        .parse()
        .ok()
        .map(|address| SocketAddrV6::new(address, port, 0, scope).into()))
}

fn interface_index(name: &str) -> Result<u32, ServerError> {
    if let Ok(index) = name.parse() {
        return Ok(index);
    }
    #[cfg(unix)]
    if let Ok(index) = nix::net::if_::if_nametoindex(name) {
        return Ok(index);
    }
    Err(ServerError::Interface(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_written_as_addresses() {
        let cases = [
            ("9.9.9.9", "9.9.9.9:53"),
            ("udp://192.168.1.1:5353", "192.168.1.1:5353"),
            ("tcp://[2620:fe::fe]:54", "tcp://[2620:fe::fe]:54"),
            ("2620:fe::fe", "[2620:fe::fe]:53"),
            ("[2620:fe::fe]", "[2620:fe::fe]:53"),
            ("[fe80::1%7]:54", "[fe80::1%7]:54"),
            ("fe80::1%7", "[fe80::1%7]:53"),
        ];
        for (text, shown) in cases {
            assert_eq!(text.parse::<Server>().unwrap().to_string(), shown, "{text}");
        }
        for bad in [
            "",
            "dns.example",
            "9.9.9.9:",
            "9.9.9.9:0",
            "9.9.9.9:70000",
            "[::1",
            "[::1]x",
            "[::1]:0",
            "quic://9.9.9.9",
            "fe80::1%no-such-interface",
        ] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }
}
