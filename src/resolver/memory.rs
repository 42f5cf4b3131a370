//! What is kept, over a restart: out into a file, and back.
//!
//! Answers come back only to the servers that gave them, and as old as they are: the time between is that of the clock on the
//! wall, since the time since boot begins anew with the machine.

use std::io::{self, Read, Write};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::Resolver;
use crate::cache::file::{Broken, Head, Kept, Reader, Writer};
use crate::cache::{Entry, KeyRef};
use crate::rebinding::Findings;

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The time by which answers age.
    pub now: Duration,
    /// The time of day, in seconds since 1970.
    pub of_day: u64,
}

/// What came back from a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Restored {
    /// Answers that are kept again.
    pub kept: usize,
    /// Answers that have come to their end, or may not be kept any more.
    pub ended: usize,
    /// What is no answer, or none that is safe to pass on.
    pub refused: usize,
}

/// Why nothing came back from a file.
#[derive(Debug, thiserror::Error)]
pub enum NotRestored {
    /// It is not what was written.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// The answers are those of other servers, or of the same in another manner.
    #[error("other servers were asked then, or in another manner")]
    OtherServers,
    /// Nobody knows how old the answers are.
    #[error("it was written at a time that is yet to come; the clock was set back")]
    Future,
}

impl Resolver {
    /// Writes all answers that are of use, and says how many; none if other servers came into force meanwhile, for then nobody
    /// knows whose answers they are.
    pub fn save(&self, out: impl Write, moment: Moment) -> io::Result<Option<usize>> {
        let upstream = {
            // Not between the new servers and the end of what the old ones said.
            let _replacing = self
                .replacing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&self.state.load().upstream)
        };
        let head = Head {
            written: moment.of_day,
            upstream: upstream.describe(),
        };
        let mut writer = Writer::new(out, &head)?;
        let mut count = 0;
        for (key, entry) in self.cache.useful(moment.now) {
            writer.put(&key, &entry, moment.now)?;
            count += 1;
        }
        writer.finish()?;
        let same_servers = Arc::ptr_eq(&self.state.load().upstream, &upstream);
        Ok(same_servers.then_some(count))
    }

    /// Reads what [`Resolver::save`] wrote. Must be called before the first question: of a file that turns out to be broken at
    /// its end something might be kept until then.
    pub fn restore(&self, input: impl Read, moment: Moment) -> Result<Restored, NotRestored> {
        let (mut reader, head) = Reader::new(input)?;
        let away = if head.upstream == self.state.load().upstream.describe() {
            let away = moment.of_day.checked_sub(head.written);
            away.ok_or(NotRestored::Future)
        } else {
            Err(NotRestored::OtherServers)
        };
        let away = match away {
            // Both times were cut to whole seconds.
            Ok(away) => Duration::from_secs(away + 1),
            Err(reason) => {
                // What the head says counts if the file is whole.
                while reader.read_next()?.is_some() {}
                return Err(reason);
            }
        };
        let restored = self.restore_all(reader, moment.now, away);
        if restored.is_err() {
            self.cache.clear();
        }
        Ok(restored?)
    }

    fn restore_all(
        &self,
        mut reader: Reader<impl Read>,
        now: Duration,
        away: Duration,
    ) -> Result<Restored, Broken> {
        let mut restored = Restored::default();
        while let Some(kept) = reader.read_next()? {
            match self.restore_one(kept, now, away) {
                Some(true) => restored.kept += 1,
                Some(false) => restored.ended += 1,
                None => restored.refused += 1,
            }
        }
        restored.refused += reader.refused();
        Ok(restored)
    }

    /// Keeps an answer as if it had just come from upstream, but as old as it is. Says whether it was worth it; none if it would
    /// not have been taken from there either.
    fn restore_one(&self, kept: Kept, now: Duration, away: Duration) -> Option<bool> {
        let found = Findings::scan(&kept.answer).ok()?;
        let weight = found.weight();
        let Some(arrived) = now.checked_sub(kept.age.saturating_add(away)) else {
            return Some(false);
        };
        let entry = Entry::new(kept.answer, found, self.cache.lifetimes(), arrived);
        let key = KeyRef::new(&kept.question, kept.dnssec_ok, kept.checking_disabled);
        let excluded = self.state.load().is_excluded(&kept.question.name);
        let stale = Duration::from_secs(self.cache.lifetimes().stale.into());
        let useful = !excluded && entry.freshness(now, stale).is_some();
        if useful {
            self.cache
                .insert(key.to_key(), &Arc::new(entry.weighing(weight)));
        }
        Some(useful)
    }
}
