//! Somebody who forges answers: every ID, wrong letters, and how hard the program is to guess.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{TRUE, good, is_right};
use crate::support::behaviours::FORGED;
use crate::support::client::receive;
use crate::support::lanward::Lanward;
use crate::support::records::{A, a};
use crate::support::upstream::{Act, Behaviour, Seen, Upstream};
use crate::support::wire::{Echo, Query, Response, text};

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
            // From one above the right ID, so that wrong ones come first, and around to the right one.
            let forge = |shift: u16| {
                Act::Send(
                    Response {
                        id_shift: shift,
                        ..forged(&site)
                    }
                    .to(&seen.query),
                )
            };
            let mut acts: Vec<Act> = (1..=u16::MAX).map(forge).collect();
            acts.extend([forge(0), Act::Send(good(&site).to(&seen.query))]);
            acts
        });
        upstream.on(&name, A, Behaviour::split(flood, good(&name).into()));
        for _ in 0..2 {
            let reply = lanward.client().udp(&Query::new(&name, A));
            assert!(
                reply
                    .addresses()
                    .iter()
                    .all(|address| address.to_string() == TRUE),
                "{name}: {}",
                reply.summary()
            );
        }
    }
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

/// Ports, IDs and letters of two thousand questions look drawn by lot.
#[test]
fn questions_are_hard_to_guess() {
    const QUESTIONS: usize = 2000;
    let upstream = Upstream::start();
    upstream.otherwise(Behaviour::new(|seen: &Seen| {
        vec![Act::Send(good(&text(&seen.query.name)).to(&seen.query))]
    }));
    let lanward = Lanward::start(&[upstream.address], "");
    let socket = lanward.client().socket();
    for block in 0..QUESTIONS / 20 {
        for at in 0..20 {
            let query = Query::new(&format!("abcdefghijklmnop-{block}-{at}.example"), A);
            socket.send(&query.bytes()).unwrap();
        }
        for _ in 0..20 {
            receive(&socket, crate::support::client::PATIENCE).expect("a reply to each");
        }
    }
    let seen: Vec<Seen> = upstream
        .seen()
        .into_iter()
        .filter(|seen| !seen.tcp)
        .collect();
    assert!(seen.len() >= QUESTIONS, "{} questions over UDP", seen.len());
    let distinct = |values: &dyn Fn(&Seen) -> u16| {
        seen.iter()
            .take(QUESTIONS)
            .map(values)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let ports = distinct(&|seen| seen.from.port());
    let ids = distinct(&|seen| seen.query.id);
    assert!(ports >= 1900, "{ports} distinct ports");
    assert!(ids >= 1900, "{ids} distinct IDs");
    let values: Vec<f64> = seen.iter().map(|seen| f64::from(seen.query.id)).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let deviation = (values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / values.len() as f64)
        .sqrt();
    assert!(
        (17_900.0..20_000.0).contains(&deviation),
        "the IDs deviate by {deviation}, not by 18,918"
    );
    let letters: BTreeSet<Vec<u8>> = seen
        .iter()
        .map(|seen| seen.query.name[1..17].to_vec())
        .collect();
    assert!(
        letters.len() > 1800,
        "{} ways to write sixteen letters",
        letters.len()
    );
    let small = seen.iter().all(|seen| {
        seen.query
            .edns
            .as_ref()
            .is_none_or(|edns| edns.payload <= 1232)
    });
    assert!(small, "no question asks for more than 1232 bytes");
}
