//! Where something stands, and how text of others is shown.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<Path>,
    /// The line, from 1; 0 where it is about the whole file.
    pub line: u32,
}

impl Place {
    /// The file as a whole.
    pub(super) fn whole(file: &Path) -> Self {
        Self {
            file: Arc::from(file),
            line: 0,
        }
    }

    /// Another line of the same file; counted from 0, as readers do.
    pub(super) fn row(&self, row: usize) -> Self {
        Self {
            file: Arc::clone(&self.file),
            line: u32::try_from(row).map_or(u32::MAX, |row| row.saturating_add(1)),
        }
    }
}

/// `file:line`, on one line whatever the file is called.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.file.display().to_string().chars() {
            if c.is_control() {
                write!(f, "{}", c.escape_default())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        Ok(())
    }
}

/// Text of others in quotes: without control characters, and not too much of it.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("{shown:?}")
}
