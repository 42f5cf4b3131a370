//! DNSSEC validation (RFC 4033 to 4035, 5155, 6840).
//!
//! Every answer is asked for with its signatures (DO) and without the upstream's own judgement (CD, RFC 6840 §5.9), and judged
//! here: *secure* (signed all the way from a trust anchor; AD), *insecure* (proven that some zone on the way is not signed;
//! passed on as it is) or *bogus* (SERVFAIL, with an extended error that says why).
//!
//! Keys, digests, signatures and the root's anchors are hickory-proto's. The walk is our own. hickory-net's validator expects an
//! answer to have one owner, but resolvers answer with whole chains of aliases; it does not say why something is bogus, does not
//! bound how often upstream is asked, and asks for NS records of each new name even where the zone is known not to be signed.
//!
//! Not here: RFC 5011 (new root keys come with new versions, or in a file), aggressive use of NSEC (RFC 8198).

mod anchors;
mod bitmap;
mod denial;
mod judge;
mod key;
mod nsec;
mod nsec3;
mod reason;
mod rrset;
mod signature;
mod walk;
mod work;
mod zones;

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};

use super::group::DEADLINE;
use super::{Ask, Failure, Group, Upstream, clock};
use crate::name::SuffixMap;
use crate::wire::{Answer, Name};

use walk::Walk;
use work::Work;
use zones::Zones;

pub use anchors::{AnchorError, Anchors};
pub use reason::{Bogus, Reason};

/// A day on which this program was worked on, 2026-11-01, in seconds since 1970. A clock that stands before it is wrong: that of a
/// device without a battery, before it has asked for the time, for which it needs names.
const PAST: u64 = 1_793_491_200;

/// What is done about the answers of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// They are judged.
    Judge,
    /// They are what the servers make of them: whoever asks others for a domain knows why.
    Leave,
    /// They are not judged, neither here nor by the servers (a negative trust anchor, RFC 7646).
    Excuse,
}

/// Judges answers.
#[derive(Debug)]
pub struct Validator {
    anchors: Anchors,
    domains: SuffixMap<Rule>,
    zones: Zones,
    /// Where the work is done: it takes milliseconds, for which a thread that answers others must not stand still. None: where
    /// the question is.
    runtime: Option<Handle>,
}

impl Validator {
    /// A validator that begins at these anchors, and has a rule for each of these domains; the longest domain counts. It works in
    /// `runtime`, if there is one.
    pub fn new(
        anchors: Anchors,
        domains: impl IntoIterator<Item = (Name, Rule)>,
        runtime: Option<Handle>,
    ) -> Self {
        Self {
            anchors,
            domains: domains.into_iter().collect(),
            zones: Zones::new(),
            runtime,
        }
    }

    /// How answers are judged, in words.
    pub(super) fn describe(&self) -> String {
        let domains = self.domains.iter();
        let words: Vec<String> = domains
            .map(|(domain, rule)| format!(" {domain}={rule:?}"))
            .collect();
        format!("judged from {}{}", self.anchors.describe(), words.concat())
    }

    /// Whether answers about a name are judged.
    pub fn judges(&self, name: &Name) -> bool {
        self.rule(name) == Rule::Judge
    }

    /// What is done about a name. An anchor counts more than another rule for a domain above it.
    fn rule(&self, name: &Name) -> Rule {
        let rule = self.domains.find(name);
        match (self.anchors.find(name), rule) {
            (None, _) => Rule::Leave,
            (Some((anchor, _)), Some((domain, rule)))
                if anchor.label_count() <= domain.label_count() =>
            {
                *rule
            }
            _ => Rule::Judge,
        }
    }

    /// Asks `group` and judges its answer, unless the client set CD, by which it says that it judges by itself
    /// (RFC 4035 §3.2.2). The answer comes back as the client may have it; all of it takes no longer than a question may.
    pub(super) async fn ask(
        &self,
        upstream: &Arc<Upstream>,
        group: &Group,
        ask: &Ask,
    ) -> Result<Answer, Failure> {
        let rule = self.rule(&ask.question.name);
        if ask.checking_disabled || rule != Rule::Judge {
            let mut ask = ask.clone();
            // A server that judges must not judge either.
            ask.checking_disabled |= rule == Rule::Excuse;
            let mut answer = group.ask(&ask).await?;
            // Only what was judged here is called authentic.
            answer.authentic = false;
            return Ok(answer);
        }
        let end = Instant::now() + DEADLINE;
        let whole = Ask {
            dnssec_ok: true,
            checking_disabled: true,
            ..ask.clone()
        };
        let answer = group.ask(&whole).await?;
        let judged = self.judge(Arc::clone(upstream), whole, answer);
        let answer = timeout_at(end, judged).await.unwrap_or_else(|_| {
            let late = "the keys for DNSSEC did not come in time";
            Err(Failure::Unreachable(late.to_owned()))
        })?;
        if ask.dnssec_ok {
            return Ok(answer);
        }
        answer
            .without_proofs()
            .map_err(|malformed| Failure::Unusable(malformed.to_string()))
    }

    /// Judges an answer to `ask`; where it is bogus and there is another server, that server's answer in its place.
    async fn judge(
        &self,
        upstream: Arc<Upstream>,
        ask: Ask,
        answer: Answer,
    ) -> Result<Answer, Failure> {
        let work = async move {
            let Some(validator) = &upstream.validator else {
                return Ok(answer);
            };
            let mut walk = Walk {
                upstream: &upstream,
                validator,
                work: Work::new(),
                now: clock::now(),
                time: time_of_day(),
                again: false,
                unverifiable: None,
            };
            let first = match walk.judge(&ask.question, answer).await {
                Err(Failure::Bogus(bogus)) if bogus.reason != Reason::TooMuch => bogus,
                judged => return judged,
            };
            let (_, group) = upstream.route(&ask.question.name);
            if group.has_another()
                && let Ok(answer) = group.ask_another(&ask).await
            {
                (walk.again, walk.unverifiable) = (true, None);
                if let Ok(answer) = walk.judge(&ask.question, answer).await {
                    return Ok(answer);
                }
            }
            Err(Failure::Bogus(first))
        };
        match &self.runtime {
            // Who waits for it is a question, and for questions a shutdown waits.
            Some(runtime) => runtime.spawn(Box::pin(work)).await.unwrap_or_else(|error| {
                Err(Failure::Unusable(format!("DNSSEC validation: {error}")))
            }),
            None => work.await,
        }
    }
}

/// The same answers are judged in the same way.
impl PartialEq for Validator {
    fn eq(&self, other: &Self) -> bool {
        self.anchors == other.anchors && self.domains.iter().eq(other.domains.iter())
    }
}

/// The time of day modulo 2³², as signatures have it; none while the clock cannot be right. Then signatures are verified, but
/// not whether they are still valid: a device that has just got its power back must find the server that knows the time.
fn time_of_day() -> Option<u32> {
    let now = clock::of_day();
    let low = u32::try_from(now & u64::from(u32::MAX)).ok();
    low.filter(|_| now >= PAST)
}

/// The time of day in seconds since 1970; while the clock cannot be right, a time that has surely passed.
pub fn likely_time() -> u64 {
    clock::of_day().max(PAST)
}

/// Whether the clock cannot be right, so that nobody knows which signatures have expired.
pub fn clock_is_wrong() -> bool {
    time_of_day().is_none()
}

#[cfg(test)]
mod tests;
