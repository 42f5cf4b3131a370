//! Where the name of a server leads: asked of other servers, and kept.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::pki_types::DnsName;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::upstream::{Ask, Group};
use crate::wire::answer::Kind;
use crate::wire::types::class;
use crate::wire::{Answer, Message, Name, Question, RecordType};

/// How long addresses are kept at least, in seconds, whatever their TTL says: connections last longer than many a TTL.
const SHORTEST: u32 = 60;
/// How long they are kept at most.
const LONGEST: u32 = 86_400;
/// How long addresses of the other kind are waited for once there are some of one (twice that of RFC 8305 §3: nobody types here).
const RESOLUTION_DELAY: Duration = Duration::from_millis(100);
/// How long a connection waits for news of addresses that are too old, before it takes the old ones.
const PATIENCE: Duration = Duration::from_millis(500);
/// After news that did not come, old addresses are taken at once for so long.
const REST: Duration = Duration::from_secs(10);
/// Nobody is asked again before this has passed, whatever goes wrong.
const SOONEST: Duration = Duration::from_secs(1);
/// So many addresses of each kind are worth a try.
const MOST: usize = 8;

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
    /// Until when they may be kept.
    until: Option<Instant>,
    /// When somebody was asked last.
    asked: Option<Instant>,
    /// Why nobody knew them.
    trouble: String,
}

/// The addresses of one kind, and how long they may be kept, in seconds.
#[derive(Debug)]
struct Found {
    addresses: Vec<IpAddr>,
    ttl: u32,
}

/// What was found now.
#[derive(Debug)]
struct News {
    addresses: Vec<SocketAddr>,
    ttl: Duration,
}

impl Known {
    /// Takes news over; without any, what was known stays.
    fn hear(&mut self, news: Result<News, String>, now: Instant) {
        match news {
            Ok(news) => {
                self.addresses = news.addresses;
                self.until = Some(now + news.ttl);
            }
            Err(trouble) => {
                self.trouble = trouble;
                self.until = Some(now + REST);
            }
        }
    }
}

impl Finder {
    /// Of a name that nobody asked about yet.
    pub(super) fn new(name: &DnsName<'static>, port: u16, group: Group) -> Self {
        Self {
            name: name.clone(),
            port,
            group,
            known: Mutex::new(Known {
                trouble: format!("the address of {} is not known", name.as_ref()),
                ..Known::default()
            }),
            doubtful: AtomicBool::new(false),
        }
    }

    /// The addresses, those first to which there is a way. When they are too old and nobody has news, the old ones.
    pub(super) async fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let mut known = self.known.lock().await;
        let now = Instant::now();
        let fresh = !known.addresses.is_empty() && known.until.is_some_and(|until| now < until);
        let rests = known.asked.is_some_and(|asked| now < asked + SOONEST);
        let wanted = !fresh || self.doubtful.load(Ordering::Relaxed);
        if wanted && !rests {
            self.doubtful.store(false, Ordering::Relaxed);
            known.asked = Some(now);
            if known.addresses.is_empty() {
                known.hear(self.look_up().await, now);
            } else if let Ok(news) = timeout(PATIENCE, self.look_up()).await {
                known.hear(news, now);
            } else {
                known.until = Some(now + REST);
            }
        }
        if known.addresses.is_empty() {
            return Err(io::Error::other(known.trouble.clone()));
        }
        Ok(known.addresses.clone())
    }

    /// Notes that the addresses did not lead to the server.
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Relaxed);
    }

    /// Asks for both kinds of addresses at the same time.
    async fn look_up(&self) -> Result<News, String> {
        let mut six = pin!(self.ask(RecordType::AAAA));
        let mut four = pin!(self.ask(RecordType::A));
        let (first, other) = tokio::select! {
            first = &mut six => (first, four),
            first = &mut four => (first, six),
        };
        let second = match &first {
            Ok(found) if self.has_way_to(found) => timeout(RESOLUTION_DELAY, other).await.ok(),
            _ => Some(other.await),
        };
        let (mut found, mut trouble) = (Vec::new(), None);
        for one in std::iter::once(first).chain(second) {
            match one {
                Ok(one) if one.addresses.is_empty() => {}
                Ok(one) => found.push(one),
                Err(error) => trouble = Some(error),
            }
        }
        let Some(ttl) = found.iter().map(|one| one.ttl).min() else {
            let none = || format!("{} has no address", self.name.as_ref());
            return Err(trouble.unwrap_or_else(none));
        };
        let ips = in_turn(found.into_iter().map(|one| one.addresses).collect());
        let addresses = ips.into_iter().map(|ip| SocketAddr::new(ip, self.port));
        let mut addresses: Vec<SocketAddr> = addresses.collect();
        addresses.sort_by_cached_key(|address| !has_way(address));
        Ok(News {
            addresses,
            ttl: Duration::from_secs(ttl.clamp(SHORTEST, LONGEST).into()),
        })
    }

    /// Whether there is a way to one of these addresses. If there is none, as for IPv6 in many a house, the other kind is all
    /// that can help.
    fn has_way_to(&self, found: &Found) -> bool {
        let mut addresses = found.addresses.iter();
        addresses.any(|ip| has_way(&SocketAddr::new(*ip, self.port)))
    }

    /// Asks for one kind of address. The error says what the servers said.
    async fn ask(&self, kind: RecordType) -> Result<Found, String> {
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
        let answer = (self.group.ask(&ask).await)
            .map_err(|failure| format!("the address of {name} is not known: {failure}"))?;
        let addresses = if answer.kind == Kind::Positive {
            addresses(&answer)
        } else {
            Vec::new()
        };
        Ok(Found {
            addresses,
            ttl: answer.lifetime.unwrap_or(0),
        })
    }
}

/// The addresses in an answer at which a server can be. Private ones are taken, too: a resolver of one's own has such, and
/// whoever is there must still prove to be the server.
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
    addresses.filter(is_of_one_host).take(MOST).collect()
}

fn is_of_one_host(address: &IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    !address.is_unspecified() && !address.is_multicast() && !broadcast
}

/// One address of each list in turn, IPv6 first (RFC 8305 §4): where one kind leads nowhere, the other is tried next.
fn in_turn(mut lists: Vec<Vec<IpAddr>>) -> Vec<IpAddr> {
    lists.sort_by_key(|list| list.first().is_some_and(IpAddr::is_ipv4));
    (0..MOST)
        .flat_map(|place| lists.iter().filter_map(move |list| list.get(place)))
        .copied()
        .collect()
}

/// Whether this machine has a way to `address`. Connecting a datagram socket sends nothing, but fails without a route.
fn has_way(address: &SocketAddr) -> bool {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    UdpSocket::bind((any, 0)).is_ok_and(|socket| socket.connect(address).is_ok())
}

#[cfg(test)]
mod tests;
