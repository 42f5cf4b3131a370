//! traefik.me: four numbers in the name, else the own host.
//!
//! pyrou/traefik.me `nipio/backend.py` (commit f94b918): the front is split at dots and hyphens; the first four parts are the
//! address if they are one, else the last four, else the answer is `127.0.0.1`. What that code and its successors may read
//! differently goes upstream: numbers with leading zeros or above 255, and the dashed IPv6 that a third party describes.

use std::net::Ipv4Addr;

use super::front::Front;
use super::grammar::Carried;
use super::label::{self, Writing};

/// IPv4 only, so the form for IPv6 does not matter.
pub(super) const WRITING: Writing = Writing::Expanded;

pub(super) fn read<'a>(front: &Front<'a>) -> Option<Carried<'a>> {
    if front.count() == 0
        || front
            .labels()
            .any(|label| label::dashed_v6(label).is_some())
    {
        return None;
    }
    let parts = || {
        front
            .labels()
            .flat_map(|label| label.split(|octet| *octet == b'-'))
    };
    let first = || parts().take(4);
    let last = || parts().skip(parts().count().saturating_sub(4));
    let found = label::quad(first()).or_else(|| label::quad(last()));
    if found.is_some() {
        return Carried::some(found, None);
    }
    if are_numbers(first()) || are_numbers(last()) {
        return None;
    }
    Carried::some(Some(Ipv4Addr::LOCALHOST), None)
}

/// Whether these are four numbers, of any size and with any zeros before them.
fn are_numbers<'a>(parts: impl Iterator<Item = &'a [u8]>) -> bool {
    parts
        .take_while(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
        .count()
        == 4
}
