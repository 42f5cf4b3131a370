//! What this server says of itself: its name, its addresses, and its encrypted doors (RFC 9461, RFC 9462).

use std::net::IpAddr;

use super::Record;
use crate::wire::{Endpoint, Malformed, Name, RecordType};

/// How long clients may keep it, in seconds. Addresses change, and who asks in vain at an old one waits.
const TTL: u32 = 300;
/// The port of DNS, which does not show in names (RFC 9461 §3).
const DNS_PORT: u16 = 53;
/// Where clients ask a resolver of which they know only the address for its encrypted doors (RFC 9462 §4).
const DISCOVERY: &[u8] = b"\x04_dns\x08resolver\x04arpa\0";

/// The records of a server with this name and these doors, the best first, which also answers without encryption at `ports`.
///
/// The doors stand below `_dns.resolver.arpa` and below the name. There the port of the server without encryption is part of the
/// name, unless it is 53: that is how a client asks for what it could use in its place (RFC 9461 §3).
pub fn own_records(name: &Name, ports: &[u16], doors: &[Endpoint]) -> Vec<Record> {
    let discovery = Name::read_plain(DISCOVERY, 0).map(|(name, _)| name);
    let below = ports.iter().map(|port| service_name(name, *port));
    let owners = std::iter::once(discovery).chain(below);
    let mut records = Vec::new();
    // A name so long that there is none below it is known by its addresses alone.
    for owner in owners.flatten() {
        for (priority, door) in (1..).zip(doors) {
            let data = door.record_data(priority, name);
            records.push(record(owner, RecordType::SVCB, data));
        }
    }
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in doors.iter().flat_map(|door| &door.addresses) {
        if !addresses.contains(address) {
            addresses.push(*address);
        }
    }
    records.extend(addresses.into_iter().map(|address| match address {
        IpAddr::V4(v4) => record(*name, RecordType::A, v4.octets().to_vec()),
        IpAddr::V6(v6) => record(*name, RecordType::AAAA, v6.octets().to_vec()),
    }));
    records
}

fn service_name(name: &Name, port: u16) -> Result<Name, Malformed> {
    let service = name.child(b"_dns")?;
    if port == DNS_PORT {
        return Ok(service);
    }
    service.child(format!("_{port}").as_bytes())
}

fn record(owner: Name, kind: RecordType, data: Vec<u8>) -> Record {
    Record {
        owner,
        kind,
        ttl: TTL,
        data: data.into(),
        line: 0,
    }
}
