//! Where names stand inside the data of a record.
//!
//! Only the types below may hold compressed names (RFC 1035 §3.3, RFC 3597 §4), so only they can break when a record moves, and
//! only their names are looked into. The data of every other type are opaque.

use std::ops::Range;

use super::compression;
use super::name::Name;
use super::types::RecordType;
use super::{Malformed, overwrite};

/// The shape of a type's data: fixed octets, then so many names, then a tail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    fixed: usize,
    names: usize,
    tail: Tail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    /// Exactly this many octets.
    Octets(usize),
    /// Whatever is left.
    Any,
}

fn shape(kind: RecordType) -> Option<Shape> {
    let exact = |fixed, names, tail| {
        Some(Shape {
            fixed,
            names,
            tail: Tail::Octets(tail),
        })
    };
    match kind {
        RecordType::A => exact(4, 0, 0),
        RecordType::AAAA => exact(16, 0, 0),
        RecordType::NS
        | RecordType::MD
        | RecordType::MF
        | RecordType::CNAME
        | RecordType::MB
        | RecordType::MG
        | RecordType::MR
        | RecordType::PTR
        | RecordType::DNAME => exact(0, 1, 0),
        RecordType::MX | RecordType::AFSDB | RecordType::RT | RecordType::KX => exact(2, 1, 0),
        RecordType::SOA => exact(0, 2, 20),
        RecordType::MINFO | RecordType::RP => exact(0, 2, 0),
        RecordType::PX => exact(2, 2, 0),
        RecordType::SRV => exact(6, 1, 0),
        RecordType::SIG | RecordType::RRSIG => Some(Shape {
            fixed: 18,
            names: 1,
            tail: Tail::Any,
        }),
        RecordType::NXT => Some(Shape {
            fixed: 0,
            names: 1,
            tail: Tail::Any,
        }),
        _ => None,
    }
}

/// Where the names stand whose compression every reader understands, as the octets in front of them and their number: the types
/// of RFC 1035, and no later ones (RFC 3597 §4).
pub(crate) fn compressible(kind: RecordType) -> Option<(usize, usize)> {
    match kind {
        RecordType::NS
        | RecordType::MD
        | RecordType::MF
        | RecordType::CNAME
        | RecordType::SOA
        | RecordType::MB
        | RecordType::MG
        | RecordType::MR
        | RecordType::PTR
        | RecordType::MINFO
        | RecordType::MX => shape(kind).map(|shape| (shape.fixed, shape.names)),
        _ => None,
    }
}

/// The data of a record with its names in lower case: records of one name and type are the same if these are
/// (RFC 4034 §6.2). `data` holds no compressed name.
pub(crate) fn canonical(kind: RecordType, data: &[u8]) -> Vec<u8> {
    let mut canonical = data.to_vec();
    // What cannot be read stays as it is, and is compared as it is.
    let _read = walk(data, kind, &(0..data.len()), |at| {
        let (name, end) = Name::read_plain(data, at)?;
        overwrite(&mut canonical, at, name.as_wire());
        Ok(end)
    });
    canonical
}

/// Three character strings stand between the fixed part and the name of a NAPTR record (RFC 3403 §4.1).
fn naptr_name(message: &[u8], data: &Range<usize>) -> Result<usize, Malformed> {
    let mut at = data.start + 4;
    for _ in 0..3 {
        at += 1 + usize::from(*message.get(at).ok_or(Malformed)?);
    }
    Ok(at)
}

/// Walks the names in the data of a record: `read` is called with the offset of each and returns where it ends. Returns where
/// the tail begins; `None` for a type whose data hold no names.
fn walk(
    message: &[u8],
    kind: RecordType,
    data: &Range<usize>,
    mut read: impl FnMut(usize) -> Result<usize, Malformed>,
) -> Result<Option<usize>, Malformed> {
    let (first, shape) = match (kind, shape(kind)) {
        (RecordType::NAPTR, _) => (
            naptr_name(message, data)?,
            Shape {
                fixed: 0,
                names: 1,
                tail: Tail::Octets(0),
            },
        ),
        (_, Some(shape)) => (data.start + shape.fixed, shape),
        _ => return Ok(None),
    };
    let mut at = first;
    for _ in 0..shape.names {
        at = read(at)?;
    }
    let fits = match shape.tail {
        Tail::Octets(length) => at + length == data.end,
        Tail::Any => at <= data.end,
    };
    if fits { Ok(Some(at)) } else { Err(Malformed) }
}

/// Whether the data of a record have the shape of its type; `read` reads the name at an offset and returns where it ends.
pub(super) fn check(
    message: &[u8],
    kind: RecordType,
    data: &Range<usize>,
    read: impl FnMut(usize) -> Result<usize, Malformed>,
) -> Result<(), Malformed> {
    walk(message, kind, data, read).map(drop)
}

/// Appends the data of a record with every name written out, so that they mean the same in another message.
pub(super) fn write_expanded(
    out: &mut Vec<u8>,
    message: &[u8],
    kind: RecordType,
    data: &Range<usize>,
) -> Result<(), Malformed> {
    let mut from = data.start;
    walk(message, kind, data, |at| {
        out.extend_from_slice(message.get(from..at).ok_or(Malformed)?);
        compression::write_expanded(out, message, at)?;
        from = Name::read(message, at)?.1;
        Ok(from)
    })?;
    out.extend_from_slice(message.get(from..data.end).ok_or(Malformed)?);
    Ok(())
}
