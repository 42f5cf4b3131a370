//! odhcpd: comment lines of a hosts file, `# interface device id hostname until host-id length address/length …`; `-` where
//! there is no name, -1 for leases without end.

use super::{Lease, Word};

pub(super) fn read(text: &str) -> Vec<Word> {
    text.lines()
        .filter_map(|line| line.strip_prefix("# "))
        .flat_map(line)
        .collect()
}

fn line(line: &str) -> Vec<Word> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, _, hostname, until, _, _, addresses @ ..] = fields.as_slice() else {
        return Vec::new();
    };
    let Ok(until) = until.parse::<i64>() else {
        return Vec::new();
    };
    let until = u64::try_from(until).ok();
    let address = |text: &&str| text.split('/').next()?.parse().ok();
    let word = |address| Word {
        address,
        lease: (*hostname != "-").then(|| Lease {
            hostname: (*hostname).to_owned(),
            address,
            since: None,
            until,
        }),
    };
    addresses.iter().filter_map(address).map(word).collect()
}
