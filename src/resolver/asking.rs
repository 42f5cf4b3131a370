//! Questions that must be asked upstream, and wait for it.
//!
//! Who has no other answer waits until upstream has spoken. Who could be given a stale one does not wait for longer than
//! [`CLIENT_TIMER`] (RFC 8767 §5); the flight goes on without them, and what it brings is for those who ask next.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::flights::{Course, Landing, Permit, given_up};
use super::part::Part;
use super::topic::TopicRef;
use super::{Client, Outcome, Resolver, State, key, local};
use crate::cache::{Entry, Freshness};
use crate::metrics::Counter;
use crate::rebinding::Findings;
use crate::upstream::{Ask, Failure, clock};
use crate::wire::Query;
use crate::zone::{self, Looked};

/// How long a client waits for a better answer than a stale one (RFC 8767 §5).
const CLIENT_TIMER: Duration = Duration::from_millis(1800);
/// The same, where every server counts as out of order. One may be back, or only names that nobody can resolve were asked for; then
/// it answers within this time.
const BRIEF: Duration = Duration::from_millis(200);

/// What a question came to: an answer and where it is from, or why there is none.
type Result = std::result::Result<(Arc<Entry<Findings>>, Counter), Arc<Failure>>;

impl Resolver {
    /// Asks upstream what [`super::Session::answer`] could not answer, and writes the reply to `out`. Identical questions share
    /// one flight; each gets the reply that its own bits and its own client call for.
    pub async fn complete(
        self: &Arc<Self>,
        packet: &[u8],
        client: Client,
        permit: Permit,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let Ok(query) = Query::read(packet) else {
            return Outcome::Drop;
        };
        let state = self.state.load_full();
        let limit = client.limit(&query);
        let zones = state.zones.of(client.address);
        let Looked::Leaves { target, records } = local::look_up(zones, &query, limit, out) else {
            let result = self.ask(&state, &query, permit).await;
            return Outcome::Reply(self.hand_over(&query, result, client, out));
        };
        let part = Part {
            query: &query,
            target,
            records,
        };
        let packet = part.packet();
        let Ok(rest) = Query::read(&packet) else {
            return local::fail_chain(&query, records, limit, out);
        };
        let result = self.ask(&state, &rest, permit).await;
        let mut reply = Vec::new();
        self.hand_over(&rest, result, client.by_stream(), &mut reply);
        zone::complete(out, &query, records, Some(&reply), limit);
        Outcome::Reply(Counter::Zone)
    }

    /// Looks at an answer from upstream as [`Resolver::complete`] would, without keeping it.
    pub async fn inspect(
        &self,
        state: &State,
        ask: &Ask,
    ) -> std::result::Result<Entry<Findings>, Failure> {
        let answer = state.upstream.ask(ask).await?;
        let findings = Findings::scan(&answer)
            .map_err(|malformed| Failure::Unusable(malformed.to_string()))?;
        let weight = findings.weight();
        let entry = Entry::new(answer, findings, self.cache.lifetimes(), clock::now());
        Ok(entry.weighing(weight))
    }

    async fn ask(
        self: &Arc<Self>,
        state: &Arc<State>,
        query: &Query<'_>,
        permit: Permit,
    ) -> Result {
        let ask = Ask::new(query);
        let course = Course::new(state, &ask);
        if permit.has_stale {
            // In a place of its own, so that the task of an ordinary question does not grow for the sake of a rare one.
            let asking = self.ask_in_time(state, query, ask, (course, permit));
            return Box::pin(asking).await;
        }
        let flight = self.fetch_missing(state, &ask, permit.since);
        let landing = self
            .end
            .unless_over(self.flights.join(course, flight))
            .await;
        drop(permit);
        landing.map(|entry| (entry, Counter::Upstream))
    }

