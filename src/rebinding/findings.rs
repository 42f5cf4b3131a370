//! What in an answer could point inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::AtomicU64;

use crate::wire::svcb::key;
use crate::wire::{Answer, Malformed, Message, Name, Question, Record, RecordType, read_u16};

/// An address in an answer. Its owner is the name at the end of the chain: records of other names are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The type of that record.
    pub kind: RecordType,
    /// The address.
    pub address: IpAddr,
}

/// A record that makes one name stand for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// Its owner.
    pub owner: Name,
    /// CNAME, DNAME, SVCB or HTTPS.
    pub kind: RecordType,
    /// Where it leads.
    pub target: Name,
}

/// Everything in an answer that a judge needs, gathered once, free of any policy.
#[derive(Debug, Default)]
pub struct Findings {
    /// All addresses, public ones too: which of them are the network's own is a matter of policy.
    pub addresses: Vec<Found>,
    /// All aliases, in the order of the answer.
    pub aliases: Vec<Alias>,
    /// The type of the first service record whose parameters cannot be read. A client might read them in another way.
    pub unreadable: Option<RecordType>,
    /// The number of the last policy that let the answer pass for every client.
    pub(super) passed_under: AtomicU64,
}

impl Findings {
    /// Looks through an answer. Address records, and the hints and targets of service records (RFC 9460 §7.3); texts never.
    pub fn scan(answer: &Answer) -> Result<Self, Malformed> {
        let message = Message::read(&answer.bytes)?;
        let is_address = |record: &&Record| matches!(record.kind, RecordType::A | RecordType::AAAA);
        let count = message.records.iter().filter(is_address).count();
        let mut findings = Self {
            addresses: Vec::with_capacity(count),
            ..Self::default()
        };
        for record in &message.records {
            findings.look_at(&message, record)?;
        }
        findings.addresses.shrink_to_fit();
        findings.aliases.shrink_to_fit();
        Ok(findings)
    }

    /// What the findings take beside themselves, in bytes. An answer may hold thousands of hints.
    pub fn weight(&self) -> usize {
        size_of_val(self.addresses.as_slice()) + size_of_val(self.aliases.as_slice())
    }

    /// The owner of the alias that leads to `target`.
    pub(super) fn owner_of(&self, target: &Name, question: &Question) -> Name {
        let found = self.aliases.iter().find(|alias| alias.target == *target);
        found.map_or(question.name, |alias| alias.owner)
    }

    /// The name at the end of the chain that begins with `question`.
    pub(super) fn end<'a>(&'a self, question: &'a Question) -> &'a Name {
        let mut aliases = self.aliases.iter().rev();
        aliases
            .find(|alias| alias.kind == RecordType::CNAME)
            .map_or(&question.name, |alias| &alias.target)
    }

    fn look_at(&mut self, message: &Message<'_>, record: &Record) -> Result<(), Malformed> {
        let data = message.data(record);
        match record.kind {
            RecordType::A | RecordType::AAAA => {
                let address = read_address(data).ok_or(Malformed)?;
                self.addresses.push(Found {
                    kind: record.kind,
                    address,
                });
            }
            RecordType::CNAME | RecordType::DNAME => {
                let target = message.name_in(record, 0)?;
                self.aliases.push(Alias {
                    owner: *message.owner(record),
                    kind: record.kind,
                    target,
                });
            }
            RecordType::SVCB | RecordType::HTTPS
                if self.look_at_service(message, record).is_err() =>
            {
                self.unreadable.get_or_insert(record.kind);
            }
            _ => {}
        }
        Ok(())
    }

    fn look_at_service(&mut self, message: &Message<'_>, record: &Record) -> Result<(), Malformed> {
        let data = message.data(record);
        let (target, end) = Name::read_plain(data, 2)?;
        // A target of "." is the owner itself (RFC 9460 §2.5).
        if target != Name::ROOT {
            self.aliases.push(Alias {
                owner: *message.owner(record),
                kind: record.kind,
                target,
            });
        }
        let mut rest = data.get(end..).ok_or(Malformed)?;
        while !rest.is_empty() {
            let key = read_u16(rest, 0)?;
            let length = usize::from(read_u16(rest, 2)?);
            let value = rest.get(4..4 + length).ok_or(Malformed)?;
            rest = rest.get(4 + length..).ok_or(Malformed)?;
            let size = match key {
                key::IPV4HINT => 4,
                key::IPV6HINT => 16,
                _ => continue,
            };
            for hint in value.chunks(size) {
                let address = read_address(hint)
                    .filter(|_| hint.len() == size)
                    .ok_or(Malformed)?;
                self.addresses.push(Found {
                    kind: record.kind,
                    address,
                });
            }
        }
        Ok(())
    }
}

fn read_address(data: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(data) {
        return Some(Ipv4Addr::from(octets).into());
    }
    <[u8; 16]>::try_from(data)
        .ok()
        .map(|octets| Ipv6Addr::from(octets).into())
}
