//! Every known rebinding attack, V01 to V99, and the answers that must not suffer from the protection.
//!
//! Each row is asked cold, again from the cache, and over the other transport without EDNS, with UDP first and with TCP first; and
//! in the same way through each encrypted door.
//! V99 (synthesis by an own DNS64) does not apply: there is no DNS64 in this program.

mod addresses;
mod inside;
mod messages;
mod names;
mod row;
mod stories;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::support::authority::Authority;
use crate::support::caller::{Asker, Door, Way, section};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::upstream::Upstream;
use crate::support::wire::{Query, text};
use crate::support::{said, until};

pub(crate) use row::{Expect, Row, Setup};

pub(crate) fn table() -> Vec<Row> {
    [addresses::rows(), names::rows(), messages::rows()].concat()
}

#[test]
fn the_table_is_complete() {
    let mut ids: BTreeSet<String> = table().iter().map(|row| row.id.to_owned()).collect();
    ids.extend(stories::ALL.iter().map(|(id, _, _)| (*id).to_owned()));
    ids.insert("V99".to_owned());
    assert_eq!(
        ids,
        (1..=99).map(|number| format!("V{number:02}")).collect()
    );
}

#[test]
fn every_attack_is_stopped_and_nothing_else() {
    pass("vectors", &[Way::Udp, Way::Tcp]);
}

#[test]
fn every_attack_is_stopped_over_tls() {
    pass("vectors over TLS", &[Way::Sealed(Door::Tls)]);
}

#[test]
fn every_attack_is_stopped_over_https() {
    pass("vectors over HTTPS", &[Way::Sealed(Door::Https)]);
}

#[test]
fn every_attack_is_stopped_over_quic() {
    pass("vectors over QUIC", &[Way::Sealed(Door::Quic)]);
}

#[test]
fn every_attack_is_stopped_over_h3() {
    pass("vectors over HTTP/3", &[Way::Sealed(Door::H3)]);
}

/// Asks all rows and tells all stories over these ways.
fn pass(what: &str, ways: &[Way]) {
    let mut failed: Vec<(String, bool, String)> = Vec::new();
    for way in ways {
        for setup in Setup::ALL {
            let ran = catch_unwind(AssertUnwindSafe(|| run(setup, *way)));
            failed.extend(
                ran.unwrap_or_else(|panic| {
                    vec![(format!("{setup:?}"), true, said(panic.as_ref()))]
                }),
            );
        }
        for (id, attack, story) in stories::ALL {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| story(*way))) {
                failed.push(((*id).to_owned(), *attack, said(panic.as_ref())));
            }
        }
    }
    report(what, &failed);
    let list: Vec<String> = failed
        .iter()
        .map(|(id, _, why)| format!("{id}: {why}"))
        .collect();
    assert!(
        list.is_empty(),
        "{} failures:\n{}",
        list.len(),
        list.join("\n")
    );
}

/// `[server.tls]` where an encrypted way is to be asked over.
fn doors(authority: &Authority, way: Way) -> String {
    match way {
        Way::Udp | Way::Tcp => String::new(),
        Way::Sealed(door) => section(authority, &[door]),
    }
}

/// Counts by id: an id counts as passed if all its rows of that kind did, over all ways.
fn report(what: &str, failed: &[(String, bool, String)]) {
    let mut all: BTreeSet<(String, bool)> = table()
        .iter()
        .map(|row| (row.id.to_owned(), row.attack()))
        .collect();
    all.extend(
        stories::ALL
            .iter()
            .map(|(id, attack, _)| ((*id).to_owned(), *attack)),
    );
    let count = |attack: bool| {
        let total = all.iter().filter(|(_, kind)| *kind == attack);
        let bad: BTreeSet<&String> = failed
            .iter()
            .filter(|(_, kind, _)| *kind == attack)
            .map(|(id, _, _)| id)
            .collect();
        (
            total.clone().count().saturating_sub(bad.len()),
            total.count(),
        )
    };
    let ((stopped, attacks), (passed, legitimate)) = (count(true), count(false));
    println!(
        "{what}: {stopped} attacks stopped of {attacks}, {passed} legitimate passed of {legitimate}"
    );
}

