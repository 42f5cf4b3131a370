//! dnsmasq: `expiry address-of-the-device address hostname client-id`, one lease a line; `*` where there is no name, expiry 0 for
//! leases without end. A line `duid …` stands before the IPv6 leases.

use super::{Lease, Word};

pub(super) fn read(text: &str) -> Vec<Word> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Word> {
    let mut fields = line.split_ascii_whitespace();
    let until: u64 = fields.next()?.parse().ok()?;
    let _device = fields.next()?;
    let address = fields.next()?.parse().ok()?;
    let hostname = fields.next()?;
    let lease = (hostname != "*").then(|| Lease {
        hostname: hostname.to_owned(),
        address,
        since: None,
        until: (until != 0).then_some(until),
    });
    Some(Word { address, lease })
}
