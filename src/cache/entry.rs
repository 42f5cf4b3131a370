//! One kept answer.

use std::time::Duration;

use crate::wire::answer::Kind;
use crate::wire::header::flag;
use crate::wire::reply::{self, Head};
use crate::wire::{Answer, Query, overwrite, read_u16, read_u32};

/// For how long answers may live, whatever their upstream says. All in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// The shortest TTL; shorter ones are raised to it. 0 changes nothing.
    pub shortest: u32,
    /// The longest TTL; longer ones are cut to it, also those with the highest bit set (RFC 8767 §4).
    pub longest: u32,
    /// The longest life of a negative answer (RFC 2308 §5).
    pub longest_negative: u32,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            shortest: 0,
            longest: 86_400,
            longest_negative: 3_600,
        }
    }
}

impl Lifetimes {
    fn clamp(self, ttl: u32) -> u32 {
        ttl.max(self.shortest).min(self.longest)
    }
}

/// An answer with the time of its arrival and what was found in it.
#[derive(Debug)]
pub struct Entry<F> {
    answer: Answer,
    arrived: Duration,
    lifetime: Duration,
    extra: usize,
    /// What was found in the answer.
    pub found: F,
}

impl<F> Entry<F> {
    /// An answer that arrived at `now`. Its TTLs are clamped here, once, so that no client ever sees another one.
    pub fn new(mut answer: Answer, found: F, lifetimes: Lifetimes, now: Duration) -> Self {
        let seconds = match (answer.kind, answer.lifetime) {
            (Kind::Failure, _) | (_, None) => 0,
            // An upstream that says 0 wants to be asked each time (RFC 1035 §3.2.1), unless the operator says otherwise.
            (Kind::Positive, Some(ttl)) => lifetimes.clamp(ttl),
            (Kind::Nodata | Kind::Nxdomain, Some(ttl)) => {
                lifetimes.clamp(ttl).min(lifetimes.longest_negative)
            }
        };
        // A client keeps a negative answer for as long as its SOA says, so that must not be longer than here (RFC 2308 §5).
        let longest = match (answer.kind, answer.lifetime) {
            (Kind::Nodata | Kind::Nxdomain, Some(_)) => seconds,
            _ => u32::MAX,
        };
        for &at in &answer.ttls {
            let at = usize::from(at);
            let ttl = lifetimes.clamp(read_u32(&answer.bytes, at).unwrap_or(0));
            overwrite(&mut answer.bytes, at, &ttl.min(longest).to_be_bytes());
        }
        Self {
            answer,
            arrived: now,
            lifetime: Duration::from_secs(seconds.into()),
            extra: 0,
            found,
        }
    }

    /// The entry, weighing so many bytes more: what `found` takes elsewhere.
    #[must_use]
    pub fn weighing(self, extra: usize) -> Self {
        Self { extra, ..self }
    }

    /// The answer as it arrived, its TTLs clamped.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// How long the entry lives from its arrival; zero for one that is not kept.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Whether the entry still lives at `now`.
    pub fn is_fresh(&self, now: Duration) -> bool {
        now.saturating_sub(self.arrived) < self.lifetime
    }

    /// Writes the answer for a client: its ID, bits and letters, TTLs counted down, the AD bit only for those who asked for it
    /// (RFC 6840 §5.8), at most `limit` octets.
    pub fn write(&self, out: &mut Vec<u8>, query: &Query<'_>, now: Duration, limit: usize) {
        out.clear();
        out.extend_from_slice(&self.answer.bytes);
        let age = u32::try_from(now.saturating_sub(self.arrived).as_secs()).unwrap_or(u32::MAX);
        if age > 0 {
            for &at in &self.answer.ttls {
                let at = usize::from(at);
                let ttl = read_u32(out, at).unwrap_or(0).saturating_sub(age);
                overwrite(out, at, &ttl.to_be_bytes());
            }
        }
        let wants_authentic = query.dnssec_ok() || query.header.has(flag::AD);
        let head = Head {
            rcode: self.answer.rcode,
            flags: if self.answer.authentic && wants_authentic {
                flag::AD
            } else {
                0
            },
            counts: [
                read_u16(&self.answer.bytes, 6).unwrap_or(0),
                read_u16(&self.answer.bytes, 8).unwrap_or(0),
            ],
            options: &self.answer.options,
            error: None,
        };
        reply::finish(out, query, &head, limit);
    }

    pub(super) fn size(&self) -> usize {
        self.answer.bytes.len()
            + self.answer.ttls.len() * 2
            + self.answer.options.len()
            + self.extra
    }
}
