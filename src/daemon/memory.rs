//! The cache over a restart: the file that `[cache] file` names.
//!
//! It is written whole or not at all, now and then, when somebody wants it and at the end; it is read before the first question.
//! Nothing that may be wrong with it keeps lanward from starting or from answering.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cache::file::Broken;
use crate::config::{Finding, Severity};
use crate::resolver::{Moment, NotRestored, Resolver};
use crate::upstream::clock;

/// How often it is written. What is asked in between is lost only to a crash.
const EVERY: Duration = Duration::from_secs(15 * 60);
/// Much is read and written at once, and answers are small.
const BUFFER: usize = 64 << 10;
/// How much longer than the cache a file may be: its head. An answer takes less there than in memory.
const MORE: u64 = 2 << 20;
/// What is asked here is nobody else's business, and what is answered nobody else's choice.
const MODE: u32 = 0o600;

/// The bit of a folder into which everybody may write.
const WRITABLE_BY_ALL: u32 = 0o002;

/// The file, and what is kept in it.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    resolver: Arc<Resolver>,
    /// Whether it could not be written the last time. Held while it is being written.
    failed: Mutex<bool>,
}

impl Memory {
    pub(super) fn new(path: PathBuf, resolver: Arc<Resolver>) -> Self {
        Self {
            path,
            resolver,
            failed: Mutex::default(),
        }
    }

    /// Takes over what the file holds, if it is of use for a cache of this size. A broken one is put aside.
    pub(super) fn restore(&self, size: u64) {
        if let Some(warning) = check(&self.path) {
            tracing::warn!("{warning}");
        }
        let shown = self.path.display();
        let file = match self.open(size) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                tracing::info!(file = %shown, "no cache to restore yet");
                return;
            }
            Err(error) => {
                tracing::warn!(file = %shown, "cache not restored: {error}");
                return;
            }
        };
        let begin = moment();
        let input = BufReader::with_capacity(BUFFER, file);
        match self.resolver.restore(input, begin) {
            Ok(restored) => tracing::info!(
                file = %shown,
                took = ?clock::now().saturating_sub(begin.now),
                kept = restored.kept,
                ended = restored.ended,
                refused = restored.refused,
                "cache restored"
            ),
            Err(NotRestored::Broken(Broken::Io(error))) => {
                tracing::warn!(file = %shown, "cache not restored: {error}");
            }
            Err(NotRestored::Broken(reason)) => {
                let aside = beside(&self.path, ".broken");
                let moved = fs::rename(&self.path, &aside);
                let problem = moved.err().map(|error| error.to_string());
                tracing::warn!(
                    file = %shown,
                    aside = %aside.display(),
                    problem,
                    "cache not restored, file put aside: {reason}"
                );
            }
            Err(reason) => tracing::info!(file = %shown, "cache not restored: {reason}"),
        }
    }

    /// The file, if it is one that a cache of this size can have written.
    fn open(&self, size: u64) -> io::Result<File> {
        let metadata = fs::metadata(&self.path)?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        if metadata.len() > size.saturating_add(MORE) {
            let problem = format!("{} octets are too many for this size", metadata.len());
            return Err(io::Error::other(problem));
        }
        File::open(&self.path)
    }

    /// Writes the file now and then, until the end.
    pub(super) async fn keep(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
            self.save_aside().await;
        }
    }

    /// Writes the file where waiting for a disk holds up nobody.
    pub(super) async fn save_aside(self: &Arc<Self>) {
        let memory = Arc::clone(self);
        // A panic in there has been told.
        let _panicked = tokio::task::spawn_blocking(move || memory.save()).await;
    }

    /// Writes the file. Where that does not work, the old one stays, and it is told once.
    fn save(&self) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.path.display();
        match self.write() {
            Ok(Some(answers)) => {
                *failed = false;
                tracing::debug!(%file, answers, "cache written");
            }
            Ok(None) => tracing::debug!(%file, "cache not written: other servers are asked now"),
            Err(problem) => {
                if std::mem::replace(&mut *failed, true) {
                    tracing::debug!(%file, %problem, "the cache still cannot be written");
                } else {
                    tracing::warn!(%file, %problem, "the cache cannot be written and will not outlive a restart");
                }
            }
        }
    }

    /// Writes beside the file, and puts it in its place when all of it has reached the disk. Nobody ever sees half of it, not
    /// even after a power cut.
    fn write(&self) -> io::Result<Option<usize>> {
        let new = beside(&self.path, ".new");
        let written = self.write_to(&new).and_then(|count| {
            if count.is_some() {
                fs::rename(&new, &self.path)?;
            }
            Ok(count)
        });
        if !matches!(written, Ok(Some(_))) {
            // It is of no use, and may be what fills the disk. There may be none.
            drop(fs::remove_file(&new));
        }
        written
    }

    fn write_to(&self, path: &Path) -> io::Result<Option<usize>> {
        // Left from a crash, or a link that somebody else laid there.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(MODE)
            .open(path)?;
        let count = self
            .resolver
            .save(BufWriter::with_capacity(BUFFER, &file), moment())?;
        file.sync_all()?;
        Ok(count)
    }
}

/// What is wrong with the place of such a file.
pub fn check(path: &Path) -> Option<Finding> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let problem = match fs::metadata(folder.unwrap_or_else(|| Path::new("."))) {
        Ok(metadata) if !metadata.is_dir() => "its folder is a file".to_owned(),
        Ok(metadata) if metadata.mode() & WRITABLE_BY_ALL != 0 => {
            "everybody may write into its folder, and so put answers there for lanward to give"
                .to_owned()
        }
        Ok(_) => return None,
        Err(error) => format!("its folder cannot be used: {error}"),
    };
    Some(Finding {
        severity: Severity::Warning,
        place: (path.to_owned(), None),
        problem: format!("[cache] file: {problem}"),
    })
}

fn moment() -> Moment {
    Moment {
        now: clock::now(),
        of_day: clock::of_day(),
    }
}

/// A file of almost the same name in the same folder, and so on the same disk.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
