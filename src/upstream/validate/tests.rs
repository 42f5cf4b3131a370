//! Whatever arrives, the parts that read it come to an end, and without a panic.

use proptest::prelude::*;

use super::denial::Proofs;
use super::key::{Key, Trust, Zone};
use super::rrset::RrSet;
use super::signature::verify;
use super::work::Work;
use crate::wire::types::class;
use crate::wire::{Header, Message, Name, RecordType};

const ZONE: &str = "example";
const NAMES: [&str; 5] = ["example", "a.example", "*.example", "b.a.example", "other"];
const KINDS: [RecordType; 8] = [
    RecordType::A,
    RecordType::CNAME,
    RecordType::DNAME,
    RecordType::DS,
    RecordType::DNSKEY,
    RecordType::RRSIG,
    RecordType::NSEC,
    RecordType::NSEC3,
];

/// Data that begin as those of the type do, so that not all are refused at the door.
fn data(kind: RecordType) -> impl Strategy<Value = Vec<u8>> {
    let begin: &[u8] = match kind {
        RecordType::A => &[192, 0, 2],
        RecordType::CNAME | RecordType::DNAME => b"\x01a\x07example",
        RecordType::DS => &[0, 7, 8, 2],
        RecordType::DNSKEY => &[1, 0, 3, 8],
        RecordType::RRSIG => {
            b"\0\x01\x08\x01\0\0\x0e\x10\xff\xff\xff\xff\0\0\0\0\0\x07\x07example\0"
        }
        RecordType::NSEC => b"\x01b\x07example\0\0\x06",
        _ => &[1, 0, 0, 1, 0, 20],
    };
    let most = if kind == RecordType::A { 1 } else { 40 };
    let tail = if matches!(kind, RecordType::CNAME | RecordType::DNAME) {
        Just(vec![0]).boxed()
    } else {
        prop::collection::vec(any::<u8>(), 1..=most).boxed()
    };
    tail.prop_map(move |tail| [begin, &tail].concat())
}

fn record() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop::sample::select(KINDS.to_vec());
    let owner = prop::sample::select(NAMES.to_vec());
    (kind, owner).prop_flat_map(|(kind, owner)| {
        data(kind).prop_map(move |data| {
            let mut record = owner.parse::<Name>().unwrap().as_wire().to_vec();
            record.extend(kind.0.to_be_bytes());
            record.extend(class::IN.to_be_bytes());
            record.extend(300_u32.to_be_bytes());
            record.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
            record.extend(data);
            record
        })
    })
}

proptest! {
    #[test]
    fn nothing_that_arrives_leads_to_a_panic(
        answers in prop::collection::vec(record(), 0..8),
        authorities in prop::collection::vec(record(), 0..8),
        now in any::<Option<u32>>(),
    ) {
        let count = |records: &[Vec<u8>]| u16::try_from(records.len()).unwrap();
        let header = Header {
            id: 0,
            flags: 0x8180,
            questions: 1,
            answers: count(&answers),
            authorities: count(&authorities),
            additionals: 0,
        };
        let question = b"\x01a\x07example\0\0\x01\0\x01".to_vec();
        let parts = [vec![header.to_bytes().to_vec(), question], answers, authorities];
        let bytes = parts.concat().concat();
        let message = Message::read(&bytes);
        prop_assert!(message.is_ok());
        let message = message.unwrap();
        let sets = RrSet::all(&message).unwrap();
        let name: Name = ZONE.parse().unwrap();
        let mut work = Work::new();
        for keys in sets.iter().filter(|set| set.kind == RecordType::DNSKEY) {
            let zone = Zone { name, keys: Key::all(keys.data()) };
            for set in &sets {
                // Nobody can sign this by chance.
                prop_assert!(verify(set, &zone, now, &mut work).is_err());
                let trust: Vec<Trust> = set.data().filter_map(Trust::from_ds).collect();
                prop_assert!(Key::trusted(&name, keys.data(), &trust, &mut work).is_err());
            }
        }
        let all: Vec<&RrSet<'_>> = sets.iter().collect();
        let proofs = Proofs::new(&name, &all);
        for name in NAMES {
            let name: Name = name.parse().unwrap();
            let _type = proofs.deny_type(&name, RecordType::A, &mut work);
            let _name = proofs.deny_name(&name, &mut work);
            let _cut = proofs.deny_cut(&name, &mut work);
            let _wildcard = proofs.allow_wildcard(&name, &Name::ROOT, &mut work);
        }
    }
}
