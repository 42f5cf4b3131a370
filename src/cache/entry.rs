//! One kept answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::weight::block;
use crate::wire::answer::Kind;
use crate::wire::edns::ExtendedError;
use crate::wire::header::flag;
use crate::wire::reply::{self, Head};
use crate::wire::types::ede;
use crate::wire::{Answer, Query, overwrite, read_u16, read_u32};

/// The TTL of all records of a stale answer, in seconds (RFC 8767 §4).
const STALE_TTL: u32 = 30;
/// Answers with a shorter life are not asked for again before its end: clients count in whole seconds, and the last tenth of
/// it would be less than one.
const SHORTEST_REFRESHED: Duration = Duration::from_secs(10);

/// For how long answers may live, whatever their upstream says. All in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// The shortest TTL; shorter ones are raised to it. 0 changes nothing.
    pub shortest: u32,
    /// The longest TTL; longer ones are cut to it, also those with the highest bit set (RFC 8767 §4).
    pub longest: u32,
    /// The longest life of a negative answer (RFC 2308 §5).
    pub longest_negative: u32,
    /// For how long after its end an answer may be given while the upstream has no better one (RFC 8767). 0: never.
    pub stale: u32,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            shortest: 0,
            longest: 86_400,
            longest_negative: 3_600,
            stale: 86_400,
        }
    }
}

/// What is left of the life of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// More than a tenth.
    Fresh,
    /// The last tenth, where that is a second at least: who asks now will ask again.
    Ending,
    /// Nothing; the entry is for those who would get no answer at all.
    Stale,
}

impl Lifetimes {
    fn clamp(self, ttl: u32) -> u32 {
        ttl.max(self.shortest).min(self.longest)
    }
}

/// How often an entry is in use is counted beside it: two numbers.
const COUNTS: usize = 2 * size_of::<usize>();

/// An answer with the time of its arrival and what was found in it.
#[derive(Debug)]
pub struct Entry<F> {
    answer: Answer,
    arrived: Duration,
    lifetime: Duration,
    extra: usize,
    refreshed: AtomicBool,
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
            refreshed: AtomicBool::new(false),
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

    /// When the answer arrived.
    pub fn arrived(&self) -> Duration {
        self.arrived
    }

    /// What is left of the entry at `now`; none where it is of no use any more, if it may be stale for so long.
    pub fn freshness(&self, now: Duration, stale: Duration) -> Option<Freshness> {
        let age = now.saturating_sub(self.arrived);
        let left = self.lifetime.saturating_sub(age);
        if left.is_zero() {
            let kept = !self.lifetime.is_zero() && age.saturating_sub(self.lifetime) < stale;
            kept.then_some(Freshness::Stale)
        } else if self.lifetime >= SHORTEST_REFRESHED && left.saturating_mul(10) <= self.lifetime {
            Some(Freshness::Ending)
        } else {
            Some(Freshness::Fresh)
        }
    }

    /// Whether the answer should be asked for again: true once, for the first who wants to know.
    pub fn take_refresh(&self) -> bool {
        // Whoever comes later only reads: the hits of a name in use need not fight for the cache line.
        !self.refreshed.load(Ordering::Relaxed) && !self.refreshed.swap(true, Ordering::Relaxed)
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
        let mut head = self.head();
        if self.answer.authentic && wants_authentic {
            head.flags = flag::AD;
        }
        reply::finish(out, query, &head, limit);
    }

    /// Writes the answer for a client after its end (RFC 8767 §4): all TTLs are 30 s, and an extended error says what it is. The
    /// AD bit is not set, for signatures may have ended since somebody validated them.
    pub fn write_stale(&self, out: &mut Vec<u8>, query: &Query<'_>, limit: usize) {
        out.clear();
        out.extend_from_slice(&self.answer.bytes);
        for &at in &self.answer.ttls {
            overwrite(out, at.into(), &STALE_TTL.to_be_bytes());
        }
        let code = match self.answer.kind {
            Kind::Nxdomain => ede::STALE_NXDOMAIN,
            Kind::Positive | Kind::Nodata | Kind::Failure => ede::STALE,
        };
        let error = Some(ExtendedError { code, text: "" });
        let head = Head {
            error,
            ..self.head()
        };
        reply::finish(out, query, &head, limit);
    }

    /// What the reply says beside its records.
    fn head(&self) -> Head<'_> {
        let count = |at| read_u16(&self.answer.bytes, at).unwrap_or(0);
        Head {
            counts: [count(6), count(8)],
            options: &self.answer.options,
            ..Head::code(self.answer.rcode)
        }
    }

    /// What it takes in memory, in octets.
    pub(super) fn size(&self) -> usize {
        block(COUNTS + size_of::<Self>())
            + block(self.answer.bytes.capacity())
            + block(self.answer.ttls.capacity() * size_of::<u16>())
            + block(self.answer.options.capacity())
            + block(self.extra)
    }
}
