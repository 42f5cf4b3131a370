//! `lanward check`.

mod peer;

use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use super::output::say;
use super::{Source, exit, read};
use crate::config::{Finding, Settings, Severity};
use crate::daemon::check_cache_file;
use crate::daemon::local::{self, Loaded};
use crate::upstream::clock;

use peer::Peer;

/// Prove the configuration, and the zones and files that it names
///
/// Every finding with file and line; exit code 1 if there is an error. With --peer also the configuration of another resolver: what its
/// protection from DNS rebinding is, what in it does nothing, and what to write for lanward instead.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    source: Source,
    /// Look at another resolver's file: dnsmasq, unbound, pihole-v6, adguard-home or resolv.conf; may be repeated
    #[arg(long, value_name = "FORMAT:FILE", value_parser = peer::parse)]
    peer: Vec<Peer>,
}

impl Check {
    pub(super) fn run(self) -> ExitCode {
        let mut is_sound = true;
        let mut settings = None;
        if let Some(path) = &self.source.config {
            let findings;
            (settings, findings) = prove(path);
            for finding in &findings {
                say(finding);
            }
            is_sound &= conclude(path, &findings);
        } else if self.peer.is_empty() {
            say("no file was named: the defaults hold, and they are sound");
        }
        for peer in &self.peer {
            is_sound &= conclude(peer.path(), &peer.check(settings.as_ref()));
        }
        if is_sound {
            exit::OK
        } else {
            ExitCode::from(exit::NO)
        }
    }
}

/// The settings in a file, and what is wrong with them and with what they name.
fn prove(path: &Path) -> (Option<Settings>, Vec<Finding>) {
    let (settings, mut findings) = read(path);
    if let Some(settings) = &settings {
        match local::load(&settings.local, &Loaded::default(), clock::of_day()) {
            Ok(loaded) => findings.extend(loaded.warnings),
            Err(errors) => findings.extend(errors),
        }
        findings.extend(settings.cache_file.as_deref().and_then(check_cache_file));
        findings.extend(check_state(path, settings));
    }
    (settings, findings)
}

/// What will keep lanward from making an authority and a certificate.
fn check_state(path: &Path, settings: &Settings) -> Option<Finding> {
    let own = settings.encrypted.as_ref()?.self_signed(&settings.listen)?;
    let error = own.check().err()?;
    Some(Finding {
        severity: Severity::Error,
        place: (path.to_owned(), None),
        problem: error.to_string(),
    })
}

/// Says how many findings a file has; whether none is an error.
fn conclude(path: &Path, findings: &[Finding]) -> bool {
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
    errors == 0
}
