//! The answers of the encrypted doors are those of UDP and TCP, octet for octet: but for the ID, padding, how long the connection
//! stays, and TTLs, which count down meanwhile.

use std::net::Ipv4Addr;

use crate::support::authority::Authority;
use crate::support::caller::{Asker, Door, Way, section};
use crate::support::lanward::Lanward;
use crate::support::records::{
    A, AAAA, ANY, AXFR, CNAME, DNSKEY, DS, HTTPS, MX, NS, NSEC, NSEC3, PTR, Record, SOA, SRV, SVCB,
    TXT, a, aaaa, cname, hint4, raw, rrsig, soa, srv, svcb, txt,
};
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{
    AD, CD, CH, Edns, NXDOMAIN, QR, Query, RA, RD, REFUSED, Response, SERVFAIL, TC, name,
};

/// The options that are about the hop alone.
const KEEPALIVE: u16 = 11;
const HOP: [u16; 2] = [KEEPALIVE, 12];
const PUBLIC: &str = "93.184.216.34";

/// Names that are answered here, those that the upstream knows (`behave`), and those that it does not.
fn names() -> Vec<String> {
    let plex = |address| format!("{address}.0123456789abcdef0123456789abcdef.plex.direct");
    let mut names = vec![
        plex("192-168-1-10"),
        plex("fd00--7"),
        plex("no-address"),
        "plex.direct".to_owned(),
    ];
    let others = [
        "localhost",
        "a.localhost",
        "x.invalid",
        "router.home.arpa",
        "1.1.168.192.in-addr.arpa",
        "single",
        "",
        "evil.example",
        "alias.example",
        "www.example",
        "WwW.eXaMpLe",
        r"a\.b\000\255.example",
        "_443._tcp.example",
        "nothing.example",
        "missing.example",
        "refused.example",
        "failing.example",
        "big.example",
    ];
    names.extend(others.map(str::to_owned));
    names
}

const TYPES: [u16; 9] = [A, AAAA, TXT, HTTPS, MX, SOA, PTR, 65280, ANY];

fn behave(upstream: &Upstream) {
    upstream.otherwise(Response::nxdomain("example"));
    for (name, answer) in [
        ("evil.example", vec![a("evil.example", "192.168.1.1")]),
        (
            "alias.example",
            vec![cname("alias.example", "router.home.arpa")],
        ),
        (
            "www.example",
            vec![
                cname("www.example", "WeB.eXample"),
                a("WeB.eXample", PUBLIC),
            ],
        ),
        (
            r"a\.b\000\255.example",
            vec![a(r"a\.b\000\255.example", PUBLIC)],
        ),
    ] {
        upstream.on(name, A, Response::new(answer));
    }
    let more: Vec<(u16, Record)> = vec![
        (AAAA, aaaa("www.example", "2606:2800:220:1::1")),
        (TXT, txt("www.example", &[&[0, 255, 34, 92], b""])),
        (
            MX,
            raw(
                "www.example",
                MX,
                [vec![0, 10], name("mx.example")].concat(),
            ),
        ),
        (SOA, soa("www.example", 300)),
        (65280, raw("www.example", 65280, [7, 0xc0, 0x0c, 0])),
        (
            HTTPS,
            svcb(HTTPS, "www.example", 1, "", &[hint4(&[PUBLIC])]),
        ),
    ];
    for (rtype, record) in more {
        upstream.on("www.example", rtype, Response::new(vec![record]));
    }
    upstream.on(
        "_443._tcp.example",
        SRV,
        Response::new(vec![srv("_443._tcp.example", "www.example")]),
    );
    for rtype in TYPES {
        upstream.on("nothing.example", rtype, Response::nodata("example"));
        upstream.on("refused.example", rtype, Response::rcode(REFUSED));
        upstream.on("failing.example", rtype, Response::rcode(SERVFAIL));
    }
    let long = (0..250).map(|_| txt("big.example", &[&[b'x'; 200]]));
    let cut = Response {
        flags: QR | RA | TC,
        ..Response::new(Vec::new())
    };
    let long = Behaviour::split(cut.into(), Response::new(long.collect()).into());
    upstream.on("big.example", TXT, long);
    let signed = Response::new(vec![
        a("signed.example", PUBLIC),
        rrsig("signed.example", A, "example"),
    ]);
    upstream.on(
        "signed.example",
        A,
        Response {
            flags: QR | RA | AD,
            ..signed
        },
    );
    let proof = raw(
        "gone.example",
        NSEC,
        [name("z.example"), vec![0, 1, 64]].concat(),
    );
    upstream.on(
        "gone.example",
        A,
        Response {
            authority: vec![soa("example", 300), rrsig("example", SOA, "example"), proof],
            ..Response::rcode(NXDOMAIN)
        },
    );
}

