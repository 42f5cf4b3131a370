//! A response, walked once.

use std::ops::Range;

use super::compression;
use super::edns::{Edns, record_head};
use super::header::{HEADER, Header};
use super::layout;
use super::name::Name;
use super::query::Question;
use super::types::{Rcode, RecordType, class};
use super::{Malformed, read_u16};

/// The root as owner, and the fixed part of a record without data.
const SMALLEST_RECORD: usize = 11;

/// The part of a message in which a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// What was asked for.
    Answer,
    /// Who is responsible, and proofs.
    Authority,
    /// What may be useful.
    Additional,
}

/// Where a record stands, and what it is. Whose it is, knows [`Message::owner`].
#[derive(Debug, Clone)]
pub struct Record {
    /// Its section.
    pub section: Section,
    /// Its owner's place among the message's owners; none for the question's name.
    owner: Option<u16>,
    /// Its type.
    pub kind: RecordType,
    /// Its class.
    pub class: u16,
    /// Its time to live, in seconds.
    pub ttl: u32,
    /// The whole record in the message.
    pub span: Range<usize>,
    /// Its data in the message.
    pub data: Range<usize>,
}

impl Record {
    /// Where its TTL stands: ten octets of type, class, TTL and length lie in front of the data.
    pub fn ttl_at(&self) -> usize {
        self.data.start - 6
    }

    /// The type that an RRSIG record covers; the type itself for all others (RFC 4034 §3.1.1).
    pub fn covers(&self, message: &[u8]) -> RecordType {
        match self.kind {
            RecordType::RRSIG => read_u16(message, self.data.start).map_or(self.kind, RecordType),
            kind => kind,
        }
    }
}

/// A response whose every record lies where the header says, whose names can be read and whose addresses have their length.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// All of it.
    pub bytes: &'a [u8],
    /// Its header.
    pub header: Header,
    /// The question that it repeats.
    pub question: Question,
    /// The question section as it came.
    pub question_bytes: &'a [u8],
    /// Its records in order, the OPT record left out.
    pub records: Vec<Record>,
    /// Its OPT record.
    pub edns: Option<Edns<'a>>,
    /// The owners of its records but the question's name. A name takes 256 octets, and most records in a row have the same.
    owners: Vec<Name>,
}

impl<'a> Message<'a> {
    /// Walks a whole message. One record that cannot be read makes all of it unreadable: what a client might read in another
    /// way than the judge must not pass.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = Header::read(bytes)?;
        if header.questions != 1 {
            return Err(Malformed);
        }
        let (name, end) = Name::read_plain(bytes, HEADER)?;
        let question = Question {
            name,
            kind: RecordType(read_u16(bytes, end)?),
            class: read_u16(bytes, end + 2)?,
        };
        let mut at = end + 4;
        let mut message = Self {
            bytes,
            header,
            question,
            question_bytes: bytes.get(HEADER..at).ok_or(Malformed)?,
            // Room for all that can be there, at once: what the header says may be more than the message could hold.
            records: Vec::with_capacity(header.records().min(bytes.len() / SMALLEST_RECORD)),
            edns: None,
            owners: Vec::new(),
        };
        let mut heads = Heads {
            at: Vec::with_capacity(message.records.capacity()),
            question: name,
        };
        for (section, count) in [
            (Section::Answer, header.answers),
            (Section::Authority, header.authorities),
            (Section::Additional, header.additionals),
        ] {
            for _ in 0..count {
                at = message.read_record(section, at, &mut heads)?;
            }
        }
        if at == bytes.len() {
            Ok(message)
        } else {
            Err(Malformed)
        }
    }

    /// Reads the record at `at` and returns where it ends.
    fn read_record(
        &mut self,
        section: Section,
        at: usize,
        heads: &mut Heads,
    ) -> Result<usize, Malformed> {
        let bytes = self.bytes;
        let (owner, head) = heads.read_name(bytes, at)?;
        let (kind, class, ttl, data) = record_head(bytes, head)?;
        heads.at.push(head);
        let span = at..data.end;
        let end = data.end;
        if kind == RecordType::OPT {
            if section != Section::Additional || self.edns.is_some() || owner != Name::ROOT {
                return Err(Malformed);
            }
            let options = bytes.get(data).ok_or(Malformed)?;
            self.edns = Some(Edns::from_record(class, ttl, options)?);
            return Ok(end);
        }
        if class == class::IN {
            layout::check(bytes, kind, &data, |at| {
                heads.read_name(bytes, at).map(|(_, end)| end)
            })?;
        }
        let owner = self.place(owner)?;
        self.records.push(Record {
            section,
            owner,
            kind,
            class,
            ttl,
            span,
            data,
        });
        Ok(end)
    }

    /// Where an owner stands among those of the message.
    fn place(&mut self, owner: Name) -> Result<Option<u16>, Malformed> {
        if owner == self.question.name {
            return Ok(None);
        }
        if self.owners.last() != Some(&owner) {
            self.owners.push(owner);
        }
        // There are fewer records than octets in the longest message.
        u16::try_from(self.owners.len() - 1)
            .map(Some)
            .map_err(|_| Malformed)
    }

    /// The owner of a record of this message.
    pub fn owner(&self, record: &Record) -> &Name {
        let other = record.owner.map(usize::from);
        other
            .and_then(|place| self.owners.get(place))
            .unwrap_or(&self.question.name)
    }

    /// The response code with the upper bits from the OPT record.
    pub fn rcode(&self) -> Rcode {
        let high = self.edns.map_or(0, |edns| u16::from(edns.rcode_high));
        Rcode(high << 4 | self.header.flags & super::header::flag::RCODE)
    }

    /// The record's owner with the letters that it has in the message, appended without compression.
    pub(super) fn write_owner(&self, record: &Record, out: &mut Vec<u8>) -> Result<(), Malformed> {
        compression::write_expanded(out, self.bytes, record.span.start)
    }

    /// The data of a record with every name in them written out, appended.
    pub(crate) fn write_data(&self, record: &Record, out: &mut Vec<u8>) -> Result<(), Malformed> {
        layout::write_expanded(out, self.bytes, record.kind, &record.data)
    }

    /// The data of a record.
    pub fn data(&self, record: &Record) -> &'a [u8] {
        self.bytes.get(record.data.clone()).unwrap_or_default()
    }

    /// The name that the data of a record hold at `offset`.
    pub fn name_in(&self, record: &Record, offset: usize) -> Result<Name, Malformed> {
        Name::read(self.bytes, record.data.start + offset).map(|(name, _)| name)
    }
}

