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

/// How long questions under way may take after the end was called.
pub const GRACE: Duration = Duration::from_secs(5);

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
    /// Says that the end has come.
    pub stop: CancellationToken,
}
