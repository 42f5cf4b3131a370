//! DNS stamps: a server in one opaque text (<https://dnscrypt.info/stamps-specifications>).

use std::net::{IpAddr, SocketAddr};

use data_encoding::BASE64URL_NOPAD;
use rustls::pki_types::DnsName;

use super::address::{self, parse_port};
use super::pin::{Digest, Proof};
use super::text::{read_name, read_path};
use super::{DEFAULT_PATH, Transport, Written};

/// Why a stamp cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Not base 64.
    #[error(
        "sdns:// is not followed by base 64 in the letters of URLs (A to Z, a to z, 0 to 9, - and _)"
    )]
    Text,
    /// It ends too early, or goes on too long.
    #[error("the DNS stamp cannot be read: it is cut, or wrong, at {0}")]
    Cut(&'static str),
    /// A protocol that is not spoken here.
    #[error(
        "the DNS stamp is of {0}, which is not supported; allowed: stamps of plain DNS, DNS over HTTPS, TLS and QUIC"
    )]
    Protocol(&'static str),
    /// A part that means nothing.
    #[error("the DNS stamp has {1:?} as {0}, which is none")]
    Part(&'static str, String),
}

/// Reads what follows `sdns://`.
pub(super) fn read(text: &str) -> Result<Written, StampError> {
    // Some programs pad, as base 64 does elsewhere.
    let text = text.trim_end_matches('=').as_bytes();
    let octets = BASE64URL_NOPAD.decode(text).map_err(|_| StampError::Text)?;
    let mut parts = Parts(&octets);
    let transport = transport(parts.octet("the protocol")?)?;
    // Properties: what the server promises about logs and filters. Nobody can prove them.
    parts.take(8, "the properties")?;
    let written = if transport == Transport::Udp {
        plain(&mut parts)?
    } else {
        encrypted(transport, &mut parts)?
    };
    if parts.0.is_empty() {
        Ok(written)
    } else {
        Err(StampError::Cut("what stands behind its end"))
    }
}

fn transport(protocol: u8) -> Result<Transport, StampError> {
    match protocol {
        0x00 => Ok(Transport::Udp),
        0x02 => Ok(Transport::Https),
        0x03 => Ok(Transport::Tls),
        0x04 => Ok(Transport::Quic),
        0x01 => Err(StampError::Protocol("DNSCrypt")),
        0x05 => Err(StampError::Protocol("Oblivious DoH")),
        0x81 => Err(StampError::Protocol("a DNSCrypt relay")),
        0x85 => Err(StampError::Protocol("an Oblivious DoH relay")),
        _ => Err(StampError::Protocol("an unknown protocol")),
    }
}

fn plain(parts: &mut Parts<'_>) -> Result<Written, StampError> {
    let text = parts.text("its address")?;
    let address = read_address(&text, Transport::Udp.default_port())?;
    let address = address.ok_or(StampError::Part("address", text))?;
    Ok(super::Server::new(address).written)
}

fn encrypted(transport: Transport, parts: &mut Parts<'_>) -> Result<Written, StampError> {
    let address = parts.text("its address")?;
    let digests = (parts.list("its hashes")?.into_iter())
        .filter(|hash| !hash.is_empty())
        .map(|hash| {
            let digest = hash.try_into().map(Digest);
            digest.map_err(|_| StampError::Cut("a hash, which must have 32 octets"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let host = parts.text("its name")?;
    let path = if transport.is_http() {
        let path = parts.text("its path")?;
        read_path(transport, &path).map_err(|_| StampError::Part("path", path))?
    } else {
        DEFAULT_PATH.to_owned()
    };
    let bootstrap = if parts.0.is_empty() {
        Vec::new()
    } else {
        read_bootstrap(&parts.list("its resolvers")?)?
    };
    let place = read_place(transport, &address, &host)?;
    Ok(Written {
        transport,
        name: place.name,
        addresses: place.address.into_iter().collect(),
        port: place.port,
        path,
        proof: if digests.is_empty() {
            Proof::Chain
        } else {
            Proof::Certificate(digests)
        },
        bootstrap,
    })
}

/// What a stamp says about where its server is.
struct Place {
    name: Option<DnsName<'static>>,
    address: Option<SocketAddr>,
    port: u16,
}

/// `address` may be missing, or a port alone; `host` may have a port too, or be the address once more: then there is no name, and
/// the certificate must bear the address.
fn read_place(transport: Transport, address: &str, host: &str) -> Result<Place, StampError> {
    let (name, name_port) = match host.rsplit_once(':') {
        // The last group of an IPv6 address is no port.
        Some((name, port)) if parse_port(port).is_some() && host.parse::<IpAddr>().is_err() => {
            (name, parse_port(port))
        }
        _ => (host, None),
    };
    let default_port = name_port.unwrap_or_else(|| transport.default_port());
    let (address, port) = match address.strip_prefix(':') {
        Some(port) => {
            let wrong = || StampError::Part("port", address.to_owned());
            (None, parse_port(port).ok_or_else(wrong)?)
        }
        None if address.is_empty() => (None, default_port),
        None => {
            let wrong = || StampError::Part("address", address.to_owned());
            let found = read_address(address, default_port)?.ok_or_else(wrong)?;
            (Some(found), found.port())
        }
    };
    let wrong = || StampError::Part("name", host.to_owned());
    let host_address = read_address(name, port)?.map(|found| found.ip());
    let (name, address) = match (host_address, address) {
        (Some(ip), None) => (None, Some(SocketAddr::new(ip, port))),
        (Some(ip), Some(address)) if ip == address.ip() => (None, Some(address)),
        (None, Some(address)) if name.is_empty() => (None, Some(address)),
        (None, address) => (Some(read_name(name).ok_or_else(wrong)?), address),
        (Some(_), Some(_)) => return Err(wrong()),
    };
    Ok(Place {
        name,
        address,
        port,
    })
}

fn read_address(text: &str, default_port: u16) -> Result<Option<SocketAddr>, StampError> {
    address::parse(text, default_port)
        .map_err(|_| StampError::Part("interface of an address", text.to_owned()))
}

fn read_bootstrap(list: &[&[u8]]) -> Result<Vec<SocketAddr>, StampError> {
    let texts = list.iter().filter(|text| !text.is_empty());
    texts
        .map(|text| {
            let text = String::from_utf8_lossy(text).into_owned();
            let address = read_address(&text, Transport::Udp.default_port())?;
            address.ok_or(StampError::Part("address of a resolver", text))
        })
        .collect()
}

/// What is left of a stamp.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], StampError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(StampError::Cut(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn octet(&mut self, what: &'static str) -> Result<u8, StampError> {
        self.take(1, what)?
            .first()
            .copied()
            .ok_or(StampError::Cut(what))
    }

    /// Length and text: `LP()`.
    fn text(&mut self, what: &'static str) -> Result<String, StampError> {
        let length = self.octet(what)?;
        let octets = self.take(length.into(), what)?;
        String::from_utf8(octets.to_vec()).map_err(|_| StampError::Cut(what))
    }

    /// A list, the length of each part with the highest bit set if more follow: `VLP()`.
    fn list(&mut self, what: &'static str) -> Result<Vec<&'a [u8]>, StampError> {
        let mut list = Vec::new();
        loop {
            let length = self.octet(what)?;
            list.push(self.take(usize::from(length & 0x7f), what)?);
            if length & 0x80 == 0 {
                return Ok(list);
            }
        }
    }
}
