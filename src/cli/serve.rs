//! `lanward serve`.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

use super::instead::Instead;
use super::output::complain;
use super::service::{self, Watchdog};
use super::{Source, exit, log, read, version};
use crate::config::Settings;
use crate::daemon::{self, Daemon};

/// Answer questions
///
/// Without a file: listens on 127.0.0.1:5335, asks the system's resolvers, decodes plex.direct names, and blocks every other
/// name that points inside. SIGTERM ends it, within two seconds and with a reply to every question; a second one ends it at
/// once. SIGHUP reads the file again, SIGUSR1 logs what was counted and writes the cache into its file. The
/// log goes to standard output; what keeps it from starting, to standard error.
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

/// How it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With a reply to every question.
    Proper,
    /// Without waiting for anything.
    AtOnce,
}

/// The signals that call for the end.
struct Calls {
    terminate: Signal,
    interrupt: Signal,
}

impl Calls {
    /// Hears those that come from now on.
    fn hear() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them.
    async fn called(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Signals so close together are one call: `timeout(1)` signals its child, and then the group in which that is.
const ONE_CALL: Duration = Duration::from_millis(100);

/// Waits until somebody, after having called for the end, does so again.
async fn called_again() -> io::Result<()> {
    sleep(ONE_CALL).await;
    Calls::hear()?.called().await;
    Ok(())
}

impl Serve {
    pub(super) fn run(self) -> ExitCode {
        let settings = match self.source.settings() {
            Ok(settings) => self.instead.of(settings),
            Err(code) => return code,
        };
        let served = log::start(settings.log).and_then(|lines| {
            let served = self.run_with(settings);
            lines.finish();
            served
        });
        match served {
            Ok(End::Proper) => exit::OK,
            Ok(End::AtOnce) => ExitCode::from(exit::NO),
            Err(error) => {
                complain(&error);
                ExitCode::from(exit::USAGE)
            }
        }
    }

    fn run_with(&self, settings: Settings) -> io::Result<End> {
        allow_files();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(RUNTIME_THREADS)
            .enable_all()
            .build()?;
        let served = runtime.block_on(self.serve(settings));
        // After a second signal nothing is waited for.
        runtime.shutdown_background();
        served
    }

    async fn serve(&self, settings: Settings) -> io::Result<End> {
        let mut end = Calls::hear()?;
        let (mut count, mut hang_up) = (
            signal(SignalKind::user_defined1())?,
            signal(SignalKind::hangup())?,
        );
        let daemon = daemon::start(settings).map_err(io::Error::other)?;
        tracing::info!(version = version::SHORT, "ready");
        service::ready();
        let mut watchdog = Watchdog::new();
        loop {
            tokio::select! {
                () = watchdog.is_due() => Watchdog::feed(daemon.own_door()),
                () = daemon.failed() => return Err(io::Error::other("a listener failed")),
                () = end.called() => break,
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
        tokio::select! {
            () = daemon.stop() => {
                tracing::info!("stopped");
                Ok(End::Proper)
            }
            called = called_again() => {
                called?;
                tracing::warn!("stopped at once, as a second signal wants it: questions under way have no reply");
                Ok(End::AtOnce)
            }
        }
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
