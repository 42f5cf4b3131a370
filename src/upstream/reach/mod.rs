//! How one server is reached: where it is, and by what it proves that it is the right one.

mod bootstrap;
mod own;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::trust::{Client, Trust, TrustError};
use super::{Group, Policy, Proof, Server, Transport};

use bootstrap::Finder;

pub use own::OwnDoors;

/// What the servers of a group share.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gear {
    /// Who is believed about certificates.
    pub trust: Trust,
    /// The servers that know the addresses of others; each has an address itself. Without any, the servers of a group that have
    /// an address are asked about those that have none.
    pub bootstrap: Vec<Server>,
    /// Where this program itself listens, and so nobody is asked.
    pub own: OwnDoors,
}

/// Why a server cannot be asked, whatever the network does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GearError {
    /// Nobody may be asked for its address.
    #[error(
        "nobody can be asked for the address of {0}; write it as NAME@ADDRESS, or set bootstrap in [upstream] to servers with an address, such as bootstrap = [\"9.9.9.9\"]"
    )]
    Address(String),
    /// It cannot prove itself.
    #[error("{0} cannot prove who it is: {1}")]
    Trust(String, TrustError),
}

impl Gear {
    /// The same in words.
    pub(super) fn describe(&self) -> String {
        let bootstrap: Vec<String> = self.bootstrap.iter().map(ToString::to_string).collect();
        format!(
            "{}; bootstrap {}",
            self.trust.describe(),
            bootstrap.join(" ")
        )
    }

    /// Whether `server`, a member of a group of `servers`, can be found and proven.
    pub fn prove(&self, server: &Server, servers: &[Server]) -> Result<(), GearError> {
        if server.addresses().is_empty() && informed(server, servers, &self.bootstrap).is_empty() {
            return Err(GearError::Address(server.to_string()));
        }
        let believed =
            server.transport().is_encrypted() && !matches!(server.proof(), Proof::Key(_));
        if believed && let Err(error) = self.trust.prove() {
            return Err(GearError::Trust(server.to_string(), error));
        }
        Ok(())
    }
}

/// What a connection to a server needs.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// How questions travel.
    pub(super) transport: Transport,
    /// Its addresses with its port, the best one first. Never empty.
    pub(super) addresses: Vec<SocketAddr>,
    /// What its certificate must bear; none of a server that needs no certificate.
    pub(super) identity: Option<ServerName<'static>>,
    /// The `:authority` of requests over HTTP.
    pub(super) authority: String,
    /// Their path.
    pub(super) path: String,
    /// How TLS is spoken, with the protocol (ALPN) of the transport; none where it is not.
    pub(super) tls: Option<Arc<ClientConfig>>,
}

impl Target {
    /// How TLS is spoken, and what the certificate must bear.
    pub(super) fn secrets(&self) -> io::Result<(Arc<ClientConfig>, ServerName<'static>)> {
        let missing = || io::Error::other("no certificate is asked of it");
        let tls = self.tls.clone().ok_or_else(missing)?;
        Ok((tls, self.identity.clone().ok_or_else(missing)?))
    }
}

/// How one server is reached.
#[derive(Debug)]
pub(super) struct Reach {
    transport: Transport,
    identity: Option<ServerName<'static>>,
    authority: String,
    path: String,
    way: Result<Way, GearError>,
}

/// What may be missing.
#[derive(Debug)]
struct Way {
    place: Place,
    tls: Option<Client>,
}

/// Where a server is.
#[derive(Debug)]
enum Place {
    /// Where it is said to be.
    Given(Vec<SocketAddr>),
    /// Where its name leads.
    Sought(Box<Sought>),
}

/// A server that has only a name.
#[derive(Debug)]
struct Sought {
    finder: Finder,
    server: Server,
    own: OwnDoors,
    /// Its name led to ourselves the last time, and that was told.
    told: AtomicBool,
}

