//! Every attack against every program in its best configuration, as `lanward emit` writes it: the table in `docs/peers.md`.
//!
//! `scripts/peers-table` writes that table. Here it is held against what the programs of this machine do, where their versions
//! are those of the table.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;
use std::{env, fs, thread};

use hickory_proto::rr::RecordType;

use crate::support::client::Client;
use crate::support::lanward::Lanward;
use crate::support::peers::{Peer, installed, version};
use crate::support::records::{A, AAAA, CNAME, Record, a, aaaa};
use crate::support::reply::Reply;
use crate::support::upstream::Upstream;
use crate::support::wire::{NOERROR, Query, Response, TC, text};
use crate::vectors::{Expect, Row, Setup, table};

use super::world::{ID, World};
use super::{bind, dnsmasq, knot_resolver, powerdns_recursor, unbound};

/// What the programs are told: the exceptions that lanward has in its own tests of these attacks.
const SETTINGS: &str = "[[rebinding.allow]]\ndomain = \"corp.example\"\nranges = [\"10.0.0.0/8\"]\n\
    [[rebinding.allow]]\ndomain = \"corp2.example\"\n[[rebinding.allow]]\ndomain = \"home.lan\"\n";
const TABLE: &str = "docs/peers.md";
const LIMIT: Duration = Duration::from_secs(3);

/// A program of the table.
struct Entrant {
    title: &'static str,
    program: &'static str,
    package: &'static str,
    /// The argument that makes it say its version.
    asked: &'static str,
    /// Starts it with its snippets, and the world's Internet for everything else.
    start: fn(&World) -> Peer,
}

/// Those that Debian has, whose versions there have a protection or can be given one.
const ENTRANTS: &[Entrant] = &[
    Entrant {
        title: "dnsmasq",
        program: "dnsmasq",
        package: "dnsmasq-base",
        asked: "--version",
        start: |world| dnsmasq::dnsmasq(world, &world.emit("dnsmasq", "protect", &[])),
    },
    Entrant {
        title: "Unbound",
        program: "unbound",
        package: "unbound",
        asked: "-V",
        start: |world| unbound::unbound(world, &world.emit("unbound", "protect", &[])),
    },
    Entrant {
        title: "BIND",
        program: "named",
        package: "bind9",
        asked: "-v",
        start: bind::protected,
    },
    Entrant {
        title: "Knot Resolver",
        program: "kresd",
        package: "knot-resolver",
        asked: "--version",
        start: knot_resolver::protected,
    },
    Entrant {
        title: "PowerDNS Recursor",
        program: "pdns_recursor",
        package: "pdns-recursor",
        asked: "--version",
        start: powerdns_recursor::protected,
    },
];

