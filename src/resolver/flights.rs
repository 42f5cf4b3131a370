//! Questions on their way upstream: how many there may be, and one for all who ask the same.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::topic::Topic;
use crate::cache::Entry;
use crate::rebinding::Findings;
use crate::upstream::Failure;

/// Questions under way at the same time, of all clients.
const MAX_OPEN: usize = 2048;
/// Questions under way at the same time, of one client.
const MAX_OPEN_PER_CLIENT: usize = 256;

/// How a flight ends.
pub(super) type Landing = Result<Arc<Entry<Findings>>, Arc<Failure>>;

/// An open flight, to wait for.
type Flight = watch::Receiver<Option<Landing>>;

/// The open flights, by question; and who has how many questions under way.
///
/// Asking the same question twice at the same time would double an attacker's chance to guess an answer, again and again
/// (CVE-2020-25686), so twins wait for the first.
#[derive(Debug, Default)]
pub(super) struct Flights {
    open: Mutex<HashMap<Topic, Flight>>,
    clients: Arc<Mutex<Clients>>,
}

#[derive(Debug, Default)]
struct Clients {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to have one question under way; given back on drop.
#[derive(Debug)]
pub struct Permit {
    /// There is a stale answer to give if no better one comes.
    pub(super) has_stale: bool,
    clients: Arc<Mutex<Clients>>,
    client: IpAddr,
}

impl Flights {
    /// Room for one more question of this client, if there is any.
    pub(super) fn admit(&self, client: IpAddr) -> Option<Permit> {
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
            has_stale: false,
            clients: Arc::clone(&self.clients),
            client,
        })
    }

    /// Waits for the open flight of this question, or makes `flight` the one that the next twins wait for.
    pub(super) async fn join(
        &self,
        topic: Topic,
        flight: impl Future<Output = Landing>,
    ) -> Landing {
        let (sender, receiver) = watch::channel(None);
        let twin = {
            let mut open = lock(&self.open);
            let twin = open.get(&topic).cloned();
            if twin.is_none() {
                open.insert(topic.clone(), receiver);
            }
            twin
        };
        if let Some(twin) = twin {
            return land(twin).await;
        }
        // Also when the flight is dropped or panics, nobody may wait for it any more.
        let closing = Closing {
            flights: self,
            topic,
        };
        let landing = flight.await;
        drop(closing);
        sender.send_replace(Some(landing.clone()));
        landing
    }

    /// Waits for the open flight of this question, if there is one.
    pub(super) fn join_open(&self, topic: &Topic) -> Option<impl Future<Output = Landing> + use<>> {
        lock(&self.open).get(topic).cloned().map(land)
    }
}

async fn land(mut flight: Flight) -> Landing {
    match flight.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(landing)) => landing.clone(),
        _ => Err(given_up()),
    }
}

/// The end of a flight that was dropped, or panicked.
pub(super) fn given_up() -> Arc<Failure> {
    Arc::new(Failure::Unreachable("the question was given up".to_owned()))
}

struct Closing<'a> {
    flights: &'a Flights,
    topic: Topic,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        lock(&self.flights.open).remove(&self.topic);
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
        let client = |number: u32| IpAddr::from(Ipv4Addr::from_bits(number));
        let first: Vec<Permit> = (0..MAX_OPEN_PER_CLIENT)
            .map(|_| flights.admit(client(1)).unwrap())
            .collect();
        assert!(
            flights.admit(client(1)).is_none(),
            "one client takes no more than its share"
        );
        let mut others: Vec<Permit> = (first.len()..MAX_OPEN)
            .map(|number| {
                flights
                    .admit(client(9 + u32::try_from(number).unwrap()))
                    .unwrap()
            })
            .collect();
        assert!(
            flights.admit(client(2)).is_none(),
            "and all together no more than there is"
        );
        others.pop();
        assert!(flights.admit(client(2)).is_some());
        drop((first, others));
        assert!(lock(&flights.clients).by_address.is_empty());
    }
}
