//! Floor 8: from settings to a running server, and back to nothing.
//!
//! The program and its tests start the same function. Everything that can fail fails before the first packet is answered.

mod doors;
mod keeper;
pub mod local;
mod memory;
mod parts;
mod presence;
mod proof;
mod system;
mod watch;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cache::Cache;
use crate::config::{Finding, Settings};
use crate::metrics::{Counter, Metrics};
use crate::resolver::{Resolver, State};
use crate::server::access::places;
use crate::server::bind::BindError;
use crate::server::encrypted::{SelfSignedError, TlsError};
use crate::server::interfaces::{self, Link};
use crate::server::{Access, GRACE, House, LAST_WORDS};
use crate::upstream::{GearError, clock};

use doors::Doors;
use keeper::Keeper;
use local::Loaded;
use memory::Memory;
use proof::Proof;

pub use memory::check as check_cache_file;
pub use parts::{Parts, build};

/// Why lanward does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// An upstream server is one of our own listeners.
    #[error("upstream server {0} is where lanward itself listens; it would ask itself for ever")]
    OwnListener(SocketAddr),
    /// An upstream server can never be asked.
    #[error(transparent)]
    Gear(#[from] GearError),
    /// Local data cannot be loaded.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Local(Vec<Finding>),
    /// There is no certificate of our own.
    #[error(transparent)]
    SelfSigned(#[from] SelfSignedError),
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A listener could not be set up.
    #[error("cannot start a listener: {0}")]
    Listener(#[from] io::Error),
}

/// A running server.
#[derive(Debug)]
pub struct Daemon {
    house: House,
    keeper: Arc<Keeper>,
    memory: Option<Arc<Memory>>,
    addresses: Vec<SocketAddr>,
    threads: Vec<JoinHandle<()>>,
    lame_duck: Duration,
}

/// Starts a server with these settings. Must be called inside a runtime.
pub fn start(mut settings: Settings) -> Result<Daemon, StartError> {
    let workers = settings
        .workers
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let doors = Doors::bind(&mut settings, workers)?;
    let links = interfaces::links();
    let loaded = local::load(&settings.local, &Loaded::default(), clock::of_day())
        .map_err(StartError::Local)?;
    keeper::tell(&loaded);
    let parts = build(&settings, &links, &loaded);
    parts.prove(&settings)?;
    let proof = Proof::start(&settings)?;
    parts.tell();
    let workers = workers * settings.listen.len();
    let house = house(&settings, &links, parts.state, workers);
    let memory = remember(&settings, &house);
    let (addresses, lame_duck) = (settings.listen.clone(), settings.lame_duck);
    let threads = doors.open(&house, proof.as_ref().map(Proof::tls))?;
    let keeper = Arc::new(Keeper::new(house.clone(), (settings, proof), links, loaded));
    drop(house.tasks.spawn(Arc::clone(&keeper).watch()));
    Ok(Daemon {
        house,
        keeper,
        memory,
        addresses,
        threads,
        lame_duck,
    })
}

/// Restores the cache, and begins to keep it, where the settings name a file for it. The sockets are there by now: what is asked
/// meanwhile waits in them.
fn remember(settings: &Settings, house: &House) -> Option<Arc<Memory>> {
    let path = settings.cache_file.clone()?;
    let memory = Arc::new(Memory::new(path, Arc::clone(&house.resolver)));
    memory.restore(settings.cache);
    let keeping = Arc::clone(&memory).keep(house.stop.clone());
    drop(house.tasks.spawn(keeping));
    Some(memory)
}

/// What all doors share. Where the settings want it, a task begins here that asks again for answers in use.
fn house(settings: &Settings, links: &[Link], state: State, workers: usize) -> House {
    let resolver = Resolver::new(state, Cache::new(settings.cache, settings.lifetimes));
    let (resolver, refresher) = if settings.prefetch {
        let (resolver, refresher) = resolver.refreshing();
        (resolver, Some(refresher))
    } else {
        (resolver, None)
    };
    let house = House {
        resolver: Arc::new(resolver),
        access: Arc::new(ArcSwap::from_pointee(Access::new(
            &settings.allow,
            &interfaces::networks(links),
        ))),
        seats: Arc::default(),
        metrics: Arc::new(Metrics::new(workers)),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
        over: CancellationToken::new(),
    };
    if let Some(refresher) = refresher {
        let refreshing = refresher.run(Arc::clone(&house.resolver));
        let stop = house.stop.clone();
        drop(
            house
                .tasks
                .spawn(stop.run_until_cancelled_owned(refreshing)),
        );
    }
    house
}

impl Daemon {
    /// The addresses that are listened on, with the ports that they got.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where this machine may ask its own server.
    pub fn own_door(&self) -> Option<SocketAddr> {
        let access = self.house.access.load();
        access.own_door(&places(&self.addresses, &interfaces::links()))
    }

    /// Takes over other settings, whole or not at all.
    pub fn reload(&self, settings: Settings) -> Result<(), StartError> {
        self.keeper.reload(settings)
    }

    /// Waits until a listener has failed; without trouble for ever.
    pub async fn failed(&self) {
        self.house.stop.cancelled().await;
    }

    /// Logs what was counted so far.
    pub fn tell_counts(&self) {
        let counts = Counter::ALL
            .iter()
            .map(|counter| format!("{}={}", counter.word(), self.house.metrics.total(*counter)));
        tracing::info!(
            "counted since the start: {}",
            counts.collect::<Vec<_>>().join(" ")
        );
    }

    /// Begins to write the cache into its file, if it has one.
    pub fn save_cache(&self) {
        if let Some(memory) = self.memory.clone() {
            let saving = async move { memory.save_aside().await };
            drop(self.house.tasks.spawn(saving));
        }
    }

    /// Lets nobody new in, answers what is under way, writes the cache into its file, and ends, in less than two seconds. Who waits
    /// for an upstream at the end of [`GRACE`] gets what there is without it, so that each question has its reply. Before all that,
    /// load balancers have the time that the settings give them to hear of it.
    pub async fn stop(self) {
        if !self.lame_duck.is_zero() {
            self.house.resolver.leave();
            tracing::info!(seconds = self.lame_duck.as_secs(), "about to end");
            sleep(self.lame_duck).await;
        }
        let saving = async {
            if let Some(memory) = self.memory {
                memory.save_aside().await;
            }
        };
        // What is learned from now on is too little for the writing to wait for.
        tokio::join!(saving, finish(self.house, self.threads));
    }
}

/// Has what is under way finished, and ends the threads, each of which does so when it finds nothing more in its socket.
async fn finish(house: House, threads: Vec<JoinHandle<()>>) {
    house.stop.cancel();
    house.tasks.close();
    let ended = tokio::task::spawn_blocking(|| {
        for thread in threads {
            // A thread that panicked has said so itself.
            let _panicked = thread.join();
        }
    });
    let mut all = pin!(async { tokio::join!(house.tasks.wait(), ended) });
    if timeout(GRACE, &mut all).await.is_ok() {
        return;
    }
    house.resolver.give_up();
    if timeout(LAST_WORDS, &mut all).await.is_ok() {
        return;
    }
    house.over.cancel();
    if timeout(LAST_WORDS, &mut all).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::net::UdpSocket;
    use std::thread;

    use crate::server::serve_udp;

    /// A worker may not have been awake when all else was done. What lies in its socket is asked all the same.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_was_not_looked_at_before_the_end_gets_the_answer() {
        let upstream = UdpSocket::bind("127.0.0.1:0").unwrap();
        let text = format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"{}\"]\n",
            upstream.local_addr().unwrap()
        );
        let (settings, _) = Settings::prove(std::path::Path::new("test"), &text);
        let Daemon {
            house, mut threads, ..
        } = start(settings.unwrap()).unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(socket.local_addr().unwrap()).unwrap();
        let limit = Some(Duration::from_secs(5));
        for socket in [&client, &upstream] {
            socket.set_read_timeout(limit).unwrap();
        }
        client
            .send(b"\0\x07\x01\0\0\x01\0\0\0\0\0\0\x01n\x07example\0\0\x01\0\x01")
            .unwrap();
        house.stop.cancel();
        house.tasks.close();
        house.tasks.wait().await;
        threads.push(serve_udp(socket, 0, house.clone()).unwrap());
        let asked = thread::spawn(move || {
            let mut packet = [0; 512];
            let (length, peer) = upstream.recv_from(&mut packet).unwrap();
            // Other things end meanwhile.
            thread::sleep(Duration::from_millis(20));
            // No such name.
            (packet[2], packet[3]) = (0x81, 0x83);
            upstream.send_to(&packet[..length], peer).unwrap();
        });
        finish(house, threads).await;
        asked.join().unwrap();
        let mut reply = [0; 512];
        client.recv(&mut reply).unwrap();
        assert_eq!((reply[1], reply[3] & 15), (7, 3));
    }
}
