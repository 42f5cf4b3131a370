//! Floor 4: asking the resolvers upstream.
//!
//! A question goes to the route with the longest matching domain, else to the default servers. Over UDP first, from a socket
//! that is connected to the one server, with an unpredictable port, ID and letter case; whatever arrives there and is not the
//! answer is ignored while we wait for it. Over TCP when the answer was cut or when somebody seems to be guessing. What is no
//! datagram goes over a line, which keeps its connections.

pub mod clock;
mod exchange;
mod group;
mod line;
mod packet;
mod reach;
mod server;
mod trust;
mod udp;
pub mod validate;

use std::fmt::Write as _;
use std::sync::Arc;

use crate::name::SuffixMap;
use crate::wire::{Answer, Name};

pub use group::{Codes, Group, Policy, Strategy};
pub use packet::Ask;
pub use reach::{Gear, GearError, OwnDoors};
pub use server::{Digest, DigestError, Proof, Server, ServerError, StampError, Transport};
pub use trust::{CaError, Trust, TrustError};
pub use validate::{Bogus, Validator};

/// Where questions go.
#[derive(Debug)]
pub struct Upstream {
    default: Arc<Group>,
    routes: SuffixMap<Arc<Group>>,
    validator: Option<Validator>,
}

impl Upstream {
    /// The default servers, and those for single domains.
    pub fn new(default: Group, routes: impl IntoIterator<Item = (Name, Arc<Group>)>) -> Self {
        Self {
            default: Arc::new(default),
            routes: routes.into_iter().collect(),
            validator: None,
        }
    }

    /// The same servers, whose answers are judged.
    #[must_use]
    pub fn judged_by(self, validator: Validator) -> Self {
        Self {
            validator: Some(validator),
            ..self
        }
    }

    /// Asks the servers that are there for the name, and judges their answer if that is wanted. A client that sets CD judges by
    /// itself (RFC 4035 §3.2.2).
    pub async fn ask(self: &Arc<Self>, ask: &Ask) -> Result<Answer, Failure> {
        let (_, group) = self.route(&ask.question.name);
        let Some(validator) = &self.validator else {
            return group.ask(ask).await;
        };
        // Apart, so that a question takes no more memory where nothing is judged.
        Box::pin(validator.ask(self, group, ask)).await
    }

    /// Whether answers about a name are judged; none if no answer is.
    pub fn judges(&self, name: &Name) -> Option<bool> {
        self.validator
            .as_ref()
            .map(|validator| validator.judges(name))
    }

    /// The servers for a name, and the domain by which they were chosen: none for the default servers.
    pub fn route(&self, name: &Name) -> (Option<&Name>, &Arc<Group>) {
        match self.routes.find(name) {
            Some((domain, group)) => (Some(domain), group),
            None => (None, &self.default),
        }
    }

    /// What is asked, for comparison: each domain with its servers.
    fn plan(&self) -> Vec<(Name, &Group)> {
        let routes = (self.routes.iter()).map(|(domain, group)| (*domain, &**group));
        let mut plan: Vec<_> = routes.collect();
        plan.sort_by(|a, b| a.0.as_wire().cmp(b.0.as_wire()));
        plan
    }

    /// The same in words, a line for each domain: to be compared with what was asked before a restart. Whatever makes a
    /// difference to `==` must make one here.
    pub fn describe(&self) -> String {
        let mut text = format!(". {}\n", self.default.describe());
        for (domain, group) in self.plan() {
            // Writing to a string cannot fail.
            let _written = writeln!(text, "{domain} {}", group.describe());
        }
        let judged = self.validator.as_ref().map(Validator::describe);
        text.push_str(judged.as_deref().unwrap_or("not judged"));
        text
    }

    /// Every group, the default one first.
    pub fn groups(&self) -> impl Iterator<Item = &Arc<Group>> {
        std::iter::once(&self.default).chain(self.routes.iter().map(|(_, group)| group))
    }
}

