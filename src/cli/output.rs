//! Where words go: answers to standard output, complaints to standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line of the answer. A reader that went away (`lanward … | head`) is no error.
pub(super) fn say(line: impl Display) {
    let _closed = writeln!(io::stdout().lock(), "{line}");
}

/// Prints a line about what is wrong.
pub(super) fn complain(line: &dyn Display) {
    let _closed = writeln!(io::stderr().lock(), "lanward: {line}");
}
