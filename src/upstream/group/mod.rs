//! Servers that stand in for each other.

mod health;
mod policy;
mod race;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::exchange::{Deadlines, exchange};
use super::{Ask, Failure, Server, clock};
use crate::wire::Answer;
use crate::wire::answer::Kind;

use health::Health;
use race::Race;

pub use policy::{Codes, Policy, Strategy};

/// How long all attempts for one question may take together.
pub(super) const DEADLINE: Duration = Duration::from_secs(4);
/// How long a trial may take.
const TRIAL: Duration = Duration::from_secs(2);

/// A list of servers, and the manner in which they are asked.
#[derive(Debug)]
pub struct Group {
    members: Vec<Arc<Member>>,
    policy: Policy,
}

/// A server, and what is known of it.
#[derive(Debug)]
struct Member {
    server: Server,
    health: Health,
}

/// The same servers, asked in the same manner.
impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.policy == other.policy && self.servers().eq(other.servers())
    }
}

impl Group {
    /// A group of these servers, of which nothing is known yet.
    pub fn new(servers: Vec<Server>, policy: Policy) -> Self {
        let members = servers.into_iter().map(|server| {
            Arc::new(Member {
                server,
                health: Health::new(),
            })
        });
        Self {
            members: members.collect(),
            policy,
        }
    }

    /// Its servers, as they are configured.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.members.iter().map(|member| &member.server)
    }

    /// Asks the servers until one gives an answer or the time is up. Whatever the servers do, it takes no longer than 4 s and no
    /// more than six attempts.
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, Failure> {
        if self.members.is_empty() {
            return Err(Failure::NoServer);
        }
        let end = Instant::now() + DEADLINE;
        let order = self.order();
        self.try_others(&order, ask);
        Race::new(&order, self.policy, ask, end).run().await
    }

    /// Whether there is more than one server.
    pub fn has_another(&self) -> bool {
        self.members.len() > 1
    }

    /// Like [`Group::ask`], but the server whose turn it would be comes last: its answer was no good.
    pub async fn ask_another(&self, ask: &Ask) -> Result<Answer, Failure> {
        let end = Instant::now() + DEADLINE;
        let mut order = self.order();
        if order.is_empty() {
            return Err(Failure::NoServer);
        }
        order.rotate_left(1);
        Race::new(&order, self.policy, ask, end).run().await
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
    /// back, or has become quicker. Nobody waits for the answer.
    #[expect(
        clippy::disallowed_methods,
        reason = "a trial ends by itself, and no shutdown need wait for it"
    )]
    fn try_others(&self, order: &[&Member], ask: &Ask) {
        if self.members.len() < 2 || self.policy.strategy == Strategy::Parallel {
            return;
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
            }
        }
    }
}

impl Member {
    async fn try_out(&self, ask: &Ask) {
        let begin = Instant::now();
        let end = begin + TRIAL;
        let deadlines = Deadlines { udp: end, tcp: end };
        let asked = tokio::time::timeout_at(end, exchange(&self.server, ask, true, deadlines));
        match asked.await {
            Ok(Ok(Ok(answer))) if answer.kind != Kind::Failure => {
                self.health.proved(begin.elapsed(), clock::now());
            }
            _ => self.health.failed(clock::now()),
        }
    }
}
