//! A record of a local zone.

use crate::wire::{Name, RecordType};

/// A record of class IN with its data in wire format, names in them not compressed, their letters as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its owner.
    pub owner: Name,
    /// Its type.
    pub kind: RecordType,
    /// Its time to live, in seconds.
    pub ttl: u32,
    /// Its data.
    pub data: Box<[u8]>,
    /// The line of the zone's file that brought it, from 1; 0 if it comes from none. For a record of an included file that is the
    /// line of the `$INCLUDE`.
    pub line: u32,
}
