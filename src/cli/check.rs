//! `lanward check`.

use std::process::ExitCode;

use clap::Args;

use super::output::say;
use super::{Source, exit};
use crate::config::{Settings, Severity};
use crate::daemon::check_cache_file;
use crate::daemon::local::{self, Loaded};
use crate::upstream::clock;

/// Prove the configuration, and the zones and files that it names
///
/// Every finding with file and line; exit code 1 if there is an error.
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
        let (settings, mut findings) = Settings::read(&path);
        if let Some(settings) = &settings {
            match local::load(&settings.local, &Loaded::default(), clock::of_day()) {
                Ok(loaded) => findings.extend(loaded.warnings),
                Err(errors) => findings.extend(errors),
            }
            findings.extend(settings.cache_file.as_deref().and_then(check_cache_file));
        }
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
        if errors == 0 {
            exit::OK
        } else {
            ExitCode::from(exit::NO)
        }
    }
}
