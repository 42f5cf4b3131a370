//! What is not the program's business arrives as it was sent: types, options, flags, signatures, order, letters, and TTLs counted down.

use std::time::Duration;

use crate::support::lanward::Lanward;
use crate::support::records::{A, CNAME, NSEC, RRSIG, Record, TXT, a, cname, raw, rrsig, soa, txt};
use crate::support::until;
use crate::support::upstream::{Act, Behaviour, Upstream};
use crate::support::wire::{
    AD, CD, Edns, NOERROR, NXDOMAIN, QR, Query, RA, RD, Response, message, name,
};

fn start() -> (Upstream, Lanward) {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    (upstream, lanward)
}

#[test]
fn unknown_types_arrive_in_order() {
    let (upstream, lanward) = start();
    let records: Vec<_> = [7_u8, 3, 9, 1]
        .map(|byte| raw("x.example", 65280, [byte, 0xc0, 0x0c, 0]))
        .to_vec();
    upstream.on("x.example", 65280, Response::new(records.clone()));
    for tcp in [false, true] {
        let reply = lanward.client().ask(&Query::new("x.example", 65280), tcp);
        assert_eq!(
            reply.essence(),
            records.iter().map(Record::essence).collect::<Vec<_>>()
        );
    }
    assert_eq!(upstream.count("x.example"), 1);
}

/// The letters of the question are checked on every reply; here also those in the data.
#[test]
fn letters_stay_as_they_were_written() {
    let (upstream, lanward) = start();
    upstream.on(
        "www.example",
        A,
        Response::new(vec![
            cname("www.example", "WeB.ExAmPlE"),
            a("WeB.ExAmPlE", "93.184.216.34"),
        ]),
    );
    for asked in ["wWw.eXample", "www.example", "WWW.EXAMPLE"] {
        let reply = lanward.client().udp(&Query::new(asked, A));
        assert_eq!(
            reply.answer[0].owner,
            name(asked),
            "the owner follows the question"
        );
        assert_eq!(reply.answer[0].rdata, name("WeB.ExAmPlE"));
        assert_eq!(reply.answer[1].owner, name("WeB.ExAmPlE"));
    }
    assert_eq!(upstream.count("www.example"), 1);
}

#[test]
fn options_go_both_ways() {
    let (upstream, lanward) = start();
    let told = Edns {
        options: vec![(65002, b"back".to_vec())],
        ..Edns::default()
    };
    upstream.on(
        "x.example",
        A,
        Response {
            edns: Some(told),
            ..Response::new(vec![a("x.example", "93.184.216.34")])
        },
    );
    let reply = lanward.client().udp(
        &Query::new("x.example", A).edns(|edns| edns.options.push((65001, b"there".to_vec()))),
    );
    assert!(
        reply
            .edns
            .unwrap()
            .options
            .contains(&(65002, b"back".to_vec()))
    );
    let seen = upstream.seen();
    assert!(
        seen[0]
            .query
            .edns
            .as_ref()
            .unwrap()
            .options
            .contains(&(65001, b"there".to_vec())),
        "{:?}",
        seen[0].query
    );
}

#[test]
fn the_upstream_explains_itself_to_the_client() {
    let (upstream, lanward) = start();
    let ede = |code: u16, text: &str| (15, [&code.to_be_bytes()[..], text.as_bytes()].concat());
    let told = Edns {
        options: vec![ede(17, "filtered by a friend")],
        ..Edns::default()
    };
    upstream.on(
        "x.example",
        A,
        Response {
            edns: Some(told),
            ..Response::nxdomain("example")
        },
    );
    let reply = lanward.client().udp(&Query::new("x.example", A));
    assert_eq!(
        (reply.rcode(), reply.errors()),
        (NXDOMAIN, vec![(17, "filtered by a friend".to_owned())])
    );
}

/// RFC 6840, section 5.7: AD goes to those who ask for it with AD or DO.
#[test]
fn authentic_data_is_told_to_who_asks() {
    let (upstream, lanward) = start();
    upstream.on(
        "x.example",
        A,
        Response {
            flags: QR | RA | AD,
            ..Response::new(vec![a("x.example", "93.184.216.34")])
        },
    );
    let client = lanward.client();
    for _ in 0..2 {
        assert!(
            client
                .udp(&Query::new("x.example", A).flags(RD | AD))
                .has(AD)
        );
        assert!(client.udp(&Query::new("x.example", A).dnssec()).has(AD));
        assert!(!client.udp(&Query::new("x.example", A)).has(AD));
    }
}

