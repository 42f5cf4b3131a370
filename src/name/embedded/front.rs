//! The labels of a name that stand before the suffix of a domain.
//!
//! Every grammar reads these and nothing else; only sslip.io, which looks at the whole name, takes the name too.

use crate::wire::Name;

/// A name, and how many of its labels stand before the suffix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Front<'a> {
    name: &'a Name,
    count: usize,
}

impl<'a> Front<'a> {
    /// The caller knows that `name` lies within `suffix`.
    pub(super) fn new(name: &'a Name, suffix: &Name) -> Self {
        Self {
            name,
            count: name.label_count().saturating_sub(suffix.label_count()),
        }
    }

    /// The whole name, suffix included.
    pub(super) fn name(&self) -> &'a Name {
        self.name
    }

    /// How many labels there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The labels from the left.
    pub(super) fn labels(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        self.name.labels().take(self.count)
    }

    /// The last `count` labels from the left; none if there are fewer.
    pub(super) fn last(
        &self,
        count: usize,
    ) -> Option<impl Iterator<Item = &'a [u8]> + Clone + use<'a>> {
        Some(self.labels().skip(self.count.checked_sub(count)?))
    }

    /// The only label; none if there are more or fewer.
    pub(super) fn only(&self) -> Option<&'a [u8]> {
        if self.count == 1 {
            self.labels().next()
        } else {
            None
        }
    }

    /// Whether the first label begins with `_`. Such a name is an attribute of the name below it and never a host (RFC 8552);
    /// `_acme-challenge` before an address is how its certificate is issued (RFC 8555 §8.4), so it must reach the vendor.
    pub(super) fn is_attribute(&self) -> bool {
        self.labels().next().and_then(<[u8]>::first) == Some(&b'_')
    }
}
