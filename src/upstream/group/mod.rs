//! Servers that stand in for each other.

mod health;
mod policy;
mod race;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::exchange::{Limits, Sends, exchange};
use super::line::Line;
use super::reach::{Gear, GearError, Reach};
use super::{Ask, Failure, Server, clock};
use crate::wire::Answer;
use crate::wire::answer::Kind;

use health::Health;
use race::Race;

pub use policy::{Codes, Policy, Strategy};

/// How long all attempts for one question may take together.
const DEADLINE: Duration = Duration::from_secs(4);
/// How many questions may go upstream for one, those of a trial among them.
const MOST_SENDS: usize = 6;
/// How many of them may be a trial's: another one when the first answer is cut.
const TRIAL_SENDS: usize = 2;
/// How long a trial may take.
const TRIAL: Duration = Duration::from_secs(2);

/// A list of servers, and the manner in which they are asked.
#[derive(Debug)]
pub struct Group {
    members: Vec<Arc<Member>>,
    policy: Policy,
    gear: Gear,
}

/// A server, and what is known of it.
#[derive(Debug)]
struct Member {
    server: Server,
    health: Health,
    line: Line,
}

/// The same servers, asked in the same manner and found and believed in the same way.
impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        let encrypted = self
            .servers()
            .any(|server| server.transport().is_encrypted());
        self.policy == other.policy
            && self.servers().eq(other.servers())
            && (!encrypted || self.gear == other.gear)
    }
}

impl Group {
    /// A group of these servers, of which nothing is known yet. Connections to them live longer than a question: on the runtime in
    /// which this is called or, if in none, on that of whoever asks.
    pub fn new(servers: Vec<Server>, policy: Policy, gear: &Gear) -> Self {
        let reaches: Vec<Reach> = (servers.iter())
            .map(|server| Reach::new(server, &servers, gear))
            .collect();
        let members = servers.into_iter().zip(reaches).map(|(server, reach)| {
            Arc::new(Member {
                server,
                health: Health::new(),
                line: Line::new(reach),
            })
        });
        Self {
            members: members.collect(),
            policy,
            gear: gear.clone(),
        }
    }

    /// Whether all of them can be found and proven, as far as that does not depend on the network.
    pub fn prove(&self) -> Result<(), GearError> {
        self.members
            .iter()
            .try_for_each(|member| member.line.prove())
    }

    /// Its servers, as they are configured.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.members.iter().map(|member| &member.server)
    }

    /// Whether every server is out of order, as far as is known: an answer is not to be expected soon.
    pub fn is_out(&self) -> bool {
        self.members.iter().all(|member| member.health.is_out())
    }

    /// Asks the servers until one gives an answer or the time is up. Whatever the servers do, it takes no longer than 4 s and no
    /// more than six questions upstream.
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, Failure> {
        if self.members.is_empty() {
            return Err(Failure::NoServer);
        }
        let end = Instant::now() + DEADLINE;
        let order = self.order();
        let trial = self.try_another(&order, ask);
        let sends = Sends::new(MOST_SENDS - if trial { TRIAL_SENDS } else { 0 });
        Race::new(&order, self.policy, ask, (end, &sends))
            .run()
            .await
    }

    /// The servers in the order in which they should be asked: those that are out of order last.
    fn order(&self) -> Vec<&Member> {
        let mut order: Vec<&Member> = self.members.iter().map(AsRef::as_ref).collect();
        if order.len() > 1 {
            let quickest = self.policy.strategy == Strategy::Fastest;
            order.sort_by_cached_key(|member| {
                let time = if quickest {
                    member.health.time()
                } else {
                    Duration::ZERO
                };
                (member.health.is_out(), time)
            });
        }
        order
    }

    /// Puts the question to a server beside those that are asked for the client, where that is the way to learn whether it is
    /// back, or has become quicker. Nobody waits for the answer. True if there is such a server.
    #[expect(
        clippy::disallowed_methods,
        reason = "a trial ends by itself, and no shutdown need wait for it"
    )]
    fn try_another(&self, order: &[&Member], ask: &Ask) -> bool {
        if self.members.len() < 2 || self.policy.strategy == Strategy::Parallel {
            return false;
        }
        let now = clock::now();
        let first = order.first();
        for member in &self.members {
            let is_first = first.is_some_and(|first| std::ptr::eq(*first, Arc::as_ptr(member)));
            let worth_it = self.policy.strategy == Strategy::Fastest || member.health.is_out();
            if !is_first && worth_it && member.health.take_trial(now) {
                let (member, ask) = (Arc::clone(member), ask.clone());
                // What it learns is noted; nobody waits for it.
                drop(tokio::spawn(async move { member.try_out(&ask).await }));
                return true;
            }
        }
        false
    }
}

impl Member {
    async fn try_out(&self, ask: &Ask) {
        let begin = Instant::now();
        let end = begin + TRIAL;
        let limits = Limits {
            udp: end,
            line: end,
            sends: &Sends::new(TRIAL_SENDS),
        };
        let exchange = exchange(&self.server, &self.line, ask, true, limits);
        match tokio::time::timeout_at(end, exchange).await {
            Ok(Ok(Ok(answer))) if answer.kind != Kind::Failure => {
                self.health.proved(begin.elapsed(), clock::now());
            }
            _ => self.health.failed(clock::now()),
        }
    }
}
