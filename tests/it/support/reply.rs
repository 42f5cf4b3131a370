//! A strict reader of DNS messages, independent of the program's own, and what tests ask of a reply.

use std::net::IpAddr;

use super::records::{A, AAAA, CNAME, DNAME, HTTPS, MX, NS, PTR, Record, SOA, SRV, SVCB};
use super::wire::{Edns, text};

/// A message, taken apart; names inside RDATA of the old types are written out.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) id: u16,
    pub(crate) flags: u16,
    pub(crate) questions: Vec<(Vec<u8>, u16, u16)>,
    pub(crate) answer: Vec<Record>,
    pub(crate) authority: Vec<Record>,
    /// Without the OPT record.
    pub(crate) additional: Vec<Record>,
    pub(crate) edns: Option<Edns>,
}

impl Reply {
    /// Reads the whole message; anything left over, out of range or twice is an error.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader { bytes, at: 0 };
        let [id, flags] = [reader.u16()?, reader.u16()?];
        let counts = [reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?];
        let mut questions = Vec::new();
        for _ in 0..counts[0] {
            questions.push((reader.name()?, reader.u16()?, reader.u16()?));
        }
        let mut sections = [Vec::new(), Vec::new(), Vec::new()];
        for (section, count) in sections.iter_mut().zip(&counts[1..]) {
            for _ in 0..*count {
                section.push(reader.record()?);
            }
        }
        if reader.at != bytes.len() {
            return Err(format!(
                "{} bytes after the message",
                bytes.len() - reader.at
            ));
        }
        let [answer, authority, mut additional] = sections;
        let opts: Vec<Record> = additional
            .extract_if(.., |record| record.rtype == 41)
            .collect();
        if opts.len() > 1 {
            return Err("more than one OPT".to_owned());
        }
        let edns = opts.first().map(edns).transpose()?;
        Ok(Self {
            bytes: bytes.to_vec(),
            id,
            flags,
            questions,
            answer,
            authority,
            additional,
            edns,
        })
    }

    /// With the high bits from the OPT record.
    pub(crate) fn rcode(&self) -> u16 {
        self.flags & 15
            | self
                .edns
                .as_ref()
                .map_or(0, |edns| u16::from(edns.rcode_high))
                << 4
    }

    pub(crate) fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// Extended DNS errors: code and text.
    pub(crate) fn errors(&self) -> Vec<(u16, String)> {
        let options = self.edns.iter().flat_map(|edns| &edns.options);
        options
            .filter(|(code, value)| *code == 15 && value.len() >= 2)
            .map(|(_, value)| {
                (
                    u16::from_be_bytes([value[0], value[1]]),
                    String::from_utf8_lossy(&value[2..]).into_owned(),
                )
            })
            .collect()
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.answer
            .iter()
            .chain(&self.authority)
            .chain(&self.additional)
    }

    /// Every address in any section, hints of SVCB and HTTPS included.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        self.records().flat_map(addresses).collect()
    }

    /// Every name that an alias in any section leads to.
    pub(crate) fn targets(&self) -> Vec<String> {
        let at = |rtype| match rtype {
            CNAME | DNAME => Some(0),
            SVCB | HTTPS => Some(2),
            _ => None,
        };
        self.records()
            .filter_map(|record| record.rdata.get(at(record.rtype)?..).map(text))
            .collect()
    }

    /// Owner, type and data of the answer section, in order.
    pub(crate) fn essence(&self) -> Vec<(String, u16, Vec<u8>)> {
        self.answer.iter().map(Record::essence).collect()
    }

    /// Short form for the message of a failed test.
    pub(crate) fn summary(&self) -> String {
        let owners: Vec<String> = self
            .answer
            .iter()
            .map(|record| format!("{}/{}", text(&record.owner), record.rtype))
            .collect();
        format!(
            "rcode {} flags {:04x} answer {owners:?} {:?} authority {} additional {} errors {:?}",
            self.rcode(),
            self.flags,
            self.addresses(),
            self.authority.len(),
            self.additional.len(),
            self.errors()
        )
    }
}

fn addresses(record: &Record) -> Vec<IpAddr> {
    let four = |bytes: &[u8]| <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
    let six = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok();
    match record.rtype {
        A => four(&record.rdata).into_iter().collect(),
        AAAA => six(&record.rdata).into_iter().collect(),
        SVCB | HTTPS => {
            let mut found = Vec::new();
            let mut reader = Reader {
                bytes: &record.rdata,
                at: 2,
            };
            if reader.name().is_err() {
                return found;
            }
            while let (Ok(key), Ok(length)) = (reader.u16(), reader.u16()) {
                let value = reader
                    .take(usize::from(length))
                    .unwrap_or_else(|_| &record.rdata[reader.at..]);
                match key {
                    4 => found.extend(value.chunks(4).filter_map(four)),
                    6 => found.extend(value.chunks(16).filter_map(six)),
                    _ => {}
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

fn edns(record: &Record) -> Result<Edns, String> {
    let mut reader = Reader {
        bytes: &record.rdata,
        at: 0,
    };
    let mut options = Vec::new();
    while reader.at < record.rdata.len() {
        let [code, length] = [reader.u16()?, reader.u16()?];
        options.push((code, reader.take(length.into())?.to_vec()));
    }
    let [rcode_high, version, flags, _] = record.ttl.to_be_bytes();
    Ok(Edns {
        payload: record.class,
        rcode_high,
        version,
        dnssec: flags & 0x80 != 0,
        options,
    })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let taken = self
            .bytes
            .get(self.at..self.at + count)
            .ok_or_else(|| format!("cut off at {}", self.at))?;
        self.at += count;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, String> {
        self.take(2)
            .map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from(self.u16()?) << 16 | u32::from(self.u16()?))
    }

    /// A name, pointers followed backwards only, written out with its letters as they stand.
    fn name(&mut self) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut end = None;
        loop {
            let length = self.take(1)?[0];
            match length {
                0 => break,
                1..=63 => {
                    out.push(length);
                    out.extend(self.take(length.into())?);
                }
                192.. => {
                    let target = usize::from(length & 63) << 8 | usize::from(self.take(1)?[0]);
                    end.get_or_insert(self.at);
                    if target + 2 > self.at {
                        return Err(format!("pointer to {target} does not lead back"));
                    }
                    self.at = target;
                }
                64..192 => return Err(format!("label type {length:#x}")),
            }
            if out.len() > 254 {
                return Err("name too long".to_owned());
            }
        }
        out.push(0);
        self.at = end.unwrap_or(self.at);
        Ok(out)
    }

    fn record(&mut self) -> Result<Record, String> {
        let owner = self.name()?;
        let [rtype, class] = [self.u16()?, self.u16()?];
        let ttl = self.u32()?;
        let length = usize::from(self.u16()?);
        let end = self.at + length;
        // Bytes before the first name, and how many names there are, in the types that may be compressed.
        let (before, names) = match rtype {
            NS | CNAME | PTR | DNAME => (0, 1),
            MX => (2, 1),
            SRV => (6, 1),
            SOA => (0, 2),
            _ => (length, 0),
        };
        let mut rdata = if length == 0 {
            Vec::new()
        } else {
            self.take(before)?.to_vec()
        };
        if length > 0 {
            for _ in 0..names {
                rdata.extend(self.name()?);
            }
            let left = end.checked_sub(self.at).ok_or("data longer than it says")?;
            rdata.extend(self.take(left)?);
        }
        Ok(Record {
            owner,
            rtype,
            class,
            ttl,
            rdata,
            length: None,
        })
    }
}
