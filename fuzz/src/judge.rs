//! Well-formed responses of every kind: what passes points outside, and an exception helps only its own names.

use std::net::{Ipv4Addr, Ipv6Addr};

use arbitrary::Arbitrary;
use lanward::rebinding::{Action, Exception, Judge, PRIVATE, Policy, Verdict};
use lanward::wire::{Header, Name};

use crate::upstream::{CLIENT, INSIDE, is_outside, read};

const NAMES: &[&str] = &[
    "www.evil.example",
    "cdn.example.net",
    "b.cdn.example.net",
    "evil.example",
    "example.net",
    "192-168-1-10.f1c87d9690af4e0da1c2bfbf34b850fb.plex.direct",
    "plex.direct",
    "nas.home.arpa",
    "router",
    ".",
];

/// A response to a question for one of a few names; all names are numbers into that list.
#[derive(Debug, Arbitrary)]
pub struct Response {
    asked: u8,
    kind: Kind,
    rcode: u8,
    records: Vec<Record>,
    compress: u64,
    excepted: u8,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
enum Kind {
    A,
    Aaaa,
    Https,
    Svcb,
    Cname,
    Other(u16),
}

#[derive(Debug, Arbitrary)]
struct Record {
    section: u8,
    owner: u8,
    ttl: u32,
    data: Data,
}

#[derive(Debug, Arbitrary)]
enum Data {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Cname(u8),
    Dname(u8),
    Service(bool, u16, u8, Vec<(u8, Vec<u8>)>),
    Soa(u8, u32),
    Other(u16, Vec<u8>),
}

/// Judges a response by the default policy and by one with an exception.
pub fn judge(response: &Response) {
    let Some((question, answer, findings)) = read(&written(response)) else {
        return;
    };
    let policy = Policy {
        protected: INSIDE.clone(),
        ..Policy::default()
    };
    let judge = Judge::new(policy.clone());
    let verdict = judge.judge(&question, &findings, CLIENT);
    assert_eq!(
        verdict,
        judge.judge(&question, &findings, CLIENT),
        "changes its mind"
    );
    if verdict == Verdict::Pass {
        is_outside(&question, &answer.bytes);
    }
    let reporting = Judge::new(Policy {
        action: Action::Report,
        ..policy.clone()
    });
    let reported = reporting.judge(&question, &findings, CLIENT);
    assert_eq!(reported == Verdict::Pass, verdict == Verdict::Pass);
    let domain = name(response.excepted);
    let mut excepting = policy;
    excepting
        .exceptions
        .push(Exception::new(domain, PRIVATE.to_vec()));
    let excepted = Judge::new(excepting).judge(&question, &findings, CLIENT);
    if excepted == Verdict::Pass && verdict != Verdict::Pass {
        assert!(
            question.name.is_within(&domain),
            "an exception for {domain} let {} pass",
            question.name
        );
    }
}

fn name(index: u8) -> Name {
    NAMES[usize::from(index) % NAMES.len()]
        .parse()
        .expect("a name")
}

struct Writer {
    bytes: Vec<u8>,
    seen: Vec<(Vec<u8>, usize)>,
    compress: u64,
}

impl Writer {
    fn name(&mut self, index: u8, may_compress: bool) {
        let whole = name(index);
        self.compress = self.compress.rotate_right(1);
        let compress = may_compress && self.compress & 1 == 1;
        for suffix in whole.suffixes().take_while(|suffix| *suffix != [0]) {
            let before = self.seen.iter().find(|(seen, _)| seen == suffix);
            if let (true, Some((_, at))) = (compress, before) {
                let pointer = 0xc000 | u16::try_from(*at).expect("a short message");
                self.bytes.extend(pointer.to_be_bytes());
                return;
            }
            if self.bytes.len() < 0x3fff {
                self.seen.push((suffix.to_vec(), self.bytes.len()));
            }
            self.bytes
                .extend_from_slice(&suffix[..=usize::from(suffix[0])]);
        }
        self.bytes.push(0);
    }

    fn number(&mut self, number: u16) {
        self.bytes.extend(number.to_be_bytes());
    }

    fn record(&mut self, record: &Record) {
        self.name(record.owner, true);
        let kind = match record.data {
            Data::V4(_) => 1,
            Data::V6(_) => 28,
            Data::Cname(_) => 5,
            Data::Dname(_) => 39,
            Data::Service(https, ..) => 64 + u16::from(https),
            Data::Soa(..) => 6,
            Data::Other(kind, _) => kind,
        };
        self.number(kind);
        self.number(1);
        self.bytes.extend(record.ttl.to_be_bytes());
        let at = self.bytes.len();
        self.number(0);
        self.data(&record.data);
        let length = u16::try_from(self.bytes.len() - at - 2).unwrap_or(u16::MAX);
        self.bytes[at..at + 2].copy_from_slice(&length.to_be_bytes());
    }

    fn data(&mut self, data: &Data) {
        match data {
            Data::V4(address) => self.bytes.extend(address.octets()),
            Data::V6(address) => self.bytes.extend(address.octets()),
            Data::Cname(target) | Data::Dname(target) => self.name(*target, true),
            Data::Service(_, priority, target, parameters) => {
                self.number(*priority);
                self.name(*target, false);
                for (key, value) in parameters {
                    self.number(u16::from(*key % 9));
                    self.number(u16::try_from(value.len()).unwrap_or(u16::MAX));
                    self.bytes.extend(value);
                }
            }
            Data::Soa(server, minimum) => {
                self.name(*server, true);
                self.name(*server, true);
                self.bytes.extend([0; 16]);
                self.bytes.extend(minimum.to_be_bytes());
            }
            Data::Other(_, data) => self.bytes.extend(data),
        }
    }
}

fn written(response: &Response) -> Vec<u8> {
    let mut records: Vec<&Record> = response.records.iter().take(40).collect();
    records.sort_by_key(|record| record.section % 3);
    let count = |section| {
        let found = records
            .iter()
            .filter(|record| record.section % 3 == section);
        u16::try_from(found.count()).unwrap_or(0)
    };
    let header = Header {
        id: 7,
        flags: 0x8180 | u16::from(response.rcode & 15),
        questions: 1,
        answers: count(0),
        authorities: count(1),
        additionals: count(2),
    };
    let mut writer = Writer {
        bytes: header.to_bytes().to_vec(),
        seen: Vec::new(),
        compress: response.compress,
    };
    writer.name(response.asked, false);
    writer.number(match response.kind {
        Kind::A => 1,
        Kind::Aaaa => 28,
        Kind::Https => 65,
        Kind::Svcb => 64,
        Kind::Cname => 5,
        Kind::Other(kind) => kind,
    });
    writer.number(1);
    for record in records {
        writer.record(record);
    }
    writer.bytes
}
