//! How long answers live, what of them clients see, and how many there may be.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::wire::header::flag;
use crate::wire::tests::{answer, query, question};
use crate::wire::{Header, Message, Query};

const PLAIN: Lifetimes = Lifetimes {
    shortest: 0,
    longest: 86_400,
    longest_negative: 3_600,
};

fn entry(rcode: u16, lines: &[&str], lifetimes: Lifetimes, now: u64) -> Arc<Entry<()>> {
    let answer = answer("a.example A", rcode, lines).unwrap();
    Arc::new(Entry::new(answer, (), lifetimes, at(now)))
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What a client gets who asks with these bits.
fn delivered(entry: &Entry<()>, packet: &[u8], now: Duration) -> Vec<u8> {
    let mut out = Vec::new();
    entry.write(&mut out, &Query::read(packet).unwrap(), now, 1232);
    out
}

fn ttls(entry: &Entry<()>, now: Duration) -> Vec<u32> {
    let bytes = delivered(entry, &query("a.example A", flag::RD, None), now);
    let message = Message::read(&bytes).unwrap();
    message.records.iter().map(|record| record.ttl).collect()
}

#[test]
fn ttls_are_clamped_once_and_count_down() {
    let lines = [
        "a.example 300 CNAME b.example",
        "b.example 60 A 93.184.216.34",
    ];
    let kept = entry(0, &lines, PLAIN, 1000);
    assert_eq!(kept.lifetime(), at(60));
    assert_eq!(ttls(&kept, at(1000)), [300, 60]);
    assert_eq!(
        ttls(&kept, at(1000) + Duration::from_millis(999)),
        [300, 60]
    );
    assert_eq!(ttls(&kept, at(1059)), [241, 1]);
    assert!(kept.is_fresh(at(1059)) && !kept.is_fresh(at(1060)));
    let clamped = Lifetimes {
        shortest: 90,
        longest: 120,
        ..PLAIN
    };
    let kept = entry(0, &lines, clamped, 1000);
    assert_eq!(
        (kept.lifetime(), ttls(&kept, at(1000))),
        (at(90), vec![120, 90])
    );
}

#[test]
fn a_lifetime_follows_the_upstream_within_the_settings() {
    let cases: &[(u16, &[&str], u64)] = &[
        (0, &["a.example 0 A 93.184.216.34"], 0),
        (0, &["a.example 4294967295 A 93.184.216.34"], 86_400),
        (0, &["a.example 2147483648 A 93.184.216.34"], 86_400),
        (0, &["authority: example 600 SOA 30"], 30),
        (3, &["authority: example 86400 SOA 86400"], 3_600),
        (3, &["authority: example 600 SOA 0"], 0),
        (0, &[], 0),
        (2, &[], 0),
    ];
    for (rcode, lines, wanted) in cases {
        assert_eq!(
            entry(*rcode, lines, PLAIN, 5).lifetime(),
            at(*wanted),
            "{lines:?}"
        );
    }
}

#[test]
fn the_longest_ttl_that_can_be_written_is_cut() {
    let kept = entry(0, &["a.example 4294967295 A 93.184.216.34"], PLAIN, 5);
    assert_eq!(ttls(&kept, at(5)), [86_400]);
}

#[test]
fn a_client_keeps_a_negative_answer_no_longer_than_we_do() {
    let kept = entry(3, &["authority: example 86400 SOA 86400"], PLAIN, 0);
    assert_eq!(ttls(&kept, at(0)), [3_600]);
    let kept = entry(0, &["authority: example 600 SOA 30"], PLAIN, 0);
    assert_eq!(ttls(&kept, at(29)), [1]);
}

#[test]
fn what_lives_for_no_time_is_not_kept() {
    let cache = Cache::new(1 << 20, PLAIN);
    let asked = question("a.example A");
    let key = KeyRef::new(&asked, false, false);
    for (rcode, lines) in [
        (0, &["a.example 0 A 93.184.216.34"][..]),
        (2, &[]),
        (0, &[]),
    ] {
        cache.insert(key.to_key(), &entry(rcode, lines, PLAIN, 5));
        assert!(cache.is_empty() && cache.find(&key, at(5)).is_none());
    }
    cache.insert(
        key.to_key(),
        &entry(0, &["a.example 9 A 93.184.216.34"], PLAIN, 5),
    );
    assert_eq!(cache.len(), 1);
    assert!(cache.find(&key, at(13)).is_some());
    assert!(cache.find(&key, at(14)).is_none());
}

#[test]
fn questions_that_differ_in_a_bit_have_answers_of_their_own() {
    let cache = Cache::new(1 << 20, PLAIN);
    let asked = question("a.example A");
    let kept = entry(0, &["a.example 9 A 93.184.216.34"], PLAIN, 5);
    cache.insert(KeyRef::new(&asked, true, false).to_key(), &kept);
    for (dnssec_ok, checking_disabled) in [(false, false), (false, true), (true, true)] {
        let key = KeyRef::new(&asked, dnssec_ok, checking_disabled);
        assert!(cache.find(&key, at(5)).is_none(), "{key:?}");
    }
    let aaaa = question("a.example AAAA");
    assert!(
        cache
            .find(&KeyRef::new(&aaaa, true, false), at(5))
            .is_none()
    );
    let letters = question("A.eXample A");
    assert!(
        cache
            .find(&KeyRef::new(&letters, true, false), at(5))
            .is_some()
    );
}

#[test]
fn only_who_asks_hears_that_data_is_authentic() {
    let mut authentic = answer("a.example A", 0, &["a.example 9 A 93.184.216.34"]).unwrap();
    authentic.authentic = true;
    let kept = Entry::new(authentic, (), PLAIN, at(0));
    let told = |packet: &[u8]| {
        Header::read(&delivered(&kept, packet, at(0)))
            .unwrap()
            .has(flag::AD)
    };
    assert!(!told(&query("a.example A", flag::RD, None)));
    assert!(!told(&query(
        "a.example A",
        flag::RD,
        Some((1232, false, ""))
    )));
    assert!(told(&query("a.example A", flag::RD | flag::AD, None)));
    assert!(told(&query(
        "a.example A",
        flag::RD,
        Some((1232, true, ""))
    )));
    let unproven = entry(0, &["a.example 9 A 93.184.216.34"], PLAIN, 0);
    let packet = query("a.example A", flag::AD, None);
    assert!(
        !Header::read(&delivered(&unproven, &packet, at(0)))
            .unwrap()
            .has(flag::AD)
    );
}

#[test]
fn each_client_gets_its_own_number_bits_and_letters() {
    let kept = entry(0, &["a.example 9 A 93.184.216.34"], PLAIN, 0);
    let packet = query("a.example A", flag::RD | flag::CD, None);
    let out = delivered(&kept, &packet, at(0));
    assert_eq!(out[..4], [0x12, 0x34, 0x81, 0x90]);
    assert_eq!(out[12..27], packet[12..27]);
    assert_eq!(&out[13..14], b"A");
}

#[test]
fn the_size_holds_however_much_comes() {
    const SIZE: u64 = 256 << 10;
    let cache = Cache::new(SIZE, PLAIN);
    for number in 0..20_000_u32 {
        let asked = question(&format!("n{number}.example A"));
        let key = KeyRef::new(&asked, false, false).to_key();
        let mut large = answer("a.example A", 0, &["a.example 9 A 93.184.216.34"]).unwrap();
        large.options = vec![0; usize::try_from(number % 900).unwrap()];
        cache.insert(key, &Arc::new(Entry::new(large, (), PLAIN, at(0))));
        assert!(cache.entries.weight() <= SIZE, "{number}");
    }
    assert!(cache.len() > 100, "{}", cache.len());
    let weights: u64 = cache
        .entries
        .iter()
        .map(|(key, entry)| Weighter::weight(&Bytes, &key, &entry))
        .sum();
    assert!(weights <= SIZE && weights > SIZE / 2, "{weights}");
}

#[test]
fn an_answer_larger_than_the_cache_is_not_kept() {
    let cache = Cache::new(16 << 10, PLAIN);
    let asked = question("a.example A");
    let mut large = answer("a.example A", 0, &["a.example 9 A 93.184.216.34"]).unwrap();
    large.options = vec![0; 60_000];
    let key = KeyRef::new(&asked, false, false);
    cache.insert(key.to_key(), &Arc::new(Entry::new(large, (), PLAIN, at(0))));
    assert!(cache.find(&key, at(0)).is_none());
}

proptest! {
    #[test]
    fn a_ttl_never_grows_and_never_outlives_the_upstream(
        first: u32,
        second: u32,
        shortest in 0..600_u32,
        more in 0..200_000_u32,
        arrived in 0..1_u64 << 40,
        steps in prop::collection::vec(0..100_000_u64, 1..12),
    ) {
        let lifetimes = Lifetimes { shortest, longest: shortest + more, longest_negative: 3_600 };
        let lines = [format!("a.example {first} CNAME b.example"), format!("b.example {second} A 93.184.216.34")];
        let kept = entry(0, &[&lines[0], &lines[1]], lifetimes, arrived);
        let limit = |ttl: u32| ttl.max(shortest).min(shortest + more);
        let mut last = vec![limit(first), limit(second)];
        let mut now = at(arrived);
        for step in steps {
            now += Duration::from_millis(step);
            let seen = ttls(&kept, now);
            let age = u32::try_from(now.saturating_sub(at(arrived)).as_secs()).unwrap();
            for (index, ttl) in [first, second].into_iter().enumerate() {
                prop_assert!(seen[index] <= last[index]);
                prop_assert_eq!(seen[index], limit(ttl).saturating_sub(age));
            }
            if kept.is_fresh(now) {
                prop_assert!(seen.iter().all(|ttl| *ttl > 0));
                prop_assert!(age < limit(first.min(second)));
            }
            last = seen;
        }
    }
}
