//! Files, within bounds: a configuration may be anybody's, and may include itself, a pipe, or all of the disk.

use std::cmp::Ordering;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// No configuration is longer; block lists are files of their own.
const LARGEST_FILE: u64 = 4 << 20;
const MOST_FILES: usize = 256;
const MOST_OCTETS: usize = 16 << 20;
/// A folder with more entries is none of configuration files.
const MOST_ENTRIES: usize = 4096;
/// So many includes are followed,
pub(super) const MOST_INCLUDES: usize = 1024;
/// and so deep.
pub(super) const DEEPEST: usize = 10;

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Source {
    files: usize,
    octets: usize,
    includes: usize,
}

impl Source {
    /// Whether one more include is followed; none where that shall be told, which is once for their number.
    pub(super) fn include(&mut self, depth: usize) -> Option<bool> {
        self.includes += 1;
        match self.includes.cmp(&MOST_INCLUDES) {
            Ordering::Less => (depth < DEEPEST).then_some(true),
            Ordering::Equal => None,
            Ordering::Greater => Some(false),
        }
    }

    /// The text of a file; octets that are no UTF-8, which only comments have, are replaced. Without one, why.
    pub(super) fn read(&mut self, path: &Path) -> Result<String, String> {
        if self.files >= MOST_FILES || self.octets >= MOST_OCTETS {
            return Err(format!(
                "is not read: no more than {MOST_FILES} files and {} MiB are looked at",
                MOST_OCTETS >> 20
            ));
        }
        self.files += 1;
        let cannot = |error: io::Error| format!("cannot be read: {error}");
        // A pipe would wait for ever.
        if !fs::metadata(path).map_err(cannot)?.is_file() {
            return Err("cannot be read: it is no file".to_owned());
        }
        if is_of_kernel(&path.canonicalize().map_err(cannot)?) {
            return Err("is not read: it is no file on a disk but a view into the kernel, and may have no end".to_owned());
        }
        let mut octets = Vec::new();
        let file = open(path).map_err(cannot)?;
        let read = file.take(LARGEST_FILE + 1).read_to_end(&mut octets);
        self.octets += read.map_err(cannot)?;
        if u64::try_from(octets.len()).is_ok_and(|length| length > LARGEST_FILE) {
            return Err(format!(
                "is not read: it is larger than {} MiB",
                LARGEST_FILE >> 20
            ));
        }
        if octets.contains(&0) {
            return Err("is not read: it is no text, it has octets of zero in it".to_owned());
        }
        Ok(String::from_utf8_lossy(&octets).into_owned())
    }
}

/// Whether a path without links lies on procfs or sysfs. Their files say that they are regular ones and of length 0, and some of them,
/// such as /proc/kmsg, wait for more (proc(5)).
fn is_of_kernel(path: &Path) -> bool {
    path.starts_with("/proc") || path.starts_with("/sys")
}

/// Opens a file, which never waits for a writer if it has become a pipe since it was looked at.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NONBLOCK);
    options.open(path)
}

/// The names in a folder, in order.
pub(super) fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let listed = fs::read_dir(folder)?.take(MOST_ENTRIES);
    let mut paths: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}
