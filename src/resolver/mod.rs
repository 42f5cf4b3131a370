//! Floor 5: the road of one question.
//!
//! [`Session::answer`] is the product in one function: stages in their order, the first that answers wins. It never waits: a
//! door calls it for each packet and sends what it wrote. Only what must be asked upstream goes on in [`Resolver::complete`].

mod client;
mod events;
mod failures;
mod flights;
mod local;
mod part;
mod state;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};

use crate::cache::{Cache, Entry, KeyRef};
use crate::metrics::Counter;
use crate::rebinding::{Findings, Verdict};
use crate::upstream::{Ask, Failure, clock};
use crate::wire::edns::passable;
use crate::wire::header::flag;
use crate::wire::types::class;
use crate::wire::{Query, RecordType};
use crate::zone::{self, Looked};

use events::Events;
use failures::Failures;
use flights::{Flights, Landing};
use part::Part;

pub use client::{Carrier, Client};
pub use flights::Permit;
pub use state::State;
pub use trace::{Silent, Trace};

/// What became of a packet.
#[derive(Debug)]
pub enum Outcome {
    /// The reply is written; counted as this.
    Reply(Counter),
    /// There is no reply.
    Drop,
    /// It must be asked upstream: [`Resolver::complete`].
    Ask(Permit),
}

/// Everything that lives longer than a question.
#[derive(Debug)]
pub struct Resolver {
    state: ArcSwap<State>,
    cache: Cache<Findings>,
    flights: Flights,
    failures: Failures,
    events: Events,
}

impl Resolver {
    /// A resolver in this state, with this cache.
    pub fn new(state: State, cache: Cache<Findings>) -> Self {
        Self {
            state: ArcSwap::from_pointee(state),
            cache,
            flights: Flights::default(),
            failures: Failures::default(),
            events: Events::default(),
        }
    }

    /// What is in force at `now`: a door takes it once for a batch of packets.
    pub fn session(&self, now: Duration) -> Session<'_> {
        Session {
            resolver: self,
            state: self.state.load(),
            now,
        }
    }

    /// Takes over another state, whole. What is kept stays, and is judged anew, if the same servers are asked as before, and so
    /// does all that is known of these; what others said is forgotten.
    pub fn replace(&self, mut state: State) {
        let before = self.state.load();
        let same_servers = before.upstream == state.upstream;
        if same_servers {
            state.upstream = Arc::clone(&before.upstream);
        }
        self.state.store(Arc::new(state));
        if !same_servers {
            self.cache.clear();
            self.failures.clear();
        }
    }

    /// Asks upstream what [`Session::answer`] could not answer, and writes the reply to `out`. Identical questions share one
    /// flight; each gets the reply that its own bits and its own client call for.
    pub async fn complete(
        &self,
        packet: &[u8],
        client: Client,
        permit: Permit,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let Ok(query) = Query::read(packet) else {
            return Outcome::Drop;
        };
        // Until the reply is written, the question counts as one under way.
        let _permit = permit;
        let state = self.state.load_full();
        let limit = client.limit(&query);
        let Looked::Leaves { target, records } = local::look_up(&state, &query, limit, out) else {
            return self.complete_further(&state, &query, client, out).await;
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
        let mut reply = Vec::new();
        self.complete_further(&state, &rest, client.by_stream(), &mut reply)
            .await;
        zone::complete(out, &query, records, Some(&reply), limit);
        Outcome::Reply(Counter::Zone)
    }

    async fn complete_further(
        &self,
        state: &Arc<State>,
        query: &Query<'_>,
        client: Client,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let ask = Ask::new(query);
        let landing = if has_passable_options(query) {
            self.fetch(state, &ask).await
        } else {
            self.flights
                .join(key(query).to_key(), self.fetch(state, &ask))
                .await
        };
        let session = self.session(clock::now());
        Outcome::Reply(match landing {
            Ok(entry) => session
                .deliver(query, &entry, client, out)
                .unwrap_or(Counter::Upstream),
            Err(failure) => {
                self.events.failure(&failure, session.now);
                // Options may be what the upstream failed on; others must not suffer for them.
                if ask.options.is_empty() {
                    let key = key(query).to_key();
                    self.failures.note(key, &failure, session.now);
                }
                local::fail(query, &failure, client.limit(query), out)
            }
        })
    }

    /// Looks at an answer from upstream as [`Resolver::complete`] would, without keeping it.
    pub async fn inspect(&self, state: &State, ask: &Ask) -> Result<Entry<Findings>, Failure> {
        let answer = state.upstream.ask(ask).await?;
        let findings = Findings::scan(&answer)
            .map_err(|malformed| Failure::Unusable(malformed.to_string()))?;
        let weight = findings.weight();
        let entry = Entry::new(answer, findings, self.cache.lifetimes(), clock::now());
        Ok(entry.weighing(weight))
    }

    async fn fetch(&self, state: &Arc<State>, ask: &Ask) -> Landing {
        let entry = Arc::new(self.inspect(state, ask).await.map_err(Arc::new)?);
        // What the servers of an old state said is no answer in the new one, if those were changed.
        let current = Arc::ptr_eq(&self.state.load(), state);
        if ask.options.is_empty() && current {
            let key = KeyRef::new(&ask.question, ask.dnssec_ok, ask.checking_disabled).to_key();
            self.cache.insert(key, &entry);
        }
        Ok(entry)
    }
}

