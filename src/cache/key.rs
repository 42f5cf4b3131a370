//! What an answer is found by.

use std::hash::{Hash, Hasher};

use quick_cache::Equivalent;

use crate::wire::{Name, Question, RecordType};

/// What two questions must have in common to share an answer: name, type, and whether DNSSEC records (DO) and unvalidated data
/// (CD) are wanted. The class is always IN. The AD bit of a query is not part of it: upstream is always asked for it, and each
/// client gets it only if it asked (RFC 6840 §5.7, §5.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRef<'a> {
    name: &'a Name,
    kind: RecordType,
    bits: u8,
}

/// The same, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: Box<[u8]>,
    kind: RecordType,
    bits: u8,
}

/// DO and CD, in this order, from the bits of a key; none if there are others.
pub(super) fn read_bits(bits: u8) -> Option<(bool, bool)> {
    (bits < 4).then_some((bits & 2 != 0, bits & 1 != 0))
}

impl<'a> KeyRef<'a> {
    /// The key of a question with these two bits.
    pub fn new(question: &'a Question, dnssec_ok: bool, checking_disabled: bool) -> Self {
        Self {
            name: &question.name,
            kind: question.kind,
            bits: u8::from(dnssec_ok) << 1 | u8::from(checking_disabled),
        }
    }

    pub(super) fn name(&self) -> &'a [u8] {
        self.name.as_wire()
    }

    /// The key to keep.
    pub fn to_key(self) -> Key {
        Key {
            name: self.name.as_wire().into(),
            kind: self.kind,
            bits: self.bits,
        }
    }
}

impl Key {
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    pub(super) fn bits(&self) -> u8 {
        self.bits
    }

    pub(super) fn size(&self) -> usize {
        self.name.len()
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name.as_wire(), self.kind, self.bits).hash(state);
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&*self.name, self.kind, self.bits).hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.kind == key.kind && self.bits == key.bits && self.name.as_wire() == &*key.name
    }
}
