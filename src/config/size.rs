//! Sizes as people write them.

use std::str::FromStr;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size(pub(super) u64);

/// Smaller caches hold not even one full answer for each of their parts.
const SMALLEST: u64 = 1 << 20;

/// Why a text is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no size; allowed: a whole number with KiB, MiB or GiB behind it, from 1MiB on, such as \"32MiB\""
)]
pub(super) struct SizeError(String);

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
        units
            .iter()
            .find_map(|(unit, shift)| {
                text.strip_suffix(unit)?
                    .trim_end()
                    .parse::<u64>()
                    .ok()?
                    .checked_mul(1 << shift)
            })
            .filter(|bytes| *bytes >= SMALLEST)
            .map(Self)
            .ok_or_else(|| SizeError(text.to_owned()))
    }
}
