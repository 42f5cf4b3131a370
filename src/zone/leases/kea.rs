//! Kea: a table with a heading, to which lines are appended; the last one on an address holds. State 0 is a lease in use, a
//! lifetime of 0 one that was given back.

use super::{Lease, Word};

/// A lease without end (RFC 2131 §3.3).
const FOR_EVER: u64 = 0xffff_ffff;

pub(super) fn read(text: &str) -> Vec<Word> {
    let mut lines = text.lines();
    let Some(heading) = lines.next() else {
        return Vec::new();
    };
    let column = |name: &str| heading.split(',').position(|title| title.trim() == name);
    let columns = ["address", "valid_lifetime", "expire", "hostname", "state"].map(column);
    let [
        Some(address),
        Some(lifetime),
        Some(expire),
        Some(hostname),
        Some(state),
    ] = columns
    else {
        return Vec::new();
    };
    let read_line = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |column: usize| fields.get(column)?.trim().parse::<u64>().ok();
        let address = fields.get(address)?.trim().parse().ok()?;
        let (lifetime, expire) = (number(lifetime)?, number(expire)?);
        // Kea writes names with a dot behind them, and commas in them as &#x2c.
        let name = fields.get(hostname)?.trim().trim_end_matches('.');
        let used = number(state)? == 0 && lifetime > 0 && !name.is_empty();
        let lease = used.then(|| Lease {
            hostname: name.to_owned(),
            address,
            since: (lifetime != FOR_EVER).then(|| expire.saturating_sub(lifetime)),
            until: (lifetime != FOR_EVER).then_some(expire),
        });
        Some(Word { address, lease })
    };
    lines.filter_map(read_line).collect()
}
