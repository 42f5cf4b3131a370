//! The UDP door: one thread for each socket, which also waits for upstream.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use arc_swap::Guard;

use super::{Access, House, portable};
use crate::metrics::{Counter, Shard};
use crate::resolver::{Carrier, Client, Outcome, Permit, Session, Silent};
use crate::upstream::clock;
use crate::wire::header::HEADER;

/// Longer packets are no queries: a question takes at most 271 octets, and options do not fill the rest.
pub(super) const PACKET: usize = 4096;

/// A UDP socket and what serves it.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) socket: UdpSocket,
    pub(super) house: House,
    worker: usize,
    /// Bound to the unspecified address, so the address that was asked must be read and set for each packet.
    pub(super) wildcard: bool,
}

/// Where a reply goes: to whom, and from which of our addresses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route<L> {
    pub(super) peer: SocketAddr,
    pub(super) local: L,
}

/// Serves a socket on a thread of its own until the end. `worker` is where it counts.
pub fn serve(socket: UdpSocket, worker: usize, house: House) -> io::Result<JoinHandle<()>> {
    let door = Arc::new(Door::new(socket, worker, house)?);
    // What waits for upstream waits on the thread that took the question: handing it to another one would cost more than all else.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name(format!("udp-{worker}"))
        .spawn(move || runtime.block_on(door.serve()))
}

#[cfg(target_os = "linux")]
async fn run(door: &Arc<Door>) -> io::Result<()> {
    match super::batch::run(door).await {
        // Some sandboxes do not know the calls for batches, or do not allow them.
        Err(error)
            if matches!(
                error.raw_os_error(),
                Some(nix::libc::ENOSYS | nix::libc::EPERM)
            ) =>
        {
            portable::run(door).await
        }
        served => served,
    }
}

#[cfg(not(target_os = "linux"))]
async fn run(door: &Arc<Door>) -> io::Result<()> {
    portable::run(door).await
}

impl Door {
    pub(super) fn new(socket: UdpSocket, worker: usize, house: House) -> io::Result<Self> {
        let wildcard = socket.local_addr()?.ip().is_unspecified();
        Ok(Self {
            socket,
            house,
            worker,
            wildcard,
        })
    }

    /// Takes packets until the end, and ends the questions that are still under way.
    async fn serve(self: Arc<Self>) {
        if let Err(error) = run(&self).await {
            tracing::error!(%error, "a UDP listener failed, so all ends");
            self.house.stop.cancel();
        }
    }

    /// The socket, to wait for packets. Sending never waits.
    pub(super) fn listen(&self) -> io::Result<tokio::net::UdpSocket> {
        tokio::net::UdpSocket::from_std(self.socket.try_clone()?)
    }

    /// Takes what is in force now, for the packets that came together.
    pub(super) fn open(&self) -> Opening<'_> {
        Opening {
            session: self.house.resolver.session(clock::now()),
            access: self.house.access.load(),
            counts: self.house.metrics.shard(self.worker),
        }
    }

    /// Has a question asked upstream; `send` takes the reply when it is there.
    pub(super) fn ask(
        self: &Arc<Self>,
        packet: Vec<u8>,
        client: Client,
        permit: Permit,
        send: impl FnOnce(Vec<u8>) + Send + 'static,
    ) {
        let door = Arc::clone(self);
        let task = async move {
            let mut out = Vec::with_capacity(512);
            if let Outcome::Reply(counter) = door
                .house
                .resolver
                .complete(&packet, client, permit, &mut out)
                .await
            {
                door.house.metrics.shard(door.worker).count(counter);
                send(out);
            }
        };
        // Boxed, since tokio aligns a task to 128 octets, and such blocks of 3 KiB are not used again by every allocator (glibc
        // before 2.38): what is kept between them made holes of half the memory. Whoever waits for the end waits for the tracker,
        // not for the handle.
        drop(self.house.tasks.spawn(Box::pin(task)));
    }
}

/// The door during one batch.
pub(super) struct Opening<'a> {
    session: Session<'a>,
    access: Guard<Arc<Access>>,
    counts: &'a Shard,
}

impl Opening<'_> {
    /// Takes one packet. True: the reply is in `out`. Else there is none, or it will go the way that `later` takes.
    pub(super) fn take(
        &self,
        packet: &[u8],
        peer: SocketAddr,
        out: &mut Vec<u8>,
        later: impl FnOnce(Vec<u8>, Client, Permit),
    ) -> bool {
        // Responses are dropped before all else, also those from strangers: an answer to an answer can go on for ever.
        if packet.len() < HEADER || packet.get(2).is_none_or(|flags| flags & 0x80 != 0) {
            self.counts.count(Counter::Dropped);
            return false;
        }
        if !self.access.allows(peer.ip(), peer.port()) {
            self.counts.count(Counter::Denied);
            return false;
        }
        let client = Client {
            address: peer.ip().to_canonical(),
            carrier: Carrier::Datagram,
        };
        // A panic would be our mistake; it ends this question, not the door.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            self.session.answer(packet, client, out, &mut Silent)
        }));
        match outcome {
            Ok(Outcome::Reply(counter)) => {
                self.counts.count(counter);
                return true;
            }
            Ok(Outcome::Ask(permit)) => later(packet.to_vec(), client, permit),
            Ok(Outcome::Drop) | Err(_) => self.counts.count(Counter::Dropped),
        }
        false
    }
}