#[test]
fn checking_disabled_is_passed_on_and_kept_apart() {
    let (upstream, lanward) = start();
    upstream.on(
        "x.example",
        A,
        Response::new(vec![a("x.example", "93.184.216.34")]),
    );
    let client = lanward.client();
    for flags in [RD | CD, RD, RD | CD, RD] {
        assert_eq!(
            client.udp(&Query::new("x.example", A).flags(flags)).has(CD),
            flags & CD != 0
        );
    }
    let seen: Vec<bool> = upstream
        .seen()
        .iter()
        .map(|seen| seen.query.flags & CD != 0)
        .collect();
    assert_eq!(
        seen,
        [true, false],
        "an unchecked answer is not given to who wants it checked"
    );
}

#[test]
fn signatures_go_to_who_asks_for_them() {
    let (upstream, lanward) = start();
    let signed = Behaviour::new(|seen| {
        let mut response = Response::new(vec![a("x.example", "93.184.216.34")]);
        if seen.query.edns.as_ref().is_some_and(|edns| edns.dnssec) {
            response.answer.push(rrsig("x.example", A, "example"));
        }
        vec![Act::Send(response.to(&seen.query))]
    });
    upstream.on("x.example", A, signed);
    for dnssec in [false, true, false, true] {
        let query = Query::new("x.example", A).edns(|edns| edns.dnssec = dnssec);
        let reply = lanward.client().udp(&query);
        assert_eq!(
            reply.answer.iter().any(|record| record.rtype == RRSIG),
            dnssec,
            "{}",
            reply.summary()
        );
        assert_eq!(reply.edns.unwrap().dnssec, dnssec, "DO comes back");
    }
    let denial = vec![
        soa("example", 300),
        rrsig("example", 6, "example"),
        raw(
            "a.example",
            NSEC,
            [name("z.example"), vec![0, 1, 64]].concat(),
        ),
    ];
    upstream.on(
        "n.example",
        A,
        Response {
            authority: denial,
            ..Response::nxdomain("example")
        },
    );
    let reply = lanward.client().udp(&Query::new("n.example", A).dnssec());
    let types: Vec<u16> = reply.authority.iter().map(|record| record.rtype).collect();
    assert_eq!(
        types,
        [6, RRSIG, NSEC],
        "the proof of absence arrives whole"
    );
}

#[test]
fn ttls_are_counted_down() {
    let (upstream, lanward) = start();
    upstream.on(
        "x.example",
        A,
        Response::new(vec![a("x.example", "93.184.216.34").ttl(300)]),
    );
    let ttl = || lanward.client().udp(&Query::new("x.example", A)).answer[0].ttl;
    let mut last = ttl();
    assert!((299..=300).contains(&last), "{last}");
    let fell = until(Duration::from_secs(5), || {
        let now = ttl();
        assert!(now <= last, "from {last} to {now}");
        last = now;
        now < 299
    });
    assert!(fell && last >= 290, "{last}");
    assert_eq!(upstream.count("x.example"), 1);
}

#[test]
fn ttls_at_the_edges() {
    let (upstream, lanward) = start();
    for (name, ttl) in [
        ("zero.example", 0),
        ("huge.example", u32::MAX),
        ("large.example", 0x7fff_ffff),
    ] {
        upstream.on(
            name,
            A,
            Response::new(vec![a(name, "93.184.216.34").ttl(ttl)]),
        );
        for _ in 0..2 {
            let reply = lanward.client().udp(&Query::new(name, A));
            assert!(
                reply.answer[0].ttl <= 86_400,
                "{name}: {}",
                reply.answer[0].ttl
            );
        }
    }
    assert_eq!(
        upstream.count("zero.example"),
        2,
        "a TTL of 0 is not cached"
    );
    assert_eq!(upstream.count("large.example"), 1);
}

