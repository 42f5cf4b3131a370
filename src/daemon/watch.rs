//! Whether files have changed.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What tells one state of a file from the next: written in place it has another time or size, put in place of the old one
/// (as editors and DHCP servers do) another number.
type Stamp = Option<(i64, i64, u64, u64)>;

/// Files as they were when they were last looked at.
#[derive(Debug, Default)]
pub(super) struct Watched {
    files: Vec<(PathBuf, Stamp)>,
}

impl Watched {
    /// These files, as they are now.
    pub(super) fn new<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        let files = paths.into_iter().map(|path| (path.clone(), stamp(path)));
        Self {
            files: files.collect(),
        }
    }

    /// Whether one of them is not as it was when this was last asked.
    pub(super) fn have_changed(&mut self) -> bool {
        let mut changed = false;
        for (path, known) in &mut self.files {
            let now = stamp(path);
            changed |= now != *known;
            *known = now;
        }
        changed
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = fs::metadata(path).ok()?;
    Some((
        metadata.mtime(),
        metadata.mtime_nsec(),
        metadata.size(),
        metadata.ino(),
    ))
}