    /// Asks on behalf of a client who can be given a stale answer.
    async fn ask_in_time(
        self: &Arc<Self>,
        state: &Arc<State>,
        query: &Query<'_>,
        ask: Ask,
        (course, permit): (Course, Permit),
    ) -> Result {
        let (_, group) = state.upstream.route(&query.question.name);
        // Of servers that are known to be silent nobody need wait for long to hear nothing; it is enough that somebody asks.
        let patience = if group.is_out() { BRIEF } else { CLIENT_TIMER };
        let mut flight = pin!(async {
            match self.flights.join_open(&course) {
                Some(twin) => twin.await,
                None => self.depart(state, ask, course, permit).await,
            }
        });
        let in_time = match timeout(patience, self.end.unless_over(&mut flight)).await {
            Ok(Ok(entry)) => return Ok((entry, Counter::Upstream)),
            Ok(Err(failure)) if !failure.allows_stale() => return Err(failure),
            Ok(Err(failure)) => Some(Err(failure)),
            Err(_) => None,
        };
        // It may have been replaced by now, or be gone with the servers that gave it.
        if let Some(found) = self.cache.find(&key(query), clock::now()) {
            let source = match found.freshness {
                Freshness::Fresh | Freshness::Ending => Counter::Cache,
                Freshness::Stale => Counter::Stale,
            };
            return Ok((found.entry, source));
        }
        let landing = match in_time {
            Some(landing) => landing,
            None => self.end.unless_over(flight).await,
        };
        landing.map(|entry| (entry, Counter::Upstream))
    }

    /// A flight that goes on when nobody waits for it any more. As long as it does, it holds the permit of whoever it began for.
    #[expect(
        clippy::disallowed_methods,
        reason = "a flight ends by itself, and who still waits for it at the shutdown is waited for"
    )]
    async fn depart(
        self: &Arc<Self>,
        state: &Arc<State>,
        ask: Ask,
        course: Course,
        permit: Permit,
    ) -> Landing {
        let (resolver, state) = (Arc::clone(self), Arc::clone(state));
        let flight = tokio::spawn(async move {
            let fetching = resolver.fetch_missing(&state, &ask, permit.since);
            let landing = resolver.flights.join(course, fetching).await;
            drop(permit);
            landing
        });
        flight.await.unwrap_or_else(|_| Err(given_up()))
    }

    /// Asks, unless somebody has done so since nothing was known at `since`: a flight that landed between then and now would
    /// else be flown again, for each burst of questions that it met.
    async fn fetch_missing(&self, state: &Arc<State>, ask: &Ask, since: Duration) -> Landing {
        let topic = TopicRef::new(ask);
        if let Some(failure) = self.failures.find(&topic, since) {
            return Err(failure);
        }
        if ask.options.is_empty()
            && let Some(found) = self.cache.find(&topic.key, since)
            && found.freshness != Freshness::Stale
        {
            return Ok(found.entry);
        }
        self.fetch(state, ask).await
    }

    /// Asks, and keeps what comes back; a failure is remembered.
    pub(super) async fn fetch(&self, state: &Arc<State>, ask: &Ask) -> Landing {
        let entry = match self.inspect(state, ask).await {
            Ok(entry) => Arc::new(entry),
            Err(failure) => {
                let (failure, now) = (Arc::new(failure), clock::now());
                self.events.failure(&failure, now);
                // What the servers of an old state failed at, others may know.
                if Arc::ptr_eq(&self.state.load().upstream, &state.upstream) {
                    let topic = TopicRef::new(ask).to_topic();
                    self.failures.note(topic, &failure, now);
                }
                return Err(failure);
            }
        };
        if ask.options.is_empty() {
            self.keep(state, ask, &entry);
        }
        Ok(entry)
    }

    /// Keeps what the servers of `state` said, if they are those that are asked now, and the name is none that is not kept.
    fn keep(&self, state: &State, ask: &Ask, entry: &Arc<Entry<Findings>>) {
        let allowed = || {
            let current = self.state.load();
            Arc::ptr_eq(&current.upstream, &state.upstream)
                && !current.is_excluded(&ask.question.name)
        };
        if !allowed() {
            return;
        }
        let key = TopicRef::new(ask).key;
        self.cache.insert(key.to_key(), entry);
        // A state that came into force just now may have looked through the cache before this was there.
        if !allowed() {
            self.cache.remove(&key);
        }
    }

    fn hand_over(
        &self,
        query: &Query<'_>,
        result: Result,
        client: Client,
        out: &mut Vec<u8>,
    ) -> Counter {
        match result {
            Ok((entry, source)) => {
                let session = self.session(clock::now());
                session.deliver(query, (&entry, source), client, out)
            }
            Err(failure) => local::fail(query, &failure, client.limit(query), out),
        }
    }
}
