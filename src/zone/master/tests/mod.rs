//! What zone files say, and what is said of those that are wrong.

mod directives;
mod faults;
mod properties;
mod types;

use std::path::PathBuf;

use super::{LIMITS, Limits, Source, read_within};
use crate::wire::Name;
use crate::zone::Record;

fn source(path: &str, text: &str) -> Source {
    Source {
        path: PathBuf::from(path),
        bytes: text.as_bytes().to_vec(),
    }
}

/// Reads a zone of `home.arpa`, with these files to include. Faults come as the lines in which they are told.
fn read_with(
    text: &str,
    files: &[(&str, &str)],
    limits: Limits,
) -> Result<Vec<Record>, Vec<String>> {
    let origin: Name = "home.arpa".parse().unwrap();
    let mut open = |name: &str| {
        files
            .iter()
            .find(|(path, _)| *path == name)
            .map(|(path, text)| source(path, text))
            .ok_or_else(|| format!("{name:?} is not there"))
    };
    read_within(&source("zone", text), (&origin, None), &mut open, limits)
        .map_err(|findings| findings.iter().map(ToString::to_string).collect())
}

fn read(text: &str) -> Result<Vec<Record>, Vec<String>> {
    read_with(text, &[], LIMITS)
}

/// Owner, TTL, type and data in hexadecimal digits, or the line too.
fn shown(record: &Record) -> String {
    let data = data_encoding::HEXLOWER.encode(&record.data);
    format!("{} {} {} {data}", record.owner, record.ttl, record.kind)
}

fn records(text: &str) -> Vec<String> {
    read(text).unwrap().iter().map(shown).collect()
}
