//! What the steps on the road of a question cost, side by side. Compare the lines of one run; between runs the machine drifts.
#![expect(
    clippy::unwrap_used,
    reason = "a bench whose input is wrong must say so"
)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use lanward::cache::{Cache, Entry, KeyRef, Lifetimes};
use lanward::config::Settings;
use lanward::daemon::local::Loaded;
use lanward::rebinding::{Findings, Judge};
use lanward::resolver::{Carrier, Client, Outcome, Resolver, Silent};
use lanward::wire::edns::write_opt;
use lanward::wire::reply::push_record;
use lanward::wire::{Answer, Header, Message, Name, Query, Question, Rcode, RecordType};

const PLEX: &str = "192-168-1-10.f1c87d9690af4e0da1c2bfbf34b850fb.plex.direct";
const PUBLIC: &str = "www.example.org";
const CLIENT: Client = Client {
    address: IpAddr::V4(Ipv4Addr::new(192, 168, 1, 50)),
    carrier: Carrier::Datagram,
};
const NOW: Duration = Duration::from_secs(1000);

fn main() {
    divan::main();
}

#[divan::bench]
fn query_read(bencher: Bencher<'_, '_>) {
    let packet = query(PUBLIC);
    bencher.bench(|| Query::read(black_box(&packet)).is_ok());
}

#[divan::bench]
fn message_read(bencher: Bencher<'_, '_>) {
    let packet = aliased();
    bencher.bench(|| Message::read(black_box(&packet)).is_ok());
}

#[divan::bench]
fn answer_read_whole(bencher: Bencher<'_, '_>) {
    read(bencher, &aliased());
}

/// A record in front goes, so the rest is written anew.
#[divan::bench]
fn answer_read_rewritten(bencher: Bencher<'_, '_>) {
    let other = (
        b"\x05other\0".as_slice(),
        RecordType::A,
        &[192, 0, 2, 1][..],
    );
    let mut records = vec![other];
    records.extend(aliases());
    read(bencher, &response(&records));
}

#[divan::bench]
fn findings_scan(bencher: Bencher<'_, '_>) {
    let (_, answer) = answer(&aliased());
    bencher.bench(|| Findings::scan(black_box(&answer)).unwrap().addresses.len());
}

#[divan::bench]
fn judge_clean(bencher: Bencher<'_, '_>) {
    judge(
        bencher,
        &response(&[(b"\xc0\x0c", RecordType::A, &[93, 184, 216, 34])]),
    );
}

#[divan::bench]
fn judge_aliased(bencher: Bencher<'_, '_>) {
    judge(bencher, &aliased());
}

#[divan::bench]
fn judge_blocked(bencher: Bencher<'_, '_>) {
    judge(
        bencher,
        &response(&[(b"\xc0\x0c", RecordType::A, &[192, 168, 1, 1])]),
    );
}

#[divan::bench]
fn entry_write(bencher: Bencher<'_, '_>) {
    let (_, answer) = answer(&aliased());
    let entry = Entry::new(answer, (), Lifetimes::default(), NOW);
    let packet = query(PUBLIC);
    let query = Query::read(&packet).unwrap();
    let mut out = Vec::with_capacity(2048);
    let later = NOW + Duration::from_secs(7);
    bencher.bench_local(|| entry.write(&mut out, black_box(&query), later, 1232));
}

#[divan::bench]
fn resolver_plex_direct(bencher: Bencher<'_, '_>) {
    resolve(bencher, &query(PLEX));
}

#[divan::bench]
fn resolver_cached(bencher: Bencher<'_, '_>) {
    resolve(bencher, &query(PUBLIC));
}

#[divan::bench]
fn resolver_special_use(bencher: Bencher<'_, '_>) {
    resolve(bencher, &query("printer.local"));
}

/// Yields a number, so that what was read is dropped at once: a thousand answers kept would measure the memory.
fn read(bencher: Bencher<'_, '_>, packet: &[u8]) {
    let message = Message::read(packet).unwrap();
    bencher.bench(|| {
        let answer = Answer::read(black_box(&message), &message.question);
        answer.unwrap().bytes.len()
    });
}

/// The first verdict on each answer: nothing is remembered.
fn judge(bencher: Bencher<'_, '_>, packet: &[u8]) {
    let (question, answer) = answer(packet);
    let judge: Judge = lanward::daemon::build(&settings(), &[], &Loaded::default())
        .state
        .judge;
    bencher
        .with_inputs(|| Findings::scan(&answer).unwrap())
        .bench_local_refs(|findings| judge.judge(&question, findings, CLIENT.address));
}

/// The way of a datagram from the door to its reply, without the sockets. The answer to `PUBLIC` is in the cache.
fn resolve(bencher: Bencher<'_, '_>, packet: &[u8]) {
    let cache = Cache::new(1 << 20, Lifetimes::default());
    let (question, kept) = answer(&aliased());
    let findings = Findings::scan(&kept).unwrap();
    let entry = Arc::new(Entry::new(kept, findings, cache.lifetimes(), NOW));
    cache.insert(KeyRef::new(&question, false, false).to_key(), &entry);
    let resolver = Resolver::new(
        lanward::daemon::build(&settings(), &[], &Loaded::default()).state,
        cache,
    );
    let session = resolver.session(NOW + Duration::from_secs(7));
    let mut out = Vec::with_capacity(2048);
    bencher.bench_local(|| {
        let outcome = session.answer(black_box(packet), CLIENT, &mut out, &mut Silent);
        assert!(matches!(outcome, Outcome::Reply(_)));
    });
}

fn settings() -> Settings {
    Settings::prove(Path::new(""), "upstream.servers = []")
        .0
        .unwrap()
}

fn answer(packet: &[u8]) -> (Question, Answer) {
    let message = Message::read(packet).unwrap();
    (
        message.question,
        Answer::read(&message, &message.question).unwrap(),
    )
}

/// What most clients send: RD, one question, OPT.
fn query(name: &str) -> Vec<u8> {
    let mut packet = start(name, 0x0100, 0, 1);
    write_opt(&mut packet, Rcode::NOERROR, false, &[], None);
    packet
}

/// An alias, its target's two addresses.
fn aliased() -> Vec<u8> {
    response(&aliases())
}

fn aliases() -> Vec<(&'static [u8], RecordType, &'static [u8])> {
    const TARGET: &[u8] = b"\x03cdn\x07example\x03net\0";
    vec![
        (b"\xc0\x0c", RecordType::CNAME, TARGET),
        (TARGET, RecordType::A, &[93, 184, 216, 34]),
        (TARGET, RecordType::A, &[93, 184, 216, 35]),
    ]
}

fn response(records: &[(&[u8], RecordType, &[u8])]) -> Vec<u8> {
    let mut packet = start(PUBLIC, 0x8180, u16::try_from(records.len()).unwrap(), 0);
    for (owner, kind, data) in records {
        let at = packet.len();
        push_record(&mut packet, *kind, 300, data);
        // The owner stands where a pointer to the question was put.
        packet.splice(at..at + 2, owner.iter().copied());
    }
    packet
}

fn start(name: &str, flags: u16, answers: u16, additionals: u16) -> Vec<u8> {
    let header = Header {
        id: 1,
        flags,
        questions: 1,
        answers,
        authorities: 0,
        additionals,
    };
    let name: Name = name.parse().unwrap();
    [&header.to_bytes()[..], name.as_wire(), &[0, 1, 0, 1]].concat()
}
