//! What a zone of many names costs. Times are printed, not judged: the machine that runs the tests has other things to do.
//!
//! The same number of different questions costs the same. Where so many different names are asked that their nodes leave the
//! processor's cache, each costs one trip to memory more, whatever the algorithm.

use std::hint::black_box;
use std::time::Instant;

use super::*;

fn zone(names: usize) -> Zone {
    let mut records = records("example 3600 SOA 600\nexample 3600 NS ns.example\n");
    records.extend((0..names).map(|n| {
        let [_, a, b, c] = u32::try_from(n).unwrap().to_be_bytes();
        Record {
            owner: name(&format!("host-{n}.floor-{}.example", n % 50)),
            kind: RecordType::A,
            ttl: 300,
            data: Box::new([10, a, b, c]),
            line: 0,
        }
    }));
    Zone::new(name("example"), Mode::Authoritative, records)
}

#[test]
fn a_large_zone_is_lean_and_as_fast_as_a_small_one() {
    let sizes = [100, 100_000];
    let zones = sizes.map(|names| {
        let zone = zone(names);
        println!(
            "{names} names: {} octets, {} per name",
            zone.size(),
            zone.size() / names
        );
        assert!(zone.size() < 150 * names + 10_000, "{}", zone.size());
        Zones::new(vec![zone], &[])
    });
    for (different, missing) in [(100, ""), (100, "no-"), (20_000, ""), (20_000, "no-")] {
        let packets = sizes.map(|names| questions(missing, different, names));
        let mut best = [f64::INFINITY; 2];
        for _round in 0..10 {
            for ((zones, packets), best) in zones.iter().zip(&packets).zip(&mut best) {
                *best = best.min(cost(zones, packets));
            }
        }
        let what = if missing.is_empty() {
            "there"
        } else {
            "not there"
        };
        println!(
            "{different} different names, {what}: {:.0} ns of 100, {:.0} ns of 100,000, ratio {:.2}",
            best[0],
            best[1],
            best[1] / best[0]
        );
    }
}

/// Twenty thousand questions about so many different names, spread over a zone of so many.
fn questions(missing: &str, different: usize, names: usize) -> Vec<Vec<u8>> {
    (0..20_000_usize)
        .map(|n| n % different * 7919 % names)
        .map(|n| {
            let asked = format!("{missing}host-{n}.floor-{}.example", n % 50);
            packet(&asked, RecordType::A, true)
        })
        .collect()
}

/// Nanoseconds for one question.
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn cost(zones: &Zones, packets: &[Vec<u8>]) -> f64 {
    let mut out = Vec::new();
    let start = Instant::now();
    for packet in packets {
        let query = Query::read(packet).unwrap();
        assert_eq!(
            zones.answer(black_box(&query), 1232, &mut out),
            Looked::Reply
        );
    }
    let count = u32::try_from(packets.len()).unwrap();
    start.elapsed().as_secs_f64() / f64::from(count) * 1e9
}
