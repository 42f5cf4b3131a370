//! A zone that is made to cost: many keys with one tag, and many signatures in that tag's name (CVE-2023-50387).

use data_encoding::BASE64;

use crate::support::Dice;

/// How many keys, and how many signatures. Each message stays below 64 KiB.
const MANY: usize = 100;
/// RSA with SHA-256, of 4096 bits: slow to verify.
const ALGORITHM: u8 = 8;
const OCTETS: usize = 512;
/// The tag of them all.
const WANTED: u16 = 12_345;

/// Keys for the top of the zone, all with the same tag. Nobody knows what they could sign.
pub(crate) fn keys() -> String {
    let mut dice = Dice::new(7);
    let lines = (0..MANY).map(|_| format!("@ DNSKEY 256 3 8 {}\n", BASE64.encode(&key(&mut dice))));
    lines.collect()
}

/// The signed zone with other signatures of the A records of `owner`: each in the name of all of those keys.
pub(crate) fn sign(text: &str, owner: &str) -> String {
    let mut dice = Dice::new(8);
    let zone = owner.split_once('.').unwrap().1;
    let lines = (0..MANY).map(|_| {
        let octets: Vec<u8> = (0..OCTETS).map(|_| dice.roll() as u8).collect();
        format!(
            "{owner} 300 IN RRSIG A {ALGORITHM} 3 300 20370101000000 20260101000000 {WANTED} {zone} {}\n",
            BASE64.encode(&octets)
        )
    });
    let own = |line: &&str| line.starts_with(owner) && line.contains("RRSIG\tA ");
    let kept = text.lines().filter(|line| !own(line));
    kept.map(|line| format!("{line}\n")).chain(lines).collect()
}

/// DS records for `zone` in the name of all of those keys, which are the digests of none.
pub(crate) fn digests(zone: &str) -> String {
    let lines = (0..MANY).map(|number| format!("{zone} DS {WANTED} {ALGORITHM} 2 {number:064x}\n"));
    lines.collect()
}

/// An exponent that takes long, and a modulus of which two octets in the middle bring the sum to the same tag.
fn key(dice: &mut Dice) -> Vec<u8> {
    let mut key = vec![4, 0xff, 0xff, 0xff, 0xff];
    key.extend((0..OCTETS).map(|_| dice.roll() as u8));
    key[5] |= 0x80;
    *key.last_mut().unwrap() |= 1;
    // What the sum of all words but this one lacks, give or take the carries.
    key[100..102].fill(0);
    let missing = WANTED.wrapping_sub(tag_of(&key));
    for carry in 0..4 {
        key[100..102].copy_from_slice(&missing.wrapping_sub(carry).to_be_bytes());
        if tag_of(&key) == WANTED {
            break;
        }
    }
    assert_eq!(tag_of(&key), WANTED);
    key
}

fn tag_of(key: &[u8]) -> u16 {
    let data = [&[1, 0, 3, ALGORITHM], key].concat();
    let sum: u32 = (data.iter().enumerate())
        .map(|(at, octet)| {
            if at % 2 == 0 {
                u32::from(*octet) << 8
            } else {
                u32::from(*octet)
            }
        })
        .sum();
    (sum + (sum >> 16)) as u16
}
