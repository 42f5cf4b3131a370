//! Who keeps the state of a running server up to date.
//!
//! Settings come from a file, networks and resolvers from the machine. Whatever changes, the whole state is built anew and
//! swapped; one lock around it keeps an older state from following a newer one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipnet::IpNet;

use super::parts::{Parts, build};
use super::{StartError, system};
use crate::config::Settings;
use crate::server::{Access, House, interfaces};
use crate::wire::Name;

/// How often to look whether the machine's networks or resolvers have changed.
const LOOK_AROUND: Duration = Duration::from_secs(15);

/// Keeps the state of `house`.
#[derive(Debug)]
pub(super) struct Keeper {
    house: House,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    settings: Settings,
    networks: Vec<IpNet>,
}

impl Keeper {
    pub(super) fn new(house: House, settings: Settings, networks: Vec<IpNet>) -> Self {
        let kept = Mutex::new(Kept { settings, networks });
        Self { house, kept }
    }

    /// Takes over other settings, whole or not at all. What is bound to sockets and memory stays until a restart: where to
    /// listen, how many workers, the size of the cache, the log.
    pub(super) fn reload(&self, mut settings: Settings) -> Result<(), StartError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        warn_of_restart(&kept.settings, &settings);
        settings.listen.clone_from(&kept.settings.listen);
        let networks = interfaces::networks();
        let parts = build(&settings, &networks);
        if let Some(own) = parts.own_listener(&settings) {
            return Err(StartError::OwnListener(own));
        }
        parts.tell();
        *kept = Kept { settings, networks };
        self.put_in_force(&kept, parts);
        Ok(())
    }

    /// Looks at the machine now and then, until the end.
    pub(super) async fn watch(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_AROUND) => self.look_around(),
                () = self.house.stop.cancelled() => return,
            }
        }
    }

    /// Takes over new networks of the machine (who is connected may ask, and public addresses in them are the network's own)
    /// and, where those are asked, its new resolvers.
    fn look_around(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let networks = interfaces::networks();
        let new_networks = networks != kept.networks;
        let session = self.house.resolver.session(Duration::ZERO);
        let (_, group) = session.state().upstream.route(&Name::ROOT);
        let new_servers =
            kept.settings.servers.is_none() && system::servers(&kept.settings) != group.servers();
        if !new_networks && !new_servers {
            return;
        }
        let shown: Vec<String> = networks.iter().map(ToString::to_string).collect();
        tracing::info!(networks = ?shown, "the machine's networks or resolvers changed");
        kept.networks = networks;
        let parts = build(&kept.settings, &kept.networks);
        if new_servers {
            parts.tell();
        }
        self.put_in_force(&kept, parts);
    }

    fn put_in_force(&self, kept: &Kept, parts: Parts) {
        let access = Access::new(&kept.settings.allow, &kept.networks);
        self.house.access.store(Arc::new(access));
        self.house.resolver.replace(parts.state);
    }
}

/// Says which changes must wait.
fn warn_of_restart(old: &Settings, new: &Settings) {
    let same = |(old, new): (&std::net::SocketAddr, &std::net::SocketAddr)| {
        new.ip() == old.ip() && (new.port() == old.port() || new.port() == 0)
    };
    let pairs = old.listen.iter().zip(&new.listen);
    if new.listen.len() != old.listen.len() || !pairs.into_iter().all(same) {
        tracing::warn!("a changed listen takes effect at the next start");
    }
    if (new.workers, new.cache, new.lifetimes, new.log)
        != (old.workers, old.cache, old.lifetimes, old.log)
    {
        tracing::warn!("changed workers, [cache] or [log] take effect at the next start");
    }
}
