//! Zone files.

use std::path::PathBuf;

use lanward::name::special::SpecialUse;
use lanward::wire::header::{Header, flag};
use lanward::wire::types::class;
use lanward::wire::{Message, Name, Query};
use lanward::zone::master::{Source, read};
use lanward::zone::{Looked, Mode, Zone, Zones, check};

/// Reads a zone file; checks what it holds, and asks for every name in it and for one below each.
pub fn zone_file(bytes: &[u8]) {
    let origin: Name = "example.org".parse().expect("a name");
    let source = Source {
        path: PathBuf::from("zone"),
        bytes: bytes.to_vec(),
    };
    let itself = |_: &str| Ok(source.clone());
    let Ok(records) = read(&source, &origin, &mut { itself }) else {
        return;
    };
    let asked: Vec<_> = records
        .iter()
        .take(64)
        .map(|record| (record.owner, record.kind))
        .collect();
    for mode in [Mode::Authoritative, Mode::Overlay] {
        check(&origin, mode, &records, &SpecialUse::new());
        let zones = Zones::new(vec![Zone::new(origin, mode, records.clone())], &[]);
        for (owner, kind) in &asked {
            let below = Name::from_labels(std::iter::once(&b"x"[..]).chain(owner.labels()));
            for name in [Some(*owner), below.ok()].into_iter().flatten() {
                ask(&zones, &name, kind.0);
            }
        }
    }
}

fn ask(zones: &Zones, name: &Name, kind: u16) {
    let header = Header {
        id: 7,
        flags: flag::RD,
        questions: 1,
        answers: 0,
        authorities: 0,
        additionals: 0,
    };
    let mut packet = header.to_bytes().to_vec();
    packet.extend_from_slice(name.as_wire());
    packet.extend_from_slice(&kind.to_be_bytes());
    packet.extend_from_slice(&class::IN.to_be_bytes());
    let Ok(query) = Query::read(&packet) else {
        return;
    };
    let mut out = Vec::new();
    if zones.answer(&query, 512, &mut out) == Looked::Reply {
        assert!(out.len() <= 512);
        Message::read(&out).expect("a well-formed reply");
    }
}
