//! Whether anything goes on on a connection, so that one on which nothing does can end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// What goes on on a connection.
#[derive(Debug)]
pub(super) struct Activity(Mutex<State>);

#[derive(Debug)]
struct State {
    under_way: usize,
    /// When a request last began or ended.
    since: Instant,
}

/// A request that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Doing(Arc<Activity>);

impl Activity {
    /// Of a connection that begins now.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            under_way: 0,
            since: Instant::now(),
        })))
    }

    /// Notes that a request begins.
    pub(super) fn begin(self: &Arc<Self>) -> Doing {
        self.change(|under_way| under_way.saturating_add(1));
        Doing(Arc::clone(self))
    }

    /// Waits until nothing has gone on for so long.
    pub(super) async fn rests_for(&self, limit: Duration) {
        loop {
            let left = self.left(limit);
            if left.is_zero() {
                return;
            }
            sleep(left).await;
        }
    }

    /// How long it must yet rest; all of `limit` while something is under way.
    fn left(&self, limit: Duration) -> Duration {
        let state = self.lock();
        if state.under_way > 0 {
            limit
        } else {
            limit.saturating_sub(state.since.elapsed())
        }
    }

    fn change(&self, count: impl FnOnce(usize) -> usize) {
        let mut state = self.lock();
        state.under_way = count(state.under_way);
        state.since = Instant::now();
    }

    /// The state is whole after every statement, so a panic elsewhere does not make it wrong.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        self.0.change(|under_way| under_way.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn it_rests_after_the_last_request_has_ended() {
        let activity = Activity::new();
        let start = Instant::now();
        let (short, limit) = (Duration::from_secs(20), Duration::from_secs(30));
        assert!(timeout(short, activity.rests_for(limit)).await.is_err());
        let doing = [activity.begin(), activity.begin()];
        assert!(timeout(limit * 3, activity.rests_for(limit)).await.is_err());
        let [first, second] = doing;
        drop(first);
        assert!(timeout(limit * 3, activity.rests_for(limit)).await.is_err());
        drop(second);
        let ended = Instant::now();
        activity.rests_for(limit).await;
        assert_eq!(ended.elapsed(), limit, "{:?}", start.elapsed());
    }
}