/// Where the fixed parts of the records read so far stand.
///
/// A name may not run through them, nor through the header: their octets change between judging and sending (ID, flags, TTL),
/// so a name made of them could change with them.
struct Heads {
    at: Vec<usize>,
    /// The name that stands behind the header.
    question: Name,
}

impl Heads {
    const LENGTH: usize = 10;
    /// A pointer to the question's name, as nearly every owner is written.
    const TO_QUESTION: [u8; 2] = [0xc0, 0x0c];

    fn read_name(&self, bytes: &[u8], at: usize) -> Result<(Name, usize), Malformed> {
        if bytes.get(at..at + 2) == Some(&Self::TO_QUESTION) {
            return Ok((self.question, at + 2));
        }
        Name::read_where(bytes, at, |run| {
            let next = self
                .at
                .partition_point(|head| head + Self::LENGTH <= run.start);
            run.start >= HEADER && self.at.get(next).is_none_or(|head| *head >= run.end)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(answers: u16, records: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Header {
            id: 1,
            flags: 0x8180,
            questions: 1,
            answers,
            authorities: 0,
            additionals: 0,
        }
        .to_bytes()
        .to_vec();
        bytes.extend_from_slice(b"\x01x\0\0\x01\0\x01");
        bytes.extend(records.concat());
        bytes
    }

    #[test]
    fn a_record_that_cannot_be_read_makes_the_message_unreadable() {
        let good = b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x04\x01\x02\x03\x04";
        let message = response(1, &[good]);
        let read = Message::read(&message).unwrap();
        assert_eq!(
            (read.records[0].ttl, read.data(&read.records[0])),
            (5, &b"\x01\x02\x03\x04"[..])
        );
        assert_eq!(read.records[0].ttl_at(), 12 + 7 + 6);
        let bad: &[(u16, &[&[u8]])] = &[
            (2, &[good]),
            (1, &[good, b"x"]),
            (
                1,
                &[b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x05\x01\x02\x03\x04\x05"],
            ),
            (1, &[b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x03\x01\x02\x03"]),
            (
                1,
                &[b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x05\x01\x02\x03\x04"],
            ),
            (1, &[b"\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x04\x01y\0z"]),
            (1, &[b"\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x02\xc0\x1f"]),
        ];
        for (answers, records) in bad {
            assert_eq!(
                Message::read(&response(*answers, records)).err(),
                Some(Malformed),
                "{records:?}"
            );
        }
    }

    #[test]
    fn no_name_is_made_of_octets_that_change_later() {
        // The TTL 0x01780000 reads as the label "x" and the root; the target of the alias would age with it.
        let ttl_as_name = response(
            2,
            &[
                b"\xc0\x0c\0\x01\0\x01\x01x\0\0\0\x04\x01\x02\x03\x04",
                b"\xc0\x19\0\x01\0\x01\0\0\0\x05\0\x04\x01\x02\x03\x04",
            ],
        );
        assert_eq!(ttl_as_name[0x19..0x1c], *b"\x01x\0");
        assert_eq!(Message::read(&ttl_as_name).err(), Some(Malformed));
        let header_as_name = response(
            1,
            &[b"\xc0\x04\0\x01\0\x01\0\0\0\x05\0\x04\x01\x02\x03\x04"],
        );
        assert_eq!(Message::read(&header_as_name).err(), Some(Malformed));
    }
}
