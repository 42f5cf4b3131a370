//! One upstream server: how it is written, and what is known of it.

mod address;
mod pin;
mod stamp;
mod text;
mod transport;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use rustls::pki_types::{DnsName, ServerName};

pub use pin::{Digest, DigestError, Proof};
pub use stamp::StampError;
pub use text::ServerError;
pub use transport::Transport;

/// After so many answers in other letters, the right one of which then came another way, the server is taken to write letters as it likes.
const FOLDS: u32 = 3;

/// Where questions go on an HTTP server unless another path is written (the one in most examples of RFC 8484).
const DEFAULT_PATH: &str = "/dns-query";

/// An upstream server.
#[derive(Debug)]
pub struct Server {
    written: Written,
    folded: AtomicU32,
}

/// A server as it is configured.
///
/// One that is asked over UDP or TCP has one address and no name: without a certificate a name proves nothing. Every other has a
/// name, an address, or a name and some addresses.
#[derive(Debug, Clone, PartialEq)]
struct Written {
    transport: Transport,
    name: Option<DnsName<'static>>,
    /// With `port`.
    addresses: Vec<SocketAddr>,
    port: u16,
    path: String,
    proof: Proof,
    bootstrap: Vec<SocketAddr>,
}

impl From<Written> for Server {
    /// Of which nothing is known yet.
    fn from(written: Written) -> Self {
        Self {
            written,
            folded: AtomicU32::new(0),
        }
    }
}

impl Server {
    /// The server at `address`, over UDP and, where that is not enough, TCP.
    pub fn new(address: SocketAddr) -> Self {
        Self::from(Written {
            transport: Transport::Udp,
            name: None,
            addresses: vec![address],
            port: address.port(),
            path: DEFAULT_PATH.to_owned(),
            proof: Proof::Chain,
            bootstrap: Vec::new(),
        })
    }

    /// How questions travel to it.
    pub fn transport(&self) -> Transport {
        self.written.transport
    }

    /// Its addresses, with its port, as far as they are written; none where its name must be looked up.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.written.addresses
    }

    /// Where it is asked over UDP. None of one that is never asked so.
    pub fn datagram_address(&self) -> Option<SocketAddr> {
        let first = self.written.addresses.first().copied();
        first.filter(|_| self.written.transport == Transport::Udp)
    }

    /// Its name, which its certificate must bear; none if only an address is written.
    pub fn name(&self) -> Option<&DnsName<'static>> {
        self.written.name.as_ref()
    }

    /// What its certificate must bear: its name or, without one, its address. None of a server that needs no certificate.
    pub(super) fn identity(&self) -> Option<ServerName<'static>> {
        if !self.written.transport.is_encrypted() {
            return None;
        }
        let address = || {
            self.written
                .addresses
                .first()
                .map(|address| address.ip().into())
        };
        let name = self.written.name.clone().map(ServerName::DnsName);
        name.or_else(|| address().map(ServerName::IpAddress))
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.written.port
    }

    /// The path of questions over HTTP, with its slash in front.
    pub fn path(&self) -> &str {
        &self.written.path
    }

    /// Name, or address, and port as they stand in the `:authority` of a request over HTTP (RFC 9113 §8.3.1).
    pub(super) fn authority(&self) -> String {
        let host = match (&self.written.name, self.written.addresses.first()) {
            (Some(name), _) => name.as_ref().to_owned(),
            // A zone means something on this machine only (RFC 6874 §3).
            (None, Some(SocketAddr::V6(address))) => format!("[{}]", address.ip()),
            (None, Some(SocketAddr::V4(address))) => address.ip().to_string(),
            (None, None) => String::new(),
        };
        if self.written.port == self.written.transport.default_port() {
            host
        } else {
            format!("{host}:{}", self.written.port)
        }
    }

    /// By what it proves that it is the right one.
    pub fn proof(&self) -> &Proof {
        &self.written.proof
    }

    /// Resolvers that know its address, asked without encryption; a DNS stamp may name them.
    pub fn bootstrap(&self) -> &[SocketAddr] {
        &self.written.bootstrap
    }

    /// Every address that is written with it: its own, and those of resolvers that know it.
    pub fn all_addresses(&self) -> impl Iterator<Item = &SocketAddr> {
        self.addresses().iter().chain(self.bootstrap())
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

    /// Notes an answer in the letters of its question: those from before in other letters were somebody else's, or an accident.
    /// Else a forger would need only a few lucky guesses, however far apart, to do without letters from then on.
    pub(super) fn note_kept(&self) {
        // Written only when it changes: the answers of a good server need not fight for the cache line.
        if self.folded.load(Ordering::Relaxed) != 0 {
            self.folded.store(0, Ordering::Relaxed);
        }
    }
}

/// The same server, of which nothing is known yet.
impl Clone for Server {
    fn clone(&self) -> Self {
        self.written.clone().into()
    }
}

/// Configured in the same way.
impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

#[cfg(test)]
mod tests;
