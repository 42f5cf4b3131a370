//! local-ip.sh: IPv4 in the leftmost label that is dashed, else in the leftmost four labels that are octets.
//!
//! The vendor's expressions (`xip/xip.go` of local-ip.sh) also find an address that more text follows in its label; such names go
//! upstream. There is no IPv6 but at the apex.

use super::front::Front;
use super::grammar::Carried;
use super::label::{self, Writing};

/// IPv4 only, so the form for IPv6 does not matter.
pub(super) const WRITING: Writing = Writing::Expanded;

pub(super) fn read<'a>(front: &Front<'a>) -> Option<Carried<'a>> {
    let dashed = || front.labels().find_map(label::dashed_v4);
    let dotted =
        || (0..front.count()).find_map(|from| label::quad(front.labels().skip(from).take(4)));
    Carried::some(dashed().or_else(dotted), None)
}
