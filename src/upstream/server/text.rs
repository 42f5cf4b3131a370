//! How a server is written: `TRANSPORT://NAME@ADDRESS:PORT/PATH#PROOF`, of which most parts may be missing.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use rustls::pki_types::DnsName;

use super::address::{self, parse_port};
use super::pin::{Digest, DigestError, Proof};
use super::stamp::{self, StampError};
use super::{DEFAULT_PATH, Server, Transport, Written};

/// More addresses than this no server needs.
const MOST_ADDRESSES: usize = 8;

/// Why a text names no server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// Something else than an address stands there.
    #[error(
        "{0:?} is no server; allowed: an address, with a port if it is not 53, such as 9.9.9.9, 192.168.1.1:5353, [2620:fe::fe]:53, [fe80::1%eth0]:53, with tcp:// in front if need be; encrypted: tls://dns.example@192.0.2.1, tls://dns.example, https://dns.example/dns-query, quic://, h3://; or a DNS stamp, sdns://"
    )]
    Neither(String),
    /// A transport that does not exist here.
    #[error(
        "{0}:// is not supported; allowed: udp://, tcp://, tls://, https://, quic://, h3:// and DNS stamps, sdns://"
    )]
    Transport(String),
    /// An interface that does not exist.
    #[error("there is no interface {0:?}")]
    Interface(String),
    /// A name for a server that has no certificate.
    #[error(
        "{0:?} has a name, which proves nothing over udp:// and tcp://; allowed there: an address alone; or tls://, https://, quic://, h3:// for a server that has a certificate"
    )]
    PlainName(String),
    /// Neither name nor address.
    #[error(
        "{0:?} is neither a name nor an address; allowed: such as dns.example, 192.0.2.1, [2001:db8::1]:8853, or both as dns.example@192.0.2.1:8853; letters of other scripts in their xn-- form"
    )]
    Host(String),
    /// No address behind the name.
    #[error(
        "{0:?} is no address; allowed behind @: one, or up to eight with commas between them, such as 192.0.2.1,[2001:db8::1], and a port behind the last"
    )]
    Address(String),
    /// Several servers in one text.
    #[error(
        "{0:?} has several addresses but no name that all of them could prove; write a server for each, or NAME@ADDRESS,ADDRESS"
    )]
    ManyServers(String),
    /// A path where there is none.
    #[error("{0:?}: only https:// and h3:// have a path")]
    NoPath(String),
    /// A path that cannot stand in a request.
    #[error(
        "{0:?} is no path; allowed: ASCII without blanks, quotes, <, >, \\, ^, `, braces and |, such as /dns-query"
    )]
    Path(String),
    /// A proof of what proves nothing.
    #[error(
        "{0:?}: only tls://, https://, quic:// and h3:// have a certificate that could be proven"
    )]
    NoProof(String),
    /// An unknown kind of proof.
    #[error(
        "{0:?} is not known behind #; allowed: sha256/DIGEST of the server's key, or certificate/DIGEST of a certificate in its chain, several with commas between them, and bootstrap/ADDRESS"
    )]
    Proof(String),
    /// A digest that is none.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// Both kinds of proof.
    #[error(
        "sha256/ and certificate/ exclude each other: the key alone proves the server, whatever its certificates are"
    )]
    TwoProofs,
    /// A stamp that cannot be used.
    #[error(transparent)]
    Stamp(#[from] StampError),
}

impl FromStr for Server {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("udp", text));
        if scheme.eq_ignore_ascii_case("sdns") {
            return Ok(stamp::read(rest)?.into());
        }
        let transport = Transport::ALL
            .into_iter()
            .find(|transport| transport.scheme().eq_ignore_ascii_case(scheme))
            .ok_or_else(|| ServerError::Transport(scheme.to_owned()))?;
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (rest, None),
        };
        let (host, path) = match rest.find('/').and_then(|at| rest.split_at_checked(at)) {
            Some((host, path)) => (host, read_path(transport, path)?),
            None => (rest, DEFAULT_PATH.to_owned()),
        };
        let mut written = if transport.is_encrypted() {
            read_host(transport, host)?
        } else {
            read_plain(transport, host, text)?
        };
        written.path = path;
        if let Some(fragment) = fragment {
            if !transport.is_encrypted() {
                return Err(ServerError::NoProof(fragment.to_owned()));
            }
            read_fragment(&mut written, fragment)?;
        }
        Ok(written.into())
    }
}

/// The address of a server that needs nothing else.
fn read_plain(transport: Transport, host: &str, text: &str) -> Result<Written, ServerError> {
    let found = address::parse(host, transport.default_port())?;
    let address = found.ok_or_else(|| {
        let name = host.rsplit_once('@').map_or(host, |(name, _)| name);
        let (name, _) = split_port(name);
        if read_name(name).is_some() {
            ServerError::PlainName(text.to_owned())
        } else {
            ServerError::Neither(text.to_owned())
        }
    })?;
    Ok(Written {
        transport,
        ..Server::new(address).written
    })
}

