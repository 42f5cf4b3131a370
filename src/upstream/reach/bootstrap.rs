//! Where the name of a server leads: asked of other servers, and kept.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::pki_types::DnsName;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::upstream::{Ask, Group};
use crate::wire::answer::Kind;
use crate::wire::types::class;
use crate::wire::{Answer, Message, Name, Question, RecordType};

/// How long addresses are kept at least, in seconds, whatever their TTL says: nobody connects anew that often.
const SHORTEST: u32 = 60;
/// How long they are kept at most.
const LONGEST: u32 = 86_400;
/// How long a connection waits for news of addresses that are too old, before it takes the old ones.
const PATIENCE: Duration = Duration::from_millis(500);
/// After news that did not come, old addresses are taken at once for so long.
const REST: Duration = Duration::from_secs(10);

/// Finds the addresses of one name.
#[derive(Debug)]
pub(super) struct Finder {
    name: DnsName<'static>,
    port: u16,
    /// Who is asked.
    group: Group,
    /// Held while somebody asks, so that all who wait share one look-up.
    known: Mutex<Known>,
    doubtful: AtomicBool,
}

/// What was found last.
#[derive(Debug, Default)]
struct Known {
    addresses: Vec<SocketAddr>,
    until: Option<Instant>,
}

impl Finder {
    /// Of a name that nobody asked about yet.
    pub(super) fn new(name: &DnsName<'static>, port: u16, group: Group) -> Self {
        Self {
            name: name.clone(),
            port,
            group,
            known: Mutex::default(),
            doubtful: AtomicBool::new(false),
        }
    }

    /// The addresses, those first to which there is a way. When they are too old and nobody has news, the old ones.
    pub(super) async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let mut known = self.known.lock().await;
        let now = Instant::now();
        let doubtful = self.doubtful.swap(false, Ordering::Relaxed);
        let fresh = known.until.is_some_and(|until| now < until);
        if known.addresses.is_empty() {
            *known = self.look_up(now).await?;
        } else if doubtful || !fresh {
            let news = tokio::time::timeout(PATIENCE, self.look_up(now)).await;
            match news {
                Ok(Ok(news)) => *known = news,
                _ => known.until = Some(now + REST),
            }
        }
        Ok(known.addresses.clone())
    }

    /// Notes that the addresses did not lead to the server.
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    /// Asks for both kinds of addresses at the same time.
    async fn look_up(&self, now: Instant) -> io::Result<Known> {
        let (six, four) = tokio::join!(self.ask(RecordType::AAAA), self.ask(RecordType::A));
        let mut ttl = LONGEST;
        let mut addresses = Vec::new();
        let mut trouble = None;
        for found in [six, four] {
            match found {
                Ok((found, lifetime)) => {
                    if !found.is_empty() {
                        ttl = ttl.min(lifetime);
                    }
                    addresses.extend(found.into_iter().map(|ip| SocketAddr::new(ip, self.port)));
                }
                Err(error) => trouble = Some(error),
            }
        }
        if addresses.is_empty() {
            let none = || format!("{} has no address", self.name.as_ref());
            return Err(io::Error::other(trouble.unwrap_or_else(none)));
        }
        addresses.sort_by_key(|address| !has_way(address));
        let kept = Duration::from_secs(ttl.max(SHORTEST).into());
        Ok(Known {
            addresses,
            until: Some(now + kept),
        })
    }

    /// Asks for one kind of address. The error says what the servers said.
    async fn ask(&self, kind: RecordType) -> Result<(Vec<IpAddr>, u32), String> {
        let name = self.name.as_ref();
        let question = Question {
            name: name.parse::<Name>().map_err(|error| error.to_string())?,
            kind,
            class: class::IN,
        };
        let ask = Ask {
            question,
            dnssec_ok: false,
            checking_disabled: false,
            options: Vec::new(),
        };
        let answer = self.group.ask(&ask).await;
        let answer =
            answer.map_err(|failure| format!("no address of {name} is known: {failure}"))?;
        match answer.kind {
            Kind::Positive => Ok((addresses(&answer), answer.lifetime.unwrap_or(0))),
            _ => Ok((Vec::new(), 0)),
        }
    }
}

/// The addresses in an answer at which a server can be. Private ones are taken: a resolver of one's own has such, and whoever is
/// there must still prove to be the server.
fn addresses(answer: &Answer) -> Vec<IpAddr> {
    let Ok(message) = Message::read(&answer.bytes) else {
        return Vec::new();
    };
    let addresses = message.records.iter().filter_map(|record| {
        let data = message.data(record);
        match record.kind {
            RecordType::A => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
            RecordType::AAAA => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
            _ => None,
        }
    });
    addresses.filter(is_of_one_host).collect()
}

fn is_of_one_host(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !address.is_unspecified() && !address.is_multicast() && !broadcast
}

/// Whether this machine has a way to `address`. Connecting a datagram socket sends nothing, but fails without a route.
fn has_way(address: &SocketAddr) -> bool {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    UdpSocket::bind(any).is_ok_and(|socket| socket.connect(address).is_ok())
}
