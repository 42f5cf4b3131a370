//! Genuine records in the wrong place: signed as they should be, but proving something else.

use std::time::{Duration, Instant};

use super::world::World;
use super::{OPEN, Verdict, ask, verdict};
use crate::support::records::{A, CNAME, DS, MX, NSEC, Record, TXT, a, cname, soa};
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::wire::{NOERROR, NXDOMAIN, QR, RA, Response, name};

use Verdict::{Bogus, Secure};

/// What the resolver says to another question, to be said to this one.
struct Stolen<'a> {
    world: &'a World,
}

impl Stolen<'_> {
    fn of(&self, name: &str, kind: u16) -> Response {
        let Reply {
            answer,
            authority,
            flags,
            ..
        } = ask(self.world.resolver.client(), name, kind);
        Response {
            flags: QR | RA,
            rcode: flags & 15,
            authority,
            ..Response::new(answer)
        }
    }

    /// The proof that something does not exist, as an answer with this code.
    fn proof(&self, name: &str, kind: u16, rcode: u16) -> Response {
        Response {
            rcode,
            answer: Vec::new(),
            ..self.of(name, kind)
        }
    }
}

fn renamed(records: &[Record], owner: &str) -> Vec<Record> {
    let owner = name(owner);
    let rename = |record: &Record| Record {
        owner: owner.clone(),
        ..record.clone()
    };
    records.iter().map(rename).collect()
}

#[test]
fn genuine_proofs_of_something_else_prove_nothing() {
    let Some(world) = World::start("genuine_proofs_of_something_else_prove_nothing") else {
        return;
    };
    let stolen = Stolen { world: &world };
    let relay = world.relay(|answer| answer);
    let mut cases: Vec<(&str, u16)> = Vec::new();
    let mut say = |name: &'static str, kind: u16, response: Response| {
        relay.on(name, kind, response);
        cases.push((name, kind));
    };
    // Another name that does not exist; another type that the name has not.
    say(
        "www.nsec.net",
        A,
        stolen.proof("nothing.nsec.net", A, NXDOMAIN),
    );
    say(
        "www.nsec3.net",
        A,
        stolen.proof("nothing.nsec3.net", A, NXDOMAIN),
    );
    say(
        "www.nsec.net",
        TXT,
        stolen.proof("www.nsec.net", MX, NOERROR),
    );
    say(
        "www.nsec3.net",
        TXT,
        stolen.proof("www.nsec3.net", MX, NOERROR),
    );
    // An empty name exists, and so does what a wildcard makes.
    say(
        "b.ent.nsec.net",
        A,
        stolen.proof("b.ent.nsec.net", A, NXDOMAIN),
    );
    say(
        "b.ent.nsec3.net",
        A,
        stolen.proof("b.ent.nsec3.net", A, NXDOMAIN),
    );
    say(
        "q.wild.nsec.net",
        A,
        stolen.proof("q.wild.nsec.net", A, NXDOMAIN),
    );
    say(
        "q.wild.nsec3.net",
        A,
        stolen.proof("q.wild.nsec3.net", A, NXDOMAIN),
    );
    // What another zone denies; what the upper side of a cut denies.
    say(
        "mx.nsec3.net",
        A,
        stolen.proof("nothing.nsec.net", A, NXDOMAIN),
    );
    say(
        "child.nsec.net",
        A,
        stolen.proof("child.nsec.net", DS, NOERROR),
    );
    say(
        "child.nsec3.net",
        A,
        stolen.proof("child.nsec3.net", DS, NOERROR),
    );
    say(
        "x.child.nsec.net",
        A,
        stolen.proof("child.nsec.net", DS, NXDOMAIN),
    );
    // A wildcard in place of a name of its own.
    for (zone, owner) in [
        ("nsec.net", "real.wild.nsec.net"),
        ("nsec3.net", "real.wild.nsec3.net"),
    ] {
        let made = stolen.of(&format!("x.wild.{zone}"), A);
        let answer = renamed(&made.answer, owner);
        say(owner, A, Response { answer, ..made });
    }
    // An alias whose end is cut off, or denied by the zone of the alias.
    let alias = stolen.of("alias.nsec.net", CNAME).answer;
    say("alias.nsec.net", A, Response::new(alias.clone()));
    let denied = stolen.proof("nothing.nsec.net", A, NXDOMAIN);
    say(
        "alias.nsec.net",
        MX,
        Response {
            answer: alias,
            ..denied
        },
    );
    // An alias that no DNAME record makes.
    let mut answer = stolen.of("www.tree.nsec.net", A).answer;
    answer.retain(|record| record.owner == name("tree.nsec.net"));
    answer.push(cname("www.tree.nsec.net", "www.plain.net"));
    answer.push(a("www.plain.net", "198.51.100.66"));
    say("www.tree.nsec.net", A, Response::new(answer));
    // Nothing signed at all; a signature of another name.
    say(
        "mx.nsec.net",
        A,
        Response::new(vec![a("mx.nsec.net", "198.51.100.66")]),
    );
    say("mx.nsec.net", TXT, Response::nodata("nsec.net"));
    say("inside.nsec3.net", A, Response::nxdomain("nsec3.net"));
    let other = stolen.of("www.nsec.net", A).answer;
    say(
        "mx.rsa.net",
        A,
        Response::new(renamed(&other, "mx.rsa.net")),
    );

    let lanward = world.lanward_of(&[relay.address], OPEN);
    for (name, kind) in cases {
        let reply = ask(lanward.client(), name, kind);
        assert_eq!(verdict(&reply), Bogus, "{name} {kind}: {}", reply.summary());
        let (code, why) = &reply.errors()[0];
        println!("{name} {kind}: {code} {why}");
        assert!((6..=12).contains(code), "{name} {kind}: {code} {why}");
    }
}

