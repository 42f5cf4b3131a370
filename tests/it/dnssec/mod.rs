//! Validation against zones that are signed while the test runs, with Unbound's verdict beside ours.

mod delivery;
mod effort;
mod replay;
mod trap;
mod trust;
mod world;

use crate::support::client::Client;
use crate::support::records::{A, AAAA, CNAME, DNAME, DNSKEY, DS, MX, NS, SOA, SRV, TXT};
use crate::support::reply::Reply;
use crate::support::wire::{AD, NOERROR, NXDOMAIN, Query, SERVFAIL};

use world::World;

/// What is said about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Secure(u16),
    Insecure(u16),
    Bogus,
}

use Verdict::{Bogus, Insecure, Secure};

fn verdict(reply: &Reply) -> Verdict {
    match reply.rcode() {
        SERVFAIL => Bogus,
        rcode if reply.has(AD) => Secure(rcode),
        rcode => Insecure(rcode),
    }
}

/// The zones hold addresses for documentation, which nobody outside has either.
const OPEN: &str = "[rebinding]\naction = \"off\"\n";

/// A question with DO.
fn ask(client: Client, name: &str, kind: u16) -> Reply {
    client.tcp(&Query::new(name, kind).dnssec())
}

/// A TYPE that no program knows.
const UNKNOWN: u16 = 65280;

