//! How many connections there may be, over TCP, TLS or QUIC, and whose goes first when there are too many.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Connections of all clients.
const ALL: usize = 256;
/// Connections of one client.
const OF_ONE: usize = 16;

/// The connections that are open.
#[derive(Debug, Default)]
pub struct Seats {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    taken: HashMap<u64, Taken>,
}

#[derive(Debug)]
struct Taken {
    client: IpAddr,
    active: Duration,
    busy: usize,
    revoked: CancellationToken,
}

/// The right to one connection; given back on drop.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    revoked: CancellationToken,
}

/// Says that a question is under way on a connection.
#[derive(Debug)]
pub(super) struct Busy {
    seats: Arc<Seats>,
    number: u64,
}

impl Seats {
    /// A seat for a client. Where there is none left, the connection that has been idle for longest makes room: one of the
    /// client's own if it has its share already. None if all are at work.
    pub(super) fn take(self: &Arc<Self>, client: IpAddr, now: Duration) -> Option<Seat> {
        let mut table = self.lock();
        let own = table
            .taken
            .values()
            .filter(|taken| taken.client == client)
            .count();
        if own >= OF_ONE {
            table.revoke_idlest(|taken| taken.client == client)?;
        } else if table.taken.len() >= ALL {
            table.revoke_idlest(|_| true)?;
        }
        let number = table.next;
        table.next += 1;
        let revoked = CancellationToken::new();
        table.taken.insert(
            number,
            Taken {
                client,
                active: now,
                busy: 0,
                revoked: revoked.clone(),
            },
        );
        drop(table);
        Some(Seat {
            seats: Arc::clone(self),
            number,
            revoked,
        })
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Taken)) {
        if let Some(taken) = self.lock().taken.get_mut(&number) {
            change(taken);
        }
    }

    /// The table is whole after every statement, so a panic elsewhere does not make it wrong.
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn revoke_idlest(&mut self, candidate: impl Fn(&Taken) -> bool) -> Option<()> {
        let idle = self
            .taken
            .iter()
            .filter(|(_, taken)| taken.busy == 0 && candidate(taken));
        let number = *idle
            .min_by_key(|(number, taken)| (taken.active, **number))?
            .0;
        self.taken.remove(&number)?.revoked.cancel();
        Some(())
    }
}

impl Seat {
    /// Notes that the client was heard of.
    pub(super) fn touch(&self, now: Duration) {
        self.seats.change(self.number, |taken| taken.active = now);
    }

    /// Notes a question under way, until the value is dropped.
    pub(super) fn busy(&self) -> Busy {
        self.seats.change(self.number, |taken| taken.busy += 1);
        Busy {
            seats: Arc::clone(&self.seats),
            number: self.number,
        }
    }

    /// Says when another connection needs the seat.
    pub(super) fn revoked(&self) -> CancellationToken {
        self.revoked.clone()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().taken.remove(&self.number);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.seats.change(self.number, |taken| {
            taken.busy = taken.busy.saturating_sub(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn client(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn the_idlest_connection_makes_room() {
        let seats = Arc::new(Seats::default());
        let mine: Vec<Seat> = (0..OF_ONE)
            .map(|second| {
                seats
                    .take(client(1), Duration::from_secs(second.try_into().unwrap()))
                    .unwrap()
            })
            .collect();
        mine[0].touch(Duration::from_secs(99));
        let busy = mine[1].busy();
        let next = seats.take(client(1), Duration::from_secs(100)).unwrap();
        let revoked: Vec<usize> = mine
            .iter()
            .enumerate()
            .filter(|(_, seat)| seat.revoked.is_cancelled())
            .map(|(index, _)| index)
            .collect();
        assert_eq!(
            revoked,
            [2],
            "not the one that was heard of, nor the one at work"
        );
        drop((busy, next));

        let others: Vec<Seat> = (0..u32::try_from(ALL).unwrap())
            .filter_map(|number| seats.take(client(2 + number), Duration::from_secs(200)))
            .collect();
        assert_eq!(others.len(), ALL);
        assert!(seats.lock().taken.len() <= ALL);
        let work: Vec<Busy> = others.iter().map(Seat::busy).collect();
        assert!(
            seats.take(client(9999), Duration::from_secs(300)).is_none(),
            "no one who is at work is sent away"
        );
        drop((mine, work, others));
        assert!(seats.lock().taken.is_empty());
    }
}
