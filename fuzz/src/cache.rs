//! The file of the cache, whatever stands in it.

use std::time::Duration;

use lanward::cache::file::{Head, Reader, Writer};
use lanward::rebinding::{Findings, Verdict};
use lanward::wire::{Message, types::class};

use crate::upstream::{CLIENT, JUDGE, deliver};

/// Reads octets as a file, and as the answers in a file whose head and checksum are right.
pub fn cache_file(bytes: &[u8]) {
    read(bytes);
    let head = Head {
        written: 1_800_000_000,
        upstream: String::new(),
    };
    let whole = Writer::new(Vec::new(), &head).and_then(Writer::finish);
    let mut file = whole.expect("memory takes all");
    // The end: no further answer, and the checksum.
    file.truncate(file.len() - 8);
    file.extend_from_slice(bytes);
    file.extend_from_slice(&[0; 4]);
    let sum = crc32fast::hash(&file);
    file.extend_from_slice(&sum.to_be_bytes());
    read(&file);
}

fn read(file: &[u8]) {
    let Ok((mut reader, _)) = Reader::new(file) else {
        return;
    };
    while let Ok(Some(kept)) = reader.read_next() {
        let again = Message::read(&kept.answer.bytes).expect("what is kept can be read");
        assert_eq!(again.question, kept.question);
        assert_eq!(kept.question.class, class::IN);
        assert!(kept.age <= Duration::from_secs(u32::MAX.into()));
        let Ok(findings) = Findings::scan(&kept.answer) else {
            continue;
        };
        if JUDGE.judge(&kept.question, &findings, CLIENT) == Verdict::Pass {
            deliver(&kept.question, kept.answer, 1232);
        }
    }
}
