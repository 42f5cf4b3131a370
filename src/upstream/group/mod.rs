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
use super::{Ask, Failure, Server, Transport, clock};
use crate::wire::Answer;
use crate::wire::answer::Kind;

use health::Health;
use race::Race;

pub use policy::{Codes, Policy, Strategy};

/// How long all attempts for one question may take together.
pub(super) const DEADLINE: Duration = Duration::from_secs(4);
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
        self.policy == other.policy
            && self.servers().eq(other.servers())
            && (!self.is_encrypted() || self.gear == other.gear)
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

    /// Manner and servers in words.
    pub(super) fn describe(&self) -> String {
        let servers: Vec<String> = self.servers().map(ToString::to_string).collect();
        let mut text = format!("{:?} {}", self.policy, servers.join(" "));
        if self.is_encrypted() {
            text.push_str("; ");
            text.push_str(&self.gear.describe());
        }
        text
    }

    fn is_encrypted(&self) -> bool {
        let mut transports = self.servers().map(Server::transport);
        transports.any(Transport::is_encrypted)
    }

    /// Asks the servers until one gives an answer or the time is up. Whatever the servers do, it takes no longer than 4 s and no
    /// more than six questions upstream.
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, Failure> {
        if self.members.is_empty() {
            return Err(Failure::NoServer);
        }
        let end = Instant::now() + DEADLINE;
        let sends = Sends::new(MOST_SENDS);
        let order = self.order();
        let mut race = Race::new(&order, self.policy, ask, (end, &sends));
        let answer = race.run().await?;
        self.try_another(&race, ask, sends.left());
        Ok(answer)
    }

    /// Whether there is more than one server.
    pub fn has_another(&self) -> bool {
        self.members.len() > 1
    }

    /// Like [`Group::ask`], but the server whose turn it would be comes last: its answer was no good.
    pub async fn ask_another(&self, ask: &Ask) -> Result<Answer, Failure> {
        let mut order = self.order();
        if order.is_empty() {
            return Err(Failure::NoServer);
        }
        order.rotate_left(1);
        let end = Instant::now() + DEADLINE;
        let sends = Sends::new(MOST_SENDS);
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

    /// Puts a question that has been answered to a server that was not asked, where that is the way to learn whether it is back,
    /// or has become quicker. Nobody waits for the answer. It is never a server that hears the question already: to ask the same
    /// twice makes it easier to guess an answer, and a server in trouble needs no more of it.
    #[expect(
        clippy::disallowed_methods,
        reason = "a trial ends by itself, and no shutdown need wait for it"
    )]
    fn try_another(&self, race: &Race<'_>, ask: &Ask, sends: usize) {
        if self.members.len() < 2 || self.policy.strategy == Strategy::Parallel || sends == 0 {
            return;
        }
        let now = clock::now();
        let due = self.members.iter().find(|member| {
            let worth_it = self.policy.strategy == Strategy::Fastest || member.health.is_out();
            worth_it && !race.has_asked(member) && member.health.take_trial(now)
        });
        if let Some(member) = due {
            let (member, ask) = (Arc::clone(member), ask.clone());
            let sends = Sends::new(sends.min(TRIAL_SENDS));
            // What it learns is noted; nobody waits for it.
            drop(tokio::spawn(
                async move { member.try_out(&ask, &sends).await },
            ));
        }
    }
}

impl Member {
    async fn try_out(&self, ask: &Ask, sends: &Sends) {
        let begin = Instant::now();
        let end = begin + TRIAL;
        let limits = Limits {
            udp: end,
            line: end,
            sends,
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
