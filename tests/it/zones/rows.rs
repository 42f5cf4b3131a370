//! Records of a test zone, as lines of a zone file.

use std::fmt::Write as _;

/// Owner, type and data; names without a last dot are relative to the origin, `@` is the origin.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) owner: String,
    pub(crate) kind: String,
    data: String,
}

/// TTL of every record, in seconds.
const TTL: u32 = 300;

/// One row from a line `owner type data`.
pub(crate) fn row(origin: &str, line: &str) -> Row {
    let mut words = line.trim().splitn(3, ' ');
    let mut next = || words.next().unwrap_or_else(|| panic!("{line:?} is no row"));
    let (owner, kind) = (absolute(origin, next()), next().to_owned());
    let names = names_at(&kind);
    let data = next()
        .split(' ')
        .enumerate()
        .map(|(at, word)| {
            if names.contains(&at) {
                absolute(origin, word)
            } else {
                word.to_owned()
            }
        })
        .collect::<Vec<_>>()
        .join(" ");
    Row { owner, kind, data }
}

fn absolute(origin: &str, text: &str) -> String {
    match text {
        "@" => format!("{origin}."),
        _ if text.ends_with('.') && !text.ends_with("\\.") => text.to_owned(),
        _ => format!("{text}.{origin}."),
    }
}

/// Which words of the data are names.
fn names_at(kind: &str) -> &'static [usize] {
    match kind {
        "NS" | "CNAME" | "DNAME" | "PTR" => &[0],
        "MX" | "HTTPS" | "SVCB" | "KX" | "AFSDB" => &[1],
        "SRV" => &[3],
        "SOA" | "RP" => &[0, 1],
        _ => &[],
    }
}

impl Row {
    /// The line of a zone file.
    pub(crate) fn write(&self, text: &mut String) {
        writeln!(text, "{} {TTL} IN {} {}", self.owner, self.kind, self.data).unwrap();
    }
}