/// All rows of one configuration against one fresh program; gives the failures.
fn run(setup: Setup, way: Way) -> Vec<(String, bool, String)> {
    let (authority, [upstream, routed]) =
        (Authority::new(), [Upstream::start(), Upstream::start()]);
    let configuration = doors(&authority, way) + &setup.configuration(routed.address);
    let lanward = Lanward::start(&[upstream.address], &configuration);
    let asker = Asker::new(&lanward, &authority);
    // Where nobody answers, each row would wait for that.
    asker.ask(way, Ipv4Addr::LOCALHOST, &Query::new("localhost", A));
    let rows: Vec<Row> = table()
        .into_iter()
        .filter(|row| row.setup == setup)
        .collect();
    for (name, qtype, behaviour) in rows.iter().flat_map(|row| &row.upstream) {
        for server in [&upstream, &routed] {
            server.on(name, *qtype, behaviour.clone());
        }
    }
    let mut failed = Vec::new();
    for row in rows {
        let asked =
            || upstream.count(&text(&row.query.name)) + routed.count(&text(&row.query.name));
        let tried = catch_unwind(AssertUnwindSafe(|| {
            try_row(&row, (&lanward, &asker), way, &asked)
        }));
        if let Err(why) = tried.unwrap_or_else(|panic| Err(said(panic.as_ref()))) {
            failed.push((
                row.id.to_owned(),
                row.attack(),
                format!("{} {way:?} {setup:?}: {why}", text(&row.query.name)),
            ));
        }
    }
    failed
}

fn try_row(
    row: &Row,
    (lanward, asker): (&Lanward, &Asker<'_>),
    way: Way,
    asked: &dyn Fn() -> usize,
) -> Result<(), String> {
    let ask = |way, query| asker.ask(way, row.source, query);
    for query in &row.before {
        ask(way, query);
    }
    row.judge(&ask(way, &row.query))
        .map_err(|why| format!("cold: {why}"))?;
    let cold = asked();
    row.judge(&ask(way, &row.query))
        .map_err(|why| format!("again: {why}"))?;
    if row.cached && asked() != cold {
        return Err(format!(
            "not from the cache: the upstream was asked {cold} times, then {}",
            asked()
        ));
    }
    if row.local() && cold > 0 {
        return Err("the upstream was asked".to_owned());
    }
    let plain = row.query.clone().plain();
    let reply = ask(way.other(), &plain);
    let fits = if reply.has(crate::support::wire::TC) {
        Ok(())
    } else {
        row.judge(&reply)
    };
    fits.map_err(|why| format!("without EDNS: {why}"))?;
    logged(row, lanward)
}

/// Whether the log says what it should about this row.
fn logged(row: &Row, lanward: &Lanward) -> Result<(), String> {
    let words = match row.expect {
        Expect::Block => "blocked",
        Expect::Alias => "alias",
        Expect::Sinkhole => "sinkhole",
        Expect::Report => "",
        _ => return Ok(()),
    };
    let name = text(&row.query.name);
    // V07 and V21 may be told as sinkholes, and a backslash is written twice in JSON.
    let words = if matches!(row.id, "V07" | "V21") {
        ""
    } else {
        words
    };
    let told = || {
        lanward
            .lines()
            .iter()
            .any(|line| line.contains(words) && line.to_lowercase().contains(&name))
    };
    if name.contains('\\') || until(Duration::from_secs(2), told) {
        Ok(())
    } else {
        Err(format!("no line in the log with {words:?} and {name}"))
    }
}

/// The protection off means off, and `report` means that all passes and the log tells.
#[test]
fn the_action_decides() {
    for (action, lines) in [("report", 1), ("off", 0)] {
        let upstream = Upstream::start();
        let lanward = Lanward::start(
            &[upstream.address],
            &format!("[rebinding]\naction = \"{action}\"\n"),
        );
        upstream.on(
            "a.example",
            A,
            crate::support::wire::Response::new(vec![crate::support::records::a(
                "a.example",
                "10.0.0.1",
            )]),
        );
        let reply = lanward.client().udp(&Query::new("a.example", A));
        assert_eq!(reply.answer.len(), 1, "{action}: {}", reply.summary());
        let told = until(
            Duration::from_millis(if lines > 0 { 3000 } else { 0 }),
            || lanward.logged("a.example") >= lines.max(1),
        );
        assert_eq!(told, lines > 0, "{action}: {:#?}", lanward.lines());
    }
}
