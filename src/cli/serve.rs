//! `lanward serve`.

use std::io;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::instead::Instead;
use super::output::complain;
use super::service::{self, Watchdog};
use super::{Source, exit, log, read};
use crate::config::Settings;
use crate::daemon::{self, Daemon};

/// Answer questions
///
/// Without a file: listens on 127.0.0.1:5335, asks the system's resolvers, decodes plex.direct names, and blocks every other
/// name that points inside. SIGTERM ends it, SIGHUP reads the file again, SIGUSR1 logs what was counted and writes the cache into
/// its file. The log goes to standard output; what keeps it from starting, to standard error.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    instead: Instead,
}

/// Threads for TCP and for what waits for upstream; UDP has its own.
const RUNTIME_THREADS: usize = 2;

/// Each question under way has a socket of its own for each server that is asked: as many as that takes, and connections.
const FILES: u64 = 16_384;

/// Raises the limit of open files, as far as the system lets us. Most shells set it to 1024, from times in which programs counted
/// no further, and then half of the questions that may be under way could not be asked.
fn allow_files() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = FILES.min(hard).max(soft);
        setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)
    });
    if let Err(error) = raised {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

impl Serve {
    pub(super) fn run(self) -> ExitCode {
        let settings = match self.source.settings() {
            Ok(settings) => self.instead.of(settings),
            Err(code) => return code,
        };
        log::start(settings.log);
        allow_files();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(RUNTIME_THREADS)
            .enable_all()
            .build();
        let served = runtime.and_then(|runtime| runtime.block_on(self.serve(settings)));
        match served {
            Ok(()) => exit::OK,
            Err(error) => {
                complain(&error);
                ExitCode::from(exit::USAGE)
            }
        }
    }

    async fn serve(&self, settings: Settings) -> io::Result<()> {
        let (mut terminate, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        let (mut count, mut hang_up) = (
            signal(SignalKind::user_defined1())?,
            signal(SignalKind::hangup())?,
        );
        let daemon = daemon::start(settings).map_err(io::Error::other)?;
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "ready");
        service::ready();
        let mut watchdog = Watchdog::new();
        loop {
            tokio::select! {
                () = watchdog.is_due() => Watchdog::feed(daemon.own_door()),
                () = daemon.failed() => return Err(io::Error::other("a listener failed")),
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = count.recv() => {
                    daemon.tell_counts();
                    daemon.save_cache();
                }
                _ = hang_up.recv() => {
                    service::reloading();
                    self.reload(&daemon);
                    service::ready();
                }
            }
        }
        service::stopping();
        daemon.tell_counts();
        daemon.stop().await;
        tracing::info!("stopped");
        Ok(())
    }

    /// Reads the file again. With an error in it nothing changes.
    fn reload(&self, daemon: &Daemon) {
        let Some(path) = &self.source.config else {
            tracing::info!("nothing to reload: started without a configuration file");
            return;
        };
        let (settings, findings) = read(path);
        let problems: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let reloaded = settings
            .ok_or_else(|| problems.join("; "))
            .and_then(|settings| {
                daemon
                    .reload(self.instead.of(settings))
                    .map_err(|error| error.to_string())
            });
        match reloaded {
            Ok(()) => tracing::info!(warnings = problems.join("; "), "reloaded"),
            Err(problem) => tracing::error!(problem, "not reloaded: the settings from before hold"),
        }
    }
}
