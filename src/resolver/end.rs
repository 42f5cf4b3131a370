//! The end of the service, as questions meet it: first lanward says that it is about to leave, then it waits for nobody any more.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

use super::Resolver;
use super::flights::{Landing, given_up};
use crate::wire::Query;

/// How near the end is.
#[derive(Debug, Default)]
pub(super) struct End {
    leaving: AtomicBool,
    over: CancellationToken,
}

impl Resolver {
    /// From now on says that it is not well to whoever asks for `localhost`, for good. All else is answered as before.
    pub fn leave(&self) {
        self.end.leaving.store(true, Ordering::Relaxed);
    }

    /// Ends all waiting, for good: who waits for an upstream, or would, gets at once what there is without it, a stale answer or
    /// SERVFAIL.
    pub fn give_up(&self) {
        self.end.over.cancel();
    }

    /// Whether the answer to this query is that lanward is about to leave.
    pub(super) fn declines(&self, query: &Query<'_>) -> bool {
        asks_for_health(query) && self.end.leaving.load(Ordering::Relaxed)
    }
}

impl End {
    /// Waits for a flight as long as anything is waited for.
    pub(super) async fn unless_over(&self, flight: impl Future<Output = Landing>) -> Landing {
        tokio::select! {
            // An answer that is there is not thrown away, and costs no place among those who wait for the end.
            biased;
            landing = flight => landing,
            () = self.over.cancelled() => Err(given_up()),
        }
    }
}

/// Whether a query is the one by which programs see that lanward is well (`lanward healthcheck`, load balancers): for `localhost`,
/// which people's devices know by themselves (RFC 6761 §6.3).
fn asks_for_health(query: &Query<'_>) -> bool {
    query.question.name.as_wire() == b"\x09localhost\0"
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::future::{pending, ready};
    use std::sync::Arc;

    use crate::upstream::Failure;

    #[tokio::test]
    async fn what_is_there_counts_and_nothing_else_is_waited_for() {
        let end = End::default();
        end.over.cancel();
        // More often than chance would have it.
        for _ in 0..64 {
            let there = Arc::new(Failure::Unusable("there".to_owned()));
            let landing = end.unless_over(ready(Err(there))).await;
            assert!(matches!(*landing.unwrap_err(), Failure::Unusable(_)));
        }
        let landing = end.unless_over(pending()).await;
        assert!(matches!(*landing.unwrap_err(), Failure::Unreachable(_)));
    }
}
