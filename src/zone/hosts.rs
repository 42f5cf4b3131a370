//! Names and their addresses without a zone: `[[host]]` entries and hosts files.

use std::collections::HashSet;
use std::net::IpAddr;

use super::Record;
use crate::wire::{Name, NameError, RecordType};

/// How long addresses from a hosts file may be kept, in seconds.
const TTL: u32 = 60;

/// A name and its addresses. A host without addresses says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name. `*` as the first label stands for all names there that are not written down.
    pub name: Name,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// For how long a client may keep them, in seconds.
    pub ttl: u32,
}

/// The records of hosts: addresses, and for each address the first host that has it, unless `here` says that the reverse name
/// has records already.
pub(super) fn records(hosts: &[Host], here: impl Fn(&Name) -> bool) -> Vec<Record> {
    let mut records = Vec::new();
    let mut reversed = HashSet::new();
    for host in hosts {
        for &address in &host.addresses {
            let (kind, data): (_, Box<[u8]>) = match address {
                IpAddr::V4(v4) => (RecordType::A, v4.octets().into()),
                IpAddr::V6(v6) => (RecordType::AAAA, v6.octets().into()),
            };
            records.push(record(host.name, kind, host.ttl, data));
            // A wildcard is no name to come back to; the unspecified address is nobody's.
            let named = !host.name.as_wire().starts_with(b"\x01*") && !address.is_unspecified();
            if named && reversed.insert(address) {
                let name = reverse(address);
                if !here(&name) {
                    let data = host.name.as_wire().into();
                    records.push(record(name, RecordType::PTR, host.ttl, data));
                }
            }
        }
    }
    records
}

fn record(owner: Name, kind: RecordType, ttl: u32, data: Box<[u8]>) -> Record {
    Record {
        owner,
        kind,
        ttl,
        data,
        line: 0,
    }
}

/// The reverse name of an address (RFC 1035 §3.5, RFC 3596 §2.5).
fn reverse(address: IpAddr) -> Name {
    let mut labels: Vec<String> = match address {
        IpAddr::V4(v4) => v4.octets().iter().rev().map(u8::to_string).collect(),
        IpAddr::V6(v6) => v6
            .octets()
            .iter()
            .rev()
            .flat_map(|octet| [octet & 15, octet >> 4])
            .map(|nibble| format!("{nibble:x}"))
            .collect(),
    };
    let zone = if address.is_ipv4() { "in-addr" } else { "ip6" };
    labels.extend([zone.to_owned(), "arpa".to_owned()]);
    Name::from_labels(labels.iter().map(String::as_bytes)).unwrap_or(Name::ROOT)
}

/// Why a line of a hosts file says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostsError {
    /// It does not begin with an address.
    #[error("{0:?} is no address")]
    Address(String),
    /// Nothing stands behind the address.
    #[error("no name follows the address {0}")]
    NoName(IpAddr),
    /// What stands there is no name.
    #[error("{0:?} is no name: {1}")]
    Name(String, NameError),
    /// A name of other characters than hosts have (RFC 1123 §2.1; the underscore is common).
    #[error(
        "{0:?} is no host name; allowed: letters, digits, hyphens and underscores between dots"
    )]
    Characters(String),
}

/// Reads the text of a hosts file (`/etc/hosts`): an address and its names on each line, `#` before a comment. Returns one host
/// for each name, and the lines that were left out, numbered from 1.
pub fn read_hosts(text: &str) -> (Vec<Host>, Vec<(usize, HostsError)>) {
    let mut hosts = Vec::new();
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        match read_line(line) {
            Ok(found) => hosts.extend(found),
            Err(fault) => faults.push((index + 1, fault)),
        }
    }
    (hosts, faults)
}

fn read_line(line: &str) -> Result<Vec<Host>, HostsError> {
    let mut words = line.split_ascii_whitespace();
    let Some(first) = words.next() else {
        return Ok(Vec::new());
    };
    let address: IpAddr = first
        .parse()
        .map_err(|_| HostsError::Address(first.to_owned()))?;
    let hosts: Vec<Host> = words
        .map(|word| {
            Ok(Host {
                name: host_name(word)?,
                addresses: vec![address],
                ttl: TTL,
            })
        })
        .collect::<Result<_, _>>()?;
    if hosts.is_empty() {
        Err(HostsError::NoName(address))
    } else {
        Ok(hosts)
    }
}

fn host_name(word: &str) -> Result<Name, HostsError> {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet);
    if !word.bytes().all(allowed) {
        return Err(HostsError::Characters(word.to_owned()));
    }
    match word.parse::<Name>() {
        Ok(name) if name == Name::ROOT => Err(HostsError::Characters(word.to_owned())),
        Ok(name) => Ok(name),
        Err(error) => Err(HostsError::Name(word.to_owned(), error)),
    }
}
