//! Who keeps the state of a running server up to date.
//!
//! Settings come from a file, local data from others, networks and resolvers from the machine. Whatever changes, the whole
//! state is built anew and swapped; one lock around it keeps an older state from following a newer one. While it is built, the
//! old one answers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::local::{self, Loaded};
use super::parts::build;
use super::proof::Proof;
use super::watch::Watched;
use super::{StartError, system};
use crate::config::{Encrypted, Finding, Settings};
use crate::server::interfaces::{self, Link};
use crate::server::{Access, House};
use crate::upstream::{Server, clock};
use crate::wire::Name;

/// How often to look whether a file has changed: what a device is called is known within a second.
const LOOK_AT_FILES: Duration = Duration::from_millis(500);
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
    links: Vec<Link>,
    /// The system's resolvers, when it last named any.
    resolvers: Vec<Server>,
    loaded: Loaded,
    /// The files of local data.
    watched: Watched,
    /// The certificate of the encrypted doors, if there are any.
    proof: Option<Proof>,
}

impl Kept {
    /// Takes over the resolvers that the system names now. It names none while a link is away, or when all of the machine is to
    /// ask lanward: those from before may answer then, and what they said stands; nobody else would.
    fn look_for_resolvers(&mut self) {
        let resolvers = system::servers(&self.settings);
        if !resolvers.is_empty() {
            self.resolvers = resolvers;
        }
    }

    /// The settings, with the system's resolvers where none are written.
    fn complete(&self) -> Settings {
        let mut settings = self.settings.clone();
        let servers = &mut settings.upstream.servers;
        servers.get_or_insert_with(|| self.resolvers.clone());
        settings
    }
}

impl Keeper {
    pub(super) fn new(
        house: House,
        (settings, proof): (Settings, Option<Proof>),
        links: Vec<Link>,
        loaded: Loaded,
    ) -> Self {
        let watched = Watched::new(local_files(&settings));
        let mut kept = Kept {
            settings,
            links,
            resolvers: Vec::new(),
            loaded,
            watched,
            proof,
        };
        kept.look_for_resolvers();
        let kept = Mutex::new(kept);
        Self { house, kept }
    }

    /// Takes over other settings, whole or not at all. What is bound to sockets and memory stays until a restart: where to
    /// listen, how many workers, the size of the cache, the log.
    pub(super) fn reload(&self, mut settings: Settings) -> Result<(), StartError> {
        let mut kept = self.lock();
        warn_of_restart(&kept.settings, &settings);
        settings.listen.clone_from(&kept.settings.listen);
        // Doors of which the file says nothing any more stay open until the next start, and show what they show now.
        let is_kept = settings.encrypted.is_none();
        settings.encrypted = doors_from_before(settings.encrypted, &kept.settings);
        let links = interfaces::links();
        let watched = Watched::new(local_files(&settings));
        // Who asked for a reload wants to hear of a broken zone, not to see the old one.
        let before = if settings.local.leases == kept.settings.local.leases {
            kept.loaded.without_zones()
        } else {
            Loaded::default()
        };
        let loaded =
            local::load(&settings.local, &before, clock::of_day()).map_err(StartError::Local)?;
        let parts = build(&settings, &links, &loaded);
        parts.prove(&settings)?;
        let certificate = if is_kept {
            None
        } else {
            Proof::prepare(&settings)?
        };
        parts.tell();
        tell(&loaded);
        let resolvers = std::mem::take(&mut kept.resolvers);
        let mut proof = kept.proof.take();
        if let (Some(proof), Some(certificate)) = (&mut proof, certificate) {
            proof.take_over(&settings, certificate);
        }
        *kept = Kept {
            settings,
            links,
            resolvers,
            loaded,
            watched,
            proof,
        };
        kept.look_for_resolvers();
        self.put_in_force(&kept);
        Ok(())
    }

