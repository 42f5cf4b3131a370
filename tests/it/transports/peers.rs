//! Unbound, dnsdist, Knot Resolver and hickory: what people ask over TLS, HTTPS, QUIC and HTTP/3.

use std::thread;

use super::with_servers;
use crate::support::authority::{Authority, NAME};
use crate::support::client::Client;
use crate::support::hickory::{self, Hickory};
use crate::support::lanward::Lanward;
use crate::support::peers::{Peer, installed, sealed_dnsdist, sealed_kresd, sealed_unbound};
use crate::support::records::{A, RRSIG, TXT, a, raw, txt};
use crate::support::reply::Reply;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{NOERROR, Query, Response, text};

/// What the server behind the far end says.
const ADDRESS: &str = "93.184.216.34";

/// A server with an address for any name, signed for whoever wants that, and a long text.
fn behind() -> Upstream {
    let upstream = Upstream::start();
    upstream.otherwise(Behaviour::new(|seen| {
        let name = text(&seen.query.name);
        let wants_signatures = seen.query.edns.as_ref().is_some_and(|edns| edns.dnssec);
        let mut records = if seen.query.qtype == TXT {
            (b'a'..b'k')
                .map(|letter| txt(&name, &[&[letter; 200]]))
                .collect()
        } else {
            vec![a(&name, ADDRESS)]
        };
        if wants_signatures && seen.query.qtype == A {
            records.push(raw(&name, RRSIG, signature(A)));
        }
        Behaviour::from(Response::new(records)).acts(seen)
    }));
    upstream
}

/// A signature of nobody over records of this type.
fn signature(covered: u16) -> Vec<u8> {
    [
        &covered.to_be_bytes()[..],
        &[8, 3, 0, 0, 1, 44, 0x7f, 0, 0, 0, 0x60, 0, 0, 0, 0, 1, 0],
        &[7; 64],
    ]
    .concat()
}

/// Fifty names at the same time, and a long answer.
fn ask_all(lanward: &Lanward, domain: &str, address: &str) {
    let client = lanward.client();
    let replies: Vec<Reply> = thread::scope(|scope| {
        let names = (0..50).map(|at| format!("n{at}.{domain}"));
        let asked: Vec<_> = names
            .map(|name| scope.spawn(move || client.udp(&Query::new(&name, A))))
            .collect();
        asked
            .into_iter()
            .map(|reply| reply.join().unwrap())
            .collect()
    });
    for reply in replies {
        let addresses: Vec<String> = reply.addresses().iter().map(ToString::to_string).collect();
        let (summary, log) = (reply.summary(), lanward.lines());
        assert_eq!(addresses, [address], "{summary}: {log:#?}");
    }
    let long = client.tcp(&Query::new(&format!("long.{domain}"), TXT));
    assert_eq!(long.rcode(), NOERROR, "{}", long.summary());
    assert!(long.bytes.len() > 1900, "{}", long.summary());
}

/// Whoever wants signatures gets them, nobody else does.
fn ask_signed(client: Client) {
    for wanted in [true, false] {
        let query = Query::new(&format!("signed-{wanted}.example"), A);
        let query = if wanted { query.dnssec() } else { query };
        let reply = client.udp(&query);
        let signed = reply.answer.iter().any(|record| record.rtype == RRSIG);
        assert_eq!(signed, wanted, "{}", reply.summary());
    }
}

/// How a far end is started before a server, and the ports where it is asked over TLS and over HTTPS.
type Start = fn(std::net::SocketAddr, &Authority) -> (Peer, [u16; 2]);

/// `signed`: it passes on whether signatures are wanted.
fn over_tls_and_https(start: Start, signed: bool) {
    let (authority, upstream) = (Authority::new(), behind());
    let (_peer, [tls, https]) = start(upstream.address, &authority);
    for server in [
        format!("tls://{NAME}@127.0.0.1:{tls}"),
        format!("https://{NAME}@127.0.0.1:{https}/dns-query"),
    ] {
        let lanward = with_servers(&authority, &[&server]);
        ask_all(&lanward, "example", ADDRESS);
        if signed {
            ask_signed(lanward.client());
        }
    }
}

#[test]
fn unbound_is_asked_over_tls_and_https() {
    let test = "unbound_is_asked_over_tls_and_https";
    if installed(test, "unbound", "unbound") {
        over_tls_and_https(sealed_unbound, true);
    }
}

#[test]
fn dnsdist_is_asked_over_tls_and_https() {
    let test = "dnsdist_is_asked_over_tls_and_https";
    if installed(test, "dnsdist", "dnsdist") {
        over_tls_and_https(sealed_dnsdist, true);
    }
}

#[test]
fn knot_resolver_is_asked_over_tls_and_https() {
    let test = "knot_resolver_is_asked_over_tls_and_https";
    if installed(test, "kresd", "knot-resolver") {
        // Without a trust anchor it wants none itself.
        over_tls_and_https(sealed_kresd, false);
    }
}

#[test]
fn hickory_is_asked_over_all_that_is_encrypted() {
    let authority = Authority::new();
    for transport in ["tls", "https", "quic", "h3"] {
        let far = Hickory::start(transport, &authority);
        let lanward = with_servers(&authority, &[&far.server]);
        let address = hickory::ADDRESS.to_string();
        ask_all(&lanward, "hickory.example", &address);
    }
}
