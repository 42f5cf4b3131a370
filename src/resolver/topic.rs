//! What makes two questions one when they are asked upstream.

use std::hash::{Hash, Hasher};

use quick_cache::Equivalent;

use crate::cache::{Key, KeyRef};
use crate::upstream::Ask;

/// What two questions must have in common to share a flight, and its failure: what they need for the same answer, and the EDNS
/// options that go upstream, which may change it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Topic {
    key: Key,
    options: Box<[u8]>,
}

/// The same, borrowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct TopicRef<'a> {
    pub(super) key: KeyRef<'a>,
    pub(super) options: &'a [u8],
}

impl<'a> TopicRef<'a> {
    /// The topic of what is asked.
    pub(super) fn new(ask: &'a Ask) -> Self {
        Self {
            key: KeyRef::new(&ask.question, ask.dnssec_ok, ask.checking_disabled),
            options: &ask.options,
        }
    }

    /// The topic to keep.
    pub(super) fn to_topic(self) -> Topic {
        Topic {
            key: self.key.to_key(),
            options: self.options.into(),
        }
    }
}

impl Hash for TopicRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.key, self.options).hash(state);
    }
}

impl Equivalent<Topic> for TopicRef<'_> {
    fn equivalent(&self, topic: &Topic) -> bool {
        self.key.equivalent(&topic.key) && *self.options == *topic.options
    }
}