/// A name, an address, or `NAME@ADDRESSES`.
fn read_host(transport: Transport, host: &str) -> Result<Written, ServerError> {
    let default_port = transport.default_port();
    let neither = || ServerError::Host(host.to_owned());
    let (name, addresses, port) = if let Some((name, list)) = host.rsplit_once('@') {
        let name = read_name(name).ok_or_else(neither)?;
        let addresses = read_addresses(list, default_port)?;
        let port = addresses.first().map_or(default_port, SocketAddr::port);
        (Some(name), addresses, port)
    } else if let Some(address) = address::parse(host, default_port)? {
        (None, vec![address], address.port())
    } else if host.contains(',') {
        return Err(ServerError::ManyServers(host.to_owned()));
    } else {
        let (name, port) = split_port(host);
        let port = port.map_or(Some(default_port), parse_port);
        let name = read_name(name).ok_or_else(neither)?;
        (Some(name), Vec::new(), port.ok_or_else(neither)?)
    };
    Ok(Written {
        transport,
        name,
        addresses,
        port,
        path: DEFAULT_PATH.to_owned(),
        proof: Proof::Chain,
        bootstrap: Vec::new(),
    })
}

/// A host name in lower case (RFC 1123 §2.1, and underscores), without the dot at its end: certificates have none.
pub(super) fn read_name(text: &str) -> Option<DnsName<'static>> {
    let text = text.strip_suffix('.').unwrap_or(text);
    DnsName::try_from(text.to_ascii_lowercase()).ok()
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    }
}

/// Addresses of one server; a port stands behind the last and is that of all.
fn read_addresses(list: &str, default_port: u16) -> Result<Vec<SocketAddr>, ServerError> {
    let wrong = || ServerError::Address(list.to_owned());
    let mut addresses: Vec<SocketAddr> = Vec::new();
    let mut texts = list.split(',').rev();
    let last = texts.next().unwrap_or_default();
    let last = address::parse(last, default_port)?.ok_or_else(wrong)?;
    addresses.push(last);
    for text in texts {
        // With port 0 a port in the text shows.
        let mut address = address::parse(text, 0)?
            .filter(|address| address.port() == 0)
            .ok_or_else(wrong)?;
        address.set_port(last.port());
        addresses.push(address);
    }
    addresses.reverse();
    if addresses.len() > MOST_ADDRESSES {
        return Err(wrong());
    }
    Ok(addresses)
}

/// A path as it stands in requests. The `{?dns}` at the end of a published URI template is about GET, which is not used.
pub(super) fn read_path(transport: Transport, path: &str) -> Result<String, ServerError> {
    if !transport.is_http() {
        return Err(ServerError::NoPath(path.to_owned()));
    }
    let plain = path.strip_suffix("{?dns}").unwrap_or(path);
    let fits = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}#".contains(c);
    if plain.starts_with('/') && plain.chars().all(fits) {
        Ok(plain.to_owned())
    } else {
        Err(ServerError::Path(path.to_owned()))
    }
}

/// What stands behind `#`: proofs, and who knows the address.
fn read_fragment(written: &mut Written, fragment: &str) -> Result<(), ServerError> {
    let (mut keys, mut certificates) = (Vec::new(), Vec::new());
    for part in fragment.split(',') {
        match part.split_once('/') {
            Some(("sha256", digest)) => keys.push(digest.parse::<Digest>()?),
            Some(("certificate", digest)) => certificates.push(digest.parse::<Digest>()?),
            Some(("bootstrap", text)) => {
                let address = address::parse(text, Transport::Udp.default_port())?;
                let address = address.ok_or_else(|| ServerError::Proof(part.to_owned()))?;
                written.bootstrap.push(address);
            }
            _ => return Err(ServerError::Proof(part.to_owned())),
        }
    }
    written.proof = match (keys.is_empty(), certificates.is_empty()) {
        (true, true) => Proof::Chain,
        (false, true) => Proof::Key(keys),
        (true, false) => Proof::Certificate(certificates),
        (false, false) => return Err(ServerError::TwoProofs),
    };
    Ok(())
}

/// The text that means this server; a stamp becomes one that people can read. A plain server over UDP is its address alone.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = &self.written;
        if written.transport != Transport::Udp {
            write!(f, "{}://", written.transport)?;
        }
        write_host(written, f)?;
        if written.transport.is_http() {
            f.write_str(&written.path)?;
        }
        let (word, digests) = match &written.proof {
            Proof::Chain => ("", &[][..]),
            Proof::Certificate(digests) => ("certificate", digests.as_slice()),
            Proof::Key(digests) => ("sha256", digests.as_slice()),
        };
        let proofs = digests.iter().map(|digest| format!("{word}/{digest}"));
        let known = written.bootstrap.iter();
        let parts = proofs.chain(known.map(|address| format!("bootstrap/{address}")));
        for (place, part) in parts.enumerate() {
            write!(f, "{}{part}", if place == 0 { '#' } else { ',' })?;
        }
        Ok(())
    }
}

/// The port of a plain server is always shown: many an address in a log is read by people who look for it.
fn write_host(written: &Written, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let shows_port =
        !written.transport.is_encrypted() || written.port != written.transport.default_port();
    if let Some(name) = &written.name {
        f.write_str(name.as_ref())?;
        f.write_str(if written.addresses.is_empty() {
            ""
        } else {
            "@"
        })?;
    }
    for (place, address) in written.addresses.iter().enumerate() {
        f.write_str(if place == 0 { "" } else { "," })?;
        match address {
            SocketAddr::V4(address) => write!(f, "{}", address.ip())?,
            SocketAddr::V6(address) if address.scope_id() == 0 => write!(f, "[{}]", address.ip())?,
            SocketAddr::V6(address) => write!(f, "[{}%{}]", address.ip(), address.scope_id())?,
        }
    }
    if shows_port {
        write!(f, ":{}", written.port)?;
    }
    Ok(())
}
