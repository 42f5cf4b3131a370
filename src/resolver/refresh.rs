//! Answers that are asked for again before they end, so that nobody waits for a name in use.
//!
//! A hit only leaves word: doors answer without waiting. A task of its own asks, through the flights that clients use, too.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::Resolver;
use super::flights::Course;
use super::topic::TopicRef;
use crate::cache::Entry;
use crate::rebinding::Findings;
use crate::upstream::{Ask, clock};
use crate::wire::Query;

/// How many answers may wait to be asked for. What finds no room is asked for when it is needed, as it would be without all this.
const WAITING: usize = 256;
/// How many are asked for at the same time.
const AT_ONCE: usize = 16;

/// Where a hit leaves word.
#[derive(Debug)]
pub(super) struct Refreshes {
    due: mpsc::Sender<Ask>,
}

/// Asks again.
#[derive(Debug)]
pub struct Refresher {
    due: mpsc::Receiver<Ask>,
}

impl Resolver {
    /// Has answers asked for again that are wanted in the last tenth of their life; [`Refresher::run`] does it.
    #[must_use]
    pub fn refreshing(self) -> (Self, Refresher) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let resolver = Self {
            refreshes: Some(Refreshes { due: sender }),
            ..self
        };
        (resolver, Refresher { due: receiver })
    }

    /// Leaves word that the answer to this query is about to end.
    pub(super) fn refresh_soon(&self, query: &Query<'_>, entry: &Entry<Findings>) {
        if let Some(refreshes) = &self.refreshes
            && entry.take_refresh()
        {
            // Without room it is left out.
            let _full = refreshes.due.try_send(Ask::new(query));
        }
    }
}

impl Refresher {
    /// Asks until it is dropped. Flights that are under way then go on, for there may be clients who wait for them.
    #[expect(
        clippy::disallowed_methods,
        reason = "a flight ends by itself, and who still waits for it at the shutdown is waited for"
    )]
    pub async fn run(mut self, resolver: Arc<Resolver>) {
        let room = Arc::new(Semaphore::new(AT_ONCE));
        while let Some(ask) = self.due.recv().await {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let resolver = Arc::clone(&resolver);
            let flight = async move {
                resolver.refresh(&ask).await;
                drop(place);
            };
            drop(tokio::spawn(flight));
        }
    }
}

impl Resolver {
    /// Asks again. What comes back takes the place of the old answer; if nothing does, that one lives to its end.
    async fn refresh(&self, ask: &Ask) {
        let topic = TopicRef::new(ask);
        if self.failures.find(&topic, clock::now()).is_none() {
            let state = self.state.load_full();
            let flight = self.fetch(&state, ask);
            // Its failure is noted where it happens.
            let _landing = self.flights.join(Course::new(&state, ask), flight).await;
        }
    }
}