    /// Looks at files and at the machine now and then, until the end. The looking may wait for a disk, so it is not done among
    /// the tasks that answer.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut since_around = Duration::ZERO;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_AT_FILES) => since_around += LOOK_AT_FILES,
                () = self.house.stop.cancelled() => return,
            }
            let around = since_around >= LOOK_AROUND;
            if around {
                since_around = Duration::ZERO;
            }
            let keeper = Arc::clone(&self);
            let look = move || {
                keeper.look_at_files();
                keeper.look_at_proof(around);
                if around {
                    keeper.look_around();
                }
            };
            // A panic in there has been told; the next look may do better.
            let _panicked = tokio::task::spawn_blocking(look).await;
        }
    }

    /// Takes over local data if a file has changed or a lease has ended. With an error in a zone file, that zone stays as it was.
    fn look_at_files(&self) {
        let mut kept = self.lock();
        let now = clock::of_day();
        let ended = kept.loaded.next_end.is_some_and(|end| end <= now);
        if !kept.watched.have_changed() && !ended {
            return;
        }
        match local::load(&kept.settings.local, &kept.loaded, now) {
            Ok(loaded) => {
                tell_warnings(&loaded);
                if loaded.errors.is_empty() {
                    tracing::info!("local data reloaded");
                } else {
                    tell_problem(loaded.errors.clone());
                }
                kept.loaded = loaded;
                self.put_in_force(&kept);
            }
            Err(findings) => tell_problem(findings),
        }
    }

    /// Keeps the certificate up to date: its files and, now and `then`, what time and the machine do to it.
    fn look_at_proof(&self, then: bool) {
        let mut kept = self.lock();
        let Kept {
            settings, proof, ..
        } = &mut *kept;
        let Some(proof) = proof else {
            return;
        };
        proof.look_at_files(settings);
        if then {
            proof.look_around(settings);
        }
    }

    /// Takes over new networks of the machine (who is connected may ask, and public addresses in them are the network's own)
    /// and, where those are asked, its new resolvers.
    fn look_around(&self) {
        let mut kept = self.lock();
        let links = interfaces::links();
        let networks = interfaces::networks(&links);
        let new_networks = networks != interfaces::networks(&kept.links);
        kept.look_for_resolvers();
        let session = self.house.resolver.session(Duration::ZERO);
        let (_, group) = session.state().upstream.route(&Name::ROOT);
        let new_servers =
            kept.settings.upstream.servers.is_none() && !group.servers().eq(&kept.resolvers);
        if new_networks || new_servers {
            let shown: Vec<String> = networks.iter().map(ToString::to_string).collect();
            tracing::info!(networks = ?shown, "the machine's networks or resolvers changed");
        } else if links == kept.links {
            return;
        }
        // A new address in the same network is news for nobody, but clients are told of it.
        kept.links = links;
        self.put_in_force(&kept);
    }

    fn put_in_force(&self, kept: &Kept) {
        let access = Access::new(&kept.settings.allow, &interfaces::networks(&kept.links));
        self.house.access.store(Arc::new(access));
        let parts = build(&kept.complete(), &kept.links, &kept.loaded);
        self.house.resolver.replace(parts.state);
    }

    /// What is kept is whole after every statement, so a panic elsewhere does not make it wrong.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs what local data there are, and what is odd about them.
pub(super) fn tell(loaded: &Loaded) {
    tell_warnings(loaded);
    for zone in loaded.zones.iter() {
        tracing::info!(origin = %zone.origin(), records = zone.record_count(), "zone loaded");
    }
}

/// Logs what kept local data from being taken over, in one line.
fn tell_problem(findings: Vec<Finding>) {
    let problem = StartError::Local(findings).to_string().replace('\n', "; ");
    tracing::error!(problem, "not reloaded: the zones from before hold");
}

fn tell_warnings(loaded: &Loaded) {
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
}

/// The files behind local data.
fn local_files(settings: &Settings) -> impl Iterator<Item = &PathBuf> {
    let local = &settings.local;
    let zones = local.zones.iter().map(|zone| &zone.path);
    let leases = local.leases.iter().map(|leases| &leases.path);
    zones.chain(&local.host_files).chain(leases)
}

/// The encrypted doors as they are open, with the certificate and the name of the new settings.
fn doors_from_before(new: Option<Encrypted>, open: &Settings) -> Option<Encrypted> {
    let open = open.encrypted.as_ref()?;
    Some(Encrypted {
        doors: open.doors.clone(),
        path: open.path.clone(),
        ..new.unwrap_or_else(|| open.clone())
    })
}

/// Says which changes must wait.
fn warn_of_restart(old: &Settings, new: &Settings) {
    let same = |(old, new): (&SocketAddr, &SocketAddr)| {
        new.ip() == old.ip() && (new.port() == old.port() || new.port() == 0)
    };
    let pairs = old.listen.iter().zip(&new.listen);
    if new.listen.len() != old.listen.len() || !pairs.into_iter().all(same) {
        tracing::warn!("a changed listen takes effect at the next start");
    }
    let doors = |of: &Settings| of.encrypted.as_ref().map_or(0, |doors| doors.doors.len());
    let [old_doors, new_doors] = [old, new].map(|of| of.encrypted.iter().flat_map(|of| &of.doors));
    let mut pairs = old_doors.zip(new_doors);
    let path = |of: &Settings| of.encrypted.as_ref().map(|doors| doors.path.clone());
    if doors(old) != doors(new)
        || path(old) != path(new)
        || !pairs.all(|(old, new)| old.0 == new.0 && same((&old.1, &new.1)))
    {
        tracing::warn!("changed doors or path in [server.tls] take effect at the next start");
    }
    let fixed = |of: &Settings| (of.workers, of.cache, of.lifetimes, of.prefetch, of.log);
    if fixed(new) != fixed(old) || new.cache_file != old.cache_file {
        tracing::warn!(
            "changed workers, [cache] (but for exclude) or [log] take effect at the next start"
        );
    }
}