impl Sought {
    /// Its addresses, without those at which we would ask ourselves for ever.
    async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let found = self.finder.addresses().await?;
        let is_own = |address: &SocketAddr| self.own.are_at(self.server.transport(), *address);
        let Some(own) = found.iter().copied().find(is_own) else {
            self.told.store(false, Ordering::Relaxed);
            return Ok(found);
        };
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "upstream server {} is said to be at {own}, where lanward itself listens; it is not asked there",
                self.server
            );
        }
        let others: Vec<SocketAddr> = found
            .into_iter()
            .filter(|address| !is_own(address))
            .collect();
        if others.is_empty() {
            let words = format!("it is said to be at {own}, where lanward itself listens");
            return Err(io::Error::other(words));
        }
        Ok(others)
    }
}

impl Reach {
    /// How `server` is reached, a member of a group of `servers`.
    pub(super) fn new(server: &Server, servers: &[Server], gear: &Gear) -> Self {
        Self {
            transport: server.transport(),
            identity: server.identity(),
            authority: server.authority(),
            path: server.path().to_owned(),
            way: Way::new(server, servers, gear),
        }
    }

    /// Whether there is anything that no network could mend.
    pub(super) fn prove(&self) -> Result<(), GearError> {
        self.way.as_ref().map(drop).map_err(Clone::clone)
    }

    /// How questions travel.
    pub(super) fn transport(&self) -> Transport {
        self.transport
    }

    /// What a new connection needs. Where the server has only a name this asks others for its address, unless that is known; it
    /// takes no longer than a question may.
    pub(super) async fn target(&self) -> io::Result<Target> {
        let way = self
            .way
            .as_ref()
            .map_err(|error| io::Error::other(error.clone()))?;
        if let Some(tls) = &way.tls {
            // What is said of earlier connections explains nothing about the next one.
            tls.witness.take_doubt();
        }
        let addresses = match &way.place {
            Place::Given(addresses) => addresses.clone(),
            Place::Sought(sought) => sought.addresses().await?,
        };
        Ok(Target {
            transport: self.transport,
            addresses,
            identity: self.identity.clone(),
            authority: self.authority.clone(),
            path: self.path.clone(),
            tls: way.tls.as_ref().map(|tls| Arc::clone(&tls.config)),
        })
    }

    /// Notes that at none of its addresses a connection could be made: they are looked up again for the next one. If the server
    /// was not believed, the error becomes one that says why.
    pub(super) fn failed(&self, error: io::Error) -> io::Error {
        let Ok(way) = &self.way else {
            return error;
        };
        if let Place::Sought(sought) = &way.place {
            sought.finder.doubt();
        }
        let doubt = way.tls.as_ref().and_then(|tls| tls.witness.take_doubt());
        match doubt {
            Some(words) => io::Error::new(error.kind(), words),
            None => error,
        }
    }
}

impl Way {
    fn new(server: &Server, servers: &[Server], gear: &Gear) -> Result<Self, GearError> {
        gear.prove(server, servers)?;
        let transport = server.transport();
        let tls = if transport.is_encrypted() {
            let tls = gear.trust.client(server);
            Some(tls.map_err(|error| GearError::Trust(server.to_string(), error))?)
        } else {
            None
        };
        let place = match server.name() {
            Some(name) if server.addresses().is_empty() => {
                let informed = informed(server, servers, &gear.bootstrap);
                let group = Group::new(informed, Policy::default(), gear);
                Place::Sought(Box::new(Sought {
                    finder: Finder::new(name, server.port(), group),
                    server: server.clone(),
                    own: gear.own.clone(),
                    told: AtomicBool::new(false),
                }))
            }
            _ => Place::Given(server.addresses().to_vec()),
        };
        Ok(Self { place, tls })
    }
}

/// Who is asked for the address of `server`: those that the operator named for this, else those that its stamp names, else the
/// others of its group. Nobody else.
fn informed(server: &Server, servers: &[Server], bootstrap: &[Server]) -> Vec<Server> {
    let with_address = |servers: &[Server]| -> Vec<Server> {
        let fit = servers.iter().filter(|one| !one.addresses().is_empty());
        fit.cloned().collect()
    };
    let named = with_address(bootstrap);
    if !named.is_empty() {
        return named;
    }
    if !server.bootstrap().is_empty() {
        let addresses = server.bootstrap().iter();
        return addresses.copied().map(Server::new).collect();
    }
    with_address(servers)
}
