//! Floor 9: the command line, one file for each command.

mod check;
mod completions;
mod decode;
mod emit;
mod encode;
mod explain;
mod healthcheck;
mod instead;
mod lines;
mod log;
mod man;
mod output;
mod serve;
mod service;
mod version;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Finding, Settings, Severity};
use instead::Instead;
use output::complain;

/// What the program tells its caller.
pub mod exit {
    use std::process::ExitCode;

    /// All is well.
    pub const OK: ExitCode = ExitCode::SUCCESS;
    /// The answer is no: a finding, no such name, not healthy.
    pub const NO: u8 = 1;
    /// The command line or the configuration is wrong.
    pub const USAGE: u8 = 2;
}

/// A DNS resolver for one network: decodes plex.direct names, forwards the rest, and lets no other name point inside.
#[derive(Debug, Parser)]
#[command(
    name = "lanward",
    version = version::SHORT,
    long_version = version::long(),
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Check(check::Check),
    Explain(explain::Explain),
    Decode(decode::Decode),
    Encode(encode::Encode),
    Emit(emit::Emit),
    Healthcheck(healthcheck::Healthcheck),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Parses the command line and runs the command.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
        Command::Explain(explain) => explain.run(),
        Command::Decode(decode) => decode.run(),
        Command::Encode(encode) => encode.run(),
        Command::Emit(emit) => emit.run(),
        Command::Healthcheck(healthcheck) => healthcheck.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    }
}

/// Where a command finds its settings.
#[derive(Debug, Clone, clap::Args)]
struct Source {
    /// Configuration file; without one the defaults hold
    #[arg(long, short, value_name = "FILE", env = "LANWARD_CONFIG")]
    config: Option<PathBuf>,
}

impl Source {
    /// The proven settings, with what variables put in their place. What is wrong is told on standard error; with errors there are none.
    fn settings(&self) -> Result<Settings, ExitCode> {
        let variables = Instead::of_variables().map_err(|error| refuse(&error))?;
        let (settings, findings) = match &self.config {
            Some(path) => read(path),
            None => Settings::prove(Path::new("defaults"), ""),
        };
        for finding in &findings {
            complain(finding);
        }
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            complain(
                &"nothing was done: mend this first, then see with `lanward check --config FILE` whether all is well",
            );
        }
        let settings = settings.map(|settings| variables.of(settings));
        settings.ok_or_else(|| ExitCode::from(exit::USAGE))
    }

    /// What a server that was started with this runs with, as far as that tells where it is: its file may have got errors since.
    fn running(&self) -> Result<Settings, ExitCode> {
        let variables = Instead::of_variables().map_err(|error| refuse(&error))?;
        let Some(path) = &self.config else {
            return Ok(variables.of(Settings::default()));
        };
        let settings = fs::read_to_string(path)
            .map_err(|error| format!("cannot be read: {error}"))
            .and_then(|text| Settings::of_running(&text));
        settings
            .map(|settings| variables.of(settings))
            .map_err(|problem| {
                complain(&format_args!("{}: {problem}", path.display()));
                ExitCode::from(exit::NO)
            })
    }
}

/// Says which variable is wrong.
fn refuse(error: &clap::Error) -> ExitCode {
    let _closed = error.print();
    ExitCode::from(exit::USAGE)
}

/// The settings in a file. What lanward itself must keep is where the system says (`StateDirectory=` of systemd.exec(5)) unless the file
/// says otherwise.
fn read(path: &Path) -> (Option<Settings>, Vec<Finding>) {
    let (mut settings, findings) = Settings::read(path);
    let folders = env::var_os("STATE_DIRECTORY").unwrap_or_default();
    let folder = env::split_paths(&folders).next();
    let folder = folder.filter(|folder| folder.is_absolute());
    if let (Some(settings), Some(folder)) = (&mut settings, folder) {
        settings.keep_state_in(&folder);
    }
    (settings, findings)
}
