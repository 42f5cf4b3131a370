//! What is written is what is read, and nothing else is.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::cache::{Cache, Lifetimes};
use crate::wire::tests::{answer, question};

const NOW: Duration = Duration::from_secs(10_000);

/// What a file says of an answer, for comparison.
type Said = (Question, [bool; 2], Duration, Vec<u8>, Vec<u8>, bool);

fn head() -> Head {
    Head {
        written: 1_800_000_000,
        upstream: ". 192.0.2.53:53\n".to_owned(),
    }
}

/// A file with an answer of each kind.
fn written() -> (Vec<u8>, Vec<Said>) {
    let cache: Cache<()> = Cache::new(1 << 20, Lifetimes::default());
    let answers: [(&str, u16, &[&str]); 4] = [
        ("a.example A", 0, &["a.example 300 A 93.184.216.34"]),
        (
            "www.example AAAA",
            0,
            &[
                "www.example 300 CNAME a.example",
                "a.example 60 AAAA 2606:2800:220:1::1",
                // NSID, which goes on to clients.
                "opt: 000f00020003",
            ],
        ),
        ("no.example A", 3, &["authority: example 600 SOA 30"]),
        ("a.example MX", 0, &["authority: example 600 SOA 60"]),
    ];
    let mut said = Vec::new();
    for (at, (asked, rcode, lines)) in answers.into_iter().enumerate() {
        let mut answer = answer(asked, rcode, lines).unwrap();
        answer.authentic = at == 1;
        let arrived = NOW.saturating_sub(Duration::from_millis(2500));
        let entry = Entry::new(answer, (), cache.lifetimes(), arrived);
        let (question, bits) = (question(asked), [at >= 2, at % 2 == 1]);
        let key = crate::cache::KeyRef::new(&question, bits[0], bits[1]);
        let answer = entry.answer().clone();
        said.push((
            question,
            bits,
            Duration::from_secs(3),
            answer.bytes,
            answer.options,
            answer.authentic,
        ));
        cache.insert(key.to_key(), &Arc::new(entry));
    }
    let mut writer = Writer::new(Vec::new(), &head()).unwrap();
    for (key, entry) in cache.useful(NOW) {
        writer.put(&key, &entry, NOW).unwrap();
    }
    let mut bytes = writer.finish().unwrap();
    bytes.shrink_to_fit();
    (bytes, said)
}

fn read(bytes: &[u8]) -> Result<(Head, Vec<Said>, usize), Broken> {
    let (mut reader, head) = Reader::new(bytes)?;
    let mut said = Vec::new();
    while let Some(kept) = reader.read_next()? {
        let answer = kept.answer;
        // The AD bit in the octets is what the upstream said; what counts stands beside them.
        let mut bytes = answer.bytes;
        let mut header = Header::read(&bytes).unwrap();
        header.flags &= !flag::AD;
        overwrite(&mut bytes, 0, &header.to_bytes());
        said.push((
            kept.question,
            [kept.dnssec_ok, kept.checking_disabled],
            kept.age,
            bytes,
            answer.options,
            answer.authentic,
        ));
    }
    Ok((head, said, reader.refused()))
}

fn sorted(mut said: Vec<Said>) -> Vec<Said> {
    said.sort_by(|a, b| a.3.cmp(&b.3));
    said
}

#[test]
fn what_is_written_is_read() {
    let (bytes, said) = written();
    let (read_head, again, refused) = read(&bytes).unwrap();
    assert_eq!((read_head, refused), (head(), 0));
    assert_eq!(sorted(again), sorted(said));
}

#[test]
fn a_file_that_is_cut_or_goes_on_is_broken() {
    let (bytes, _) = written();
    for length in 0..bytes.len() {
        let cut = read(&bytes[..length]);
        assert!(matches!(cut, Err(Broken::Cut)), "{length}: {cut:?}");
    }
    let more = [&bytes[..], &[0]].concat();
    assert!(matches!(read(&more), Err(Broken::Trailing)));
}

#[test]
fn a_bit_that_flipped_is_found() {
    let (bytes, _) = written();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn other_files_are_told_apart() {
    let (mut bytes, _) = written();
    bytes[7] = 2;
    assert!(matches!(read(&bytes), Err(Broken::Version(2))));
    let foreign = b"$TTL 300\n@ SOA ns host 1 2 3 4 5\n";
    assert!(matches!(read(foreign), Err(Broken::Foreign)));
    bytes[7] = 1;
    bytes[16..20].fill(0xff);
    assert!(matches!(read(&bytes), Err(Broken::Length)));
}

/// A file with these octets as an answer, its checksum right.
fn with(message: &[u8], bits: u8) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &head()).unwrap();
    writer.write_length(message.len()).unwrap();
    writer.write(&[bits, 0, 0, 0, 9, 0, 0, 0, 99]).unwrap();
    writer.write(message).unwrap();
    writer.finish().unwrap()
}

#[test]
fn what_an_upstream_could_not_say_is_left_out() {
    let good = crate::wire::tests::response("a.example A", 0, &["a.example 300 A 192.0.2.1"]);
    let file = with(&good, 3);
    assert_eq!(read(&file).unwrap().1.len(), 1);
    let mut reader = Reader::new(&*file).unwrap().0;
    let kept = reader.read_next().unwrap().unwrap();
    assert_eq!(kept.answer.lifetime, Some(99), "not the 300 of its record");
    let changed = |at: usize, bit: u8| {
        let mut bytes = good.clone();
        bytes[at] ^= bit;
        bytes
    };
    let class = 12 + 11 + 3;
    for (why, message, bits) in [
        ("a bit of a key that is none", good.clone(), 4),
        ("a query", changed(2, 0x80), 0),
        ("another opcode", changed(2, 0x08), 0),
        ("cut", changed(2, 0x02), 0),
        ("two questions", changed(5, 3), 0),
        ("another class", changed(class, 2), 0),
        ("no message", vec![1; 40], 0),
        ("a record too few", changed(7, 2), 0),
    ] {
        let (_, said, refused) = read(&with(&message, bits)).unwrap();
        assert_eq!((said.len(), refused), (0, 1), "{why}");
    }
}

proptest! {
    #[test]
    fn nothing_makes_the_reader_panic(octets: Vec<u8>, behind_magic: bool) {
        let magic = [&MAGIC[..], &[VERSION]].concat();
        let bytes = if behind_magic { [magic, octets].concat() } else { octets };
        prop_assert!(read(&bytes).is_err());
    }

    /// Pieces that changed places, or were written over, are never taken for what was written.
    #[test]
    fn what_differs_is_broken(from in 0..400_usize, to in 0..400_usize, length in 1..60_usize) {
        let (bytes, _) = written();
        let mut other = bytes.clone();
        let (from, to) = (from % bytes.len(), to % bytes.len());
        let length = length.min(bytes.len() - from.max(to));
        other[to..to + length].copy_from_slice(&bytes[from..from + length]);
        prop_assert_eq!(read(&other).is_ok(), other == bytes);
    }
}
