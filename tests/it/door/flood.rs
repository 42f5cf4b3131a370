//! A million packets that nobody would send: the program stays alive, does not grow, and says nothing about them.
//!
//! `LANWARD_MUTATIONS` sets another number of packets. The numbers are the same on every run: a failure can be repeated.

use std::env;
use std::time::{Duration, Instant};

use crate::support::Dice;
use crate::support::client::receive;
use crate::support::lanward::Lanward;
use crate::support::records::{A, AAAA, ANY, HTTPS, TXT};
use crate::support::upstream::Upstream;
use crate::support::wire::{CH, Query, RD, message, name};

const BURST: usize = 64;
const LIMIT: Duration = Duration::from_secs(90);

/// Packets to start from: most are about names that are answered here.
fn seeds() -> Vec<Vec<u8>> {
    let plex = format!("192-168-1-1.{:032x}.plex.direct", 3);
    let mut seeds: Vec<Vec<u8>> = [
        "localhost",
        "x.localhost",
        &plex,
        "x.invalid",
        "1.1.168.192.in-addr.arpa",
        r"\000\255.local",
        "",
    ]
    .iter()
    .flat_map(|name| [A, AAAA, TXT, HTTPS, ANY, 65280].map(|qtype| Query::new(name, qtype).bytes()))
    .collect();
    seeds.push(Query::new("version.bind", TXT).class(CH).bytes());
    seeds.push(
        Query::new("localhost", A)
            .edns(|edns| {
                edns.options.extend([
                    (10, vec![7; 8]),
                    (8, vec![0, 1, 24, 0, 192, 0, 2]),
                    (12, vec![0; 40]),
                ]);
            })
            .bytes(),
    );
    seeds.push(message(
        [1, RD],
        &[name("localhost"), vec![0xc0, 12, 0, 1, 0, 1]],
        [&[], &[], &[]],
    ));
    // Names that lead to themselves, forwards, and on and on.
    for pointer in [[0xc0, 12], [0xc0, 14], [0xff, 0xff]] {
        seeds.push(message(
            [2, RD],
            &[[&pointer[..], &[0, 1, 0, 1]].concat()],
            [&[], &[], &[]],
        ));
    }
    let chain: Vec<u8> = (0..1000_u16)
        .flat_map(|at| (0xc000 | (10 + at * 2)).to_be_bytes())
        .collect();
    seeds.push(message([3, RD], &[chain], [&[], &[], &[]]));
    seeds.push([&[0, 4, 1, 0], &[0xff; 8][..]].concat());
    seeds
}

/// One to four changes: bits, bytes, cuts, repetitions, counts.
fn mutate(packet: &mut Vec<u8>, dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(packet.len().max(1));
        let byte = dice.roll() as u8;
        match dice.below(7) {
            0 if at < packet.len() => packet[at] ^= 1 << (byte & 7),
            1 if at < packet.len() => packet[at] = byte,
            2 => packet.truncate(at),
            3 => packet.insert(at, byte),
            4 if packet.len() < 600 => packet.extend_from_within(at..),
            5 if packet.len() >= 12 => packet[4 + at % 8] = *dice.pick(&[0, 1, 2, 0xff]),
            6 if at + 1 < packet.len() => {
                let pair: [u8; 2] = *dice.pick(&[[0xc0, 0x0c], [0xff, 0xff], [0, 0], [0x3f, 0x40]]);
                packet[at..at + 2].copy_from_slice(&pair);
            }
            _ => {}
        }
    }
}

/// Does `send` with packets in bursts, until the number or the time is reached; gives how many it sent.
fn bombard(count: usize, seed: u64, mut send: impl FnMut(&[Vec<u8>])) -> usize {
    let seeds = seeds();
    let mut dice = Dice::new(seed);
    let start = Instant::now();
    let mut sent = 0;
    while sent < count && start.elapsed() < LIMIT {
        let burst: Vec<Vec<u8>> = (0..BURST.min(count - sent))
            .map(|_| {
                let mut packet = dice.pick(&seeds).clone();
                mutate(&mut packet, &mut dice);
                packet
            })
            .collect();
        send(&burst);
        sent += burst.len();
    }
    sent
}

/// Over UDP: after each burst a question that has an answer, so that the queue is empty before the next burst.
fn over_udp(lanward: &Lanward, count: usize, seed: u64) -> usize {
    let socket = lanward.client().socket();
    let fence = Query::new("fence.localhost", A).id(0xfe0c).bytes();
    bombard(count, seed, |burst| {
        for packet in burst {
            socket.send(packet).unwrap();
        }
        // A full queue may lose the question itself; then it is asked again.
        let answered = (0..20).any(|_| {
            socket.send(&fence).unwrap();
            std::iter::from_fn(|| receive(&socket, Duration::from_millis(500)))
                .take(4 * BURST)
                .any(|reply| reply[..2] == fence[..2])
        });
        assert!(
            answered,
            "no answer after a burst; the log: {:#?}; the packets: {burst:02x?}",
            lanward.lines()
        );
    })
}

/// Over TCP: a burst per connection, which the program may close at any time.
fn over_tcp(lanward: &Lanward, count: usize, seed: u64) -> usize {
    let fence = Query::new("fence.localhost", A);
    let mut bursts = 0_usize;
    let sent = bombard(count, seed, |burst| {
        let mut stream = lanward.client().connect();
        for packet in burst {
            if !stream.try_send(packet) {
                break;
            }
        }
        drop(stream);
        bursts += 1;
        if bursts.is_multiple_of(50) {
            lanward.client().udp(&fence);
        }
    });
    lanward.client().udp(&fence);
    sent
}

#[test]
fn a_million_mutated_packets() {
    let count = env::var("LANWARD_MUTATIONS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let upstream = Upstream::start();
    upstream.quiet();
    // A small cache, so that what it may hold is not taken for growth; text, as an operator reads it.
    let mut lanward = Lanward::start(
        &[upstream.address],
        "[cache]\nsize = \"1MiB\"\n[log]\nformat = \"text\"\nlevel = \"info\"\n",
    );
    over_udp(&lanward, count / 50, 1);
    over_tcp(&lanward, count / 500, 2);
    let [memory, lines] = [lanward.rss(), lanward.lines().len()];
    let udp = over_udp(&lanward, count, 3);
    let tcp = over_tcp(&lanward, count / 20, 4);
    println!("mutations: {udp} packets over UDP, {tcp} over TCP");
    assert!(
        udp >= count.min(100_000),
        "only {udp} packets within {LIMIT:?}"
    );
    lanward.assert_alive();
    let grown = lanward.rss().saturating_sub(memory);
    assert!(grown <= 20 << 20, "{grown} bytes more");
    assert_eq!(
        lanward.lines().len(),
        lines,
        "garbage is not worth a line: {:#?}",
        &lanward.lines()[lines..]
    );
}
