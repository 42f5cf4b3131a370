//! The part of an upstream's response that answers the question, and nothing else.
//!
//! Whatever a response holds beside that is not vouched for by anyone: other owners, other classes, helpful addresses. It is
//! dropped here, before judge, cache and client see it. What stays keeps its octets, unless a record in front of it went: then
//! the rest is written anew with its names in full.

use super::edns::passable;
use super::header::{HEADER, flag};
use super::message::{Message, Record, Section};
use super::name::Name;
use super::query::Question;
use super::types::{Rcode, RecordType};
use super::{Malformed, layout, overwrite, read_u32};

/// The longest chain of aliases that is followed inside one response; Unbound's limit too.
pub const MAX_CHAIN: usize = 11;

/// What a response says about the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There are records of the type.
    Positive,
    /// The name exists, the type does not (RFC 2308 §2.2).
    Nodata,
    /// The name does not exist (RFC 2308 §2.1).
    Nxdomain,
    /// Anything else: the upstream could not or would not say.
    Failure,
}

/// An answer that can be judged, kept and sent.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Header, question, answer and authority sections. Without an OPT record.
    pub bytes: Vec<u8>,
    /// Where the TTLs stand in `bytes`.
    pub ttls: Vec<u16>,
    /// The response code.
    pub rcode: Rcode,
    /// What it says.
    pub kind: Kind,
    /// The upstream says that it has validated the data.
    pub authentic: bool,
    /// The EDNS options that go on to clients, as they stand on the wire.
    pub options: Vec<u8>,
    /// For how long the upstream lets it be kept, in seconds: the smallest TTL; for a negative answer the SOA's word on it
    /// (RFC 2308 §5). `None`: not at all.
    pub lifetime: Option<u32>,
}

/// Why a response cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read.
    #[error("the response cannot be read")]
    Malformed,
    /// It answers another question, or in other letters.
    #[error("the response answers another question")]
    OtherQuestion,
    /// Its aliases lead in a circle, or on for too long.
    #[error("the aliases in the response lead on for more than {MAX_CHAIN} names or in a circle")]
    Chain,
    /// It only names other servers: the upstream does not resolve for us.
    #[error("the response is a referral; this upstream is no resolver")]
    Referral,
}

impl From<Malformed> for Unusable {
    fn from(Malformed: Malformed) -> Self {
        Self::Malformed
    }
}

impl Answer {
    /// Takes from `message` what answers `question`.
    pub fn read(message: &Message<'_>, question: &Question) -> Result<Self, Unusable> {
        if message.question != *question {
            return Err(Unusable::OtherQuestion);
        }
        let rcode = message.rcode();
        let mut keep = vec![false; message.records.len()];
        let terminal = Chain {
            message,
            question,
            keep: &mut keep,
        }
        .follow()?;
        let kind = match rcode {
            Rcode::NOERROR if terminal.answered => Kind::Positive,
            Rcode::NOERROR => Kind::Nodata,
            Rcode::NXDOMAIN => Kind::Nxdomain,
            _ => Kind::Failure,
        };
        if kind == Kind::Failure {
            keep.fill(false);
        } else {
            keep_authority(message, question, &terminal.name, &mut keep);
        }
        if kind == Kind::Nodata && is_referral(message) {
            return Err(Unusable::Referral);
        }
        let kept: Vec<&Record> = message
            .records
            .iter()
            .zip(&keep)
            .filter_map(|(record, keep)| keep.then_some(record))
            .collect();
        let lifetime = lifetime(message, kind, &kept);
        let (bytes, ttls) = assemble(message, &kept)?;
        let options = message
            .edns
            .map(|edns| passable(edns.options()))
            .unwrap_or_default();
        Ok(Self {
            bytes,
            ttls,
            rcode,
            kind,
            authentic: message.header.has(flag::AD),
            options,
            lifetime,
        })
    }
}

/// Where a chain of aliases ends.
struct Terminal {
    name: Name,
    /// There are records of the type that was asked for.
    answered: bool,
}

struct Chain<'a> {
    message: &'a Message<'a>,
    question: &'a Question,
    keep: &'a mut [bool],
}

