//! V47 to V67, V87, V92, V93, V97: where names and aliases decide.

use std::net::Ipv4Addr;

use crate::support::records::{A, AAAA, PTR, a, cname, dname, soa};
use crate::support::wire::{NXDOMAIN, Response, name};

use super::row::Expect::{Alias, Block, Decode, Local, Nodata, Pass, Report};
use super::row::{PID, Row, Setup};

pub(super) fn rows() -> Vec<Row> {
    [aliases(), decoded(), exceptions()].concat()
}

fn aliases() -> Vec<Row> {
    let inside = format!("192-168-1-1.{PID}.plex.direct");
    let alias = |id, to: &str| {
        let site = format!("{id}.evil.example");
        Row::new(id, Alias, &site, A, vec![cname(&site, to)])
    };
    let nodata = Response {
        authority: vec![soa("plex.direct", 300)],
        ..Response::new(vec![cname("v50.evil.example", &inside)])
    };
    let chain = vec![
        dname("sub53.evil.example", &format!("{PID}.plex.direct")),
        cname("192-168-1-1.sub53.evil.example", &inside),
    ];
    vec![
        Row::new(
            "V47",
            Block,
            "v47.evil.example",
            A,
            vec![
                cname("v47.evil.example", "b.evil.example"),
                a("b.evil.example", "10.0.0.1"),
            ],
        ),
        Row::new(
            "V48",
            Alias,
            "v48.evil.example",
            A,
            vec![
                cname("v48.evil.example", &inside),
                a(&inside, "192.168.1.1"),
            ],
        ),
        alias("V49", &inside).uncached(),
        Row::new("V50", Alias, "v50.evil.example", AAAA, Vec::new()).says(nodata),
        // The pieces are in the cache: the decoded name, and the alias under the other type. They must not be put together.
        alias("V51", &inside)
            .after(&inside, A, Vec::new())
            .after(
                "v51.evil.example",
                AAAA,
                vec![cname("v51.evil.example", &inside)],
            )
            .uncached(),
        // The page leaves it open. The address is public today, but whose it is tomorrow is decided by the name: a block.
        Row::new("V52", Alias, "v52.evil.example", A, {
            let outside = format!("8-8-8-8.{PID}.plex.direct");
            vec![cname("v52.evil.example", &outside), a(&outside, "8.8.8.8")]
        }),
        Row::new("V53", Alias, "192-168-1-1.sub53.evil.example", A, chain).uncached(),
        alias("V54", "localhost").uncached(),
        // The network's own server, reached by a route, has answered for the target before.
        alias("V55", "nas.home.lan")
            .after("nas.home.lan", A, vec![a("nas.home.lan", "192.168.1.20")])
            .uncached(),
        alias("V56", "router").uncached(),
    ]
}

fn decoded() -> Vec<Row> {
    let plex = |id, expect, host: &str| {
        Row::new(
            id,
            expect,
            &format!("{host}{PID}.plex.direct"),
            A,
            vec![a("x.example", "10.0.0.1")],
        )
    };
    vec![
        plex("V57", Decode("192.168.1.1"), "192-168-1-1."),
        // Nothing is decoded here, so the name is forwarded, and it is no exception.
        Row::new(
            "V58",
            Block,
            &format!("192-168-1-1.{PID}.plex.direct"),
            A,
            vec![a(&format!("192-168-1-1.{PID}.plex.direct"), "10.0.0.1")],
        )
        .setup(Setup::NoPresets),
        plex("V59", Decode("127.0.0.1"), "127-0-0-1."),
        plex("V59", Nodata, "127-0-0-2."),
        plex("V60", Nodata, "0-0-0-0."),
        plex("V60", Nodata, "169-254-169-254."),
        // Names without an address in them are forwarded with the protection on.
        Row::new(
            "V61",
            Block,
            &format!("{PID}.plex.direct"),
            A,
            vec![a(&format!("{PID}.plex.direct"), "192.168.1.1")],
        ),
        Row::new(
            "V61",
            Block,
            "plex.direct",
            A,
            vec![a("plex.direct", "192.168.1.1")],
        ),
    ]
}

fn exceptions() -> Vec<Row> {
    let private = |id, expect, site: &str, address: &str| {
        Row::new(id, expect, site, A, vec![a(site, address)])
    };
    let led_out = vec![
        cname("x64.corp.example", "y.evil.example"),
        a("y.evil.example", "10.0.0.1"),
    ];
    let listed = "2.0.0.127.zen.spamhaus.org";
    vec![
        private("V62", Pass, "x62.corp.example", "10.1.2.3"),
        private("V63", Block, "x63.corp.example", "192.168.1.1"),
        Row::new("V64", Block, "x64.corp.example", A, led_out),
        private("V65", Block, "notcorp.example", "10.0.0.1"),
        private("V65", Block, "corp.example.evil.example", "10.0.0.1"),
        private("V66", Block, r"a\.corp.example", "10.0.0.1"),
        private("V67", Pass, "X67.CoRp.ExAmPlE", "10.0.0.1"),
        private("V87", Pass, listed, "127.0.0.4"),
        private("V87", Block, listed, "127.0.0.4").setup(Setup::NoDnsbl),
        // A code is never 127.0.0.1, and the name has to be a reversed address.
        private("V87", Block, "3.0.0.127.zen.spamhaus.org", "127.0.0.1"),
        private("V87", Block, "www.zen.spamhaus.org", "127.0.0.4"),
        private("V92", Pass, "nas.corp2.example", "10.0.0.7"),
        private("V93", Report, "v93.evil.example", "10.0.0.1").from(Ipv4Addr::new(127, 0, 0, 77)),
        private("V93", Block, "v93b.evil.example", "10.0.0.1"),
        // Private reverse zones are answered here (RFC 6303) and never leave the network.
        Row::new(
            "V97",
            Local(NXDOMAIN),
            "1.1.168.192.in-addr.arpa",
            PTR,
            Vec::new(),
        )
        .says(Response::new(vec![crate::support::records::raw(
            "1.1.168.192.in-addr.arpa",
            PTR,
            name("host.example"),
        )])),
    ]
}
