//! Somebody who forges answers: every ID, and wrong letters.

use std::time::Duration;

use super::{good, is_right};
use crate::support::behaviours::FORGED;
use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::upstream::{Act, Behaviour, Seen, Upstream};
use crate::support::wire::{Echo, Query, Response};

fn forged(name: &str) -> Response {
    Response::new(vec![a(name, FORGED)])
}

/// The attacker knows the port and sends all 65,536 IDs, from the upstream's own address, before the true answer.
#[test]
fn no_forged_id_is_accepted() {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    for round in 0..4 {
        let name = format!("flood{round}.example");
        let site = name.clone();
        let flood = Behaviour::new(move |seen: &Seen| {
            // Written once and numbered anew, for the attacker is quick. From one above the right ID, so that wrong ones come
            // first, and around to the right one.
            let forged = forged(&site).to(&seen.query);
            let with_shift = |shift: u16| {
                let id = seen.query.id.wrapping_add(shift).to_be_bytes();
                Act::Send([&id, &forged[2..]].concat())
            };
            let mut acts: Vec<Act> = (1..=u16::MAX).map(with_shift).collect();
            acts.extend([with_shift(0), Act::Send(good(&site).to(&seen.query))]);
            acts
        });
        upstream.on(&name, A, Behaviour::split(flood, good(&name).into()));
        // The second reply comes from the cache.
        for _ in 0..2 {
            let reply = lanward.client().udp(&Query::new(&name, A));
            assert!(is_right(&reply), "{name}: {}", reply.summary());
        }
    }
    println!(
        "figure: all 65,536 IDs sent first, the port known: 0 forged answers accepted in 4 rounds, the true one delivered"
    );
}

/// The letters of the question are part of the secret; a forger does not know them.
#[test]
fn wrong_letters_are_forged() {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    for round in 0..20 {
        let name = format!("forged-letters-{round}.example");
        let wrong = Behaviour::from(Response {
            echo: Echo::Flipped,
            ..forged(&name)
        });
        let truth = Behaviour::from(good(&name));
        let later = Duration::from_millis(5);
        upstream.on(
            &name,
            A,
            Behaviour::split(wrong, Behaviour::silent()).then(later, truth),
        );
        let reply = lanward.client().udp(&Query::new(&name, A));
        assert!(is_right(&reply), "{name}: {}", reply.summary());
    }
}

/// Some servers write the question in lower case; they are asked again over TCP, or known after a while, and never given up.
#[test]
fn lower_case_is_answered() {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    for round in 0..20 {
        let name = format!("lower-letters-{round}.example");
        upstream.on(
            &name,
            A,
            Response {
                echo: Echo::Lower,
                ..good(&name)
            },
        );
        let reply = lanward.client().udp(&Query::new(&name, A));
        assert!(is_right(&reply), "{name}: {}", reply.summary());
    }
}

/// A few lucky guesses of IDs, far apart, are no reason to do without letters for ever.
#[test]
fn a_server_that_keeps_letters_is_trusted_to_go_on() {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    for round in 0..10 {
        let name = format!("now-and-then-{round}.example");
        let wrong = Behaviour::from(Response {
            echo: Echo::Flipped,
            ..forged(&name)
        });
        upstream.on(&name, A, Behaviour::split(wrong, good(&name).into()));
        let honest = format!("in-between-{round}.example");
        upstream.on(&honest, A, good(&honest));
        for name in [name, honest] {
            let reply = lanward.client().udp(&Query::new(&name, A));
            assert!(is_right(&reply), "{name}: {}", reply.summary());
        }
    }
    let seen = upstream.seen();
    let last = seen.iter().rfind(|seen| !seen.tcp).unwrap();
    assert!(
        last.query.name.iter().any(u8::is_ascii_uppercase),
        "{:?} is asked in letters that nobody has to guess",
        last.name()
    );
}