/// The resolver in the state and at the time of one batch.
#[derive(Debug)]
pub struct Session<'a> {
    resolver: &'a Resolver,
    state: Guard<Arc<State>>,
    now: Duration,
}

impl Session<'_> {
    /// The state that holds for the batch.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Answers a packet from what is known, or says that it must be asked upstream. The reply is written to `out`.
    ///
    /// Local answers come first, so that they need neither network nor cache and are never filtered, cached or forwarded. The
    /// name that is decoded is the question's alone, never the target of an alias: what an attacker points at is not decoded.
    pub fn answer(
        &self,
        packet: &[u8],
        client: Client,
        out: &mut Vec<u8>,
        trace: &mut impl Trace,
    ) -> Outcome {
        let state = self.state();
        let query = match Query::read(packet) {
            Ok(query) => query,
            Err(refusal) => return local::refuse(&refusal, client, out),
        };
        let limit = client.limit(&query);
        if query.question.class != class::IN {
            return local::answer_other_class(&query, limit, out);
        }
        if query.question.kind == RecordType::ANY {
            return local::answer_any(&query, limit, out);
        }
        match local::look_up(state, &query, limit, out) {
            Looked::Pass => {}
            Looked::Reply => {
                trace.say("zone", || "answered from local data".to_owned());
                return Outcome::Reply(Counter::Zone);
            }
            Looked::Leaves { target, records } => {
                trace.say("zone", || {
                    format!("an alias of local data leads to {target}")
                });
                let part = Part {
                    query: &query,
                    target,
                    records,
                };
                return self.answer_rest(&part, client, out, trace);
            }
        }
        trace.say("zone", || "no local data".to_owned());
        self.answer_further(&query, client, out, trace)
    }

    /// What is asked upstream for a packet: its question, or what the aliases of local data lead to.
    pub fn pending(&self, packet: &[u8]) -> Vec<u8> {
        let Ok(query) = Query::read(packet) else {
            return packet.to_vec();
        };
        let most = usize::from(u16::MAX);
        match local::look_up(self.state(), &query, most, &mut Vec::new()) {
            Looked::Leaves { target, records } => Part {
                query: &query,
                target,
                records,
            }
            .packet(),
            Looked::Reply | Looked::Pass => packet.to_vec(),
        }
    }

    /// The stages behind local data.
    fn answer_further(
        &self,
        query: &Query<'_>,
        client: Client,
        out: &mut Vec<u8>,
        trace: &mut impl Trace,
    ) -> Outcome {
        let state = self.state();
        let limit = client.limit(query);
        let name = &query.question.name;
        if let Some(decoded) = state.embedded.decode(name, query.question.kind) {
            trace.say("embedded", || local::describe_decoded(&decoded));
            return local::answer_decoded(query, &decoded, limit, out);
        }
        trace.say("embedded", || local::describe_undecoded(state, name));
        // Whoever runs a special-use zone on a server of their own says so with a route, which then wins.
        let (route, _) = state.upstream.route(name);
        let found = state.special_use(name, route);
        // Whether such a zone is signed is for its parent to say, and validating clients need to hear it (RFC 8375 §4).
        let found = found.filter(|found| {
            query.question.kind != RecordType::DS || *name != found.zone || !found.routable
        });
        if let Some(found) = found {
            trace.say("special use", || local::describe_special(found));
            return local::answer_special(query, found, limit, out);
        }
        trace.say("special use", || {
            local::describe_ordinary(state.special.find(name))
        });
        if !query.header.has(flag::RD) {
            return local::refuse_iterative(query, limit, out);
        }
        // Options that go upstream may change the answer, so such a question has neither a kept answer nor twins.
        if !has_passable_options(query)
            && let Some(entry) = self.resolver.cache.find(&key(query), self.now)
        {
            trace.say("cache", || "there is a living entry".to_owned());
            let verdict = self.deliver(query, &entry, client, out);
            return Outcome::Reply(verdict.unwrap_or(Counter::Cache));
        }
        trace.say("cache", || "nothing kept".to_owned());
        if !has_passable_options(query)
            && let Some(failure) = self.resolver.failures.find(&key(query), self.now)
        {
            return Outcome::Reply(local::fail(query, &failure, limit, out));
        }
        match self.resolver.flights.admit(client.address) {
            Some(permit) => Outcome::Ask(permit),
            None => local::overloaded(query, limit, out),
        }
    }

    /// Ends a reply whose aliases leave local data: what they lead to goes the rest of the road as a question of its own. The
    /// operator's own alias is not judged, what it leads to is.
    fn answer_rest(
        &self,
        part: &Part<'_>,
        client: Client,
        out: &mut Vec<u8>,
        trace: &mut impl Trace,
    ) -> Outcome {
        let query = part.query;
        let limit = client.limit(query);
        if !query.header.has(flag::RD) {
            zone::end(out, query, part.records, limit);
            return Outcome::Reply(Counter::Zone);
        }
        let packet = part.packet();
        let Ok(rest) = Query::read(&packet) else {
            return local::fail_chain(query, part.records, limit, out);
        };
        let mut reply = Vec::new();
        match self.answer_further(&rest, client.by_stream(), &mut reply, trace) {
            Outcome::Reply(_) => {
                zone::complete(out, query, part.records, Some(&reply), limit);
                Outcome::Reply(Counter::Zone)
            }
            other => other,
        }
    }

    /// The last stage for everything that came from outside, on every delivery: the judge. Returns how the reply is counted if
    /// he had something to say.
    fn deliver(
        &self,
        query: &Query<'_>,
        entry: &Entry<Findings>,
        client: Client,
        out: &mut Vec<u8>,
    ) -> Option<Counter> {
        let limit = client.limit(query);
        let verdict = self
            .state()
            .judge
            .judge(&query.question, &entry.found, client.address);
        self.resolver
            .events
            .verdict(&verdict, query, &entry.found, (client.address, self.now));
        match verdict {
            Verdict::Pass => {
                entry.write(out, query, self.now, limit);
                None
            }
            Verdict::Report(_) => {
                entry.write(out, query, self.now, limit);
                Some(Counter::Reported)
            }
            Verdict::Block(offence) => {
                local::block(query, &offence.text(false), limit, out);
                Some(Counter::Blocked)
            }
            Verdict::Sinkhole(offence) => {
                local::block(query, &offence.text(true), limit, out);
                Some(Counter::Sinkhole)
            }
        }
    }
}

fn key<'a>(query: &'a Query<'_>) -> KeyRef<'a> {
    KeyRef::new(
        &query.question,
        query.dnssec_ok(),
        query.header.has(flag::CD),
    )
}

fn has_passable_options(query: &Query<'_>) -> bool {
    // Most clients send none, and then nothing is allocated.
    query
        .edns
        .is_some_and(|edns| !edns.options.is_empty() && !passable(edns.options()).is_empty())
}
