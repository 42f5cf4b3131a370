//! Akebi, as it serves `local.konomi.tv`: one label, which is an address or a word for the own host.
//!
//! tsukumijima/Akebi `keyless-server/dns.go` (commit 8ddba6a): `my`, `local` and `localhost` are loopback in both families; else
//! hyphens become dots or colons and Go's parser decides. The vendor answers private addresses only, and so does this preset.

use super::front::Front;
use super::grammar::Carried;
use super::label::{self, Writing};

/// That parser takes any form; the compressed one is what its users see.
pub(super) const WRITING: Writing = Writing::Compressed;

pub(super) fn read<'a>(front: &Front<'a>) -> Option<Carried<'a>> {
    let label = front.only()?;
    if matches!(label, b"my" | b"local" | b"localhost") {
        return Some(Carried::loopback());
    }
    Carried::some(label::dashed_v4(label), label::dashed_v6(label))
}
