//! What is logged on the road of a question.
//!
//! Whoever is attacked wants to know once, not a thousand times, and an attacker who chooses the names must not fill the disk:
//! one line per client and name (or bogus zone) in [`REPEAT`], and no more than [`BURST`] lines in [`WINDOW`].

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::rebinding::{Cause, Findings, Offence, Verdict};
use crate::upstream::Failure;
use crate::wire::{Name, Query};

/// How long one client's question for one name, or a bogus zone, is not logged again.
const REPEAT: Duration = Duration::from_secs(600);
/// How many pairs of client and name, and how many zones, are remembered.
const REMEMBERED: usize = 4096;
/// How many lines there may be in a window.
const BURST: u32 = 100;
/// The length of a window.
const WINDOW: Duration = Duration::from_secs(60);
/// How often trouble with the upstream is logged.
const TROUBLE: Duration = Duration::from_secs(30);

/// Decides what is worth a line.
#[derive(Debug, Default)]
pub(super) struct Events {
    verdicts: Mutex<Quota<(IpAddr, Name)>>,
    broken: Mutex<Quota<Name>>,
    trouble: Mutex<Option<Duration>>,
}

#[derive(Debug)]
struct Quota<S> {
    last: HashMap<S, Duration>,
    window: Duration,
    lines: u32,
    suppressed: u64,
}

impl<S> Default for Quota<S> {
    fn default() -> Self {
        Self {
            last: HashMap::new(),
            window: Duration::ZERO,
            lines: 0,
            suppressed: 0,
        }
    }
}

impl Events {
    /// Logs what the judge found.
    pub(super) fn verdict(
        &self,
        verdict: &Verdict,
        query: &Query<'_>,
        findings: &Findings,
        (client, now): (IpAddr, Duration),
    ) {
        let (offence, words) = match verdict {
            Verdict::Pass => return,
            Verdict::Block(offence) => (offence, "blocked: the answer points inside"),
            Verdict::Sinkhole(offence) => (offence, "sinkhole: the upstream blocks this name"),
            Verdict::Report(offence) => (offence, "passed although the answer points inside"),
        };
        let suppressed = self
            .verdicts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take(&(client, query.question.name), now);
        let Some(suppressed) = suppressed else {
            return;
        };
        let (name, kind, reason) = (
            query.question.name,
            query.question.kind,
            offence.cause.to_string(),
        );
        let (chain, record) = (chain(findings, offence), offence.record());
        let allow = offence.allow(&query.question, findings).unwrap_or_default();
        // Neither a name that the upstream blocks nor a host of one's own with a public address is an attack.
        let harmless =
            matches!(verdict, Verdict::Sinkhole(_)) || matches!(offence.cause, Cause::Own(_));
        if harmless {
            tracing::info!(%name, r#type = %kind, %client, chain, record, reason, allow, suppressed, "{words}");
        } else {
            tracing::warn!(%name, r#type = %kind, %client, chain, record, reason, allow, suppressed, "{words}");
        }
    }

    /// Logs that the upstream gives no answers, or bogus ones: one line for a zone in [`REPEAT`].
    pub(super) fn failure(&self, failure: &Failure, now: Duration) {
        let bogus = match failure {
            Failure::Refused(_) => return,
            Failure::Bogus(bogus) => Some(bogus),
            _ => None,
        };
        if let Some(bogus) = bogus {
            let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(suppressed) = broken.take(&bogus.zone, now) {
                let (zone, (name, kind), reason) = (bogus.zone, bogus.subject, bogus.reason);
                tracing::warn!(%zone, %name, r#type = %kind, %reason, suppressed, "bogus: the answer is not as its zone signed it");
            }
            return;
        }
        let mut last = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| now.saturating_sub(last) >= TROUBLE) {
            *last = Some(now);
            tracing::warn!("{failure}");
        }
    }
}

impl<S: Copy + Eq + Hash> Quota<S> {
    /// Whether there may be a line, and how many were left out since the last one.
    fn take(&mut self, subject: &S, now: Duration) -> Option<u64> {
        if self
            .last
            .get(subject)
            .is_some_and(|last| now.saturating_sub(*last) < REPEAT)
        {
            self.suppressed += 1;
            return None;
        }
        if now.saturating_sub(self.window) >= WINDOW {
            (self.window, self.lines) = (now, 0);
        }
        if self.lines >= BURST {
            self.suppressed += 1;
            return None;
        }
        self.lines += 1;
        if self.last.len() >= REMEMBERED {
            self.last.clear();
        }
        self.last.insert(*subject, now);
        Some(std::mem::take(&mut self.suppressed))
    }
}

/// The names from the question to the record, as an attacker strung them together.
fn chain(findings: &Findings, offence: &Offence) -> String {
    let aliases: Vec<String> = findings
        .aliases
        .iter()
        .map(|alias| format!("{} {} {}", alias.owner, alias.kind, alias.target))
        .collect();
    if aliases.is_empty() {
        offence.owner.to_string()
    } else {
        aliases.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn one_line_for_a_thousand_repeats_and_a_bounded_number_for_a_flood() {
        let mut quota = Quota::default();
        let client = IpAddr::from(Ipv4Addr::LOCALHOST);
        let name = |number: u32| format!("n{number}.example").parse::<Name>().unwrap();
        let at = |seconds| Duration::from_secs(seconds);
        let lines = (0..1000)
            .filter(|_| quota.take(&(client, name(0)), at(1000)).is_some())
            .count();
        assert_eq!(lines, 1);
        assert_eq!(quota.take(&(client, name(0)), at(1600)), Some(999));
        let flood = (1..10_000)
            .filter(|number| quota.take(&(client, name(*number)), at(1700)).is_some())
            .count();
        assert_eq!(flood, usize::try_from(BURST).unwrap());
        assert!(quota.last.len() <= REMEMBERED);
    }
}
