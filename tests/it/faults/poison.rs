//! Records that nobody asked for, b08 and its kin: none reaches the client, none is served from the cache later.

use std::net::Ipv4Addr;

use super::{good, is_right};
use crate::support::behaviours::{FORGED, with_extra_records};
use crate::support::lanward::Lanward;
use crate::support::records::{
    A, AAAA, CNAME, DNAME, HTTPS, NS, SOA, SVCB, a, aaaa, cname, dname, hint4, raw, soa, svcb,
};
use crate::support::reply::Reply;
use crate::support::upstream::{Act, Behaviour, Upstream};
use crate::support::wire::{NXDOMAIN, Query, Response, name};

/// A label of every name that is planted, so that it is found wherever it turns up.
const EVIL: &str = "evil";

/// One way to plant records in the answer about `www.SITE`.
struct Pattern {
    what: &'static str,
    plant: fn(&mut Response, &str),
    /// What was planted: names, with `SITE` for the site, and types. They must be asked upstream afterwards.
    victims: &'static [(&'static str, u16)],
}

const PATTERNS: &[Pattern] = &[
    Pattern {
        what: "addresses of another name in ADDITIONAL",
        plant: |response, site| {
            let bank = format!("bank.{site}");
            response
                .additional
                .extend([a(&bank, FORGED), aaaa(&bank, "::ffff:203.0.114.66")]);
        },
        victims: &[("bank.SITE", A), ("bank.SITE", AAAA)],
    },
    Pattern {
        what: "name servers of the parent, with their addresses",
        plant: |response, site| {
            let server = format!("evil.{site}");
            response.authority.push(raw(site, NS, name(&server)));
            response.additional.push(a(&server, FORGED));
        },
        victims: &[("SITE", NS), ("SITE", A), ("evil.SITE", A)],
    },
    Pattern {
        what: "name servers of the name itself, with their addresses",
        plant: |response, site| {
            let server = format!("evil.www.{site}");
            let owner = format!("www.{site}");
            response.authority.push(raw(&owner, NS, name(&server)));
            response.additional.push(a(&server, FORGED));
        },
        victims: &[("www.SITE", NS), ("evil.www.SITE", A)],
    },
    Pattern {
        what: "an alias of another name",
        plant: |response, site| {
            let bank = format!("bank.{site}");
            let evil = format!("evil.{site}");
            response.answer.insert(0, cname(&bank, &evil));
            response.answer.push(a(&evil, FORGED));
        },
        victims: &[("bank.SITE", A), ("bank.SITE", CNAME), ("evil.SITE", A)],
    },
    Pattern {
        what: "addresses of another name in ANSWER",
        plant: |response, site| {
            let bank = format!("bank.{site}");
            response.answer.insert(0, a(&bank, FORGED));
            response.answer.push(aaaa(&bank, "::ffff:203.0.114.66"));
        },
        victims: &[("bank.SITE", A), ("bank.SITE", AAAA)],
    },
    Pattern {
        what: "an alias of everything below the parent",
        plant: |response, site| {
            let alias = dname(site, &format!("evil.{site}"));
            response.answer.insert(0, alias.clone());
            response.authority.push(alias);
        },
        victims: &[("bank.SITE", A), ("SITE", DNAME), ("bank.SITE", CNAME)],
    },
    Pattern {
        what: "the start of another zone",
        plant: |response, site| {
            response.authority.push(soa(&format!("evil.{site}"), 86400));
        },
        victims: &[("evil.SITE", SOA), ("bank.evil.SITE", A)],
    },
    Pattern {
        what: "services of another name",
        plant: |response, site| {
            let bank = format!("bank.{site}");
            let evil = format!("evil.{site}");
            for rtype in [HTTPS, SVCB] {
                let service = svcb(rtype, &bank, 1, &evil, &[hint4(&[FORGED])]);
                response.answer.push(service.clone());
                response.additional.push(service);
            }
        },
        victims: &[("bank.SITE", HTTPS), ("bank.SITE", SVCB), ("bank.SITE", A)],
    },
];

/// Where the truth is told about every name and type, but for the scripted ones.
fn honest() -> Upstream {
    let upstream = Upstream::start();
    upstream.otherwise(Behaviour::new(|seen| {
        let response = match seen.query.qtype {
            A => good(&seen.name()),
            _ => Response::nodata("example"),
        };
        vec![Act::Send(response.to(&seen.query))]
    }));
    upstream
}

