//! Floor 6: the doors.
//!
//! A door takes packets from a socket, asks [`access`] whether the client may ask, hands the packet to the resolver and sends
//! what it wrote from the address that was asked. It decides nothing about the answer.

mod accept;
pub mod access;
#[cfg(target_os = "linux")]
mod batch;
pub mod bind;
pub mod encrypted;
pub mod interfaces;
mod occupied;
mod portable;
mod question;
mod seats;
mod stream;
mod udp;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;
use crate::resolver::Resolver;

pub use access::Access;
pub use seats::Seats;
pub use stream::serve_tcp;
pub use udp::serve as serve_udp;

/// How long questions under way may take after the end was called. Who has no answer by then gets what there is without one. It is
/// less than the two seconds in which all has to be over, and longer than most answers take.
pub const GRACE: Duration = Duration::from_millis(1400);
/// How long the last replies may then take to leave; and how long, after that, the last connections to end.
pub const LAST_WORDS: Duration = Duration::from_millis(150);
/// For how long after the end was called connections are still accepted and read from: their clients cannot know of it yet.
const LAST_CALL: Duration = Duration::from_millis(50);

/// What all doors share.
#[derive(Debug, Clone)]
pub struct House {
    /// Answers.
    pub resolver: Arc<Resolver>,
    /// Who may ask; swapped when the machine's networks change.
    pub access: Arc<ArcSwap<Access>>,
    /// Who has a connection.
    pub seats: Arc<Seats>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Questions that wait, for the end to wait for.
    pub tasks: TaskTracker,
    /// Says that the end has come: nobody new is let in, and what is under way is finished.
    pub stop: CancellationToken,
    /// Says that nothing is waited for any more.
    pub over: CancellationToken,
}

impl House {
    /// Waits until the end was called and clients had time for what they sent before they could know of it.
    async fn last_call(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(LAST_CALL).await;
    }

    /// Waits until the end was called and nothing is under way any more, or nothing is waited for.
    async fn finished(&self) {
        self.stop.cancelled().await;
        tokio::select! {
            () = self.tasks.wait() => {}
            () = self.over.cancelled() => {}
        }
    }
}
