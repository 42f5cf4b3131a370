//! V68 to V86, V91, V98: what else can stand in a message.

use crate::support::records::{
    A, AAAA, ANY, HTTPS, Record, SRV, SVCB, TXT, a, cname, hint4, hint6, raw, rrsig, soa, srv,
    svcb, txt,
};
use crate::support::upstream::Behaviour;
use crate::support::wire::{CH, Echo, NXDOMAIN, QR, Response, SERVFAIL, TC, name, question};

use super::row::Expect::{Alias, Block, Code, Empty, Hinfo, Pass};
use super::row::{PID, Row};

pub(super) fn rows() -> Vec<Row> {
    [services(), sections(), odd()].concat()
}

fn services() -> Vec<Row> {
    let service =
        |id, expect, label: &str, priority, target: &str, parameters: &[(u16, Vec<u8>)]| {
            let site = format!("{id}{label}.evil.example");
            Row::new(
                id,
                expect,
                &site,
                HTTPS,
                vec![svcb(HTTPS, &site, priority, target, parameters)],
            )
        };
    let inside = format!("192-168-1-1.{PID}.plex.direct");
    let h2 = (1, b"\x02h2".to_vec());
    vec![
        service("V68", Block, "", 1, "", &[hint4(&["192.168.1.1"])]),
        service(
            "V69",
            Block,
            "",
            1,
            "",
            &[hint4(&["1.1.1.1", "192.168.1.1"])],
        ),
        service("V70", Block, "a", 1, "", &[hint6(&["::ffff:10.0.0.1"])]),
        service("V70", Block, "b", 1, "", &[hint6(&["64:ff9b::a00:1"])]),
        Row::new(
            "V71",
            Block,
            "_x._tcp.evil.example",
            SVCB,
            vec![svcb(
                SVCB,
                "_x._tcp.evil.example",
                1,
                "",
                &[hint6(&["fd00::1"])],
            )],
        ),
        service("V72", Alias, "", 0, &inside, &[]),
        service("V73", Alias, "", 1, &inside, std::slice::from_ref(&h2)),
        // The page leaves block or SERVFAIL open. What cannot be read to its end may hide an address: a block.
        Row::new(
            "V74",
            Block,
            "v74.evil.example",
            HTTPS,
            vec![raw(
                "v74.evil.example",
                HTTPS,
                [0, 1, 0, 0, 4, 0, 8, 192, 168, 1, 1],
            )],
        ),
        // A service whose hints are public works as it is.
        service(
            "V69",
            Pass,
            "good",
            1,
            "",
            &[h2, hint4(&["1.1.1.1"]), hint6(&["2606:4700::1111"])],
        ),
    ]
}

/// Records where they do not belong are dropped, and what belongs is answered: N on the page.
fn sections() -> Vec<Row> {
    let public = |site: &str| vec![a(site, "93.184.216.34")];
    let hinted = || {
        vec![svcb(
            HTTPS,
            "v75.evil.example",
            1,
            "",
            &[hint4(&["1.1.1.1"])],
        )]
    };
    let plain = |id, expect, site: &str, qtype, records: Vec<Record>| {
        Row::new(id, expect, site, qtype, records)
    };
    let v76 = srv("_s._tcp.evil.example", "t.evil.example");
    let with_additional = |response: Response, record: Record| Response {
        additional: vec![record],
        ..response
    };
    vec![
        plain("V75", Pass, "v75.evil.example", HTTPS, hinted()).says(with_additional(
            Response::new(hinted()),
            a("v75.evil.example", "192.168.1.1"),
        )),
        plain("V76", Pass, "_s._tcp.evil.example", SRV, vec![v76.clone()]).says(with_additional(
            Response::new(vec![v76]),
            a("t.evil.example", "10.0.0.1"),
        )),
        plain(
            "V77",
            Pass,
            "v77.evil.example",
            A,
            public("v77.evil.example"),
        )
        .says(Response {
            authority: vec![a("v77.evil.example", "10.0.0.1")],
            ..Response::new(public("v77.evil.example"))
        }),
        plain(
            "V78",
            Empty,
            "v78.evil.example",
            AAAA,
            vec![a("v78.evil.example", "192.168.1.1")],
        )
        .uncached(),
        plain(
            "V80",
            Empty,
            "v80.evil.example",
            A,
            vec![a("other.evil.example", "192.168.1.1")],
        )
        .uncached(),
        plain(
            "V83",
            Empty,
            "v83.evil.example",
            A,
            vec![a("v83.evil.example", "192.168.1.1").class(CH)],
        )
        .uncached(),
        // The same beside an answer that belongs.
        plain(
            "V80",
            Pass,
            "v80b.evil.example",
            A,
            public("v80b.evil.example"),
        )
        .says(Response::new(
            [
                public("v80b.evil.example"),
                vec![a("other.evil.example", "192.168.1.1")],
            ]
            .concat(),
        )),
    ]
}

