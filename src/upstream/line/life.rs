//! What is known of a connection while it lives: who waits on it, when it was last heard of, and when it may rest.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// One connection, seen by those who ask and by the task that keeps it going.
#[derive(Debug)]
pub(super) struct Life {
    born: Instant,
    /// A seat for each question that may be under way.
    seats: Arc<Semaphore>,
    seat_count: usize,
    /// How many questions it may still take.
    left: AtomicUsize,
    /// When the last answer came, in milliseconds since the birth.
    heard: AtomicU64,
    answers: AtomicUsize,
    lost: AtomicBool,
    /// How long it may stay without questions, in milliseconds.
    rest: AtomicU64,
    rest_changed: Notify,
    end: CancellationToken,
    why: OnceLock<io::Error>,
}

impl Life {
    /// Of a connection that takes `seats` questions at a time, `most` in all, and ends after `rest` without any.
    pub(super) fn new(seats: usize, most: usize, rest: Duration) -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            seats: Arc::new(Semaphore::new(seats)),
            seat_count: seats,
            left: AtomicUsize::new(most),
            heard: AtomicU64::new(0),
            answers: AtomicUsize::new(0),
            lost: AtomicBool::new(false),
            rest: AtomicU64::new(millis(rest)),
            rest_changed: Notify::new(),
            end: CancellationToken::new(),
            why: OnceLock::new(),
        })
    }

    /// Takes a seat, if one is free.
    pub(super) fn take_seat(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        self.count_down().then_some(permit)
    }

    /// Waits for a seat; none if the connection ends before.
    pub(super) async fn wait_for_seat(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.seats).acquire_owned().await.ok()?;
        self.count_down().then_some(permit)
    }

    /// Takes one from what is left; whoever takes the last one closes the door.
    fn count_down(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        let before = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        if before == Ok(1) {
            self.retire();
        }
        before.is_ok()
    }

    /// Notes that an answer came.
    pub(super) fn note_answer(&self) {
        self.heard
            .store(millis(self.born.elapsed()), Ordering::Relaxed);
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// How many answers it gave.
    pub(super) fn answers(&self) -> usize {
        self.answers.load(Ordering::Relaxed)
    }

    /// Notes that it ended with a question under way. True for the first one.
    pub(super) fn note_loss(&self) -> bool {
        !self.lost.swap(true, Ordering::Relaxed)
    }

    /// When the last answer came; before the first one, when it began.
    pub(super) fn heard(&self) -> Instant {
        self.born + Duration::from_millis(self.heard.load(Ordering::Relaxed))
    }

    /// From now on it may stay for so long without questions.
    pub(super) fn may_rest(&self, rest: Duration) {
        self.rest.store(millis(rest), Ordering::Relaxed);
        self.rest_changed.notify_one();
    }

    /// Waits until nobody has asked anything for as long as it may stay so.
    pub(super) async fn rested(&self) {
        loop {
            let rest = Duration::from_millis(self.rest.load(Ordering::Relaxed));
            let due = self.heard() + rest;
            let idle = self.seats.available_permits() == self.seat_count;
            if idle && due <= Instant::now() {
                return;
            }
            let soon = Instant::now() + rest.max(LEAST_REST);
            let due = if idle { due } else { soon };
            // Whether the time is over or another one holds, look again.
            let _elapsed = timeout_at(due, self.rest_changed.notified()).await;
        }
    }

    /// No question goes there any more. Those under way may still be answered.
    pub(super) fn retire(&self) {
        self.seats.close();
    }

    /// Whether it takes questions.
    pub(super) fn is_open(&self) -> bool {
        !self.seats.is_closed()
    }

    /// Ends it, for this reason; the first one counts.
    pub(super) fn end(&self, why: io::Error) {
        // There may be an earlier reason.
        let _earlier = self.why.set(why);
        self.retire();
        self.end.cancel();
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.end.is_cancelled()
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) {
        self.end.cancelled().await;
    }

    /// Why it ended.
    pub(super) fn why(&self) -> io::Error {
        self.why.get().map_or_else(
            || io::ErrorKind::ConnectionAborted.into(),
            |why| io::Error::new(why.kind(), why.to_string()),
        )
    }
}

/// How often, at most, to look whether a busy connection has become idle.
const LEAST_REST: Duration = Duration::from_millis(100);

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
