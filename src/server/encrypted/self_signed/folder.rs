//! The folder of what lanward makes for itself.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::str;

use nix::libc::O_NOFOLLOW;
use rcgen::KeyPair;
use tempfile::NamedTempFile;

use super::super::certificate::read_opened;
use super::SelfSignedError;

/// The bit of a folder into which everybody may write.
const WRITABLE_BY_ALL: u32 = 0o002;

/// A folder that belongs to lanward alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Folder<'a>(pub(super) &'a Path);

/// A private key of this folder.
pub(super) struct Kept {
    /// As it is in its file.
    pub(super) text: String,
    /// Ready for use.
    pub(super) key: KeyPair,
    /// Why the one that was there before could not be used.
    pub(super) lost: Option<String>,
}

impl Folder<'_> {
    /// Makes it, if it is not there.
    pub(super) fn make(self) -> Result<(), SelfSignedError> {
        match DirBuilder::new().mode(0o700).create(self.0) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(self.failed("cannot be made", error))
            }
            _ => self.check(),
        }
    }

    /// Whether it is one, and of ours alone.
    pub(super) fn check(self) -> Result<(), SelfSignedError> {
        let metadata =
            fs::metadata(self.0).map_err(|error| self.failed("cannot be used", error))?;
        if !metadata.is_dir() {
            return Err(self.failed("cannot be used", ErrorKind::NotADirectory.into()));
        }
        if metadata.mode() & WRITABLE_BY_ALL != 0 {
            return Err(SelfSignedError::Open(self.0.display().to_string()));
        }
        Ok(())
    }

    pub(super) fn failed(self, what: &'static str, error: io::Error) -> SelfSignedError {
        SelfSignedError::File(self.0.display().to_string(), what, error)
    }

    /// The key in this file; made if there is none, or none that can be used.
    pub(super) fn keep_key(self, name: &str) -> Result<Kept, SelfSignedError> {
        let file = self.0.join(name);
        let failed = |what| {
            let file = file.display().to_string();
            move |error| SelfSignedError::File(file, what, error)
        };
        let mut lost = None;
        // Where another program of ours makes one at the same time, its key is taken on the second look.
        for _ in 0..2 {
            match read_secret(&file) {
                Ok(text) => match read_key(&text) {
                    Ok((text, key)) => return Ok(Kept { text, key, lost }),
                    Err(problem) => {
                        let aside = self.0.join(format!("{name}.broken"));
                        fs::rename(&file, &aside).map_err(failed("cannot be put aside"))?;
                        lost = Some(problem);
                    }
                },
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed("cannot be read")(error)),
            }
            let key = KeyPair::generate()?;
            let text = key.serialize_pem();
            if self.put(&file, 0o600, &text, false)? {
                return Ok(Kept { text, key, lost });
            }
        }
        Err(failed("cannot be made")(ErrorKind::AlreadyExists.into()))
    }

    /// Puts certificates into a file, in place of what is there. Whole or not at all, and on the disk.
    pub(super) fn write(self, file: &Path, text: &str) -> Result<(), SelfSignedError> {
        self.put(file, 0o644, text, true).map(|_| ())
    }

    /// Puts a text into a file, whole or not at all, and on the disk. Says whether it did: not where there is a file that it may not
    /// `replace`.
    fn put(
        self,
        file: &Path,
        mode: u32,
        text: &str,
        replace: bool,
    ) -> Result<bool, SelfSignedError> {
        let written = || -> io::Result<bool> {
            // Of a name that nobody foresees, never through a link, and from the beginning for its owner alone.
            let mut new = NamedTempFile::new_in(self.0)?;
            new.write_all(text.as_bytes())?;
            new.as_file()
                .set_permissions(Permissions::from_mode(mode))?;
            new.as_file().sync_all()?;
            if replace {
                new.persist(file)?;
            } else if let Err(error) = new.persist_noclobber(file) {
                if error.error.kind() == ErrorKind::AlreadyExists {
                    return Ok(false);
                }
                return Err(error.error);
            }
            File::open(self.0)?.sync_all()?;
            Ok(true)
        };
        written().map_err(|error| {
            SelfSignedError::File(file.display().to_string(), "cannot be written", error)
        })
    }
}

/// What is in the file of a key. A link in its place leads to what is not ours.
fn read_secret(file: &Path) -> io::Result<Vec<u8>> {
    read_opened(file, O_NOFOLLOW)
}

/// The error says what is wrong with the key that was there.
fn read_key(text: &[u8]) -> Result<(String, KeyPair), String> {
    let text = str::from_utf8(text).map_err(|error| error.to_string())?;
    let key = KeyPair::from_pem(text).map_err(|error| error.to_string())?;
    Ok((text.to_owned(), key))
}
