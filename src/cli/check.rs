//! `lanward check`.

use std::process::ExitCode;

use clap::Args;

use super::output::say;
use super::{Source, exit};
use crate::config::{Settings, Severity};

/// Prove the configuration
///
/// Every finding with file, line and column; exit code 1 if there is an error.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    source: Source,
}

impl Check {
    pub(super) fn run(self) -> ExitCode {
        let Some(path) = self.source.config else {
            say("no file was named: the defaults hold, and they are sound");
            return exit::OK;
        };
        let (settings, findings) = Settings::read(&path);
        for finding in &findings {
            say(finding);
        }
        let count = |severity| {
            findings
                .iter()
                .filter(|finding| finding.severity == severity)
                .count()
        };
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        say(format_args!(
            "{}: {errors} error{}, {warnings} warning{}",
            path.display(),
            plural(errors),
            plural(warnings)
        ));
        if settings.is_some() {
            exit::OK
        } else {
            ExitCode::from(exit::NO)
        }
    }
}
