//! Whatever a client sends: no panic, and one reply or none.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use lanward::cache::{Cache, Lifetimes};
use lanward::config::Settings;
use lanward::daemon::local::Loaded;
use lanward::resolver::{Carrier, Client, Outcome, Resolver, Silent};
use lanward::wire::{Header, Message, Query, header::flag};
use tokio::runtime::Runtime;

static RESOLVER: LazyLock<Arc<Resolver>> = LazyLock::new(|| {
    let (settings, _) = Settings::prove(Path::new(""), "upstream.servers = []");
    let state = lanward::daemon::build(&settings.expect("proven"), &[], &Loaded::default()).state;
    let cache = Cache::new(1 << 20, Lifetimes::default());
    Arc::new(Resolver::new(state, cache))
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime")
});

/// Answers a packet with default settings and no upstream, once as a datagram and once from a stream.
pub fn client_packet(packet: &[u8]) {
    for carrier in [Carrier::Datagram, Carrier::Stream] {
        let client = Client {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            carrier,
        };
        let mut out = Vec::new();
        let session = RESOLVER.session(Duration::ZERO);
        let mut outcome = session.answer(packet, client, &mut out, &mut Silent);
        if let Outcome::Ask(permit) = outcome {
            outcome = RUNTIME.block_on(RESOLVER.complete(packet, client, permit, &mut out));
        }
        match outcome {
            Outcome::Reply(_) => check(packet, &out, carrier),
            Outcome::Drop => {
                let silent = Header::read(packet).map_or(true, |header| header.has(flag::QR));
                assert!(silent, "a query without a reply");
            }
            Outcome::Ask(_) => panic!("asked twice"),
        }
    }
}

fn check(packet: &[u8], out: &[u8], carrier: Carrier) {
    let header = Header::read(out).expect("a header");
    assert_eq!(packet.get(..2), out.get(..2), "another ID");
    assert!(header.has(flag::QR));
    if header.questions == 0 {
        assert_eq!(out.len(), 12);
        return;
    }
    let reply = Message::read(out).expect("a well-formed reply");
    assert_eq!(
        packet.get(12..12 + reply.question_bytes.len()),
        Some(reply.question_bytes)
    );
    if let Ok(query) = Query::read(packet) {
        assert_eq!(query.edns.is_some(), reply.edns.is_some());
        assert_eq!(
            query.dnssec_ok(),
            reply.edns.is_some_and(|edns| edns.dnssec_ok)
        );
        assert!(carrier == Carrier::Stream || out.len() <= query.udp_limit(1232));
    }
    assert!(carrier == Carrier::Stream || out.len() <= 1232);
}
