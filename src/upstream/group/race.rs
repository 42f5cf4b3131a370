//! One question to the servers of a group.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use nix::libc;
use tokio::time::{Instant, sleep_until};

use super::trouble::Trouble;
use super::{Member, Policy, Strategy};
use crate::upstream::exchange::{Limits, Sends, exchange};
use crate::upstream::{Ask, Failure, clock};
use crate::wire::Answer;
use crate::wire::answer::{Kind, Unusable};

/// How long a server may stay silent in the first, second and third attempt.
const PATIENCE: [Duration; 3] = [
    Duration::from_millis(750),
    Duration::from_secs(1),
    Duration::from_millis(1500),
];
/// From this attempt on questions go without EDNS: some middle boxes drop what has it (RFC 6891 §6.2.2).
const WITHOUT_EDNS: usize = 2;
/// No server is called late before this has passed.
const SHORTEST_WAIT: Duration = Duration::from_millis(30);

/// The attempts for one question.
pub(super) struct Race<'a> {
    ask: &'a Ask,
    policy: Policy,
    end: Instant,
    sends: &'a Sends,
    lanes: Vec<Lane<'a>>,
    trouble: Trouble,
}

/// A server in the race.
struct Lane<'a> {
    member: &'a Member,
    /// How often it was asked.
    attempts: usize,
    /// When the attempt that is under way began.
    running: Option<Instant>,
    /// It is not worth another attempt.
    done: bool,
    /// It gave an answer that is of no use.
    useless: bool,
}

/// An attempt that is under way.
type Attempt<'a> = Pin<Box<dyn Future<Output = Ended> + Send + 'a>>;

/// Which server's attempt ended, and how.
type Ended = (usize, io::Result<Result<Answer, Unusable>>);

