//! Snippets in files: whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::emit::form::replace as replace_block;
use crate::emit::{Comment, Emitted, Part, Refusal};

/// The largest file in which something is replaced, in octets. No configuration is as large.
const MOST: u64 = 16 << 20;
/// What a new file may be read and written by; the process's mask takes from it.
const MODE: u32 = 0o666;

/// Writes a file that is not there yet.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Refusal> {
    let failed = |error| failed(path, &error);
    let new = beside(path, text.as_bytes()).map_err(failed)?;
    match new.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Refusal::new(format!(
                "{} is there already; with --in-place what is between its markers is replaced. Without --output it is printed",
                path.display()
            )))
        }
        Err(error) => Err(failed(error.error)),
    }
}

/// Replaces what is between the markers of `part` in a file; one that is not there is made.
pub(super) fn replace(path: &Path, emitted: &Emitted, part: &Part) -> Result<(), Refusal> {
    if part.comment == Comment::None {
        return Err(Refusal::new(
            "this format has no comments, so there are no markers to replace anything between; write it without --in-place, and put it where it \
             belongs by hand",
        ));
    }
    let failed = |error| failed(path, &error);
    // A link stays one: what it leads to is replaced.
    let file = match fs::canonicalize(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return create(path, &emitted.file(part));
        }
        Err(error) => return Err(failed(error)),
    };
    let before = read(&file).map_err(failed)?;
    let (mark, block) = (emitted.mark(part), emitted.file(part));
    let after = replace_block(&before, part.comment, &mark, &block).map_err(|why| {
        Refusal::new(format!(
            "{}: {why}; nothing was changed. Put the snippet there once by hand, with its first and its last line",
            path.display()
        ))
    })?;
    if after == before {
        return Ok(());
    }
    let new = beside(&file, &after).map_err(failed)?;
    take_after(new.as_file(), &file)
        .and_then(|()| new.persist(&file).map_err(|error| error.error))
        .map(drop)
        .map_err(failed)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MOST) {
        return Err(io::Error::other("it is larger than 16 MiB"));
    }
    Ok(text)
}

/// A file with this text in the folder of `path`, which goes away unless it is moved there.
fn beside(path: &Path, text: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut new = Builder::new()
        .prefix(".lanward-")
        .permissions(Permissions::from_mode(MODE))
        .tempfile_in(folder.unwrap_or_else(|| Path::new(".")))?;
    new.write_all(text)?;
    new.as_file().sync_all()?;
    Ok(new)
}

/// Gives a new file owner and permissions of the one that it replaces.
fn take_after(new: &File, before: &Path) -> io::Result<()> {
    let metadata = fs::metadata(before)?;
    let own = new.metadata()?;
    let (user, group) = (metadata.uid(), metadata.gid());
    if (own.uid(), own.gid()) != (user, group) {
        fchown(new, Some(user), Some(group)).map_err(|error| {
            let why = format!("it belongs to user {user} and group {group}, whom a new file cannot be given: {error}; run this as root");
            io::Error::new(error.kind(), why)
        })?;
    }
    new.set_permissions(metadata.permissions())
}

fn failed(path: &Path, error: &io::Error) -> Refusal {
    Refusal::new(format!("{}: {error}; nothing was changed", path.display()))
}