/// An entry lives as long as its shortest record.
#[test]
fn the_shortest_ttl_ends_an_entry() {
    let (upstream, lanward) = start();
    upstream.on(
        "x.example",
        A,
        Response::new(vec![
            cname("x.example", "y.example").ttl(300),
            a("y.example", "93.184.216.34").ttl(1),
        ]),
    );
    let again = until(Duration::from_secs(6), || {
        let reply = lanward.client().udp(&Query::new("x.example", A));
        assert_eq!(reply.answer.len(), 2, "{}", reply.summary());
        upstream.count("x.example") > 1
    });
    assert!(again, "the entry outlives its shortest TTL");
}

/// RFC 2308: what does not exist is remembered as long as the SOA says, and not at all without one.
#[test]
fn absence_is_remembered() {
    let (upstream, lanward) = start();
    upstream.on("nx.example", A, Response::nxdomain("example"));
    upstream.on("nodata.example", A, Response::nodata("example"));
    upstream.on("bare.example", A, Response::rcode(NXDOMAIN));
    upstream.on(
        "short.example",
        A,
        Response {
            authority: vec![soa("example", 1)],
            ..Response::rcode(NXDOMAIN)
        },
    );
    for (name, rcode, asked) in [
        ("nx.example", NXDOMAIN, 1),
        ("nodata.example", NOERROR, 1),
        ("bare.example", NXDOMAIN, 2),
    ] {
        for _ in 0..2 {
            let reply = lanward.client().udp(&Query::new(name, A));
            assert_eq!((reply.rcode(), reply.answer.len()), (rcode, 0), "{name}");
        }
        assert_eq!(upstream.count(name), asked, "{name}");
    }
    let ttl = lanward.client().udp(&Query::new("nx.example", A)).authority[0].ttl;
    assert!(ttl <= 300, "{ttl}");
    let again = until(Duration::from_secs(6), || {
        lanward.client().udp(&Query::new("short.example", A));
        upstream.count("short.example") > 1
    });
    assert!(
        again,
        "the SOA's minimum bounds how long absence is remembered"
    );
}

/// Names of kept records may be compressed into records that are dropped; they have to stay whole.
#[test]
fn names_that_lead_into_dropped_records_stay_whole() {
    let (upstream, lanward) = start();
    let behaviour = Behaviour::new(|seen| {
        let question = seen.query.question();
        let mut stray = txt("deep.stray.example", &[b"dropped"]);
        stray.class = 1;
        let at = u16::try_from(12 + question.len()).unwrap() | 0xc000;
        // An alias whose target is written only as a pointer to the stray record's owner, and an address owned by a pointer too.
        let mut alias = raw("", CNAME, at.to_be_bytes());
        alias.owner = vec![0xc0, 12];
        let mut address = a("", "93.184.216.34");
        address.owner = at.to_be_bytes().to_vec();
        vec![Act::Send(message(
            [seen.query.id, QR | RA | RD],
            &[question],
            [&[stray, alias, address], &[], &[]],
        ))]
    });
    upstream.on("x.example", A, behaviour);
    for tcp in [false, true] {
        let reply = lanward.client().ask(&Query::new("x.example", A), tcp);
        let want = [
            cname("x.example", "deep.stray.example"),
            a("deep.stray.example", "93.184.216.34"),
        ];
        assert_eq!(reply.essence(), want.map(|record| record.essence()));
    }
}

/// Bytes of a TXT record that no text can hold, and names with dots and zeros inside their labels.
#[test]
fn odd_bytes_arrive() {
    let (upstream, lanward) = start();
    let all: Vec<u8> = (0..=254).collect();
    for name in [
        "plain.example",
        r"a\.b.example",
        r"\000\255\010.example",
        "_under.example",
        "xn--caf-dma.example",
    ] {
        upstream.on(
            name,
            TXT,
            Response::new(vec![txt(name, &[&all, b"", b"\xff"])]),
        );
        for _ in 0..2 {
            let reply = lanward.client().udp(&Query::new(name, TXT));
            assert_eq!(
                reply.essence(),
                [txt(name, &[&all, b"", b"\xff"]).essence()],
                "{name}"
            );
        }
        assert_eq!(upstream.count(name), 1, "{name}");
    }
}
