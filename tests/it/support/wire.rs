//! DNS messages written by hand: queries and responses as bytes, right ones and deliberately wrong ones.

use std::fmt;
use std::sync::atomic::{AtomicU16, Ordering};

use super::records::Record;

pub(crate) const QR: u16 = 0x8000;
pub(crate) const AA: u16 = 0x0400;
pub(crate) const TC: u16 = 0x0200;
pub(crate) const RD: u16 = 0x0100;
pub(crate) const RA: u16 = 0x0080;
pub(crate) const AD: u16 = 0x0020;
pub(crate) const CD: u16 = 0x0010;

pub(crate) const NOERROR: u16 = 0;
pub(crate) const FORMERR: u16 = 1;
pub(crate) const SERVFAIL: u16 = 2;
pub(crate) const NXDOMAIN: u16 = 3;
pub(crate) const NOTIMP: u16 = 4;
pub(crate) const REFUSED: u16 = 5;
pub(crate) const BADVERS: u16 = 16;

pub(crate) const IN: u16 = 1;
pub(crate) const CH: u16 = 3;

/// Presentation text to an uncompressed name; `\.` and `\DDD` are understood, the last dot is optional.
pub(crate) fn name(text: &str) -> Vec<u8> {
    let mut labels = vec![Vec::new()];
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'.' => labels.push(Vec::new()),
            b'\\' if bytes.peek().is_some_and(u8::is_ascii_digit) => {
                let code = (0..3).fold(0_u16, |sum, _| {
                    sum * 10 + u16::from(bytes.next().unwrap() - b'0')
                });
                labels.last_mut().unwrap().push(code.try_into().unwrap());
            }
            b'\\' => labels.last_mut().unwrap().push(bytes.next().unwrap()),
            other => labels.last_mut().unwrap().push(other),
        }
    }
    let mut out = Vec::new();
    for label in labels.iter().filter(|label| !label.is_empty()) {
        out.push(label.len().try_into().unwrap());
        out.extend_from_slice(label);
    }
    out.push(0);
    out
}

/// An uncompressed name as text, lower case, without the last dot; bytes that are not plain are written `\DDD`.
pub(crate) fn text(name: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some((&length, after)) = rest.split_first().filter(|(length, _)| **length > 0) {
        let (label, after) = after.split_at(usize::from(length).min(after.len()));
        for &byte in label {
            match byte {
                b'.' | b'\\' => out.extend(['\\', char::from(byte)]),
                0x21..=0x7e => out.push(char::from(byte.to_ascii_lowercase())),
                _ => out.extend(format!("\\{byte:03}").chars()),
            }
        }
        out.push('.');
        rest = after;
    }
    out.pop();
    out
}

/// What an OPT record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edns {
    pub(crate) payload: u16,
    pub(crate) rcode_high: u8,
    pub(crate) version: u8,
    pub(crate) dnssec: bool,
    pub(crate) options: Vec<(u16, Vec<u8>)>,
}

impl Default for Edns {
    fn default() -> Self {
        Self {
            payload: 1232,
            rcode_high: 0,
            version: 0,
            dnssec: false,
            options: Vec::new(),
        }
    }
}

impl Edns {
    fn record(&self) -> Record {
        let mut rdata = Vec::new();
        for (code, value) in &self.options {
            rdata.extend(code.to_be_bytes());
            rdata.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            rdata.extend(value);
        }
        let ttl = u32::from(self.rcode_high) << 24
            | u32::from(self.version) << 16
            | u32::from(self.dnssec) << 15;
        Record {
            owner: vec![0],
            rtype: 41,
            class: self.payload,
            ttl,
            rdata,
            length: None,
        }
    }
}

/// A question as a client asks it.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) id: u16,
    pub(crate) flags: u16,
    pub(crate) name: Vec<u8>,
    pub(crate) qtype: u16,
    pub(crate) qclass: u16,
    pub(crate) edns: Option<Edns>,
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edns = self.edns.as_ref().map(|edns| (edns.payload, edns.dnssec));
        write!(
            f,
            "{}/{} class {} flags {:04x} EDNS {edns:?}",
            text(&self.name),
            self.qtype,
            self.qclass,
            self.flags
        )
    }
}

impl Query {
    /// With RD and EDNS, as today's stubs ask.
    pub(crate) fn new(qname: &str, qtype: u16) -> Self {
        static ID: AtomicU16 = AtomicU16::new(0x1357);
        let id = ID.fetch_add(7919, Ordering::Relaxed);
        Self {
            id,
            flags: RD,
            name: name(qname),
            qtype,
            qclass: IN,
            edns: Some(Edns::default()),
        }
    }

    pub(crate) fn plain(mut self) -> Self {
        self.edns = None;
        self
    }

    pub(crate) fn flags(mut self, flags: u16) -> Self {
        self.flags = flags;
        self
    }

    pub(crate) fn id(mut self, id: u16) -> Self {
        self.id = id;
        self
    }

    pub(crate) fn class(mut self, class: u16) -> Self {
        self.qclass = class;
        self
    }

    pub(crate) fn edns(mut self, change: impl FnOnce(&mut Edns)) -> Self {
        change(self.edns.get_or_insert_default());
        self
    }

