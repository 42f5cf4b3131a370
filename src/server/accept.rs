//! How connections come in, whatever is spoken on them: who may ask, how many there may be, and a rest when the system is short
//! of something.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::House;
use super::seats::Seat;
use crate::metrics::Counter;
use crate::resolver::{Carrier, Client};
use crate::upstream::clock;

/// How long to rest when the system has no more descriptors.
const REST: Duration = Duration::from_millis(50);

/// Octets of replies that may wait on one connection until the client takes them: the longest reply fits. All connections together
/// then keep 16 MiB.
const ROOM: usize = 1 << 16;

/// A client that may ask, and its seat.
#[derive(Debug)]
pub(super) struct Guest {
    pub(super) house: House,
    pub(super) client: Client,
    peer: SocketAddr,
    pub(super) seat: Seat,
    /// Octets of replies that may wait until the client takes them.
    pub(super) room: Arc<Semaphore>,
}

impl Guest {
    /// Lets a client in, before anything is said on its connection. None if it may not ask, or no seat is left; that is counted.
    pub(super) fn admit(peer: SocketAddr, house: &House) -> Option<Self> {
        if !may_ask(peer, house) {
            return None;
        }
        let address = peer.ip().to_canonical();
        let Some(seat) = house.seats.take(address, clock::now()) else {
            house.metrics.shard(0).count(Counter::Crowded);
            return None;
        };
        Some(Self {
            house: house.clone(),
            client: Client {
                address,
                carrier: Carrier::Stream,
            },
            peer,
            seat,
            room: Arc::new(Semaphore::new(ROOM)),
        })
    }

    /// Whether the client may still ask; if not, its connection ends. Who may ask changes with the settings and the networks, and
    /// a connection that is used never ends by itself.
    pub(super) fn may_still_ask(&self) -> bool {
        let may = may_ask(self.peer, &self.house);
        if !may {
            self.seat.revoked().cancel();
        }
        may
    }

    /// Serves the connection in a task of its own, until it ends or another one needs the seat.
    pub(super) fn serve<F>(self, serve: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (tasks, revoked) = (self.house.tasks.clone(), self.seat.revoked());
        let serving = serve(self);
        // Whoever waits for the end waits for the tracker, not for the handle.
        drop(tasks.spawn(async move {
            tokio::select! {
                // Who lost the seat gets no answer more, also if a question lies there already.
                biased;
                () = revoked.cancelled() => {}
                () = serving => {}
            }
        }));
    }
}

/// Whether a client may ask. One that may not is counted, and hears nothing.
pub(super) fn may_ask(peer: SocketAddr, house: &House) -> bool {
    let may = (house.access.load()).allows(peer.ip().to_canonical(), peer.port());
    if !may {
        house.metrics.shard(0).count(Counter::Denied);
    }
    may
}

/// Accepts connections until the end, and has those of clients that may ask served.
pub(super) async fn accept<F>(
    listener: TcpListener,
    house: House,
    serve: impl Fn(TcpStream, Guest) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    // Who came before the end, and was not looked at yet, is served: the kernel has said yes to them.
    let mut last_call = pin!(house.last_call());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut last_call => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Without it, small replies would wait for each other.
                if stream.set_nodelay(true).is_ok()
                    && let Some(guest) = Guest::admit(peer, &house)
                {
                    guest.serve(|guest| serve(stream, guest));
                }
            }
            // A client that reset before it was accepted is no news (ECONNABORTED and its kin).
            Err(error) if is_clients_fault(&error) => {}
            // Out of descriptors or memory: without a rest this loop would take all of the processor.
            Err(error) => {
                tracing::debug!(%error, "accepting a connection failed");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

fn is_clients_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::WouldBlock
    )
}
