//! Names that are looked up in time, kept while nobody knows them, and looked up anew when they lead nowhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize};

use tokio::net;

use super::*;
use crate::upstream::{Gear, Policy, Server};

/// A resolver on loopback that knows one name.
struct Resolver {
    address: SocketAddr,
    /// The last octet of the address that it knows; 0: it is silent.
    host: Arc<AtomicU32>,
    /// The questions for that address.
    asked: Arc<AtomicUsize>,
    _task: tokio_util::task::AbortOnDropHandle<()>,
}

impl Resolver {
    #[expect(clippy::disallowed_methods, reason = "ended with the test")]
    async fn start() -> Self {
        let socket = net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let address = socket.local_addr().unwrap();
        let (host, asked) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicUsize::new(0)));
        let (own_host, own_asked) = (Arc::clone(&host), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            let mut packet = [0; 512];
            loop {
                let (length, from) = socket.recv_from(&mut packet).await.unwrap();
                let host = own_host.load(Ordering::Relaxed);
                let (reply, is_a) = reply(&packet[..length], host);
                if is_a {
                    own_asked.fetch_add(1, Ordering::Relaxed);
                }
                if host != 0 {
                    socket.send_to(&reply, from).await.unwrap();
                }
            }
        });
        Self {
            address,
            host,
            asked,
            _task: tokio_util::task::AbortOnDropHandle::new(task),
        }
    }

    fn finder(&self) -> Finder {
        let group = Group::new(
            vec![Server::new(self.address)],
            Policy::default(),
            &Gear::default(),
        );
        Finder::new(&DnsName::try_from("dns.example").unwrap(), 853, group)
    }

    fn becomes(&self, host: u32) {
        self.host.store(host, Ordering::Relaxed);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Finder {
    /// Lets what is known become too old.
    async fn age(&self) {
        let mut known = self.known.lock().await;
        known.until = Some(Instant::now());
        known.asked = None;
    }
}

/// The reply to a query: 127.0.0.`host` with a TTL of 300 s for A, nothing for other types. Whether it was for A.
fn reply(query: &[u8], host: u32) -> (Vec<u8>, bool) {
    let end = 12 + query[12..].iter().position(|octet| *octet == 0).unwrap() + 5;
    let is_a = query[end - 3] == 1;
    let mut reply = query[..end].to_vec();
    reply[2..4].copy_from_slice(&[0x81, 0x80]);
    reply[4..12].copy_from_slice(&[0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
    if is_a {
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 127, 0, 0]);
        reply.push(host.to_be_bytes()[3]);
    }
    (reply, is_a)
}

fn at(host: u8) -> Vec<SocketAddr> {
    vec![([127, 0, 0, host], 853).into()]
}

#[tokio::test]
async fn a_name_is_looked_up_once_for_all() {
    let resolver = Resolver::start().await;
    let finder = resolver.finder();
    let (one, two) = tokio::join!(finder.addresses(), finder.addresses());
    assert_eq!((one.unwrap(), two.unwrap()), (at(1), at(1)));
    assert_eq!(resolver.asked(), 1);
    resolver.becomes(2);
    assert_eq!(finder.addresses().await.unwrap(), at(1), "kept");
    finder.age().await;
    assert_eq!(
        finder.addresses().await.unwrap(),
        at(2),
        "until the TTL ends"
    );
    let kept = finder.known.lock().await.until.unwrap() - Instant::now();
    assert!((295..=300).contains(&kept.as_secs()), "{kept:?}");
}

#[tokio::test]
async fn addresses_that_lead_nowhere_are_looked_up_again() {
    let resolver = Resolver::start().await;
    let finder = resolver.finder();
    assert_eq!(finder.addresses().await.unwrap(), at(1));
    resolver.becomes(2);
    finder.doubt();
    assert_eq!(finder.addresses().await.unwrap(), at(1), "not so soon");
    finder.known.lock().await.asked = None;
    assert_eq!(finder.addresses().await.unwrap(), at(2));
    assert_eq!(finder.addresses().await.unwrap(), at(2));
    assert_eq!(resolver.asked(), 2);
}

#[tokio::test]
async fn old_addresses_hold_while_nobody_knows_better() {
    let resolver = Resolver::start().await;
    let finder = resolver.finder();
    assert_eq!(finder.addresses().await.unwrap(), at(1));
    resolver.becomes(0);
    finder.age().await;
    assert_eq!(finder.addresses().await.unwrap(), at(1));
    let asked = resolver.asked();
    assert!(asked > 1);
    assert_eq!(finder.addresses().await.unwrap(), at(1), "at once");
    assert_eq!(resolver.asked(), asked);
}

#[tokio::test]
async fn a_name_that_nobody_knows_has_no_address() {
    let nobody = Group::new(Vec::new(), Policy::default(), &Gear::default());
    let lost = Finder::new(&DnsName::try_from("dns.example").unwrap(), 853, nobody);
    for _ in 0..2 {
        let error = lost.addresses().await.unwrap_err().to_string();
        assert!(
            error.starts_with("the address of dns.example is not known: no upstream"),
            "{error}"
        );
    }
}

#[test]
fn addresses_of_both_kinds_are_tried_in_turn() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let four = vec![ip("192.0.2.1"), ip("192.0.2.2"), ip("192.0.2.3")];
    let six = vec![ip("2001:db8::1")];
    let expected = [six[0], four[0], four[1], four[2]];
    assert_eq!(in_turn(vec![four, six]), expected);
    assert_eq!(in_turn(Vec::new()), Vec::<IpAddr>::new());
}

#[test]
fn servers_are_not_where_nobody_can_be() {
    for (text, fits) in [
        ("127.0.0.1", true),
        ("192.168.1.1", true),
        ("fe80::1", true),
        ("0.0.0.0", false),
        ("255.255.255.255", false),
        ("224.0.0.1", false),
        ("::", false),
        ("ff02::1", false),
    ] {
        assert_eq!(is_of_one_host(&text.parse().unwrap()), fits, "{text}");
    }
    assert!(has_way(&([127, 0, 0, 1], 853).into()));
}

/// Where there is no way to addresses of one kind, those of the other are worth some patience: one lost packet delays them.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "ended with the test")]
async fn addresses_without_a_way_are_not_all_that_is_waited_for() {
    let socket = net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let socket = Arc::new(socket.unwrap());
    let address = socket.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let mut packet = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut packet).await.unwrap();
            let (mut reply, is_a) = reply(&packet[..length], 1);
            if is_a {
                let late = Arc::clone(&socket);
                drop(tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    late.send_to(&reply, from).await
                }));
                continue;
            }
            // A link-local address without its link: nobody has a way there.
            reply[7] = 1;
            reply.extend([0xc0, 12, 0, 28, 0, 1, 0, 0, 1, 44, 0, 16]);
            reply.extend("fe80::1".parse::<Ipv6Addr>().unwrap().octets());
            socket.send_to(&reply, from).await.unwrap();
        }
    });
    let _task = tokio_util::task::AbortOnDropHandle::new(task);
    let servers = vec![Server::new(address)];
    let group = Group::new(servers, Policy::default(), &Gear::default());
    let finder = Finder::new(&DnsName::try_from("dns.example").unwrap(), 853, group);
    let found = finder.addresses().await.unwrap();
    assert_eq!(found.first(), at(1).first(), "{found:?}");
}