/// Questions of all kinds.
fn queries() -> Vec<Query> {
    let mut queries: Vec<Query> = names()
        .iter()
        .flat_map(|name| TYPES.map(|rtype| Query::new(name, rtype)))
        .collect();
    for name in ["signed.example", "gone.example"] {
        for query in [
            Query::new(name, A),
            Query::new(name, A).dnssec(),
            Query::new(name, A).dnssec().flags(RD | CD),
            Query::new(name, A).flags(RD | AD),
            Query::new(name, A).plain(),
        ] {
            queries.push(query);
        }
    }
    for rtype in [CNAME, NS, DS, DNSKEY, NSEC3, SRV, SVCB] {
        queries.push(Query::new("www.example", rtype).dnssec());
    }
    let plex = "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct";
    let with = |options: Vec<(u16, Vec<u8>)>| {
        move |edns: &mut Edns| {
            edns.options.clone_from(&options);
        }
    };
    for name in [plex, "www.example", "evil.example", "missing.example"] {
        let query = || Query::new(name, A);
        queries.extend([
            query().plain(),
            query().flags(0),
            query().flags(RD | AD | CD),
            query().class(CH),
            query().edns(|edns| edns.version = 1),
            query().edns(|edns| edns.payload = 512),
            query().edns(with(vec![(65001, b"x".to_vec())])),
            query().edns(with(vec![(10, vec![7; 8])])),
            query().edns(with(vec![(8, vec![0, 1, 24, 0, 192, 0, 2])])),
            query().edns(with(vec![(KEEPALIVE, Vec::new())])),
            query().edns(with(vec![(12, vec![0; 40])])),
            query().edns(with(vec![(12, vec![0; 7]), (KEEPALIVE, Vec::new())])),
        ]);
    }
    queries.push(Query::new("version.bind", TXT).class(CH));
    queries.push(Query::new("example", AXFR));
    queries
}

/// A reply without what may differ.
fn essence(reply: &[u8]) -> Vec<u8> {
    let mut out = reply.to_vec();
    out[..2].fill(0);
    let counts: Vec<usize> = (reply[4..12].chunks(2))
        .map(|pair| usize::from(u16::from_be_bytes([pair[0], pair[1]])))
        .collect();
    let mut at = 12;
    for _ in 0..counts[0] {
        at = end_of_name(reply, at) + 4;
    }
    for _ in 0..counts[1..].iter().sum() {
        at = end_of_name(reply, at);
        let length = usize::from(u16::from_be_bytes([reply[at + 8], reply[at + 9]]));
        let end = at + 10 + length;
        if reply[at..at + 2] == [0, 41] {
            assert_eq!(end, reply.len(), "the OPT record is the last");
            let options = without_hop(&reply[at + 10..end]);
            out.truncate(at + 8);
            out.extend(u16::try_from(options.len()).unwrap().to_be_bytes());
            out.extend(options);
        } else {
            out[at + 4..at + 8].fill(0);
        }
        at = end;
    }
    out
}

fn end_of_name(message: &[u8], mut at: usize) -> usize {
    loop {
        match message[at] {
            0 => return at + 1,
            0xc0.. => return at + 2,
            length => at += 1 + usize::from(length),
        }
    }
}

fn without_hop(mut options: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    while !options.is_empty() {
        let code = u16::from_be_bytes([options[0], options[1]]);
        let end = 4 + usize::from(u16::from_be_bytes([options[2], options[3]]));
        if !HOP.contains(&code) {
            kept.extend(&options[..end]);
        }
        options = &options[end..];
    }
    kept
}

fn has_keepalive(query: &Query) -> bool {
    let edns = query.edns.as_ref();
    edns.is_some_and(|edns| edns.options.iter().any(|(code, _)| *code == KEEPALIVE))
}

fn same(door: Door) {
    let authority = Authority::new();
    let upstream = Upstream::start();
    behave(&upstream);
    let lanward = Lanward::start(&[upstream.address], &section(&authority, &[door]));
    let asker = Asker::new(&lanward, &authority);
    let mut queries = queries();
    if door == Door::Quic {
        // There it ends the connection (RFC 9250 §5.5.2).
        queries.retain(|query| !has_keepalive(query));
    }
    assert!(queries.len() >= 200, "{} questions", queries.len());
    let mut different = Vec::new();
    for query in &queries {
        let ask = |way| asker.ask(way, Ipv4Addr::LOCALHOST, query).bytes;
        // The first one may be asked upstream, and say so.
        ask(Way::Tcp);
        let [udp, tcp, sealed] = [Way::Udp, Way::Tcp, Way::Sealed(door)].map(ask);
        let truncated = udp[2] & 2 > 0;
        let [udp, tcp, sealed] = [udp, tcp, sealed].map(|reply| essence(&reply));
        if sealed != tcp || sealed != udp && !truncated {
            different.push(format!(
                "{query}: {sealed:02x?}, over TCP {tcp:02x?}, over UDP {udp:02x?}"
            ));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {}: {different:#?}",
        different.len(),
        queries.len()
    );
}

#[test]
fn over_tls_the_answers_are_the_same() {
    same(Door::Tls);
}

#[test]
fn over_https_the_answers_are_the_same() {
    same(Door::Https);
}

#[test]
fn over_quic_the_answers_are_the_same() {
    same(Door::Quic);
}

#[test]
fn over_h3_the_answers_are_the_same() {
    same(Door::H3);
}