    pub(crate) fn dnssec(self) -> Self {
        self.edns(|edns| edns.dnssec = true)
    }

    pub(crate) fn question(&self) -> Vec<u8> {
        question(&self.name, self.qtype, self.qclass)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let opt: Vec<Record> = self.edns.iter().map(Edns::record).collect();
        message([self.id, self.flags], &[self.question()], [&[], &[], &opt])
    }

    /// Reads a well-formed query; the upstream uses it on what it is asked.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let read = super::reply::Reply::parse(bytes).ok()?;
        let (name, qtype, qclass) = read.questions.first().cloned()?;
        Some(Self {
            id: read.id,
            flags: read.flags,
            name,
            qtype,
            qclass,
            edns: read.edns,
        })
    }
}

/// How a response repeats the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Echo {
    AsAsked,
    Lower,
    /// Every letter in the other case.
    Flipped,
    Nothing,
    Twice,
    Other(Vec<u8>),
}

/// What an upstream says; the ID and the question come from the query it answers.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) flags: u16,
    pub(crate) rcode: u16,
    pub(crate) echo: Echo,
    pub(crate) answer: Vec<Record>,
    pub(crate) authority: Vec<Record>,
    pub(crate) additional: Vec<Record>,
    /// Sent only to a query that had EDNS.
    pub(crate) edns: Option<Edns>,
    pub(crate) trailing: Vec<u8>,
    /// Added to the ID, to be wrong.
    pub(crate) id_shift: u16,
}

impl Response {
    pub(crate) fn new(answer: Vec<Record>) -> Self {
        Self {
            flags: QR | RA,
            rcode: NOERROR,
            echo: Echo::AsAsked,
            answer,
            authority: Vec::new(),
            additional: Vec::new(),
            edns: Some(Edns::default()),
            trailing: Vec::new(),
            id_shift: 0,
        }
    }

    pub(crate) fn rcode(rcode: u16) -> Self {
        Self {
            rcode,
            ..Self::new(Vec::new())
        }
    }

    pub(crate) fn nodata(zone: &str) -> Self {
        Self {
            authority: vec![super::records::soa(zone, 300)],
            ..Self::new(Vec::new())
        }
    }

    pub(crate) fn nxdomain(zone: &str) -> Self {
        Self {
            rcode: NXDOMAIN,
            ..Self::nodata(zone)
        }
    }

    /// The bytes that answer `query`.
    pub(crate) fn to(&self, query: &Query) -> Vec<u8> {
        let lower = query.question().to_ascii_lowercase();
        let asked = query.question();
        let questions = match &self.echo {
            Echo::AsAsked => vec![asked],
            Echo::Lower => vec![question(
                &query.name.to_ascii_lowercase(),
                query.qtype,
                query.qclass,
            )],
            Echo::Flipped => vec![question(&flip(&query.name), query.qtype, query.qclass)],
            Echo::Nothing => Vec::new(),
            Echo::Twice => vec![asked, lower],
            Echo::Other(other) => vec![other.clone()],
        };
        let whole = matches!(self.echo, Echo::AsAsked | Echo::Lower | Echo::Flipped);
        let compress = |records: &[Record]| -> Vec<Record> {
            records
                .iter()
                .map(|record| {
                    if whole {
                        record.pointing_at(&query.name)
                    } else {
                        record.clone()
                    }
                })
                .collect()
        };
        let mut additional = compress(&self.additional);
        if query.edns.is_some() {
            additional.extend(self.edns.iter().map(|edns| {
                let rcode_high = (self.rcode >> 4).try_into().unwrap();
                Edns {
                    rcode_high,
                    ..edns.clone()
                }
                .record()
            }));
        }
        let flags = self.flags | query.flags & (RD | CD) | self.rcode & 15;
        let id = query.id.wrapping_add(self.id_shift);
        let mut out = message(
            [id, flags],
            &questions,
            [
                &compress(&self.answer),
                &compress(&self.authority),
                &additional,
            ],
        );
        out.extend(&self.trailing);
        out
    }
}

/// One entry of the question section.
pub(crate) fn question(name: &[u8], qtype: u16, qclass: u16) -> Vec<u8> {
    [name, &qtype.to_be_bytes(), &qclass.to_be_bytes()].concat()
}

/// The other case of every letter. Length bytes are below 64 and so no letters.
pub(crate) fn flip(name: &[u8]) -> Vec<u8> {
    name.iter()
        .map(|byte| {
            if byte.is_ascii_alphabetic() {
                byte ^ 0x20
            } else {
                *byte
            }
        })
        .collect()
}

/// A message from its parts; the counts say what is there.
pub(crate) fn message(
    [id, flags]: [u16; 2],
    questions: &[Vec<u8>],
    sections: [&[Record]; 3],
) -> Vec<u8> {
    let counts = [
        questions.len(),
        sections[0].len(),
        sections[1].len(),
        sections[2].len(),
    ];
    let mut out = Vec::new();
    out.extend(id.to_be_bytes());
    out.extend(flags.to_be_bytes());
    for count in counts {
        out.extend(u16::try_from(count).unwrap().to_be_bytes());
    }
    out.extend(questions.concat());
    for record in sections.into_iter().flatten() {
        out.extend(record.bytes());
    }
    out
}