impl<'a> Race<'a> {
    pub(super) fn new(
        order: &[&'a Member],
        policy: Policy,
        ask: &'a Ask,
        (end, sends): (Instant, &'a Sends),
    ) -> Self {
        let lanes = order.iter().map(|member| Lane {
            member,
            attempts: 0,
            running: None,
            done: false,
            useless: false,
        });
        Self {
            ask,
            policy,
            end,
            sends,
            lanes: lanes.collect(),
            trouble: Trouble::default(),
        }
    }

    pub(super) async fn run(&mut self) -> Result<Answer, Failure> {
        self.compete().await;
        std::mem::take(&mut self.trouble).end()
    }

    /// Whether this server was asked.
    pub(super) fn has_asked(&self, member: &Member) -> bool {
        let mut asked = self.lanes.iter().filter(|lane| lane.attempts > 0);
        asked.any(|lane| std::ptr::eq(lane.member, member))
    }

    /// Lets the servers compete until there is an answer, or none of them is worth another attempt. Each attempt keeps to its own
    /// limits, none of which lies behind the end.
    async fn compete(&mut self) {
        // At most one for each server, so all are looked at when one of them stirs.
        let mut running: Vec<Attempt<'_>> = Vec::new();
        let mut next = self.end;
        if let Some((attempt, wait)) = self.start(false) {
            running.push(attempt);
            next = wait;
        }
        while !running.is_empty() {
            let started = tokio::select! {
                biased;
                (index, outcome) = first_to_end(&mut running) => {
                    if self.ended(index, outcome) {
                        return;
                    }
                    self.start(false)
                }
                // The server that was asked last takes longer than it should.
                () = sleep_until(next), if next < self.end && self.another_waits() => {
                    next = self.end;
                    self.start(true)
                }
            };
            if let Some((attempt, wait)) = started {
                running.push(attempt);
                next = wait;
            }
        }
    }

    /// Begins an attempt with the best of the servers that were asked least; if `fresh`, with one that was not asked yet. With
    /// it comes the time at which to ask another one, unless there is an answer by then.
    fn start(&mut self, fresh: bool) -> Option<(Attempt<'a>, Instant)> {
        let now = Instant::now();
        if now >= self.end || self.sends.left() == 0 {
            return None;
        }
        let lanes = self.lanes.iter_mut().enumerate();
        let (index, lane) = lanes
            .filter(|(_, lane)| lane.running.is_none() && !lane.done)
            .min_by_key(|(_, lane)| lane.attempts)?;
        let patience = *PATIENCE.get(lane.attempts)?;
        if fresh && lane.attempts > 0 {
            return None;
        }
        let limits = Limits {
            udp: self.end.min(now + patience),
            // To connect takes its time, and others are asked meanwhile.
            line: self.end,
            sends: self.sends,
        };
        let wait = match self.policy.strategy {
            Strategy::Fastest => (lane.member.health.time() * 3 / 2)
                .max(SHORTEST_WAIT)
                .min(patience),
            Strategy::Strict => patience,
            Strategy::Parallel => Duration::ZERO,
        };
        let edns = lane.attempts < WITHOUT_EDNS;
        lane.attempts += 1;
        lane.running = Some(now);
        let (member, ask) = (lane.member, self.ask);
        let attempt = async move {
            let outcome = exchange(&member.server, &member.line, ask, edns, limits).await;
            (index, outcome)
        };
        Some((Box::pin(attempt), now + wait))
    }

    /// Whether there is a server that was not asked yet.
    fn another_waits(&self) -> bool {
        self.lanes.iter().any(|lane| lane.attempts == 0)
    }

    /// Notes how an attempt ended. True: this is the answer.
    fn ended(&mut self, index: usize, outcome: io::Result<Result<Answer, Unusable>>) -> bool {
        let Some(lane) = self.lanes.get_mut(index) else {
            return false;
        };
        let (member, now) = (lane.member, clock::now());
        let took = lane
            .running
            .take()
            .map_or(Duration::ZERO, |begin| begin.elapsed());
        lane.done = true;
        match outcome {
            Ok(Ok(answer)) => {
                let another = self.policy.failover_on.lead_on(answer.rcode, answer.kind);
                // That a name does not exist is an answer, also where the operator wants to hear what others know.
                let failed = answer.kind == Kind::Failure;
                self.trouble.answered(answer);
                if another && failed {
                    lane.useless = true;
                    return false;
                }
                member.health.answered(took, now);
                if another {
                    return false;
                }
                self.note_others(now);
                return true;
            }
            Ok(Err(unusable)) => {
                lane.useless = true;
                self.trouble.unusable(&member.server, &unusable);
            }
            Err(error) => {
                // Servers that gave a clear answer give it again; only silence is worth another attempt.
                lane.done = error.kind() != io::ErrorKind::TimedOut;
                if is_our_own(&error) {
                    self.trouble.unasked(&member.server, &error);
                } else {
                    member.health.failed(now);
                    self.trouble.unreachable(&member.server, &error);
                }
            }
        }
        false
    }

    /// One server had the answer. Those that had none of use did not fail because of the name; those still asked are slower.
    fn note_others(&self, now: Duration) {
        for lane in &self.lanes {
            if let Some(begin) = lane.running {
                lane.member.health.overtaken(begin.elapsed(), now);
            } else if lane.useless {
                lane.member.health.failed(now);
            }
        }
    }
}

/// Waits for the first of the attempts to end, and takes it out.
async fn first_to_end(running: &mut Vec<Attempt<'_>>) -> Ended {
    poll_fn(|context| {
        for index in 0..running.len() {
            let Some(attempt) = running.get_mut(index) else {
                break;
            };
            if let Poll::Ready(ended) = attempt.as_mut().poll(context) {
                drop(running.swap_remove(index));
                return Poll::Ready(ended);
            }
        }
        Poll::Pending
    })
    .await
}

/// Whether the machine itself has no way out, or nothing left to ask with, for which no server can be blamed.
fn is_our_own(error: &io::Error) -> bool {
    let exhausted = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    let lacks = |code| exhausted.contains(&code);
    error.raw_os_error().is_some_and(lacks)
        || matches!(
            error.kind(),
            io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::NetworkDown
                | io::ErrorKind::AddrNotAvailable
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_machine_lacks_is_no_servers_fault() {
        for own in [
            libc::ENETUNREACH,
            libc::EMFILE,
            libc::ENFILE,
            libc::ENOBUFS,
            libc::ENOMEM,
        ] {
            let error = io::Error::from_raw_os_error(own);
            assert!(is_our_own(&error), "{error}");
        }
        for servers in [libc::ECONNREFUSED, libc::ETIMEDOUT, libc::EHOSTUNREACH] {
            let error = io::Error::from_raw_os_error(servers);
            assert!(!is_our_own(&error), "{error}");
        }
    }
}