fn odd() -> Vec<Row> {
    let cut = |site: &str| Response {
        flags: QR | TC,
        ..Response::new(vec![a(site, "192.168.1.1")])
    };
    let public = vec![a("v81.evil.example", "93.184.216.34")];
    let private = vec![a("v81b.evil.example", "192.168.1.1")];
    let foreign = Response {
        echo: Echo::Other(question(&name("other.example"), A, 1)),
        ..Response::new(vec![a("v85.evil.example", "192.168.1.1")])
    };
    let known = vec![a("v85.evil.example", "93.184.216.34")];
    let denied = Response {
        authority: vec![soa("evil.example", 300)],
        rcode: NXDOMAIN,
        ..Response::new(vec![a("v82.evil.example", "192.168.1.1")])
    };
    let signed = vec![
        a("v91.evil.example", "192.168.1.1"),
        rrsig("v91.evil.example", A, "evil.example"),
    ];
    let led = vec![
        cname("v91b.evil.example", "c.evil.example"),
        rrsig("v91b.evil.example", 5, "evil.example"),
        a("c.evil.example", "10.0.0.1"),
    ];
    let sized = |label: &str, rdata: &[u8]| {
        let site = format!("{label}.evil.example");
        Row::new("V98", Code(SERVFAIL), &site, A, vec![raw(&site, A, rdata)]).uncached()
    };
    vec![
        Row::new(
            "V79",
            Hinfo,
            "v79.evil.example",
            ANY,
            vec![a("v79.evil.example", "192.168.1.1")],
        ),
        Row::new("V81", Pass, "v81.evil.example", A, public.clone()).says(Behaviour::split(
            cut("v81.evil.example").into(),
            Response::new(public).into(),
        )),
        Row::new("V81", Block, "v81b.evil.example", A, private.clone()).says(Behaviour::split(
            cut("v81b.evil.example").into(),
            Response::new(private).into(),
        )),
        Row::new("V82", Code(NXDOMAIN), "v82.evil.example", A, Vec::new()).says(denied),
        // A reply to another question is not ours: keep waiting, then ask over TCP, where nobody can guess.
        Row::new("V85", Pass, "v85.evil.example", A, known.clone()).says(Behaviour::split(
            foreign.into(),
            Response::new(known).into(),
        )),
        Row::new(
            "V86",
            Pass,
            "v86.evil.example",
            TXT,
            vec![txt("v86.evil.example", &[b"192.168.1.1"])],
        ),
        Row::new("V91", Block, "v91.evil.example", A, signed).dnssec(),
        Row::new("V91", Block, "v91b.evil.example", A, led).dnssec(),
        sized("v98a", &[192, 168, 1, 1, 0]),
        sized("v98b", &[192, 168, 1]),
        // The length says five or three, the data are four.
        Row::new(
            "V98",
            Code(SERVFAIL),
            "v98c.evil.example",
            A,
            vec![a("v98c.evil.example", "192.168.1.1").length(5)],
        )
        .uncached(),
        Row::new(
            "V98",
            Code(SERVFAIL),
            "v98d.evil.example",
            A,
            vec![a("v98d.evil.example", "192.168.1.1").length(3)],
        )
        .uncached(),
    ]
}
