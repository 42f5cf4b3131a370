//! The same zones in lanward, NSD and Knot DNS, twenty thousand questions: the same replies, or a difference that has a name.

mod oddities;
mod rows;

use std::collections::BTreeMap;

use crate::support::Dice;
use crate::support::lanward::Lanward;
use crate::support::peers::{self, Peer};
use crate::support::records::{
    A, AAAA, ANY, CNAME, DNAME, HINFO, HTTPS, MX, NS, NSEC, PTR, RRSIG, Record, SOA, SRV, SVCB, TXT,
};
use crate::support::reply::Reply;
use crate::support::wire::{AA, Edns, NOERROR, Query, SERVFAIL, TC, text};
use oddities::{LARGE, ODD, pick};
use rows::Row;

const NSEC3: u16 = 50;
const QUESTIONS: usize = 20_000;

const TYPES: &[u16] = &[
    A, A, A, A, AAAA, AAAA, TXT, TXT, CNAME, CNAME, DNAME, MX, MX, NS, NS, SOA, SRV, HTTPS, SVCB,
    PTR, HINFO, ANY, RRSIG, NSEC, 17, 18, 35, 36, 43, 43, 48, 50, 52, 99, 257, 731, 65280, 65399,
];

#[test]
fn as_nsd_and_knot_answer() {
    let test = "as_nsd_and_knot_answer";
    if !peers::installed(test, "nsd", "nsd") || !peers::installed(test, "knotd", "knot") {
        return;
    }
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut different = Vec::new();
    for (origin, rows, questions) in [
        (ODD, oddities::odd(), QUESTIONS * 3 / 4),
        (LARGE, oddities::large(), QUESTIONS / 4),
    ] {
        let mut file = String::new();
        for row in &rows {
            row.write(&mut file);
        }
        let others = [
            ("NSD", peers::nsd(origin, &file)),
            ("Knot", peers::knot(origin, &file)),
        ];
        let (lanward, _folder) = serve(origin, &file);
        let mut dice = Dice::new(4592);
        for _ in 0..questions {
            let query = draw(&rows, origin, &mut dice);
            for (peer, server) in &others {
                let (ours, theirs) = both(&lanward, server, &query);
                match compare(peer, origin, &query, &ours, &theirs) {
                    Ok(found) => {
                        for reason in found {
                            *reasons.entry(format!("{peer}: {reason}")).or_default() += 1;
                        }
                    }
                    Err(why) => different.push(format!("{peer}: {query}: {why}")),
                }
            }
        }
    }
    println!(
        "zones: {QUESTIONS} questions, {} different, explained: {reasons:#?}",
        different.len()
    );
    different.truncate(20);
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// The zones that ship: every name in them, and some that are not, for every type.
#[test]
fn as_nsd_and_knot_answer_the_zones_that_ship() {
    let test = "as_nsd_and_knot_answer_the_zones_that_ship";
    if !peers::installed(test, "nsd", "nsd") || !peers::installed(test, "knotd", "knot") {
        return;
    }
    for origin in ["home.arpa", "1.168.192.in-addr.arpa"] {
        let path = format!("{}/zones/{origin}.zone", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read_to_string(path).unwrap();
        let others = [
            ("NSD", peers::nsd(origin, &file)),
            ("Knot", peers::knot(origin, &file)),
        ];
        let (lanward, _folder) = serve(origin, &file);
        let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
        let labels = file
            .lines()
            .filter(|line| !line.starts_with([' ', ';', '$', '@']))
            .filter_map(first);
        let names: Vec<String> = labels
            .flat_map(|label| {
                [
                    format!("{label}.{origin}"),
                    format!("below.{label}.{origin}"),
                ]
            })
            .chain([origin.to_owned(), format!("not-here.{origin}")])
            .collect();
        assert!(names.len() > 6, "{names:?}");
        for name in &names {
            for kind in TYPES {
                let query = Query::new(name, *kind).flags(0);
                for (peer, server) in &others {
                    let (ours, theirs) = both(&lanward, server, &query);
                    if let Err(why) = compare(peer, origin, &query, &ours, &theirs) {
                        panic!("{peer}: {query}: {why}");
                    }
                }
            }
        }
    }
}

fn draw(rows: &[Row], origin: &str, dice: &mut Dice) -> Query {
    let mut query = Query::new(&pick(rows, origin, dice), *dice.pick(TYPES)).flags(0);
    query.edns = (dice.below(3) > 0).then(|| Edns {
        payload: *dice.pick(&[512, 1232, 1232, 4096]),
        dnssec: dice.below(3) == 0,
        ..Edns::default()
    });
    query
}

/// The program with one zone, and the folder that the zone's file lies in.
fn serve(origin: &str, zone: &str) -> (Lanward, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zone");
    std::fs::write(&file, zone).unwrap();
    let zone = format!(
        "[[zone]]\norigin = \"{origin}\"\nfile = \"{}\"",
        file.display()
    );
    let nobody = "127.0.0.1:9".parse().unwrap();
    (Lanward::start(&[nobody], &zone), folder)
}

/// Over UDP; over TCP if either reply is cut or comes near to it, for then it is a matter of octets what fits.
fn both(lanward: &Lanward, server: &Peer, query: &Query) -> (Reply, Reply) {
    let limit = query
        .edns
        .as_ref()
        .map_or(512, |edns| edns.payload.min(1232));
    let replies = (lanward.client().udp(query), server.client().udp(query));
    let large = |reply: &Reply| reply.has(TC) || reply.bytes.len() + 200 > limit.into();
    if large(&replies.0) || large(&replies.1) {
        (lanward.client().tcp(query), server.client().tcp(query))
    } else {
        replies
    }
}

/// Equal, or different for reasons that have names.
fn compare(
    peer: &str,
    origin: &str,
    query: &Query,
    ours: &Reply,
    theirs: &Reply,
) -> Result<Vec<&'static str>, String> {
    let mut reasons = Vec::new();
    let aliases = |reply: &Reply| reply.answer.iter().filter(|r| r.rtype == CNAME).count();
    let (ours_set, mut theirs_set) = (Sections::new(ours), Sections::new(theirs));
    let given_up = ours.rcode() == SERVFAIL && ours.records().count() == 0;
    // These types may stand beside an alias (RFC 4034 §2.5), but where they do not, the alias is followed (RFC 1034 §4.3.2).
    let beside = match peer {
        "Knot" => [RRSIG, NSEC].contains(&query.qtype),
        _ => query.qtype == NSEC3,
    };
    if beside
        && (aliases(ours) > 0 || given_up)
        && theirs.answer.is_empty()
        && theirs.rcode() == NOERROR
    {
        return Ok(vec![
            "an alias is followed for types that DNSSEC lets stand beside it",
        ]);
    }
    // A resolver's client cannot go on by itself, and half a chain would look like NODATA to it.
    if given_up && query.qtype != CNAME && (aliases(theirs) > 11 || is_circle(theirs, peer)) {
        return Ok(vec![
            "a chain of more than 11 aliases, or a circle, is SERVFAIL",
        ]);
    }
    if query.qtype == ANY {
        let small = ours.answer.iter().all(|record| record.rtype == HINFO);
        return same("ANY", &small, &true).map(|()| vec!["ANY is answered small (RFC 8482)"]);
    }
    if peer == "Knot" && aliases(ours) > aliases(theirs) && aliases(theirs) >= 5 {
        same("AA", &ours.has(AA), &theirs.has(AA))?;
        let known = theirs_set
            .answer
            .iter()
            .all(|record| ours_set.answer.contains(record));
        return same("part of the chain", &known, &true).map(|()| vec!["Knot follows 5 aliases"]);
    }
    if peer == "NSD" && !ours.answer.is_empty() && drop_apex(&mut theirs_set, &ours_set, origin) {
        reasons.push("NSD adds the zone's name servers to answers");
    }
    if peer == "Knot" && query.qtype == MX && take_glue(&mut theirs_set, &ours_set) {
        reasons.push("Knot gives addresses below a cut to mail servers, too");
    }
    same("rcode", &ours.rcode(), &theirs.rcode())?;
    same("AA", &ours.has(AA), &theirs.has(AA))?;
    same("answer", &ours_set.answer, &theirs_set.answer)?;
    same("authority", &ours_set.authority, &theirs_set.authority)?;
    same("additional", &ours_set.additional, &theirs_set.additional)?;
    Ok(reasons)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs {
        return Ok(());
    }
    Err(format!("{what}\n  ours   {ours:?}\n  theirs {theirs:?}"))
}

/// Every alias leads to a name that is an alias already, or is made one by a DNAME record that was used; Knot ends after five.
fn is_circle(reply: &Reply, peer: &str) -> bool {
    let of = |rtype| {
        reply
            .answer
            .iter()
            .filter(move |record| record.rtype == rtype)
    };
    let aliases: Vec<&Record> = of(CNAME).collect();
    let owner = |target: &[u8]| {
        aliases
            .iter()
            .any(|alias| text(&alias.owner) == text(target))
            || of(DNAME).any(|dname| text(target).ends_with(&format!(".{}", text(&dname.owner))))
    };
    let circle = aliases.iter().all(|alias| owner(&alias.rdata));
    !aliases.is_empty() && (circle || peer == "Knot" && aliases.len() >= 5)
}

/// Takes addresses below the cut that the answer points at from a reply; says whether there were any.
fn take_glue(theirs: &mut Sections, ours: &Sections) -> bool {
    let glue = |record: &Essence| {
        record.0.ends_with(&format!("cut.{ODD}")) && !ours.additional.contains(record)
    };
    theirs
        .additional
        .extract_if(.., |record| glue(record))
        .count()
        > 0
}

/// Takes the zone's name servers, and addresses that came along with them, from a reply; says whether there were any.
fn drop_apex(theirs: &mut Sections, ours: &Sections, origin: &str) -> bool {
    let apex = |record: &Essence| record.0 == origin && record.1 == NS;
    if ours.authority.iter().any(apex) || !theirs.authority.iter().any(apex) {
        return false;
    }
    let servers: Vec<String> = theirs
        .authority
        .extract_if(.., |record| apex(record))
        .map(|record| text(&record.3))
        .collect();
    theirs
        .additional
        .retain(|record| ours.additional.contains(record) || !servers.contains(&record.0));
    true
}

type Essence = (String, u16, u32, Vec<u8>);
type Set = Vec<Essence>;

/// The sections of a reply as sets.
#[derive(Debug)]
struct Sections {
    answer: Set,
    authority: Set,
    additional: Set,
}

impl Sections {
    fn new(reply: &Reply) -> Self {
        Self {
            answer: set(&reply.answer),
            authority: set(&reply.authority),
            additional: set(&reply.additional),
        }
    }
}

/// Records as a set: owner, type, TTL, data; names in data in lower case, as some servers write them.
fn set(records: &[Record]) -> Set {
    let names = [CNAME, DNAME, NS, PTR, MX, SRV, SOA, SVCB, HTTPS, 17, 18, 36];
    let mut set: Vec<_> = records
        .iter()
        .map(|record| {
            let mut data = record.rdata.clone();
            if names.contains(&record.rtype) {
                data.make_ascii_lowercase();
            }
            (text(&record.owner), record.rtype, record.ttl, data)
        })
        .collect();
    set.sort();
    set
}
