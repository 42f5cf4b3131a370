//! `lanward man`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use super::output::complain;
use super::{Arguments, exit};

/// Print the manual page, or write all of them
///
/// To read it: `lanward man | man -l -`. To install them: `lanward man --output /usr/local/share/man/man1`
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> ExitCode {
        let Some(folder) = self.output else {
            let mut text = Vec::new();
            // Into memory nothing fails.
            let _written = Page::new(Arguments::command()).render(&mut text);
            // A reader that went away is no error.
            let _closed = io::stdout().lock().write_all(&text);
            return exit::OK;
        };
        match write_all(&folder) {
            Ok(()) => exit::OK,
            Err(error) => {
                complain(&format_args!("{}: {error}", folder.display()));
                ExitCode::from(exit::USAGE)
            }
        }
    }
}

/// Writes a page for lanward and one for each of its commands.
fn write_all(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Arguments::command(), folder)
}
