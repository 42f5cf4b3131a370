//! What `lanward check --peer` says of another resolver's file.

use std::path::{Path, PathBuf};

use super::super::output::say;
use crate::config::{DEFAULT_LISTEN, Finding, Settings, default_domains};
use crate::peer::{self, Kind, Known, Protection, Reading};
use crate::zone;

/// A file of another resolver, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    kind: Kind,
    path: PathBuf,
}

/// Reads `FORMAT:FILE`.
pub(super) fn parse(text: &str) -> Result<Peer, String> {
    let allowed = || {
        let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        words.join(", ")
    };
    let (word, path) = text
        .split_once(':')
        .filter(|(_, path)| !path.is_empty())
        .ok_or_else(|| {
            format!(
                "write whose file it is, a colon and the file, such as dnsmasq:/etc/dnsmasq.conf; allowed: {}",
                allowed()
            )
        })?;
    let kind = Kind::named(word)
        .ok_or_else(|| format!("{word:?} is not known; allowed: {}", allowed()))?;
    let path = PathBuf::from(path);
    Ok(Peer { kind, path })
}

impl Peer {
    /// The file that was named.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Says what the file means, and returns what is wrong with it. Without settings lanward's defaults hold.
    pub(super) fn check(&self, settings: Option<&Settings>) -> Vec<Finding> {
        let known = known(settings);
        let reading = peer::read(self.kind, &self.path, &known);
        say(format_args!(
            "{}, read as that of {}",
            self.path.display(),
            self.kind.title()
        ));
        for line in summary(&reading) {
            say(format_args!("  {line}"));
        }
        let findings: Vec<Finding> = reading.findings.iter().map(convert).collect();
        for finding in &findings {
            say(finding);
        }
        let offer = reading.offer(&known);
        if !offer.is_empty() {
            say("\n# The same for lanward, in its configuration:");
            say(offer.trim_end());
            say("# End.");
        }
        findings
    }
}

fn known(settings: Option<&Settings>) -> Known {
    let (decoded, listeners) = match settings {
        Some(settings) => (settings.embedded.clone(), settings.listen.clone()),
        None => (default_domains(), vec![DEFAULT_LISTEN]),
    };
    Known {
        decoded: decoded.iter().map(|domain| *domain.suffix()).collect(),
        listeners,
    }
}

fn summary(reading: &Reading) -> Vec<String> {
    let mut lines = Vec::new();
    if reading.is_partial {
        lines.push(
            "Not all that it includes could be read; what follows is about the rest".to_owned(),
        );
    }
    match &reading.protection {
        Protection::Unknown => {}
        Protection::Never => {
            lines.push(
                "Protection: none here; it is the work of the servers that are named".to_owned(),
            );
        }
        Protection::Off => lines.push("Protection: off".to_owned()),
        Protection::On { place, by, .. } => {
            lines.push(format!("Protection: on, by {by} ({place})"));
            lines.extend(reading.ranges());
            let weak = reading.kind.weaknesses().iter();
            lines.extend(weak.map(|weak| format!("Weaker than lanward: {weak}")));
        }
    }
    lines
}

fn convert(finding: &zone::Finding) -> Finding {
    let line = usize::try_from(finding.line).ok();
    let place = line.filter(|line| *line > 0).map(|line| (line, 0));
    Finding {
        severity: finding.severity,
        place: (finding.file.clone(), place),
        problem: finding.problem.clone(),
    }
}