impl Chain<'_> {
    /// Marks the aliases from the question's name on, and the records of the type at their end.
    fn follow(&mut self) -> Result<Terminal, Unusable> {
        let mut current = self.question.name;
        if self.question.kind == RecordType::CNAME {
            if let Some((_, target)) = self.alias_of(&current)? {
                self.mark_dname(&current, &target);
            }
        } else {
            let mut followed = 0;
            while let Some(target) = self.step(&current)? {
                current = target;
                followed += 1;
                if followed > MAX_CHAIN {
                    return Err(Unusable::Chain);
                }
            }
        }
        let (message, wanted) = (self.message, self.question.kind);
        let mut answered = false;
        if self.message.rcode() == Rcode::NOERROR {
            self.mark(
                |record, covers| {
                    *message.owner(record) == current && (covers == wanted || record.kind == wanted)
                },
                &mut |record| {
                    answered |= record.kind == wanted;
                },
            );
        }
        Ok(Terminal {
            name: current,
            answered,
        })
    }

    /// Marks the alias at `current` and what made it; returns where it leads. Of several aliases of one name, which is against
    /// RFC 1034 §3.6.2, only the first counts.
    fn step(&mut self, current: &Name) -> Result<Option<Name>, Unusable> {
        let Some((index, target)) = self.alias_of(current)? else {
            return Ok(None);
        };
        match self.keep.get_mut(index) {
            Some(keep) if !*keep => *keep = true,
            _ => return Err(Unusable::Chain),
        }
        self.mark_dname(current, &target);
        let message = self.message;
        self.mark(
            |other, covers| {
                other.kind == RecordType::RRSIG
                    && message.owner(other) == current
                    && covers == RecordType::CNAME
            },
            &mut |_| (),
        );
        Ok(Some(target))
    }

    /// The first CNAME record of a name, and where it leads.
    fn alias_of(&self, name: &Name) -> Result<Option<(usize, Name)>, Malformed> {
        let records = self.message.records.iter().enumerate();
        let found = records
            .filter(|(_, record)| record.section == Section::Answer)
            .find(|(_, record)| {
                record.class == self.question.class
                    && record.kind == RecordType::CNAME
                    && self.message.owner(record) == name
            });
        found
            .map(|(index, record)| Ok((index, self.message.name_in(record, 0)?)))
            .transpose()
    }

    /// Marks the DNAME record that made the alias from `current` to `target` (RFC 6672 §2.2), with its signature. One that
    /// would make another alias, or whose alias is missing, is left out: a client that makes the alias itself would come to
    /// a name that nobody judged.
    fn mark_dname(&mut self, current: &Name, target: &Name) {
        let message = self.message;
        let makes = |record: &Record| {
            let owner = message.owner(record);
            let above = current != owner && current.is_within(owner);
            let end = if above {
                message.name_in(record, 0).ok()
            } else {
                None
            };
            end.is_some_and(|end| {
                let front = current.label_count() - owner.label_count();
                let labels = current.labels().take(front).chain(end.labels());
                Name::from_labels(labels).is_ok_and(|made| made == *target)
            })
        };
        let of_answer = message
            .records
            .iter()
            .filter(|record| record.section == Section::Answer);
        let makers: Vec<Name> = of_answer
            .filter(|record| record.kind == RecordType::DNAME && makes(record))
            .map(|record| *message.owner(record))
            .collect();
        for owner in makers {
            self.mark(
                |record, covers| {
                    covers == RecordType::DNAME
                        && *message.owner(record) == owner
                        && (record.kind != RecordType::DNAME || makes(record))
                },
                &mut |_| (),
            );
        }
    }

    fn mark(
        &mut self,
        wanted: impl Fn(&Record, RecordType) -> bool,
        found: &mut dyn FnMut(&Record),
    ) {
        for (record, keep) in self.message.records.iter().zip(self.keep.iter_mut()) {
            let here = record.section == Section::Answer && record.class == self.question.class;
            if here && wanted(record, record.covers(self.message.bytes)) {
                *keep = true;
                found(record);
            }
        }
    }
}

