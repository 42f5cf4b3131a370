//! One question and its reply, whatever carried it.

use std::sync::Arc;

use super::accept::Guest;
use crate::metrics::Counter;
use crate::resolver::{Outcome, Permit, Silent};
use crate::upstream::clock;
use crate::wire::hop::Hop;

/// Why there is no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoReply {
    /// What came is no query: a response, or too short.
    NoQuery,
    /// Something is broken here.
    Fault,
}

impl Guest {
    /// The reply to a question that came by itself, as soon as there is one.
    ///
    /// What must be asked upstream goes on in a task when nobody waits here any more, since others may wait for the same answer;
    /// [`Permit`] bounds how much of that there is.
    pub(super) async fn answer(&self, packet: Vec<u8>, hop: Hop) -> Result<Vec<u8>, NoReply> {
        let now = clock::now();
        self.seat.touch(now);
        let counts = self.house.metrics.shard(0);
        let mut reply = Vec::new();
        let session = self.house.resolver.session(now);
        let outcome = session.answer(&packet, self.client, &mut reply, &mut Silent);
        drop(session);
        match outcome {
            Outcome::Reply(counter) => {
                counts.count(counter);
                hop.end(&packet, &mut reply);
                Ok(reply)
            }
            Outcome::Ask(permit) => {
                let _busy = self.seat.busy();
                // Boxed as in the UDP door.
                let completing = Box::pin(self.complete(packet, permit, hop));
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
