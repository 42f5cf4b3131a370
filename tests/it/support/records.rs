//! Resource records as bytes: one short builder per type that the tests need, and lies about their length.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::wire::name;

pub(crate) const A: u16 = 1;
pub(crate) const NS: u16 = 2;
pub(crate) const CNAME: u16 = 5;
pub(crate) const SOA: u16 = 6;
pub(crate) const HINFO: u16 = 13;
pub(crate) const PTR: u16 = 12;
pub(crate) const MX: u16 = 15;
pub(crate) const TXT: u16 = 16;
pub(crate) const AAAA: u16 = 28;
pub(crate) const SRV: u16 = 33;
pub(crate) const DNAME: u16 = 39;
pub(crate) const DS: u16 = 43;
pub(crate) const RRSIG: u16 = 46;
pub(crate) const NSEC: u16 = 47;
pub(crate) const DNSKEY: u16 = 48;
pub(crate) const NSEC3: u16 = 50;
pub(crate) const SVCB: u16 = 64;
pub(crate) const HTTPS: u16 = 65;
pub(crate) const IXFR: u16 = 251;
pub(crate) const AXFR: u16 = 252;
pub(crate) const ANY: u16 = 255;

/// One record, its owner uncompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) owner: Vec<u8>,
    pub(crate) rtype: u16,
    pub(crate) class: u16,
    pub(crate) ttl: u32,
    pub(crate) rdata: Vec<u8>,
    /// RDLENGTH, where it is to be a lie.
    pub(crate) length: Option<u16>,
}

impl Record {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = self
            .length
            .unwrap_or_else(|| self.rdata.len().try_into().unwrap());
        let fixed = [
            &self.rtype.to_be_bytes()[..],
            &self.class.to_be_bytes(),
            &self.ttl.to_be_bytes(),
            &length.to_be_bytes(),
        ]
        .concat();
        [&self.owner[..], &fixed, &self.rdata].concat()
    }

    pub(crate) fn ttl(mut self, ttl: u32) -> Self {
        self.ttl = ttl;
        self
    }

    pub(crate) fn class(mut self, class: u16) -> Self {
        self.class = class;
        self
    }

    pub(crate) fn length(mut self, length: u16) -> Self {
        self.length = Some(length);
        self
    }

    /// The owner as a pointer to the question, where it is the question's name: what real servers write.
    pub(crate) fn pointing_at(&self, question: &[u8]) -> Self {
        let mut record = self.clone();
        if self.owner.eq_ignore_ascii_case(question) && self.owner.len() > 1 {
            record.owner = vec![0xc0, 12];
        }
        record
    }

    /// Type and data: what must survive where the TTL may change.
    pub(crate) fn essence(&self) -> (String, u16, Vec<u8>) {
        (
            super::wire::text(&self.owner),
            self.rtype,
            self.rdata.clone(),
        )
    }
}

pub(crate) fn raw(owner: &str, rtype: u16, rdata: impl Into<Vec<u8>>) -> Record {
    Record {
        owner: name(owner),
        rtype,
        class: 1,
        ttl: 300,
        rdata: rdata.into(),
        length: None,
    }
}

pub(crate) fn a(owner: &str, address: &str) -> Record {
    raw(owner, A, address.parse::<Ipv4Addr>().unwrap().octets())
}

pub(crate) fn aaaa(owner: &str, address: &str) -> Record {
    raw(owner, AAAA, address.parse::<Ipv6Addr>().unwrap().octets())
}

pub(crate) fn cname(owner: &str, target: &str) -> Record {
    raw(owner, CNAME, name(target))
}

pub(crate) fn dname(owner: &str, target: &str) -> Record {
    raw(owner, DNAME, name(target))
}

pub(crate) fn txt(owner: &str, strings: &[&[u8]]) -> Record {
    let rdata: Vec<Vec<u8>> = strings
        .iter()
        .map(|one| [&[u8::try_from(one.len()).unwrap()], *one].concat())
        .collect();
    raw(owner, TXT, rdata.concat())
}

pub(crate) fn soa(zone: &str, minimum: u32) -> Record {
    let numbers = [1, 3600, 600, 86400, minimum]
        .map(u32::to_be_bytes)
        .concat();
    raw(
        zone,
        SOA,
        [
            name(&format!("ns.{zone}")),
            name(&format!("host.{zone}")),
            numbers,
        ]
        .concat(),
    )
}

pub(crate) fn srv(owner: &str, target: &str) -> Record {
    raw(
        owner,
        SRV,
        [&[0, 0, 0, 0, 0x01, 0xbb][..], &name(target)].concat(),
    )
}

/// An RRSIG whose signature nobody can check.
pub(crate) fn rrsig(owner: &str, covered: u16, zone: &str) -> Record {
    let fixed = [
        &covered.to_be_bytes()[..],
        &[13, 2, 0, 0, 1, 44],
        &[0x70; 4],
        &[0x60; 4],
        &[0x12, 0x34],
    ]
    .concat();
    raw(owner, RRSIG, [fixed, name(zone), vec![0x5a; 64]].concat())
}

/// An SVCB or HTTPS record; `parameters` are key and value, in the order they stand.
pub(crate) fn svcb(
    rtype: u16,
    owner: &str,
    priority: u16,
    target: &str,
    parameters: &[(u16, Vec<u8>)],
) -> Record {
    let mut rdata = [&priority.to_be_bytes()[..], &name(target)].concat();
    for (key, value) in parameters {
        rdata.extend(key.to_be_bytes());
        rdata.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
        rdata.extend(value);
    }
    raw(owner, rtype, rdata)
}

/// `ipv4hint`.
pub(crate) fn hint4(addresses: &[&str]) -> (u16, Vec<u8>) {
    (
        4,
        addresses
            .iter()
            .flat_map(|one| one.parse::<Ipv4Addr>().unwrap().octets())
            .collect(),
    )
}

/// `ipv6hint`.
pub(crate) fn hint6(addresses: &[&str]) -> (u16, Vec<u8>) {
    (
        6,
        addresses
            .iter()
            .flat_map(|one| one.parse::<Ipv6Addr>().unwrap().octets())
            .collect(),
    )
}
