//! Questions on their way upstream: how many there may be, and one for all who ask the same.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::quality::RandomState;
use tokio::sync::oneshot;

use super::State;
use super::topic::{Topic, TopicRef};
use crate::cache::Entry;
use crate::rebinding::Findings;
use crate::upstream::{Ask, Failure};

/// Questions under way at the same time, of all clients.
const MAX_OPEN: usize = 2048;
/// Questions under way at the same time, of one client.
const MAX_OPEN_PER_CLIENT: usize = 256;

/// How a flight ends.
pub(super) type Landing = Result<Arc<Entry<Findings>>, Arc<Failure>>;

/// What twins have in common: the question, and the servers that are asked. Who asks after these were changed does not wait for
/// what those from before will say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Course {
    topic: Topic,
    /// Where the servers stand in memory. As long as a flight is open, it holds them there.
    upstream: usize,
}

impl Course {
    /// The course of what is asked in this state.
    pub(super) fn new(state: &State, ask: &Ask) -> Self {
        Self {
            topic: TopicRef::new(ask).to_topic(),
            upstream: Arc::as_ptr(&state.upstream).addr(),
        }
    }
}

/// The open flights, by course; and who has how many questions under way.
///
/// Asking the same question twice at the same time would double an attacker's chance to guess an answer, again and again
/// (CVE-2020-25686), so twins wait for the first.
#[derive(Debug, Default)]
pub(super) struct Flights {
    open: Mutex<HashMap<Course, Twins, RandomState>>,
    clients: Arc<Mutex<Clients>>,
}

/// Those who wait for a flight. Most flights have none.
type Twins = Vec<oneshot::Sender<Landing>>;

#[derive(Debug, Default)]
struct Clients {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to have one question under way; given back on drop.
#[derive(Debug)]
pub struct Permit {
    /// When nothing was known that could be given at once.
    pub(super) since: Duration,
    /// There is a stale answer to give if no better one comes.
    pub(super) has_stale: bool,
    clients: Arc<Mutex<Clients>>,
    client: IpAddr,
}

impl Flights {
    /// Room for one more question of this client at `now`, if there is any.
    pub(super) fn admit(&self, client: IpAddr, now: Duration) -> Option<Permit> {
        let mut clients = lock(&self.clients);
        if clients.total >= MAX_OPEN {
            return None;
        }
        let count = clients.by_address.entry(client).or_default();
        if *count >= MAX_OPEN_PER_CLIENT {
            return None;
        }
        *count += 1;
        clients.total += 1;
        drop(clients);
        Some(Permit {
            since: now,
            has_stale: false,
            clients: Arc::clone(&self.clients),
            client,
        })
    }

    /// Waits for the open flight of this question, or makes `flight` the one that the next twins wait for.
    pub(super) async fn join(
        &self,
        course: Course,
        flight: impl Future<Output = Landing>,
    ) -> Landing {
        let twin = {
            let mut open = lock(&self.open);
            let twin = open.get_mut(&course).map(wait);
            if twin.is_none() {
                open.insert(course.clone(), Twins::new());
            }
            twin
        };
        if let Some(twin) = twin {
            return twin.await;
        }
        let closing = Closing {
            flights: self,
            course,
            closed: false,
        };
        let landing = flight.await;
        for twin in closing.close() {
            // Whoever gave up in the meantime hears nothing.
            let _gone = twin.send(landing.clone());
        }
        landing
    }

    /// Waits for the open flight of this question, if there is one.
    pub(super) fn join_open(
        &self,
        course: &Course,
    ) -> Option<impl Future<Output = Landing> + use<>> {
        lock(&self.open).get_mut(course).map(wait)
    }
}

/// Waits among the twins of a flight.
fn wait(twins: &mut Twins) -> impl Future<Output = Landing> + use<> {
    let (sender, receiver) = oneshot::channel();
    twins.push(sender);
    async { receiver.await.unwrap_or_else(|_| Err(given_up())) }
}

/// The end of a flight that was dropped, or panicked.
pub(super) fn given_up() -> Arc<Failure> {
    Arc::new(Failure::Unreachable("the question was given up".to_owned()))
}

/// Ends a flight also when it is dropped or panics: nobody may wait for it any more.
struct Closing<'a> {
    flights: &'a Flights,
    course: Course,
    closed: bool,
}

impl Closing<'_> {
    /// Ends the flight for all who come later. Those who wait for it are to be told.
    fn close(mut self) -> Twins {
        self.closed = true;
        self.take()
    }

    fn take(&self) -> Twins {
        let twins = lock(&self.flights.open).remove(&self.course);
        twins.unwrap_or_default()
    }
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        if !self.closed {
            drop(self.take());
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut clients = lock(&self.clients);
        clients.total = clients.total.saturating_sub(1);
        if let Some(count) = clients.by_address.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                clients.by_address.remove(&self.client);
            }
        }
    }
}

/// The tables are whole after every statement, so a panic elsewhere does not make them wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn room_is_bounded_and_comes_back() {
        let flights = Flights::default();
        let admit = |number: u32| {
            let client = IpAddr::from(Ipv4Addr::from_bits(number));
            flights.admit(client, Duration::ZERO)
        };
        let first: Vec<Permit> = (0..MAX_OPEN_PER_CLIENT)
            .map(|_| admit(1).unwrap())
            .collect();
        assert!(
            admit(1).is_none(),
            "one client takes no more than its share"
        );
        let mut others: Vec<Permit> = (first.len()..MAX_OPEN)
            .map(|number| admit(9 + u32::try_from(number).unwrap()).unwrap())
            .collect();
        assert!(admit(2).is_none(), "and all together no more than there is");
        others.pop();
        assert!(admit(2).is_some());
        drop((first, others));
        assert!(lock(&flights.clients).by_address.is_empty());
    }
}
