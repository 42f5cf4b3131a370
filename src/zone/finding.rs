//! What is wrong with a zone, and where.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The zone cannot be served.
    Error,
    /// The zone can be served, but it is hardly meant so.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file; empty where it is not known.
    pub file: PathBuf,
    /// The line, from 1; 0 where it is about no line.
    pub line: u32,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl Finding {
    /// The same finding, in this file.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        file.clone_into(&mut self.file);
        self
    }
}

/// `file:line: problem`; a warning says that it is one.
impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.as_os_str().is_empty() {
            write!(f, "{}:", self.file.display())?;
        }
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        if !self.file.as_os_str().is_empty() || self.line > 0 {
            f.write_str(" ")?;
        }
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.problem)
    }
}
