//! ISC dhcpd: blocks `lease 192.0.2.10 { … }`, appended; the last one on an address holds. For IPv6 the addresses stand in
//! blocks `iaaddr` inside blocks `ia-na`, without names, so only IPv4 is read.

use super::time::seconds;
use super::{Lease, Word};

pub(super) fn read(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut block: Option<Block> = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("lease ") {
            let address = rest.trim_end_matches('{').trim().parse().ok();
            block = address.map(Block::new);
        } else if line == "}" {
            words.extend(block.take().map(Block::into_word));
        } else if let Some(block) = &mut block {
            block.statement(line.trim_end_matches(';'));
        }
    }
    words
}

struct Block {
    address: std::net::IpAddr,
    hostname: Option<String>,
    since: Option<u64>,
    until: Option<u64>,
    active: bool,
}

impl Block {
    fn new(address: std::net::IpAddr) -> Self {
        Self {
            address,
            hostname: None,
            since: None,
            until: None,
            active: false,
        }
    }

    fn statement(&mut self, statement: &str) {
        match statement.split_once(' ') {
            Some(("starts", when)) => self.since = moment(when),
            Some(("ends", when)) => self.until = moment(when),
            Some(("binding", "state active")) => self.active = true,
            Some(("client-hostname", name)) => {
                self.hostname = Some(name.trim_matches('"').to_owned());
            }
            _ => {}
        }
    }

    fn into_word(self) -> Word {
        let hostname = self.hostname.filter(|_| self.active);
        let lease = hostname.map(|hostname| Lease {
            hostname,
            address: self.address,
            since: self.since,
            until: self.until,
        });
        Word {
            address: self.address,
            lease,
        }
    }
}

/// `4 2026/11/19 10:30:00` (day of the week, UTC), `epoch 1763548200; # …`, or `never`.
fn moment(text: &str) -> Option<u64> {
    if let Some(rest) = text.strip_prefix("epoch ") {
        return rest.split(';').next()?.trim().parse().ok();
    }
    let mut fields = text.split_ascii_whitespace().skip(1);
    let (date, time) = (fields.next()?, fields.next()?);
    let numbers = |text: &str, by: char| {
        let read: Vec<u64> = text
            .split(by)
            .filter_map(|part| part.parse().ok())
            .collect();
        <[u64; 3]>::try_from(read).ok()
    };
    Some(seconds(numbers(date, '/')?, numbers(time, ':')?))
}
