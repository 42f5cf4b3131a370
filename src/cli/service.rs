//! What the service manager is told (`sd_notify(3)`): that lanward is ready, reads its files again, ends; and, as long as it answers,
//! that it is well. Where nobody wants to know (`NOTIFY_SOCKET` is not set) nothing is said.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::task::spawn_blocking;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::healthcheck::ask;

/// Says that questions are answered, after the start or after a reload.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Says that the files are read again, which [`ready`] ends.
pub(super) fn reloading() {
    let mut states = vec![NotifyState::Reloading];
    states.extend(NotifyState::monotonic_usec_now().ok());
    tell(&states);
}

/// Says that the end has come, and that what is under way is finished.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager cannot be told");
    }
}

/// A watchdog with less patience is fed as if it had this.
const SHORTEST: Duration = Duration::from_millis(50);

/// What the service manager does to a program of which it hears nothing for too long (`WatchdogSec=`), seen from here.
pub(super) struct Watchdog(Option<Interval>);

impl Watchdog {
    /// As the service manager wants it; it may not want any.
    pub(super) fn new() -> Self {
        Self(sd_notify::watchdog_enabled().map(|patience| {
            let mut ticks = interval((patience / 2).max(SHORTEST));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        }))
    }

    /// Waits until it must be fed, twice in its time.
    pub(super) async fn is_due(&mut self) {
        match &mut self.0 {
            Some(ticks) => drop(ticks.tick().await),
            None => pending().await,
        }
    }

    /// Feeds it if the server at `address` answers a question, as it would anybody's. Without an address, where nobody on this machine may
    /// ask, it is fed for being alive.
    pub(super) fn feed(address: Option<SocketAddr>) {
        let check = move || match address.map(ask) {
            Some(Err(error)) => tracing::warn!(%error, "lanward does not answer itself"),
            Some(Ok(())) | None => tell(&[NotifyState::Watchdog]),
        };
        // Waits for the network, so not among the tasks that answer.
        drop(spawn_blocking(check));
    }
}
