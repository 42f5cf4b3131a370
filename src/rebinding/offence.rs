//! What was wrong with an answer, in words.

use std::fmt::{self, Write};
use std::net::IpAddr;

use crate::address::Reason;
use crate::wire::{Name, Question, RecordType};

use super::Findings;

/// What becomes of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes to the client.
    Pass,
    /// It goes to the client, and is reported.
    Report(Box<Offence>),
    /// It is replaced by NODATA.
    Block(Box<Offence>),
    /// It is replaced by NODATA, but is no attack: the upstream blocks the name itself and says so with `0.0.0.0` or `::`.
    Sinkhole(Box<Offence>),
}

/// The first thing in an answer that points inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    /// The owner of the record.
    pub owner: Name,
    /// The type of the record.
    pub kind: RecordType,
    /// What it does.
    pub cause: Cause,
    /// All addresses of the answer that are not public; those of an own NAT64 prefix that carry such an address are among them.
    pub inside: Vec<IpAddr>,
}

/// How a record points inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It holds an address that is not public.
    Address(IpAddr, Reason),
    /// It holds a public address of this network.
    Own(IpAddr),
    /// It leads into name space of this network.
    Alias(Box<Inside>),
    /// Its service parameters cannot be read.
    Unreadable,
}

/// An alias from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inside {
    /// Where it leads.
    pub target: Name,
    /// The protected name that this lies in; the root for a single label.
    pub protected: Name,
}

/// An answer may hold thousands of addresses; a line of the log may not.
const MOST_RANGES: usize = 16;

impl Offence {
    /// The text of the extended error: names the address and its range, or the alias.
    pub fn text(&self, sinkhole: bool) -> String {
        let class = if sinkhole { "sinkhole" } else { "rebinding" };
        match &self.cause {
            Cause::Alias(inside) => format!(
                "{class}: alias to {} ({} is a name of this network)",
                inside.target,
                shown(&inside.protected)
            ),
            cause => format!("{class}: {cause}"),
        }
    }

    /// The record as one would write it in a zone file, without TTL.
    pub fn record(&self) -> String {
        let data = match &self.cause {
            Cause::Address(address, _) | Cause::Own(address) => address.to_string(),
            Cause::Alias(inside) => inside.target.to_string(),
            Cause::Unreadable => "?".to_owned(),
        };
        format!("{} {} {data}", self.owner, self.kind)
    }

    /// The lines of the configuration file that would let this answer pass; none where nothing should.
    pub fn allow(&self, question: &Question, findings: &Findings) -> Option<String> {
        if matches!(self.cause, Cause::Unreadable | Cause::Own(_)) {
            return None;
        }
        let length = |address: &IpAddr| if address.is_ipv4() { 32 } else { 128 };
        let mut ranges: Vec<String> = (self.inside.iter())
            .map(|address| format!("\"{address}/{}\"", length(address)))
            .collect();
        ranges.sort();
        ranges.dedup();
        let mut elsewhere: Vec<String> = (findings.aliases.iter().map(|alias| &alias.target))
            .filter(|target| !target.is_within(&question.name))
            .map(quoted)
            .collect();
        elsewhere.dedup();
        let mut lines = format!("[[rebinding.allow]]\ndomain = {}", quoted(&question.name));
        let more = ranges.len().saturating_sub(MOST_RANGES);
        ranges.truncate(MOST_RANGES);
        if !ranges.is_empty() {
            // Writing to a string cannot fail.
            let _written = write!(lines, "\nranges = [{}]", ranges.join(", "));
        }
        if more > 0 {
            let _written = write!(lines, "\n# and {more} more; name their network instead");
        }
        if !elsewhere.is_empty() {
            let _written = write!(lines, "\nalias_to = [{}]", elsewhere.join(", "));
        }
        Some(lines)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address, reason) => write!(f, "{address} ({reason})"),
            Self::Own(address) => write!(f, "{address} (own-network)"),
            Self::Alias(inside) => write!(f, "alias into {}", shown(&inside.protected)),
            Self::Unreadable => f.write_str("service parameters cannot be read"),
        }
    }
}

/// A name as a TOML string.
fn quoted(name: &Name) -> String {
    let text = name.to_string().replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

fn shown(protected: &Name) -> String {
    if *protected == Name::ROOT {
        "a single label".to_owned()
    } else {
        protected.to_string()
    }
}
