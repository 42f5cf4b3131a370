//! What validation costs: questions upstream, and time of the processor.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use super::world::World;
use super::{OPEN, Verdict, ask, verdict};
use crate::support::records::A;
use crate::support::wire::{NOERROR, NXDOMAIN, Query, TC};

use Verdict::{Bogus, Insecure, Secure};

#[test]
fn a_chain_is_asked_for_once() {
    let Some(world) = World::start("a_chain_is_asked_for_once") else {
        return;
    };
    let relay = world.relay(|answer| answer);
    let lanward = world.lanward_of(&[relay.address], OPEN);
    // Each with the questions that it takes: its own, and two for each zone that is not known yet.
    let cases = [
        ("www.nsec.net", Secure(NOERROR), 6),
        ("x.wild.nsec.net", Secure(NOERROR), 1),
        ("nothing.nsec.net", Secure(NXDOMAIN), 1),
        ("www.nsec3.net", Secure(NOERROR), 3),
        ("www.plain.net", Insecure(NOERROR), 2),
        ("nothing.plain.net", Insecure(NXDOMAIN), 1),
        ("alias.plain.net", Insecure(NOERROR), 1),
        // A name in the middle that is no zone costs nothing where the answer is signed.
        ("a.b.ent.nsec.net", Secure(NOERROR), 1),
        ("a.b.ent.plain.net", Insecure(NOERROR), 1),
    ];
    let mut known = BTreeSet::new();
    for (name, expected, questions) in cases {
        let reply = ask(lanward.client(), name, A);
        assert_eq!(verdict(&reply), expected, "{name}: {}", reply.summary());
        // A machine under load may make a question be repeated.
        let seen = relay.seen();
        let asked: BTreeSet<(String, u16)> = seen
            .iter()
            .map(|seen| (seen.name(), seen.query.qtype))
            .collect();
        let fresh: Vec<_> = asked.difference(&known).collect();
        assert_eq!(fresh.len(), questions, "{name}: {fresh:?}");
        known = asked;
    }
}

/// Questions that need the same unknown zones wait for one look-up.
#[test]
fn a_crowd_asks_for_a_chain_once() {
    let Some(world) = World::start("a_crowd_asks_for_a_chain_once") else {
        return;
    };
    let relay = world.relay(|answer| answer);
    let lanward = world.lanward_of(&[relay.address], OPEN);
    let client = lanward.client();
    thread::scope(|scope| {
        for number in 0..40 {
            scope.spawn(move || {
                let name = format!("x{number}.wild.nsec.net");
                let reply = client.udp(&Query::new(&name, A).dnssec());
                assert_eq!(
                    verdict(&reply),
                    Secure(NOERROR),
                    "{name}: {}",
                    reply.summary()
                );
            });
        }
    });
    // DS and DNSKEY of each; the root has keys only. A machine under load may make a question be repeated.
    for (zone, questions) in [("nsec.net", 2), ("net", 2), ("", 1)] {
        let asked = relay.count(zone);
        assert!(
            (questions..=2 * questions).contains(&asked),
            "{zone:?}: {asked}"
        );
    }
}

/// A hundred keys with one tag and a hundred signatures in its name are ten thousand verifications for whoever tries them all.
#[test]
fn keys_and_signatures_without_number_cost_little() {
    let Some(world) = World::start("keys_and_signatures_without_number_cost_little") else {
        return;
    };
    let lanward = world.lanward(OPEN);
    // What is needed on the way is known already.
    assert_eq!(
        verdict(&ask(lanward.client(), "www.nsec.net", A)),
        Secure(NOERROR)
    );
    // Signatures in the name of keys, and digests in the name of keys.
    for name in ["www.trap.net", "www.snare.net"] {
        let (begin, used) = (Instant::now(), lanward.processor_time());
        let reply = ask(lanward.client(), name, A);
        let used = lanward.processor_time().saturating_sub(used);
        let took = begin.elapsed();
        println!(
            "{} after {took:?}, {used:?} of the processor",
            reply.summary()
        );
        assert_eq!(
            (verdict(&reply), reply.errors()[0].0),
            (Bogus, 6),
            "{}",
            reply.summary()
        );
        assert!(
            used <= Duration::from_millis(200),
            "{used:?} of the processor"
        );
    }
    // Names so long that they have no room in the reason do not keep it from fitting a datagram.
    let long = format!(
        "{}expired.net",
        format!("{}.", r"\001".repeat(50)).repeat(4)
    );
    let reply = lanward.client().udp(&Query::new(&long, A));
    let codes: Vec<u16> = reply.errors().iter().map(|(code, _)| *code).collect();
    assert_eq!(
        (reply.has(TC), codes),
        (false, vec![7]),
        "{}",
        reply.summary()
    );
}

/// Names with many labels, where each has to be hashed (CVE-2023-50868).
#[test]
fn hashes_without_number_cost_little() {
    let Some(world) = World::start("hashes_without_number_cost_little") else {
        return;
    };
    let lanward = world.lanward(OPEN);
    assert_eq!(
        verdict(&ask(lanward.client(), "www.salted.net", A)),
        Secure(NOERROR)
    );
    let deep = format!("{}salted.net", "a.".repeat(115));
    let used = lanward.processor_time();
    let reply = ask(lanward.client(), &deep, A);
    let used = lanward.processor_time().saturating_sub(used);
    println!("{} after {used:?} of the processor", reply.summary());
    assert_eq!(verdict(&reply), Secure(NXDOMAIN), "{}", reply.summary());
    assert!(
        used <= Duration::from_millis(200),
        "{used:?} of the processor"
    );
    // So many rounds that it must be meant.
    let reply = ask(lanward.client(), "nothing.slower.net", A);
    assert_eq!(
        (verdict(&reply), reply.errors()[0].0),
        (Bogus, 27),
        "{}",
        reply.summary()
    );
}

/// An answer from a part of the tree that is not signed is not worth a question for each of its labels.
#[test]
fn a_deep_name_ends_at_the_first_unsigned_zone() {
    let Some(world) = World::start("a_deep_name_ends_at_the_first_unsigned_zone") else {
        return;
    };
    let relay = world.relay(|answer| answer);
    let lanward = world.lanward_of(&[relay.address], OPEN);
    let deep = format!("{}plain.net", "a.".repeat(60));
    assert_eq!(
        verdict(&ask(lanward.client(), &deep, A)),
        Insecure(NXDOMAIN)
    );
    let seen = relay.seen();
    let asked: BTreeSet<(String, u16)> = seen
        .iter()
        .map(|seen| (seen.name(), seen.query.qtype))
        .collect();
    assert_eq!(
        asked.len(),
        5,
        "itself, the root's keys, net and its keys, plain.net: {asked:?}"
    );
}