/// What became of each vector: its id and whether it is an attack (some have rows of both kinds); whether all of these rows went
/// well.
type Score = BTreeMap<(&'static str, bool), bool>;

/// A column of the table.
struct Column {
    title: &'static str,
    version: String,
    score: Score,
}

/// The rows that every program can be asked: not those of a client with rights of its own.
fn rows() -> impl Iterator<Item = Row> {
    let usual = |row: &Row| row.setup == Setup::Usual && row.source == Ipv4Addr::LOCALHOST;
    table().into_iter().filter(usual)
}

/// What the rows need upstream; also Plex's own servers, for programs that do not decode.
fn internet() -> Upstream {
    let upstream = Upstream::start();
    for row in rows() {
        for (name, qtype, behaviour) in &row.upstream {
            upstream.on(name, *qtype, behaviour.clone());
        }
        if let Expect::Decode(address) = row.expect {
            let name = text(&row.query.name);
            let (qtype, record) = match address.parse().unwrap() {
                IpAddr::V4(_) => (A, a(&name, address)),
                IpAddr::V6(_) => (AAAA, aaaa(&name, address)),
            };
            upstream.on(&name, qtype, Response::new(vec![record]));
        }
    }
    upstream
}

/// How often a peer may try to give a legitimate answer: the table says what it can do, and not whether it lost a datagram while
/// all of them started.
const TRIES: usize = 3;

/// All rows, each asked twice: the second time from the cache. What is legitimate may take so many tries.
fn score(client: &Client, tries: usize) -> Score {
    let mut score = Score::new();
    for row in rows() {
        let tries = if row.attack() { 1 } else { tries };
        let well = (0..tries).any(|_| (0..2).all(|_| went_well(&row, client)));
        *score.entry((row.id, row.attack())).or_insert(true) &= well;
    }
    score
}

/// Whether an attack leads nowhere, and whether what is legitimate arrives. To an attack no answer at all is a good one.
fn went_well(row: &Row, client: &Client) -> bool {
    for query in &row.before {
        drop(ask(client, query));
    }
    let Some(reply) = ask(client, &row.query) else {
        return row.attack();
    };
    if let Expect::Decode(address) = row.expect {
        return reply.addresses() == [address.parse::<IpAddr>().unwrap()];
    }
    if row.attack() {
        return row.leads_nowhere(&reply).is_ok();
    }
    let said = reply.essence();
    let wanted = row.want.iter().map(Record::essence);
    reply.rcode() == NOERROR && wanted.into_iter().all(|record| said.contains(&record))
}

fn ask(client: &Client, query: &Query) -> Option<Reply> {
    let parse = |bytes: Vec<u8>| Reply::parse(&bytes).ok();
    let reply = client.try_udp(&query.bytes(), LIMIT).and_then(parse)?;
    if !reply.has(TC) {
        return Some(reply);
    }
    let mut stream = client.try_connect()?;
    stream.send(&query.bytes());
    stream.receive(LIMIT).and_then(parse)
}

fn column(entrant: &Entrant) -> Column {
    let world = World::of(internet(), SETTINGS, None);
    let peer = (entrant.start)(&world);
    let [major, minor, patch] = version(entrant.program, entrant.asked);
    Column {
        title: entrant.title,
        version: format!("{major}.{minor}.{patch}"),
        score: score(&peer.client(), TRIES),
    }
}

fn lanward() -> Column {
    let upstream = internet();
    let settings = Setup::Usual.configuration(upstream.address);
    let lanward = Lanward::start(&[upstream.address], &settings);
    Column {
        title: "lanward",
        version: env!("CARGO_PKG_VERSION").to_owned(),
        score: score(&lanward.client(), 1),
    }
}

fn columns() -> Vec<Column> {
    thread::scope(|scope| {
        let own = scope.spawn(lanward);
        let there = ENTRANTS.iter().filter(|entrant| {
            installed("no_peer_stops_all_of_it", entrant.program, entrant.package)
        });
        let peers: Vec<_> = there
            .map(|entrant| scope.spawn(|| column(entrant)))
            .collect();
        let all = [own].into_iter().chain(peers);
        all.map(|column| column.join().unwrap()).collect()
    })
}

impl Column {
    /// Of attacks or of legitimate answers, how many went well, and how many there are.
    fn count(&self, attacks: bool) -> (usize, usize) {
        let of_kind = self.score.iter().filter(|((_, kind), _)| *kind == attacks);
        (
            of_kind.clone().filter(|(_, well)| **well).count(),
            of_kind.count(),
        )
    }

    /// What did not go well, in the words of the table's first two columns.
    fn bad(&self) -> Vec<String> {
        let bad = self.score.iter().filter(|(_, well)| !**well);
        let words = |attack| if attack { "attack" } else { "legitimate" };
        bad.map(|(&(id, attack), _)| format!("{id} {}", words(attack)))
            .collect()
    }

    /// Its line in the table of results.
    fn line(&self) -> String {
        let [(stopped, attacks), (passed, legitimate)] = [true, false].map(|kind| self.count(kind));
        format!(
            "| {} | {} | {stopped} of {attacks} | {passed} of {legitimate} |",
            self.title, self.version
        )
    }
}

/// What a vector is about, in few words: its first question, and what the upstream says.
fn about(id: &str, attack: bool) -> String {
    let row = rows()
        .find(|row| row.id == id && row.attack() == attack)
        .unwrap();
    let word = |rtype: u16| RecordType::from(rtype).to_string();
    let data = |record: &Record| match (record.rtype, record.rdata.len()) {
        (A, 4) => {
            let octets: [u8; 4] = record.rdata.clone().try_into().unwrap();
            format!("A {}", IpAddr::from(octets))
        }
        (AAAA, 16) => {
            let octets: [u8; 16] = record.rdata.clone().try_into().unwrap();
            format!("AAAA {}", IpAddr::from(octets))
        }
        (CNAME, _) => format!("CNAME `{}`", text(&record.rdata).replace(ID, "ID")),
        (other, _) => word(other),
    };
    let mut answer: Vec<String> = row.want.iter().take(2).map(data).collect();
    if row.want.len() > answer.len() {
        answer.push(format!("{} more", row.want.len() - answer.len()));
    }
    let name = text(&row.query.name);
    format!(
        "`{}` {}: {}",
        name.replace(ID, "ID"),
        word(row.query.qtype),
        answer.join(", ")
    )
}

fn document(columns: &[Column]) -> String {
    let mut out = String::from(include_str!("matrix.md"));
    for column in columns {
        writeln!(out, "{}", column.line()).unwrap();
    }
    out.push_str("\n## Vector by vector\n\nAttacks that get through, and legitimate answers that do not, are marked with an x. The \
        question is the first of\nthose that make the vector; the answer is shortened.\n\n| vector | kind | question and answer |");
    for column in columns {
        write!(out, " {} |", column.title).unwrap();
    }
    out.push_str("\n|---|---|---|");
    out.push_str(&"---|".repeat(columns.len()));
    out.push('\n');
    for &(id, attack) in columns[0].score.keys() {
        let kind = if attack { "attack" } else { "legitimate" };
        write!(out, "| {id} | {kind} | {} |", about(id, attack)).unwrap();
        for column in columns {
            let well = column.score[&(id, attack)];
            out.push_str(if well { "  |" } else { " x |" });
        }
        out.push('\n');
    }
    out
}

#[test]
fn no_peer_stops_all_of_it() {
    let columns = columns();
    for column in &columns {
        println!("figure: {}", column.line());
    }
    let (own, peers) = columns.split_first().unwrap();
    for kind in [true, false] {
        let (well, all) = own.count(kind);
        assert_eq!(well, all, "{:#?}", own.score);
        assert!(all > 20);
    }
    for peer in peers {
        let (stopped, attacks) = peer.count(true);
        assert!(
            stopped < attacks,
            "{} has caught up: {}",
            peer.title,
            peer.line()
        );
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(TABLE);
    if env::var_os("LANWARD_PEERS_TABLE").is_some() {
        fs::write(&path, document(&columns)).unwrap();
    }
    let table = fs::read_to_string(&path).unwrap();
    for column in &columns {
        let start = format!("| {} | {} |", column.title, column.version);
        let told = table.lines().find(|line| line.starts_with(&start));
        if let Some(told) = told {
            assert_eq!(
                told,
                column.line(),
                "{TABLE} is out of date: scripts/peers-table; not well: {:?}",
                column.bad()
            );
        }
    }
}