/// Whether anything in the reply was planted.
fn is_poisoned(reply: &Reply) -> bool {
    let address = FORGED.parse::<Ipv4Addr>().unwrap().octets();
    let own = &reply.questions[0].0;
    reply.records().any(|record| {
        // The name that was asked for is the client's own word, even where it is one that was planted.
        let owner = if record.owner == *own {
            &[]
        } else {
            &record.owner[..]
        };
        [owner, &record.rdata]
            .concat()
            .windows(4)
            .any(|four| four == address || four == EVIL.as_bytes())
    })
}

#[test]
fn nothing_planted_is_served() {
    let upstream = honest();
    let lanward = Lanward::start(&[upstream.address], "");
    let [mut reached, mut served] = [Vec::new(), Vec::new()];
    let mut asked = 0;
    for (at, pattern) in PATTERNS.iter().enumerate() {
        let site = format!("p{at}.example");
        let www = format!("www.{site}");
        let mut planted = good(&www);
        (pattern.plant)(&mut planted, &site);
        upstream.on(&www, A, planted);
        // The second reply comes from the cache.
        for tcp in [false, true] {
            let reply = lanward.client().ask(&Query::new(&www, A), tcp);
            let alone = reply.authority.is_empty() && reply.additional.is_empty();
            if !is_right(&reply) || !alone || is_poisoned(&reply) {
                reached.push(format!("{}: {}", pattern.what, reply.summary()));
            }
        }
        for (victim, rtype) in pattern.victims {
            let victim = victim.replace("SITE", &site);
            let before = upstream.count(&victim);
            let reply = lanward.client().udp(&Query::new(&victim, *rtype));
            asked += 1;
            if upstream.count(&victim) == before || is_poisoned(&reply) {
                served.push(format!(
                    "{}: {victim}/{rtype}: {}",
                    pattern.what,
                    reply.summary()
                ));
            }
        }
    }
    println!(
        "figure: extra and out-of-zone records, {} patterns: {} reached a client, {} of {asked} served from the cache",
        PATTERNS.len(),
        reached.len(),
        served.len()
    );
    assert!(reached.is_empty(), "{reached:#?}");
    assert!(served.is_empty(), "{served:#?}");
    assert!(
        lanward.lines().iter().all(|line| !line.contains(FORGED)),
        "{:#?}",
        lanward.lines()
    );
}

/// What an answer says about the end of its alias is part of that answer, and says nothing to those who ask for the end.
#[test]
fn the_end_of_an_alias_is_asked_for_by_itself() {
    let upstream = honest();
    let lanward = Lanward::start(&[upstream.address], "");
    let alias = Response::new(vec![
        cname("evil.example", "bank.example"),
        a("bank.example", FORGED),
    ]);
    upstream.on("evil.example", A, alias);
    let reply = lanward.client().udp(&Query::new("evil.example", A));
    assert_eq!(reply.answer.len(), 2, "{}", reply.summary());
    let reply = lanward.client().udp(&Query::new("bank.example", A));
    assert!(is_right(&reply), "{}", reply.summary());
    assert_eq!(upstream.count("bank.example"), 1);
}

/// That a name does not exist is said about this name alone, whatever zone the upstream says it from.
#[test]
fn a_denial_denies_nothing_else() {
    let upstream = honest();
    let lanward = Lanward::start(&[upstream.address], "");
    for (site, zone) in [
        ("one.example", "example"),
        ("two.example", "bank.two.example"),
    ] {
        let denied = format!("www.{site}");
        upstream.on(&denied, A, Response::nxdomain(zone));
        let reply = lanward.client().udp(&Query::new(&denied, A));
        assert_eq!(reply.rcode(), NXDOMAIN, "{}", reply.summary());
        for other in [
            format!("bank.{site}"),
            site.to_owned(),
            format!("below.{denied}"),
        ] {
            let reply = lanward.client().udp(&Query::new(&other, A));
            assert!(is_right(&reply), "{other}: {}", reply.summary());
        }
    }
}

/// All at once, b08.
#[test]
fn extra_records_go_nowhere() {
    let upstream = honest();
    let lanward = Lanward::start(&[upstream.address], "");
    upstream.on(
        "asked.example",
        A,
        with_extra_records(&good("asked.example")),
    );
    for _ in 0..2 {
        let reply = lanward.client().udp(&Query::new("asked.example", A));
        assert!(
            is_right(&reply) && reply.authority.is_empty() && reply.additional.is_empty(),
            "{}",
            reply.summary()
        );
    }
    for victim in ["bank.example", "shop.example"] {
        let reply = lanward.client().udp(&Query::new(victim, A));
        assert!(is_right(&reply), "{}", reply.summary());
        assert_eq!(
            upstream.count(victim),
            1,
            "{victim} comes from the upstream"
        );
    }
}
