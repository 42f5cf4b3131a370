//! Twenty thousand questions to the program and to Unbound, which both forward to the same NSD: the same answers, or a named reason.

mod zone;

use std::collections::BTreeMap;

use crate::support::Dice;
use crate::support::lanward::Lanward;
use crate::support::peers;
use crate::support::records::{
    A, AAAA, ANY, AXFR, CNAME, DNAME, HINFO, HTTPS, IXFR, MX, NS, PTR, RRSIG, SOA, SRV, SVCB, TXT,
};
use crate::support::reply::Reply;
use crate::support::wire::{AA, AD, CD, Edns, NOERROR, Query, RA, RD, REFUSED, TC};

const QUESTIONS: usize = 20_000;

const TYPES: &[u16] = &[
    A, A, A, AAAA, AAAA, TXT, TXT, CNAME, DNAME, MX, NS, PTR, SOA, SRV, HINFO, SVCB, HTTPS, RRSIG,
    ANY, AXFR, IXFR, 17, 29, 35, 43, 44, 48, 52, 99, 257, 65280, 65281, 65399,
];

#[test]
fn as_unbound_answers() {
    let test = "as_unbound_answers";
    if !peers::installed(test, "nsd", "nsd") || !peers::installed(test, "unbound", "unbound") {
        return;
    }
    let nsd = peers::nsd(zone::ORIGIN, &zone::zone());
    let unbound = peers::unbound(nsd.address, zone::ORIGIN);
    let lanward = Lanward::start(&[nsd.address], "");
    let mut dice = Dice::new(20_000);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    let mut different = Vec::new();
    for _ in 0..QUESTIONS {
        let (query, tcp) = draw(&mut dice);
        let [ours, theirs] =
            [lanward.client(), unbound.client()].map(|client| client.ask(&query, tcp));
        match compare(&query, &ours, &theirs) {
            Ok(Some(reason)) => *reasons.entry(reason).or_default() += 1,
            Ok(None) => {}
            Err(why) => different.push(format!(
                "{why}: {query}\n  ours   {}\n  theirs {}",
                ours.summary(),
                theirs.summary()
            )),
        }
    }
    println!(
        "differential: {QUESTIONS} questions, {} different, explained: {reasons:?}",
        different.len()
    );
    different.truncate(20);
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// A question of any kind that a client may ask.
fn draw(dice: &mut Dice) -> (Query, bool) {
    let mut flags = if dice.below(40) == 0 { 0 } else { RD };
    for flag in [AD, CD] {
        flags |= if dice.below(4) == 0 { flag } else { 0 };
    }
    let mut query = Query::new(&zone::pick(dice), *dice.pick(TYPES)).flags(flags);
    if dice.below(3) == 0 {
        query.edns = None;
    } else {
        let payload = *dice.pick(&[0, 512, 1232, 1232, 4096, 65535]);
        query.edns = Some(Edns {
            payload,
            dnssec: dice.below(4) == 0,
            ..Edns::default()
        });
    }
    (query, dice.below(8) == 0)
}

/// Equal, or different for a reason that has a name; everything else is an error.
fn compare(query: &Query, ours: &Reply, theirs: &Reply) -> Result<Option<&'static str>, String> {
    let small = ours.answer.len() == 1 && ours.answer[0].rtype == HINFO;
    match query.qtype {
        // RFC 8482: one small record instead of all there are. It needs no recursion.
        ANY if ours.rcode() == NOERROR && small => return Ok(Some("ANY is answered small")),
        // A forwarder has no zone to transfer.
        AXFR | IXFR => {
            return same("transfer", [ours.rcode(), theirs.rcode()], [REFUSED; 2])
                .map(|()| Some("transfers are refused"));
        }
        // Nobody may look into the cache without asking for recursion. Unbound also says why (EDE 20).
        _ if query.flags & RD == 0 => {
            return same("RD=0", [ours.rcode(), theirs.rcode()], [REFUSED; 2])
                .map(|()| Some("RD=0 is refused"));
        }
        _ => {}
    }
    same("rcode", ours.rcode(), theirs.rcode())?;
    for (what, flag) in [("AA", AA), ("RA", RA), ("AD", AD), ("CD", CD), ("TC", TC)] {
        same(what, ours.has(flag), theirs.has(flag))?;
    }
    if ours.has(TC) {
        // Ours is empty, so that nobody uses half an answer.
        return same("records beside TC", ours.records().count(), 0)
            .map(|()| Some("TC comes without records"));
    }
    same("answer", sorted(ours), sorted(theirs))?;
    same("EDE", ours.errors(), theirs.errors())?;
    same(
        "DO",
        ours.edns.as_ref().map(|edns| edns.dnssec),
        theirs.edns.as_ref().map(|edns| edns.dnssec),
    )?;
    let soa = |reply: &Reply| reply.authority.iter().any(|record| record.rtype == SOA);
    if ours.answer.is_empty() {
        same("SOA of a negative answer", soa(ours), soa(theirs))?;
    }
    Ok(None)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "most of what is compared is made for it"
)]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("{what}: ours {ours:?}, theirs {theirs:?}"))
    }
}

/// The answer as a set; Unbound turns the order of a set round, and may write a name in letters it saw elsewhere.
fn sorted(reply: &Reply) -> Vec<(String, u16, Vec<u8>)> {
    let names = [CNAME, DNAME, NS, PTR];
    let mut set = reply.essence();
    for (_, rtype, rdata) in &mut set {
        if names.contains(rtype) {
            rdata.make_ascii_lowercase();
        }
    }
    set.sort();
    set
}