/// The same servers are asked for the same names, and their answers judged in the same way.
impl PartialEq for Upstream {
    fn eq(&self, other: &Self) -> bool {
        self.default == other.default
            && self.plan() == other.plan()
            && self.validator == other.validator
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// No server is configured, and the system names none.
    #[error("no upstream server is known; set [upstream] servers")]
    NoServer,
    /// This machine has no network, or nothing left to ask with; no server heard of the question.
    #[error("this machine could ask no upstream server: {0}")]
    Unasked(String),
    /// No server could be reached in time.
    #[error("no upstream server answered: {0}")]
    Unreachable(String),
    /// Servers answered, but nothing that can be used.
    #[error("no upstream server gave a usable answer: {0}")]
    Unusable(String),
    /// Every server that answered said that it could not or would not say; the last one's words.
    #[error("every upstream server refused or failed")]
    Refused(Box<Answer>),
    /// The answer is not as its zone signed it.
    #[error("DNSSEC: {0}")]
    Bogus(Box<Bogus>),
}

impl Failure {
    /// Whether an answer from before is better than none. It is not where there are answers and they are forged, or no longer as
    /// their zone wants them: then to go on with an old one is what somebody may be after.
    pub fn allows_stale(&self) -> bool {
        !matches!(self, Self::Bogus(_))
    }
}

#[cfg(test)]
mod tests {
    use super::validate::{Anchors, Rule};
    use super::*;

    fn upstream(servers: &[&str], policy: Policy, gear: &Gear, domains: &[&str]) -> Upstream {
        let group = |servers: &[&str]| {
            let servers = servers.iter().map(|server| server.parse().unwrap());
            Group::new(servers.collect(), policy, gear)
        };
        let routes = domains
            .iter()
            .map(|domain| (domain.parse().unwrap(), Arc::new(group(&["192.0.2.53"]))));
        Upstream::new(group(servers), routes)
    }

    #[test]
    fn what_differs_is_described_in_other_words() {
        let (policy, gear) = (Policy::default(), Gear::default());
        let strict = Policy {
            strategy: Strategy::Strict,
            ..policy
        };
        let codes = Policy {
            failover_on: std::iter::empty().collect(),
            ..policy
        };
        let bootstrap = Gear {
            bootstrap: vec!["192.0.2.1".parse().unwrap()],
            ..Gear::default()
        };
        let tls = "tls://192.0.2.53";
        let judged = |domains: &[(&str, Rule)]| {
            let domains = domains
                .iter()
                .map(|(name, rule)| (name.parse().unwrap(), *rule));
            let validator = Validator::new(Anchors::default(), domains, None);
            upstream(&["192.0.2.53"], policy, &gear, &[]).judged_by(validator)
        };
        let all = [
            upstream(&["192.0.2.53"], policy, &gear, &[]),
            upstream(&["192.0.2.53", "192.0.2.54"], policy, &gear, &[]),
            upstream(&["192.0.2.54", "192.0.2.53"], policy, &gear, &[]),
            upstream(&["tcp://192.0.2.53"], policy, &gear, &[]),
            upstream(&["192.0.2.53:54"], policy, &gear, &[]),
            upstream(&["192.0.2.53"], strict, &gear, &[]),
            upstream(&["192.0.2.53"], codes, &gear, &[]),
            upstream(&["192.0.2.53"], policy, &gear, &["corp.example"]),
            upstream(
                &["192.0.2.53"],
                policy,
                &gear,
                &["corp.example", "x.example"],
            ),
            upstream(&[tls], policy, &gear, &[]),
            upstream(&[tls], policy, &bootstrap, &[]),
            upstream(&[], policy, &gear, &[]),
            judged(&[]),
            judged(&[("corp.example", Rule::Excuse)]),
            judged(&[("corp.example", Rule::Judge)]),
        ];
        for (at, one) in all.iter().enumerate() {
            for (other_at, other) in all.iter().enumerate() {
                let same = one.describe() == other.describe();
                assert_eq!(
                    same,
                    at == other_at,
                    "{} {}",
                    one.describe(),
                    other.describe()
                );
                assert_eq!(one == other, at == other_at);
            }
        }
        // In whatever order the routes stand.
        let [one, other] = [["a.example", "b.example"], ["b.example", "a.example"]]
            .map(|domains| upstream(&["192.0.2.53"], policy, &gear, &domains).describe());
        assert_eq!(one, other);
    }
}
