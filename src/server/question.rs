//! One question and its reply, whatever carried it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::accept::Guest;
use crate::metrics::Counter;
use crate::resolver::{Outcome, Permit, Silent};
use crate::upstream::clock;
use crate::wire::hop::Hop;

/// How long a reply may wait for the client to take others.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoReply {
    /// What came is no query: a response, or too short.
    NoQuery,
    /// The client takes no replies.
    Untaken,
    /// The client may not ask any more; its connection ends.
    Denied,
    /// Something is broken here.
    Fault,
}

/// A reply, and the room that it takes as long as it is not sent.
struct Kept {
    reply: Vec<u8>,
    _place: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.reply
    }
}

impl Guest {
    /// The reply to a question that came by itself, as soon as there is one, and room for it until the octets are dropped.
    ///
    /// A client may have many questions under way and take none of the replies. What does not fit beside those that wait already is
    /// not kept, but answered again when they are gone, most likely from the cache.
    pub(super) async fn answer(&self, packet: Vec<u8>, hop: Hop) -> Result<Bytes, NoReply> {
        let mut waited = None;
        loop {
            let reply = self.find(&packet, hop).await?;
            let octets = u32::try_from(reply.len()).map_err(|_| NoReply::Fault)?;
            let room = || Arc::clone(&self.room);
            if let Some(place) = waited.or_else(|| room().try_acquire_many_owned(octets).ok()) {
                return Ok(keep(reply, place));
            }
            drop(reply);
            let waiting = timeout(PATIENCE, room().acquire_many_owned(octets));
            let place = waiting.await.map_err(|_| NoReply::Untaken)?;
            waited = Some(place.map_err(|_| NoReply::Fault)?);
        }
    }

    /// The reply to a question.
    ///
    /// What must be asked upstream goes on in a task when nobody waits here any more, since others may wait for the same answer;
    /// [`Permit`] bounds how much of that there is.
    async fn find(&self, packet: &[u8], hop: Hop) -> Result<Vec<u8>, NoReply> {
        if !self.may_still_ask() {
            return Err(NoReply::Denied);
        }
        let now = clock::now();
        self.seat.touch(now);
        let counts = self.house.metrics.shard(0);
        let mut reply = Vec::new();
        let session = self.house.resolver.session(now);
        let outcome = session.answer(packet, self.client, &mut reply, &mut Silent);
        drop(session);
        match outcome {
            Outcome::Reply(counter) => {
                counts.count(counter);
                hop.end(packet, &mut reply);
                Ok(reply)
            }
            Outcome::Ask(permit) => {
                let _busy = self.seat.busy();
                // Boxed as in the UDP door.
                let completing = Box::pin(self.complete(packet.to_vec(), permit, hop));
                let completed = self.house.tasks.spawn(completing).await;
                completed.ok().flatten().ok_or(NoReply::Fault)
            }
            Outcome::Drop => {
                counts.count(Counter::Dropped);
                Err(NoReply::NoQuery)
            }
        }
    }

    /// The reply to a question that must be asked upstream.
    pub(super) fn complete(
        &self,
        packet: Vec<u8>,
        permit: Permit,
        hop: Hop,
    ) -> impl Future<Output = Option<Vec<u8>>> + Send + use<> {
        let resolver = Arc::clone(&self.house.resolver);
        let metrics = Arc::clone(&self.house.metrics);
        let client = self.client;
        async move {
            let mut reply = Vec::with_capacity(512);
            let outcome = resolver.complete(&packet, client, permit, &mut reply).await;
            let Outcome::Reply(counter) = outcome else {
                return None;
            };
            metrics.shard(0).count(counter);
            hop.end(&packet, &mut reply);
            Some(reply)
        }
    }
}

/// The octets of a reply, which give the room back when the last of them is gone.
fn keep(reply: Vec<u8>, place: OwnedSemaphorePermit) -> Bytes {
    Bytes::from_owner(Kept {
        reply,
        _place: place,
    })
}
