//! Floor 5: the road of one question.
//!
//! [`Session::answer`] is the product in one function: stages in their order, the first that answers wins. It never waits: a
//! door calls it for each packet and sends what it wrote. Only what must be asked upstream goes on in [`Resolver::complete`].

mod asking;
mod client;
mod end;
mod events;
mod failures;
mod flights;
mod local;
mod memory;
mod part;
mod refresh;
mod state;
mod topic;
mod trace;
mod views;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};

use crate::cache::{Cache, Entry, Found, Freshness, KeyRef};
use crate::metrics::Counter;
use crate::rebinding::{Findings, Verdict};
use crate::upstream::Failure;
use crate::wire::edns::passable;
use crate::wire::header::flag;
use crate::wire::types::class;
use crate::wire::{Query, RecordType};
use crate::zone::{self, Looked};

use end::End;
use events::Events;
use failures::Failures;
use flights::Flights;
use part::Part;
use refresh::Refreshes;
use topic::TopicRef;

pub use client::{Carrier, Client};
pub use flights::Permit;
pub use memory::{Moment, NotRestored, Restored};
pub use refresh::Refresher;
pub use state::State;
pub use trace::{Silent, Trace};
pub use views::Views;

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
    /// Held from a new state's coming into force until what it does not allow is forgotten.
    replacing: Mutex<()>,
    cache: Cache<Findings>,
    flights: Flights,
    failures: Failures,
    refreshes: Option<Refreshes>,
    events: Events,
    end: End,
}

impl Resolver {
    /// A resolver in this state, with this cache.
    pub fn new(state: State, cache: Cache<Findings>) -> Self {
        Self {
            state: ArcSwap::from_pointee(state),
            replacing: Mutex::default(),
            cache,
            flights: Flights::default(),
            failures: Failures::default(),
            refreshes: None,
            events: Events::default(),
            end: End::default(),
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
        let excluded = |state: &State| {
            state
                .excluded
                .iter()
                .map(|(domain, ())| *domain)
                .collect::<Vec<_>>()
        };
        let same_excluded = excluded(&before) == excluded(&state);
        let _replacing = self
            .replacing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let state = Arc::new(state);
        self.state.store(Arc::clone(&state));
        if !same_servers {
            self.cache.clear();
            self.failures.clear();
        } else if !same_excluded {
            self.cache.retain(|name| !state.is_excluded(name));
        }
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
        let zones = state.zones.of(client.address);
        match local::look_up(zones, &query, limit, out) {
            Looked::Pass => {}
            Looked::Reply => {
                trace.say("zone", || {
                    local::describe_local(zones, &query.question.name)
                });
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
    pub fn pending(&self, packet: &[u8], client: Client) -> Vec<u8> {
        let Ok(query) = Query::read(packet) else {
            return packet.to_vec();
        };
        let most = usize::from(u16::MAX);
        let zones = self.state().zones.of(client.address);
        match local::look_up(zones, &query, most, &mut Vec::new()) {
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
            if self.resolver.declines(query) {
                return local::leaving(query, limit, out);
            }
            return local::answer_special(query, found, limit, out);
        }
        trace.say("special use", || {
            local::describe_ordinary(state.special.find(name))
        });
        if !query.header.has(flag::RD) {
            return local::refuse_iterative(query, limit, out);
        }
        // Options that go upstream may change the answer, so such a question has no kept one.
        let options = passable_options(query);
        let found = if options.is_empty() {
            self.resolver.cache.find(&key(query), self.now)
        } else {
            None
        };
        trace.say("cache", || local::describe_found(found.as_ref()));
        if let Some(found) = &found
            && found.freshness != Freshness::Stale
        {
            if found.freshness == Freshness::Ending {
                self.resolver.refresh_soon(query, &found.entry);
            }
            let delivery = (&*found.entry, Counter::Cache);
            return Outcome::Reply(self.deliver(query, delivery, client, out));
        }
        self.answer_missing(query, (&options, found), client, out)
    }

    /// What has no answer that lives is asked upstream, unless that just failed, or there are too many questions. Then a stale
    /// answer is better than none.
    fn answer_missing(
        &self,
        query: &Query<'_>,
        (options, stale): (&[u8], Option<Found<Findings>>),
        client: Client,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let topic = TopicRef {
            key: key(query),
            options,
        };
        let failure = self.resolver.failures.find(&topic, self.now);
        let permit = if failure.is_none() {
            self.resolver.flights.admit(client.address, self.now)
        } else {
            None
        };
        let stale = stale.filter(|_| failure.as_deref().is_none_or(Failure::allows_stale));
        match (permit, stale, failure) {
            (Some(mut permit), stale, _) => {
                permit.has_stale = stale.is_some();
                Outcome::Ask(permit)
            }
            (None, Some(stale), _) => {
                let delivery = (&*stale.entry, Counter::Stale);
                Outcome::Reply(self.deliver(query, delivery, client, out))
            }
            (None, None, Some(failure)) => {
                let limit = client.limit(query);
                Outcome::Reply(local::fail(query, &failure, limit, out))
            }
            (None, None, None) => local::overloaded(query, client.limit(query), out),
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

    /// The last stage for everything that came from outside, on every delivery: the judge. The reply is counted as what he found,
    /// or else by its source.
    fn deliver(
        &self,
        query: &Query<'_>,
        (entry, source): (&Entry<Findings>, Counter),
        client: Client,
        out: &mut Vec<u8>,
    ) -> Counter {
        let limit = client.limit(query);
        let verdict = self
            .state()
            .judge
            .judge(&query.question, &entry.found, client.address);
        self.resolver
            .events
            .verdict(&verdict, query, &entry.found, (client.address, self.now));
        let counter = match &verdict {
            Verdict::Pass => source,
            Verdict::Report(_) => Counter::Reported,
            Verdict::Block(offence) => {
                local::block(query, &offence.text(false), limit, out);
                return Counter::Blocked;
            }
            Verdict::Sinkhole(offence) => {
                local::block(query, &offence.text(true), limit, out);
                return Counter::Sinkhole;
            }
        };
        if source == Counter::Stale {
            entry.write_stale(out, query, limit);
        } else {
            entry.write(out, query, self.now, limit);
        }
        counter
    }
}

fn key<'a>(query: &'a Query<'_>) -> KeyRef<'a> {
    KeyRef::new(
        &query.question,
        query.dnssec_ok(),
        query.header.has(flag::CD),
    )
}

/// The options of a query that go upstream. Most clients send none, and then nothing is allocated.
fn passable_options(query: &Query<'_>) -> Vec<u8> {
    let edns = query.edns.filter(|edns| !edns.options.is_empty());
    edns.map(|edns| passable(edns.options()))
        .unwrap_or_default()
}
