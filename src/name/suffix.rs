//! The longest suffix of a name that a table knows, label by label.
//!
//! Routes, exceptions, decoded domains and special-use names are all asked the same question: which entry is `name` or its
//! nearest ancestor? The look-up compares whole labels on the wire, so `notplex.direct` is never taken for `plex.direct`,
//! and allocates nothing. There are no wildcards here, and nothing is ever removed: a reload builds a new table.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use crate::wire::Name;

/// Up to so many entries are compared one by one; hashing a suffix costs more than that.
const SCAN: usize = 8;

/// Entries by domain name, found by the names below them.
#[derive(Debug, Clone)]
pub struct SuffixMap<T> {
    entries: Vec<(Name, T)>,
    /// Where in `entries` the suffix stands. What stands there is the operator's; names from outside are only looked up.
    index: HashMap<Box<[u8]>, usize, RandomState>,
    /// Bit n is set if some entry has n labels; all other suffixes of a name are skipped.
    lengths: u128,
}

impl<T> SuffixMap<T> {
    /// A table without entries.
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            index: HashMap::default(),
            lengths: 0,
        }
    }

    /// Enters `value` for `suffix` and all below it; returns what stood there before.
    pub fn insert(&mut self, suffix: Name, value: T) -> Option<T> {
        let known = self.index.get(suffix.as_wire()).copied();
        if let Some((_, place)) = known.and_then(|position| self.entries.get_mut(position)) {
            return Some(std::mem::replace(place, value));
        }
        self.index
            .insert(suffix.as_wire().into(), self.entries.len());
        self.lengths |= bit(suffix.label_count());
        self.entries.push((suffix, value));
        None
    }

    /// The entry whose suffix is the longest that `name` is or lies below.
    pub fn find(&self, name: &Name) -> Option<(&Name, &T)> {
        if self.entries.is_empty() {
            return None;
        }
        self.find_all(name).next()
    }

    /// Every entry whose suffix `name` is or lies below, longest first.
    pub fn find_all<'a>(&'a self, name: &Name) -> impl Iterator<Item = (&'a Name, &'a T)> {
        let mut labels = name.label_count() + 1;
        name.suffixes().filter_map(move |suffix| {
            labels = labels.saturating_sub(1);
            if self.lengths & bit(labels) == 0 {
                None
            } else {
                self.entry(suffix)
            }
        })
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// All entries, in the order in which their suffixes were first entered.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &T)> {
        self.entries.iter().map(|(suffix, value)| (suffix, value))
    }

    fn entry(&self, suffix: &[u8]) -> Option<(&Name, &T)> {
        let found = if self.entries.len() <= SCAN {
            self.entries
                .iter()
                .find(|(name, _)| name.as_wire() == suffix)
        } else {
            self.index
                .get(suffix)
                .and_then(|position| self.entries.get(*position))
        };
        found.map(|(name, value)| (name, value))
    }
}

/// A name has at most 127 labels, so every count has its bit.
fn bit(labels: usize) -> u128 {
    u32::try_from(labels)
        .ok()
        .and_then(|labels| 1_u128.checked_shl(labels))
        .unwrap_or(0)
}

impl<T> Default for SuffixMap<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The later of two values for one suffix stays.
impl<T> FromIterator<(Name, T)> for SuffixMap<T> {
    fn from_iter<I: IntoIterator<Item = (Name, T)>>(entries: I) -> Self {
        let mut map = Self::new();
        for (suffix, value) in entries {
            map.insert(suffix, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_suffix_wins_and_labels_stay_whole() {
        let map: SuffixMap<u8> = [("direct", 1), ("plex.direct", 2), ("a.b.plex.direct", 3)]
            .map(|(n, v)| (name(n), v))
            .into_iter()
            .collect();
        let find = |text: &str| map.find(&name(text)).map(|(_, value)| *value);
        assert_eq!(find("x.PLEX.direct"), Some(2));
        assert_eq!(find("plex.direct"), Some(2));
        assert_eq!(find("b.plex.direct"), Some(2));
        assert_eq!(find("x.a.b.plex.direct"), Some(3));
        assert_eq!(find("notplex.direct"), Some(1));
        assert_eq!(find("plex.direct.evil.example"), None);
        assert_eq!(find("."), None);
        let all: Vec<u8> = map
            .find_all(&name("a.b.plex.direct"))
            .map(|(_, value)| *value)
            .collect();
        assert_eq!(all, [3, 2, 1]);
    }

    #[test]
    fn the_root_holds_every_name_and_a_later_value_replaces() {
        let mut map = SuffixMap::new();
        assert!(map.is_empty() && map.find(&name("a")).is_none());
        assert_eq!(map.insert(Name::ROOT, 1), None);
        assert_eq!(map.insert(Name::ROOT, 2), Some(1));
        assert_eq!(map.find(&name("a.b")), Some((&Name::ROOT, &2)));
        assert_eq!(map.find(&Name::ROOT), Some((&Name::ROOT, &2)));
        assert_eq!((map.len(), map.iter().count()), (1, 1));
        let longest = name(&vec!["a"; 127].join("."));
        map.insert(longest, 3);
        assert_eq!(map.find(&longest), Some((&longest, &3)));
    }

    fn any_name() -> impl Strategy<Value = Name> {
        prop::collection::vec("[abAB]{1,2}", 0..5)
            .prop_map(|labels| Name::from_labels(labels.iter().map(String::as_bytes)).unwrap())
    }

    proptest! {
        #[test]
        fn a_look_up_equals_the_naive_scan(entries in prop::collection::vec((any_name(), any::<u8>()), 0..20), asked in any_name()) {
            let map: SuffixMap<u8> = entries.iter().copied().collect();
            let mut naive: Vec<(Name, u8)> = Vec::new();
            for (suffix, value) in entries {
                naive.retain(|(known, _)| *known != suffix);
                if asked.is_within(&suffix) {
                    naive.push((suffix, value));
                }
            }
            naive.sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.label_count()));
            let found: Vec<(Name, u8)> = map.find_all(&asked).map(|(suffix, value)| (*suffix, *value)).collect();
            prop_assert_eq!(&found, &naive);
            prop_assert_eq!(map.find(&asked).map(|(suffix, value)| (*suffix, *value)), naive.first().copied());
        }
    }
}