/// Whoever wants a zone to look unsigned must show what only its parent can sign.
#[test]
fn a_zone_does_not_become_unsigned_by_proofs_of_others() {
    let Some(world) = World::start("a_zone_does_not_become_unsigned_by_proofs_of_others") else {
        return;
    };
    let stolen = Stolen { world: &world };
    let proofs: Vec<Response> = vec![
        stolen.proof("plain.net", DS, NOERROR),
        stolen.proof("nothing.net", A, NXDOMAIN),
        stolen.proof("www.nsec.net", DS, NOERROR),
        stolen.proof("child.nsec.net", DS, NOERROR),
        stolen.proof("nsec.net", NSEC, NOERROR),
        Response::nodata("net"),
        Response::nxdomain("net"),
        Response::new(Vec::new()),
        Response {
            authority: vec![soa(".", 300)],
            ..Response::new(Vec::new())
        },
        stolen.of("unknown.net", DS),
        Response::new(renamed(&stolen.of("unknown.net", DS).answer, "nsec.net")),
    ];
    for proof in proofs {
        let said = format!("{proof:?}");
        let relay: Upstream = world.relay(|answer| answer);
        relay.on("nsec.net", DS, proof);
        relay.on(
            "www.nsec.net",
            A,
            Response::new(vec![a("www.nsec.net", "198.51.100.66")]),
        );
        let lanward = world.lanward_of(&[relay.address], OPEN);
        let reply = ask(lanward.client(), "www.nsec.net", A);
        assert_eq!(verdict(&reply), Bogus, "{said}: {}", reply.summary());
        let (code, why) = &reply.errors()[0];
        println!("{code} {why}");
        assert!((6..=12).contains(code), "{said}: {code} {why}");
    }
}

/// The signature says for how long a record may be kept, whatever the server makes of its TTL.
#[test]
fn nothing_lives_longer_than_its_zone_says() {
    let Some(world) = World::start("nothing_lives_longer_than_its_zone_says") else {
        return;
    };
    let stolen = Stolen { world: &world };
    let relay = world.relay(|answer| answer);
    let long = |records: Vec<Record>| {
        records
            .into_iter()
            .map(|record| record.ttl(80_000))
            .collect()
    };
    for (name, kind) in [("www.nsec.net", A), ("www.nsec.net", MX)] {
        let response = stolen.of(name, kind);
        let (answer, authority) = (long(response.answer), long(response.authority));
        relay.on(
            name,
            kind,
            Response {
                answer,
                authority,
                ..Response::new(Vec::new())
            },
        );
    }
    let lanward = world.lanward_of(&[relay.address], OPEN);
    for (name, kind) in [("www.nsec.net", A), ("www.nsec.net", MX)] {
        let reply = ask(lanward.client(), name, kind);
        assert_eq!(verdict(&reply), Secure(NOERROR), "{}", reply.summary());
        assert!(
            reply.records().all(|record| record.ttl <= 300),
            "{:?}",
            reply.answer
        );
    }
}

/// A bogus answer is an answer: an old one does not stand in for it, as it does where there is none.
#[test]
fn an_old_answer_does_not_hide_a_bogus_one() {
    let Some(world) = World::start("an_old_answer_does_not_hide_a_bogus_one") else {
        return;
    };
    let stolen = Stolen { world: &world };
    let genuine = stolen.of("www.nsec.net", A).answer;
    let short = genuine.into_iter().map(|record| record.ttl(1)).collect();
    let relay = world.relay(|answer| answer);
    relay.on("www.nsec.net", A, Response::new(short));
    let lanward = world.lanward_of(&[relay.address], OPEN);
    let reply = ask(lanward.client(), "www.nsec.net", A);
    assert_eq!(verdict(&reply), Secure(NOERROR), "{}", reply.summary());
    let forged = Response::new(vec![a("www.nsec.net", "198.51.100.66")]);
    relay.on("www.nsec.net", A, forged);
    let kept = Instant::now();
    until(Duration::from_secs(5), || {
        kept.elapsed() > Duration::from_millis(1100)
    });
    for _ in 0..3 {
        let reply = ask(lanward.client(), "www.nsec.net", A);
        let codes: Vec<u16> = reply.errors().iter().map(|(code, _)| *code).collect();
        assert_eq!(
            (verdict(&reply), codes),
            (Bogus, vec![10]),
            "{}",
            reply.summary()
        );
    }
}
