//! A zone that is made to cost: many keys with one tag, and many signatures in that tag's name (CVE-2023-50387).

use data_encoding::BASE64;

use crate::support::Dice;

/// How many keys, and how many signatures. Each message stays below 64 KiB.
const MANY: usize = 100;
/// RSA with SHA-256, of 4096 bits: slow to verify.
const ALGORITHM: u8 = 8;
const OCTETS: usize = 512;

/// Keys for the top of the zone, all with the same tag. Nobody knows what they could sign.
pub(crate) fn keys() -> String {
    let mut dice = Dice::new(7);
    let lines = (0..MANY).map(|_| format!("@ DNSKEY 256 3 8 {}\n", BASE64.encode(&key(&mut dice))));
    lines.collect()
}

/// Signatures of the A records of `owner`, each in the name of all of those keys.
pub(crate) fn signatures(owner: &str) -> String {
    let mut dice = Dice::new(8);
    let zone = owner.split_once('.').unwrap().1;
    let tag = tag_of(&key(&mut Dice::new(7)));
    let lines = (0..MANY).map(|_| {
        let octets: Vec<u8> = (0..OCTETS).map(|_| dice.roll() as u8).collect();
        format!(
            "{owner} 300 IN RRSIG A {ALGORITHM} 3 300 20370101000000 20260101000000 {tag} {zone} {}\n",
            BASE64.encode(&octets)
        )
    });
    lines.collect()
}

/// An exponent that takes long, and a modulus of which two octets in the middle bring the sum to the same tag.
fn key(dice: &mut Dice) -> Vec<u8> {
    let mut key = vec![4, 0xff, 0xff, 0xff, 0xff];
    key.extend((0..OCTETS).map(|_| dice.roll() as u8));
    key[5] |= 0x80;
    *key.last_mut().unwrap() |= 1;
    let wanted = 12_345;
    // The sum of all words but this one, and what it lacks, modulo 65,535 as the carries go.
    key[101] = 0;
    key[102] = 0;
    let missing = (i32::from(wanted) - i32::from(tag_of(&key))).rem_euclid(65_535) as u16;
    let place = if (4 + 101) % 2 == 0 { 101 } else { 100 };
    let [high, low] = missing.to_be_bytes();
    (key[place], key[place + 1]) = (high, low);
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
