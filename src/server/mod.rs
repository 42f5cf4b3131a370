//! Floor 6: the doors.
//!
//! A door takes packets from a socket, asks [`access`] whether the client may ask, hands the packet to the resolver and sends
//! what it wrote from the address that was asked. It decides nothing about the answer.

pub mod access;
#[cfg(target_os = "linux")]
mod batch;
pub mod bind;
pub mod interfaces;
mod occupied;
mod portable;
mod seats;
mod tcp;
mod udp;

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;
use crate::resolver::Resolver;

pub use access::Access;
pub use seats::Seats;
pub use tcp::serve as serve_tcp;
pub use udp::serve as serve_udp;

/// What all doors share.
#[derive(Debug, Clone)]
pub struct House {
    /// Answers.
    pub resolver: Arc<Resolver>,
    /// Who may ask; swapped when the machine's networks change.
    pub access: Arc<ArcSwap<Access>>,
    /// Who has a TCP connection.
    pub seats: Arc<Seats>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Where questions that must wait run.
    pub runtime: Handle,
    /// What runs there, for the end to wait for.
    pub tasks: TaskTracker,
    /// Says that the end has come.
    pub stop: CancellationToken,
}
