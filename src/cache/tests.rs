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
    stale: 100,
};

fn entry(rcode: u16, lines: &[&str], lifetimes: Lifetimes, now: u64) -> Arc<Entry<()>> {
    let answer = answer("a.example A", rcode, lines).unwrap();
    Arc::new(Entry::new(answer, (), lifetimes, at(now)))
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn is_fresh(entry: &Entry<()>, now: Duration) -> bool {
    let freshness = entry.freshness(now, Duration::ZERO);
    matches!(freshness, Some(Freshness::Fresh | Freshness::Ending))
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
    assert!(is_fresh(&kept, at(1059)) && !is_fresh(&kept, at(1060)));
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
    assert_eq!(
        cache.find(&key, at(13)).unwrap().freshness,
        Freshness::Fresh
    );
    assert_eq!(
        cache.find(&key, at(14)).unwrap().freshness,
        Freshness::Stale
    );
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

fn freshness(cache: &Cache<()>, asked: &str, now: u64) -> Option<Freshness> {
    let asked = question(asked);
    let found = cache.find(&KeyRef::new(&asked, false, false), at(now));
    found.map(|found| found.freshness)
}

fn insert(cache: &Cache<()>, asked: &str, (rcode, lines): (u16, &[&str]), now: u64) {
    let answer = answer(asked, rcode, lines).unwrap();
    let entry = Entry::new(answer, (), cache.lifetimes(), at(now));
    let asked = question(asked);
    cache.insert(KeyRef::new(&asked, false, false).to_key(), &Arc::new(entry));
}

const ADDRESS: (u16, &[&str]) = (0, &["a.example 20 A 93.184.216.34"]);
const NO_NAME: (u16, &[&str]) = (3, &["authority: example 600 SOA 20"]);

#[test]
fn what_is_left_of_a_life() {
    let cache = Cache::new(1 << 20, PLAIN);
    insert(&cache, "a.example A", ADDRESS, 1000);
    for (now, left) in [
        (999, Some(Freshness::Fresh)),
        (1017, Some(Freshness::Fresh)),
        (1018, Some(Freshness::Ending)),
        (1019, Some(Freshness::Ending)),
        (1020, Some(Freshness::Stale)),
        (1119, Some(Freshness::Stale)),
        (1120, None),
    ] {
        assert_eq!(freshness(&cache, "a.example A", now), left, "{now}");
    }
    let lifetimes = Lifetimes { stale: 0, ..PLAIN };
    let never_stale = Cache::new(1 << 20, lifetimes);
    insert(&never_stale, "a.example A", ADDRESS, 1000);
    assert_eq!(freshness(&never_stale, "a.example A", 1020), None);
}

#[test]
fn short_lives_are_not_asked_for_again() {
    for (ttl, before_end) in [(9, Freshness::Fresh), (10, Freshness::Ending)] {
        let line = format!("a.example {ttl} A 93.184.216.34");
        let kept = entry(0, &[&line], PLAIN, 0);
        assert_eq!(kept.freshness(at(ttl - 1), at(0)), Some(before_end));
    }
    let kept = entry(0, ADDRESS.1, PLAIN, 0);
    let takers = (0..100).filter(|_| kept.take_refresh()).count();
    assert_eq!(takers, 1, "and the others once");
}

#[test]
fn a_stale_answer_says_what_it_is() {
    let mut answer = answer(
        "a.example A",
        0,
        &[
            "a.example 300 CNAME b.example",
            "b.example 5 A 93.184.216.34",
        ],
    )
    .unwrap();
    answer.authentic = true;
    let kept = Entry::new(answer, (), PLAIN, at(0));
    let gone = entry(NO_NAME.0, NO_NAME.1, PLAIN, 0);
    for (entry, code, records) in [(&kept, 3, 2), (&*gone, 19, 1)] {
        for edns in [None, Some((1232, true, ""))] {
            let packet = query("a.example A", flag::RD | flag::AD, edns);
            let mut out = Vec::new();
            entry.write_stale(&mut out, &Query::read(&packet).unwrap(), 1232);
            let message = Message::read(&out).unwrap();
            assert!(!message.header.has(flag::AD));
            let ttls: Vec<u32> = message.records.iter().map(|record| record.ttl).collect();
            assert_eq!(ttls, vec![30; records]);
            let options = message.edns.map(|edns| edns.options.to_vec());
            let expected = edns.map(|_| vec![0, 15, 0, 2, 0, code]);
            assert_eq!(options, expected);
        }
    }
}

#[test]
fn any_answer_takes_the_place_of_an_older_one_and_a_failure_does_not() {
    for (asked, news, left) in [
        ("a.example A", NO_NAME, Some(Freshness::Fresh)),
        (
            "a.example A",
            (3, &["authority: example 600 SOA 0"][..]),
            None,
        ),
        ("a.example A", (3, &[]), None),
        ("a.example A", (0, &[]), None),
        ("a.example A", (0, &["a.example 0 A 93.184.216.34"]), None),
        ("a.example A", (2, &[]), Some(Freshness::Stale)),
        // Only that the name does not exist is said of all types.
        ("a.example AAAA", NO_NAME, None),
        ("a.example AAAA", (3, &[]), None),
        ("a.example AAAA", (0, &[]), Some(Freshness::Stale)),
        ("b.example A", NO_NAME, Some(Freshness::Stale)),
    ] {
        let cache = Cache::new(1 << 20, PLAIN);
        insert(&cache, "a.example A", ADDRESS, 0);
        insert(&cache, asked, news, 30);
        assert_eq!(
            freshness(&cache, "a.example A", 31),
            left,
            "{asked} {news:?}"
        );
    }
}

#[test]
fn a_name_that_is_back_may_be_stale_again() {
    let cache = Cache::new(1 << 20, PLAIN);
    insert(&cache, "a.example AAAA", NO_NAME, 10);
    let left = freshness(&cache, "a.example AAAA", 40);
    assert_eq!(left, Some(Freshness::Stale), "as for the word itself");
    insert(&cache, "a.example A", ADDRESS, 20);
    assert_eq!(freshness(&cache, "a.example A", 50), Some(Freshness::Stale));
}

/// As from a file, which has no order.
#[test]
fn the_last_word_on_a_name_counts_whenever_it_is_heard() {
    let cache = Cache::new(1 << 20, PLAIN);
    insert(&cache, "a.example AAAA", NO_NAME, 30);
    insert(&cache, "a.example MX", NO_NAME, 10);
    insert(&cache, "a.example A", ADDRESS, 20);
    assert_eq!(
        freshness(&cache, "a.example A", 39),
        Some(Freshness::Ending)
    );
    assert_eq!(freshness(&cache, "a.example A", 41), None);
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
        .map(|(key, entry)| quick_cache::Weighter::weight(&weight::Bytes, &key, &entry))
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
        let lifetimes = Lifetimes { shortest, longest: shortest + more, ..PLAIN };
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
            if is_fresh(&kept, now) {
                prop_assert!(seen.iter().all(|ttl| *ttl > 0));
                prop_assert!(age < limit(first.min(second)));
            }
            last = seen;
        }
    }
}

/// What is written into the file of the cache becomes stale in the next run, which knows only what is written with it.
#[test]
fn what_is_gone_is_not_written_while_it_lives() {
    let cache: Cache<()> = Cache::new(1 << 20, PLAIN);
    let [asked, other] = ["a.example A", "a.example AAAA"].map(question);
    let [asked, other] = [&asked, &other].map(|question| KeyRef::new(question, false, false));
    cache.insert(
        asked.to_key(),
        &entry(0, &["a.example 60 A 93.184.216.34"], PLAIN, 1000),
    );
    assert_eq!(cache.useful(at(1010)).count(), 1);
    // Without a SOA record that may not be kept itself.
    let gone = answer("a.example AAAA", 3, &[]).unwrap();
    cache.insert(
        other.to_key(),
        &Arc::new(Entry::new(gone, (), PLAIN, at(1005))),
    );
    assert!(cache.find(&asked, at(1010)).is_some(), "it lives");
    assert_eq!(cache.useful(at(1010)).count(), 0);
}
