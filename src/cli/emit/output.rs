//! Snippets in files: whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::emit::form::replace as replace_block;
use crate::emit::{Comment, Emitted, Part, Refusal};

/// Writes a file that is not there yet.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Refusal> {
    if path.symlink_metadata().is_ok() {
        return Err(Refusal::new(format!(
            "{} is there already; with --in-place what is between its markers is replaced",
            path.display()
        )));
    }
    write(path, text.as_bytes(), None).map_err(|error| failed(path, &error))
}

/// Replaces what is between the markers of `part` in a file; one that is not there is made.
pub(super) fn replace(path: &Path, emitted: &Emitted, part: &Part) -> Result<(), Refusal> {
    if part.comment == Comment::None {
        return Err(Refusal::new(
            "this format has no comments, so there are no markers to replace anything between; write it without --in-place, and put it where it \
             belongs by hand",
        ));
    }
    // A link stays one: what it leads to is replaced.
    let file = match fs::canonicalize(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return create(path, &emitted.file(part));
        }
        Err(error) => return Err(failed(path, &error)),
    };
    let before = fs::read(&file).map_err(|error| failed(path, &error))?;
    let after = replace_block(&before, &emitted.mark(part), &emitted.file(part)).map_err(|why| {
        Refusal::new(format!(
            "{}: {why}; nothing was changed. Put the snippet there once by hand, with its first and its last line",
            path.display()
        ))
    })?;
    if after == before {
        return Ok(());
    }
    write(&file, &after, Some(&file)).map_err(|error| failed(path, &error))
}

/// Writes a file beside its place and moves it there. What it replaces gives it owner and permissions.
fn write(path: &Path, text: &[u8], before: Option<&Path>) -> io::Result<()> {
    let new = beside(path);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&new)
        .and_then(|mut file| {
            if let Some(before) = before {
                take_after(&file, before)?;
            }
            file.write_all(text)?;
            file.sync_all()?;
            fs::rename(&new, path)
        });
    if written.is_err() {
        // It is of no use, and may be somebody else's if it could not be made.
        drop(fs::remove_file(&new));
    }
    written
}

fn take_after(file: &File, before: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let metadata = fs::metadata(before)?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (metadata.uid(), metadata.gid()) {
        fchown(file, Some(metadata.uid()), Some(metadata.gid()))?;
    }
    file.set_permissions(metadata.permissions())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".lanward-{}", std::process::id()));
    path.with_file_name(name)
}

fn failed(path: &Path, error: &io::Error) -> Refusal {
    Refusal::new(format!("{}: {error}; nothing was changed", path.display()))
}
