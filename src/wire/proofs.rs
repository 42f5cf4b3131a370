//! What a validator does to an answer: it takes the proofs out, and lets nothing live longer than its signature.

use super::answer::{Answer, assemble};
use super::message::{Message, Record};
use super::types::RecordType;
use super::{Malformed, overwrite, read_u32};

impl Answer {
    /// The answer for a client that did not ask for DNSSEC: without signatures and proofs, unless they are what it asked for
    /// (RFC 4035 §3.2.1).
    pub fn without_proofs(self) -> Result<Self, Malformed> {
        let message = Message::read(&self.bytes)?;
        let wanted = message.question.kind;
        let is_proof = |kind| {
            matches!(
                kind,
                RecordType::RRSIG | RecordType::NSEC | RecordType::NSEC3
            )
        };
        let kept: Vec<&Record> = (message.records.iter())
            .filter(|record| record.kind == wanted || !is_proof(record.kind))
            .collect();
        let (bytes, ttls) = assemble(&message, &kept)?;
        Ok(Self {
            bytes,
            ttls,
            ..self
        })
    }

    /// Lets no record live for longer than so many seconds.
    pub fn shorten(&mut self, most: u32) {
        for &at in &self.ttls {
            let at = usize::from(at);
            let ttl = read_u32(&self.bytes, at).unwrap_or(0).min(most);
            overwrite(&mut self.bytes, at, &ttl.to_be_bytes());
        }
        self.lifetime = self.lifetime.map(|lifetime| lifetime.min(most));
    }
}
