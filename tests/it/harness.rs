//! The tools themselves: `dig` and the strict reader must agree about what the hostile upstream says.

use std::process::Command;
use std::time::Duration;

use crate::support::behaviours::{FORGED, bad_packets, faults};
use crate::support::client::Client;
use crate::support::peers;
use crate::support::records::{A, SOA, TXT, a, cname, txt};
use crate::support::reply::Reply;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{NXDOMAIN, QR, Query, Response, TC, name, text};

fn dig(upstream: &Upstream, arguments: &[&str]) -> String {
    let port = upstream.address.port().to_string();
    let run = Command::new("dig")
        .args(["@127.0.0.1", "-p", &port, "+time=2", "+tries=1"])
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8_lossy(&run.stdout).into_owned()
}

#[test]
fn names_survive_the_way_to_text_and_back() {
    for one in [
        "",
        "example",
        "a.b.example",
        r"a\.corp.example",
        r"\000\255.example",
        "_x._tcp.example",
    ] {
        assert_eq!(text(&name(one)), one);
    }
    assert_eq!(text(&name("CoRp.ExAmPlE.")), "corp.example");
}

#[test]
fn dig_understands_the_upstream() {
    if !peers::installed("dig_understands_the_upstream", "dig", "bind9-dnsutils") {
        return;
    }
    let upstream = Upstream::start();
    upstream.on(
        "www.example",
        A,
        Response::new(vec![
            cname("www.example", "web.example"),
            a("web.example", "198.51.100.7"),
        ]),
    );
    let big = Response::new(
        (0..10)
            .map(|_| txt("big.example", &[&[b'x'; 200]]))
            .collect(),
    );
    upstream.on(
        "big.example",
        TXT,
        Behaviour::split(
            Response {
                flags: QR | TC,
                ..Response::new(Vec::new())
            }
            .into(),
            big.into(),
        ),
    );
    assert_eq!(
        dig(&upstream, &["+short", "www.example"]),
        "web.example.\n198.51.100.7\n"
    );
    assert_eq!(
        dig(&upstream, &["+short", "big.example", "TXT"])
            .lines()
            .count(),
        10,
        "after TC over TCP"
    );
    assert!(dig(&upstream, &["nothing.example"]).contains("NXDOMAIN"));
    let seen = upstream.seen();
    assert_eq!(seen.iter().filter(|seen| seen.tcp).count(), 1);
    assert!(
        seen.iter()
            .all(|seen| seen.query.edns.is_some() && seen.from.ip().is_loopback())
    );
}

#[test]
fn the_strict_reader_reads_what_the_upstream_writes() {
    let upstream = Upstream::start();
    let client = Client::new(upstream.address);
    let reply = client.udp(&Query::new("nothing.example", A));
    assert_eq!((reply.rcode(), reply.authority[0].rtype), (NXDOMAIN, SOA));
    upstream.on(
        "x.example",
        A,
        Response::new(vec![a("x.example", "198.51.100.1")]),
    );
    for tcp in [false, true] {
        assert_eq!(
            client.ask(&Query::new("X.example", A), tcp).addresses(),
            ["198.51.100.1".parse::<std::net::IpAddr>().unwrap()]
        );
    }
    assert!(
        Reply::parse(&[reply.bytes.clone(), vec![0]].concat()).is_err(),
        "a byte too many is an error"
    );
    assert_eq!(upstream.count("x.example"), 2);
}

/// No bad packet may pass for a good answer with this client, or the tests of the program would prove nothing.
#[test]
fn no_bad_packet_is_an_answer() {
    let upstream = Upstream::start();
    for (id, bad) in bad_packets() {
        upstream.on("x.example", A, bad);
        let query = Query::new("x.example", A);
        let Some(bytes) =
            Client::new(upstream.address).try_udp(&query.bytes(), Duration::from_millis(300))
        else {
            continue;
        };
        let accepted = Reply::parse(&bytes).is_ok_and(|reply| {
            let asked = (query.name.clone(), query.qtype, query.qclass);
            reply.id == query.id && reply.flags & 0xf800 == QR && reply.questions == [asked]
        });
        assert!(!accepted, "{id}");
    }
    assert!(faults(&Response::new(vec![a("x.example", "198.51.100.1")])).len() > 40);
    assert!(FORGED.parse::<std::net::Ipv4Addr>().is_ok());
}
