//! One question to the servers of a group.

use std::io;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::trouble::Trouble;
use super::{Member, Policy, Strategy};
use crate::upstream::exchange::{Deadlines, exchange};
use crate::upstream::{Ask, Failure, clock};
use crate::wire::Answer;
use crate::wire::answer::Unusable;

/// How long a server may stay silent in the first, second and third attempt.
const PATIENCE: [Duration; 3] = [
    Duration::from_millis(750),
    Duration::from_secs(1),
    Duration::from_millis(1500),
];
/// From this attempt on questions go without EDNS: some middle boxes drop what has it (RFC 6891 §6.2.2).
const WITHOUT_EDNS: usize = 2;
/// So many attempts for one question, whatever happens: nobody shall make us a hammer.
const MOST_ATTEMPTS: usize = 6;
/// No server is called late before this has passed.
const SHORTEST_WAIT: Duration = Duration::from_millis(30);

/// The attempts for one question.
pub(super) struct Race<'a> {
    ask: &'a Ask,
    policy: Policy,
    end: Instant,
    lanes: Vec<Lane<'a>>,
    attempts: usize,
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

/// How an attempt ended.
type Ended = (usize, io::Result<Result<Answer, Unusable>>);

impl<'a> Race<'a> {
    pub(super) fn new(order: &[&'a Member], policy: Policy, ask: &'a Ask, end: Instant) -> Self {
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
            lanes: lanes.collect(),
            attempts: 0,
            trouble: Trouble::default(),
        }
    }

    pub(super) async fn run(mut self) -> Result<Answer, Failure> {
        if timeout_at(self.end, self.compete()).await.is_err() {
            let silent = io::Error::from(io::ErrorKind::TimedOut);
            for lane in self.lanes.iter().filter(|lane| lane.running.is_some()) {
                lane.member.health.failed(clock::now());
                self.trouble.unreachable(&lane.member.server, &silent);
            }
        }
        self.trouble.end()
    }

    /// Lets the servers compete until there is an answer, or none of them is worth another attempt.
    async fn compete(&mut self) {
        let mut running = FuturesUnordered::new();
        let mut next = self.end;
        if let Some((attempt, wait)) = self.start(false) {
            running.push(attempt);
            next = wait;
        }
        while !running.is_empty() {
            let started = tokio::select! {
                biased;
                Some((index, outcome)) = running.next() => {
                    if self.ended(index, outcome) {
                        return;
                    }
                    self.start(false)
                }
                // The server that was asked last takes longer than it should.
                () = sleep_until(next), if next < self.end => {
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
    fn start(&mut self, fresh: bool) -> Option<(BoxFuture<'a, Ended>, Instant)> {
        let now = Instant::now();
        if self.attempts == MOST_ATTEMPTS || now >= self.end {
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
        let deadlines = Deadlines {
            udp: self.end.min(now + patience),
            // To connect takes its time, and others are asked meanwhile.
            line: self.end,
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
        self.attempts += 1;
        let (member, ask) = (lane.member, self.ask);
        let attempt = async move {
            let outcome = exchange(&member.server, &member.line, ask, edns, deadlines).await;
            (index, outcome)
        };
        Some((Box::pin(attempt), now + wait))
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
                self.trouble.answered(answer);
                if another {
                    lane.useless = true;
                    return false;
                }
                member.health.answered(took, now);
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
                if !is_our_own(&error) {
                    member.health.failed(now);
                }
                self.trouble.unreachable(&member.server, &error);
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

/// Whether the machine itself has no way out, for which no server can be blamed.
fn is_our_own(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::AddrNotAvailable
    )
}
