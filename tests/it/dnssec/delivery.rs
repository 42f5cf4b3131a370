//! What of a judged answer reaches whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::world::World;
use super::{OPEN, Verdict, ask, verdict};
use crate::support::records::{A, MX, NSEC, NSEC3, RRSIG, Record};
use crate::support::reply::Reply;
use crate::support::wire::{AD, CD, NOERROR, NXDOMAIN, Query, RD, SERVFAIL};

fn proofs(reply: &Reply) -> usize {
    let is_proof = |record: &&Record| [RRSIG, NSEC, NSEC3].contains(&record.rtype);
    reply.records().filter(is_proof).count()
}

#[test]
fn signatures_are_for_those_who_ask_for_them() {
    let Some(world) = World::start("signatures_are_for_those_who_ask_for_them") else {
        return;
    };
    let lanward = world.lanward(OPEN);
    let client = lanward.client();
    let cases = [
        ("www.nsec.net", A, NOERROR),
        ("www.nsec3.net", MX, NOERROR),
        ("nothing.nsec3.net", A, NXDOMAIN),
    ];
    for (name, kind, rcode) in cases {
        for _ in 0..2 {
            let with = client.udp(&Query::new(name, kind).dnssec());
            assert!(proofs(&with) > 0 && with.has(AD), "{}", with.summary());
            let without = client.udp(&Query::new(name, kind));
            assert_eq!(
                (proofs(&without), without.has(AD)),
                (0, false),
                "{}",
                without.summary()
            );
            let plain = client.udp(&Query::new(name, kind).plain());
            assert_eq!(proofs(&plain), 0, "{}", plain.summary());
            // The AD bit alone asks for the verdict, not for the reasons (RFC 6840 §5.7).
            let verdict = client.udp(&Query::new(name, kind).flags(RD | AD));
            assert_eq!(
                (proofs(&verdict), verdict.has(AD)),
                (0, true),
                "{}",
                verdict.summary()
            );
            for reply in [with, without, plain, verdict] {
                assert_eq!(reply.rcode(), rcode, "{}", reply.summary());
            }
        }
    }
    // Who asks for them by name gets them (RFC 4035 §3.2.1).
    assert_eq!(proofs(&client.udp(&Query::new("www.nsec.net", NSEC))), 1);
    assert!(proofs(&client.tcp(&Query::new("www.nsec.net", RRSIG))) > 1);
}

#[test]
fn who_judges_alone_gets_what_there_is() {
    let Some(world) = World::start("who_judges_alone_gets_what_there_is") else {
        return;
    };
    let lanward = world.lanward(OPEN);
    let query = || Query::new("www.expired.net", A);
    let refused = lanward.client().udp(&query());
    assert_eq!((refused.rcode(), refused.answer.len()), (SERVFAIL, 0));
    let given = lanward.client().udp(&query().flags(RD | CD));
    assert_eq!(given.addresses().len(), 1, "{}", given.summary());
    assert!(given.has(CD) && !given.has(AD), "{}", given.summary());
    // Nor does the answer for the one reach the other from the cache.
    assert_eq!(lanward.client().udp(&query()).rcode(), SERVFAIL);
    let good = lanward
        .client()
        .udp(&Query::new("www.nsec.net", A).dnssec().flags(RD | CD | AD));
    assert!(
        !good.has(AD),
        "what was not judged here is not called authentic: {}",
        good.summary()
    );
}

#[test]
fn a_signed_address_inside_is_still_blocked() {
    let Some(world) = World::start("a_signed_address_inside_is_still_blocked") else {
        return;
    };
    let lanward = world.lanward("");
    let reply = ask(lanward.client(), "home.nsec.net", A);
    assert_eq!(verdict(&reply), Verdict::Insecure(NOERROR));
    assert!(
        reply.answer.is_empty() && reply.errors()[0].0 == 15,
        "{}",
        reply.summary()
    );
}

#[test]
fn what_is_broken_is_told_once_and_remembered() {
    let Some(world) = World::start("what_is_broken_is_told_once_and_remembered") else {
        return;
    };
    let relay = world.relay(|answer| answer);
    let lanward = world.lanward_of(&[relay.address], OPEN);
    for _ in 0..20 {
        let reply = lanward.client().udp(&Query::new("www.expired.net", A));
        assert_eq!(reply.errors().len(), 1, "{}", reply.summary());
        let (code, text) = &reply.errors()[0];
        assert_eq!(*code, 7);
        assert!(
            text.contains("zone expired.net") && text.contains("expired"),
            "{text}"
        );
    }
    lanward.client().udp(&Query::new("mx.expired.net", MX));
    assert!(relay.count("www.expired.net") <= 2, "remembered");
    let line = lanward.line(&["bogus", "expired.net"]);
    assert!(line.contains("WARN"), "{line}");
    assert_eq!(lanward.logged("bogus"), 1, "{:#?}", lanward.lines());
}

/// While no upstream answers, an old answer is better than none; against a forged one it is not.
#[test]
fn a_forged_answer_makes_no_old_one_stand_in() {
    let Some(world) = World::start("a_forged_answer_makes_no_old_one_stand_in") else {
        return;
    };
    let forging = Arc::new(AtomicBool::new(false));
    let forger = {
        let forging = Arc::clone(&forging);
        world.relay(move |mut answer| {
            let address = [198, 51, 100, 1];
            let place = answer.windows(4).position(|octets| octets == address);
            if let Some(at) = place.filter(|_| forging.load(Ordering::SeqCst)) {
                answer[at + 3] = 7;
            }
            answer
        })
    };
    let lanward = world.lanward_of(&[forger.address], &format!("{OPEN}[cache]\nmax_ttl = 1\n"));
    let reply = ask(lanward.client(), "www.nsec.net", A);
    assert_eq!(
        verdict(&reply),
        Verdict::Secure(NOERROR),
        "{}",
        reply.summary()
    );
    forging.store(true, Ordering::SeqCst);
    let end = Instant::now() + Duration::from_secs(20);
    // Until it ends, the answer that was proven is given.
    let after = loop {
        let reply = ask(lanward.client(), "www.nsec.net", A);
        if verdict(&reply) != Verdict::Secure(NOERROR) || Instant::now() > end {
            break reply;
        }
        thread::sleep(Duration::from_millis(50));
    };
    for reply in [after, ask(lanward.client(), "www.nsec.net", A)] {
        let codes: Vec<u16> = reply.errors().iter().map(|(code, _)| *code).collect();
        assert_eq!(
            (verdict(&reply), codes),
            (Verdict::Bogus, vec![6]),
            "{}",
            reply.summary()
        );
    }
}