/// Marks what proves or dates an answer: SOA, NSEC, NSEC3 and their signatures, from a zone that the question is about.
fn keep_authority(message: &Message<'_>, question: &Question, terminal: &Name, keep: &mut [bool]) {
    for (record, keep) in message.records.iter().zip(keep) {
        let proof = match record.covers(message.bytes) {
            RecordType::SOA => {
                let owner = message.owner(record);
                terminal.is_within(owner) || question.name.is_within(owner)
            }
            RecordType::NSEC | RecordType::NSEC3 => true,
            _ => false,
        };
        *keep |= record.section == Section::Authority && record.class == question.class && proof;
    }
}

/// NOERROR without an answer, without a SOA, with name servers: the far end tells us to ask elsewhere (RFC 2308 §2.2.1). It is
/// not NODATA, though it looks like it.
fn is_referral(message: &Message<'_>) -> bool {
    let authority = |kind| {
        message
            .records
            .iter()
            .any(|record| record.section == Section::Authority && record.kind == kind)
    };
    message.header.answers == 0 && authority(RecordType::NS) && !authority(RecordType::SOA)
}

fn lifetime(message: &Message<'_>, kind: Kind, kept: &[&Record]) -> Option<u32> {
    let smallest = kept.iter().map(|record| record.ttl).min();
    match kind {
        Kind::Positive => smallest,
        Kind::Nodata | Kind::Nxdomain => {
            let soa = kept.iter().find(|record| record.kind == RecordType::SOA)?;
            let minimum = read_u32(message.bytes, soa.data.end - 4).ok()?;
            smallest.map(|smallest| smallest.min(minimum))
        }
        Kind::Failure => None,
    }
}

/// The message with only the kept records, and where their TTLs stand.
pub(super) fn assemble(
    message: &Message<'_>,
    kept: &[&Record],
) -> Result<(Vec<u8>, Vec<u16>), Malformed> {
    let count = |section| {
        u16::try_from(
            kept.iter()
                .filter(|record| record.section == section)
                .count(),
        )
        .map_err(|_| Malformed)
    };
    let mut header = message.header;
    (header.answers, header.authorities, header.additionals) =
        (count(Section::Answer)?, count(Section::Authority)?, 0);
    let start = HEADER + message.question_bytes.len();
    let end = kept.last().map_or(start, |record| record.span.end);
    let whole = kept.iter().map(|record| record.span.len()).sum::<usize>() == end - start;
    let (mut bytes, ttls) = if whole {
        let bytes = message.bytes.get(..end).ok_or(Malformed)?.to_vec();
        let mut ttls = Vec::with_capacity(kept.len());
        for record in kept {
            ttls.push(place(record.ttl_at())?);
        }
        (bytes, ttls)
    } else {
        rewrite(message, kept, start)?
    };
    overwrite(&mut bytes, 0, &header.to_bytes());
    Ok((bytes, ttls))
}

fn place(at: usize) -> Result<u16, Malformed> {
    u16::try_from(at).map_err(|_| Malformed)
}

fn rewrite(
    message: &Message<'_>,
    kept: &[&Record],
    start: usize,
) -> Result<(Vec<u8>, Vec<u16>), Malformed> {
    let mut bytes = message.bytes.get(..start).ok_or(Malformed)?.to_vec();
    let mut ttls = Vec::with_capacity(kept.len());
    for record in kept {
        if *message.owner(record) == message.question.name {
            bytes.extend_from_slice(&[0xc0, 0x0c]);
        } else {
            message.write_owner(record, &mut bytes)?;
        }
        ttls.push(place(bytes.len() + 4)?);
        bytes.extend_from_slice(
            message
                .bytes
                .get(record.data.start - 10..record.data.start - 2)
                .ok_or(Malformed)?,
        );
        let length_at = bytes.len();
        bytes.extend_from_slice(&[0, 0]);
        layout::write_expanded(&mut bytes, message.bytes, record.kind, &record.data)?;
        let length = u16::try_from(bytes.len() - length_at - 2).map_err(|_| Malformed)?;
        overwrite(&mut bytes, length_at, &length.to_be_bytes());
    }
    // A message that grew past what a frame can hold cannot be sent.
    if bytes.len() > usize::from(u16::MAX) {
        Err(Malformed)
    } else {
        bytes.shrink_to_fit();
        Ok((bytes, ttls))
    }
}
