//! `lanward completions`.

use std::io;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::{Arguments, exit};

/// Print what makes a shell complete lanward's commands and their words
///
/// For bash: `lanward completions bash >/etc/bash_completion.d/lanward`
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> ExitCode {
        let mut text = Vec::new();
        generate(self.shell, &mut Arguments::command(), "lanward", &mut text);
        // A reader that went away is no error.
        let _closed = io::Write::write_all(&mut io::stdout().lock(), &text);
        exit::OK
    }
}
