//! sslip.io and nip.io: an address anywhere in the name.
//!
//! The rules are those of cunnie/sslip.io `xip/xip.go` (commit 8e67617), which serves both domains, rebuilt without regular
//! expressions: the whole name is searched, zone included; an address begins and ends at a dot, a hyphen or an end of the name;
//! for IPv4 the leftmost dashed address wins, then the leftmost dotted, then eight hexadecimal digits; for IPv6 the leftmost
//! and there the longest dashed address, then 32 digits between dots.
//!
//! The matcher returns any address. That only local ones are answered is the domain's scope: the vendor keeps a block list for
//! public addresses, and fixed records, that this program does not have.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::front::Front;
use super::grammar::Carried;
use super::label::{self, Writing};
use crate::wire::name::MAX_NAME;

/// As the vendor's PTR records are written.
pub(super) const WRITING: Writing = Writing::Compressed;

pub(super) fn read<'a>(front: &Front<'a>) -> Option<Carried<'a>> {
    let text = Text::of(front)?;
    Carried::some(v4(text.octets()), v6(text.octets()))
}

/// A name with dots between its labels and none at the end.
struct Text {
    octets: [u8; MAX_NAME],
    length: usize,
}

impl Text {
    /// None if a label holds an octet that no host name has: a dot inside a label would be taken for a border, and the vendor
    /// reads `%` as the beginning of a zone id.
    fn of(front: &Front<'_>) -> Option<Self> {
        let mut text = Self {
            octets: [0; MAX_NAME],
            length: 0,
        };
        for label in front.name().labels() {
            if !label
                .iter()
                .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
            {
                return None;
            }
            if text.length > 0 {
                text.push(b".")?;
            }
            text.push(label)?;
        }
        Some(text)
    }

    fn push(&mut self, octets: &[u8]) -> Option<()> {
        let end = self.length + octets.len();
        self.octets
            .get_mut(self.length..end)?
            .copy_from_slice(octets);
        self.length = end;
        Some(())
    }

    fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// The IPv4 address that `text` carries.
fn v4(text: &[u8]) -> Option<Ipv4Addr> {
    let search = |read: &dyn Fn(&[u8]) -> Option<Ipv4Addr>| starts(text).find_map(read);
    search(&|rest| quad(rest, b'-'))
        .or_else(|| search(&|rest| quad(rest, b'.')))
        .or_else(|| search(&hex_quad))
}

/// The IPv6 address that `text` carries.
fn v6(text: &[u8]) -> Option<Ipv6Addr> {
    dashed(text).or_else(|| text.split(|octet| *octet == b'.').find_map(label::hex_v6))
}

fn is_border(octet: u8) -> bool {
    matches!(octet, b'.' | b'-')
}

fn at_border(rest: &[u8]) -> bool {
    rest.first().is_none_or(|octet| is_border(*octet))
}

/// What follows each place where an address may begin, from the left.
fn starts(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let behind = |(index, octet): (usize, &u8)| {
        if is_border(*octet) {
            text.get(index + 1..)
        } else {
            None
        }
    };
    std::iter::once(text).chain(text.iter().enumerate().filter_map(behind))
}

/// Four octets with this separator, then a border.
fn quad(text: &[u8], separator: u8) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut rest = text;
    for (index, place) in octets.iter_mut().enumerate() {
        if index > 0 {
            rest = rest
                .split_first()
                .filter(|(octet, _)| **octet == separator)?
                .1;
        }
        let digits = rest
            .iter()
            .take(4)
            .take_while(|octet| octet.is_ascii_digit())
            .count();
        let (number, behind) = rest.split_at_checked(digits)?;
        *place = label::octet(number)?;
        rest = behind;
    }
    if at_border(rest) {
        Some(octets.into())
    } else {
        None
    }
}

fn hex_quad(text: &[u8]) -> Option<Ipv4Addr> {
    let (digits, rest) = text.split_at_checked(8)?;
    if at_border(rest) {
        label::hex_v4(digits)
    } else {
        None
    }
}

/// The leftmost address, and the longest of those that begin there.
///
/// A match begins at the border before the address or at the beginning of the text, so an address at the very beginning and
/// one behind a leading border are equally far left, and the longer wins; elsewhere a place has one candidate.
fn dashed(text: &[u8]) -> Option<Ipv6Addr> {
    let (first, second) = (
        longest(text),
        text.split_first()
            .filter(|(octet, _)| is_border(**octet))
            .and_then(|(_, rest)| longest(rest)),
    );
    let leading = match (first, second) {
        (Some(first), Some(second)) if second.len() + 1 > first.len() => Some(second),
        (first, second) => first.or(second),
    };
    leading
        .or_else(|| starts(text).skip(1).find_map(longest))
        .and_then(label::dashed_v6)
}

/// The longest dashed IPv6 address with which `text` begins and that a border follows.
fn longest(text: &[u8]) -> Option<&[u8]> {
    let behind = |at: usize| text.get(at..).unwrap_or_default();
    let mut end = None;
    let mut groups = 0;
    let mut compressed = text.starts_with(b"--");
    let mut at = if compressed { 2 } else { 0 };
    if compressed && at_border(behind(at)) {
        end = Some(at);
    }
    loop {
        let digits = behind(at)
            .iter()
            .take(5)
            .take_while(|octet| octet.is_ascii_hexdigit())
            .count();
        groups += 1;
        // `--` stands for one group at least.
        if !(1..=4).contains(&digits) || groups > if compressed { 7 } else { 8 } {
            break;
        }
        at += digits;
        if (compressed || groups == 8) && at_border(behind(at)) {
            end = Some(at);
        }
        if !compressed && groups < 8 && behind(at).starts_with(b"--") {
            compressed = true;
            at += 2;
            if at_border(behind(at)) {
                end = Some(at);
            }
        } else if behind(at).starts_with(b"-") {
            at += 1;
        } else {
            break;
        }
    }
    text.get(..end?)
}

#[cfg(test)]
mod tests;