/// Name, type, verdict, and our extended error, 0 for any or none.
const CASES: &[(&str, u16, Verdict, u16)] = &[
    // Signed well.
    ("www.nsec.net", A, Secure(NOERROR), 0),
    ("www.nsec.net", AAAA, Secure(NOERROR), 0),
    ("www.nsec.net", TXT, Secure(NOERROR), 0),
    ("www.nsec.net", SRV, Secure(NOERROR), 0),
    ("www.nsec.net", UNKNOWN, Secure(NOERROR), 0),
    ("mx.nsec.net", MX, Secure(NOERROR), 0),
    ("nsec.net", SOA, Secure(NOERROR), 0),
    ("nsec.net", DNSKEY, Secure(NOERROR), 0),
    ("nsec.net", DS, Secure(NOERROR), 0),
    ("nsec.net", NS, Secure(NOERROR), 0),
    ("net", DS, Secure(NOERROR), 0),
    ("www.nsec3.net", A, Secure(NOERROR), 0),
    ("www.salted.net", A, Secure(NOERROR), 0),
    ("www.rsa.net", A, Secure(NOERROR), 0),
    ("www.p384.net", A, Secure(NOERROR), 0),
    ("www.edwards.net", A, Secure(NOERROR), 0),
    // Wildcards.
    ("x.wild.nsec.net", A, Secure(NOERROR), 0),
    ("x.y.wild.nsec.net", A, Secure(NOERROR), 0),
    ("*.wild.nsec.net", A, Secure(NOERROR), 0),
    ("x.wild.nsec3.net", A, Secure(NOERROR), 0),
    ("x.y.wild.nsec3.net", A, Secure(NOERROR), 0),
    ("x.wild.nsec.net", TXT, Secure(NOERROR), 0),
    ("x.wild.nsec3.net", TXT, Secure(NOERROR), 0),
    ("x.walias.nsec.net", A, Secure(NOERROR), 0),
    // What does not exist.
    ("www.nsec.net", MX, Secure(NOERROR), 0),
    ("www.nsec3.net", MX, Secure(NOERROR), 0),
    ("www.salted.net", MX, Secure(NOERROR), 0),
    ("b.ent.nsec.net", A, Secure(NOERROR), 0),
    ("b.ent.nsec3.net", A, Secure(NOERROR), 0),
    ("nothing.nsec.net", A, Secure(NXDOMAIN), 0),
    ("deep.er.nothing.nsec.net", A, Secure(NXDOMAIN), 0),
    ("zzz.nsec.net", A, Secure(NXDOMAIN), 0),
    ("nothing.nsec3.net", A, Secure(NXDOMAIN), 0),
    ("deep.er.nothing.nsec3.net", A, Secure(NXDOMAIN), 0),
    ("nothing.salted.net", A, Secure(NXDOMAIN), 0),
    ("nothing.p384.net", A, Secure(NXDOMAIN), 0),
    ("www.nsec.net", DS, Secure(NOERROR), 0),
    ("nothing", A, Secure(NXDOMAIN), 0),
    // The top-level domain leaves out delegations that are not signed, so that nothing in it is surely missing.
    ("nothing.net", A, Insecure(NXDOMAIN), 0),
    ("plain.net", DS, Insecure(NOERROR), 0),
    // Chains of aliases, within zones and across.
    ("inside.nsec.net", A, Secure(NOERROR), 0),
    ("alias.nsec.net", A, Secure(NOERROR), 0),
    ("alias.nsec.net", CNAME, Secure(NOERROR), 0),
    ("alias.nsec.net", MX, Secure(NOERROR), 0),
    ("gone.nsec.net", A, Secure(NXDOMAIN), 0),
    ("empty.nsec3.net", A, Secure(NOERROR), 0),
    ("plain.nsec.net", A, Insecure(NOERROR), 0),
    ("alias.plain.net", A, Insecure(NOERROR), 0),
    ("gone.plain.net", A, Insecure(NXDOMAIN), 0),
    ("badly.nsec.net", A, Bogus, 6),
    ("badly.plain.net", A, Bogus, 6),
    ("tree.nsec.net", DNAME, Secure(NOERROR), 0),
    ("www.tree.nsec.net", A, Secure(NOERROR), 0),
    ("alias.tree.nsec.net", A, Secure(NOERROR), 0),
    ("nothing.tree.nsec.net", A, Secure(NXDOMAIN), 0),
    // Not signed, and proven so.
    ("www.plain.net", A, Insecure(NOERROR), 0),
    ("nothing.plain.net", A, Insecure(NXDOMAIN), 0),
    ("www.corp.plain.net", A, Insecure(NOERROR), 0),
    ("www.unknown.net", A, Insecure(NOERROR), 1),
    ("nothing.slow.net", A, Insecure(NXDOMAIN), 27),
    ("www.slow.net", MX, Insecure(NOERROR), 27),
    ("www.slow.net", A, Secure(NOERROR), 0),
    // Broken.
    ("www.expired.net", A, Bogus, 7),
    ("www.future.net", A, Bogus, 8),
    ("www.otherkey.net", A, Bogus, 9),
    ("nothing.otherkey.net", A, Bogus, 9),
    ("www.keyless.net", A, Bogus, 10),
    ("www.forged.net", A, Bogus, 6),
    ("www.forged.net", TXT, Secure(NOERROR), 0),
    ("www.unsigned.net", A, Bogus, 10),
    ("www.unsigned.net", TXT, Secure(NOERROR), 0),
    ("nothing.unproven.net", A, Bogus, 12),
    ("www.unproven.net", MX, Bogus, 12),
    ("x.wild.unproven.net", A, Bogus, 12),
    ("www.unproven.net", A, Secure(NOERROR), 0),
    ("nothing.unproven3.net", A, Bogus, 12),
    ("www.unproven3.net", MX, Bogus, 12),
    ("x.wild.unproven3.net", A, Bogus, 12),
    ("www.trap.net", TXT, Secure(NOERROR), 0),
    ("www.stripped.net", A, Bogus, 12),
    ("stripped.net", DS, Bogus, 12),
];

/// Unbound knows all of this, so its verdict is asked for beside the table.
#[test]
fn every_verdict_is_unbounds() {
    let Some(world) = World::start("every_verdict_is_unbounds") else {
        return;
    };
    let lanward = world.lanward(OPEN);
    let judge = world.judge();
    let mut wrong = Vec::new();
    for &(name, kind, expected, code) in CASES {
        let ours = ask(lanward.client(), name, kind);
        let theirs = ask(judge.client(), name, kind);
        let codes: Vec<u16> = ours.errors().iter().map(|(code, _)| *code).collect();
        let right = verdict(&ours) == expected && (code == 0 || codes == [code]);
        if !right || verdict(&theirs) != expected {
            wrong.push(format!(
                "{name} {kind}: expected {expected:?} {code}\n  ours {}\n  Unbound's {}",
                ours.summary(),
                theirs.summary()
            ));
        }
        // From the cache it is the same.
        assert_eq!(
            verdict(&ask(lanward.client(), name, kind)),
            verdict(&ours),
            "{name} {kind}"
        );
    }
    assert!(
        wrong.is_empty(),
        "{}\n{:#?}",
        wrong.join("\n"),
        lanward.lines()
    );
}
