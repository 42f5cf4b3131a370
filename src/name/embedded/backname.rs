//! backname.io: the address in the last label, or in the last labels.
//!
//! Twixes/backname `internal/server/ip.go` (commit d4c9a18): if the last label before the zone holds a hyphen, it is the dashed
//! address; else the last four labels are IPv4 or the last eight IPv6. Leading zeros of octets, which that parser lets pass, are
//! not read here: other parsers take them for octal.

use std::net::Ipv6Addr;

use super::front::Front;
use super::grammar::Carried;
use super::label::{self, Writing};

/// The project writes `::1` as `0--1`.
pub(super) const WRITING: Writing = Writing::Guarded;

pub(super) fn read<'a>(front: &Front<'a>) -> Option<Carried<'a>> {
    let last = front.last(1)?.next()?;
    if last.contains(&b'-') {
        return Carried::some(label::dashed_v4(last), label::dashed_v6(last));
    }
    Carried::some(
        front.last(4).and_then(label::quad),
        front.last(8).and_then(groups),
    )
}

fn groups<'a>(labels: impl Iterator<Item = &'a [u8]>) -> Option<Ipv6Addr> {
    let mut segments = [0; 8];
    for (place, label) in segments.iter_mut().zip(labels) {
        *place = label::group(label)?;
    }
    Some(segments.into())
}
