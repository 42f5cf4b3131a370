//! Gathers findings, a few of each kind: a zone of 100,000 names can have one fault 100,000 times.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::finding::{Finding, Severity};

/// How many findings of one kind are told one by one.
const TOLD: usize = 20;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Outside,
    Apex,
    Soa,
    Cname,
    Dname,
    ZeroTtl,
    MixedTtl,
    Swallowed,
    Glue,
    Target,
}

impl Kind {
    fn what(self) -> &'static str {
        match self {
            Self::Outside => "records outside the zone",
            Self::Apex => "records missing at the apex",
            Self::Soa => "SOA records out of place",
            Self::Cname => "names with a CNAME record and more",
            Self::Dname => "names at or below a DNAME record",
            Self::ZeroTtl => "TTLs of 0",
            Self::MixedTtl => "records with different TTLs",
            Self::Swallowed => "special-use names",
            Self::Glue => "name servers without an address",
            Self::Target => "targets that do not exist",
        }
    }
}

/// The findings so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
    counts: BTreeMap<Kind, (Severity, usize)>,
}

impl Report {
    pub(super) fn error(&mut self, kind: Kind, line: u32, problem: String) {
        self.add(Severity::Error, kind, line, problem);
    }

    pub(super) fn warning(&mut self, kind: Kind, line: u32, problem: String) {
        self.add(Severity::Warning, kind, line, problem);
    }

    /// In the order of their lines, at the end how many were left out.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.line);
        for (kind, (severity, count)) in self.counts {
            if let Some(more) = count.checked_sub(TOLD).filter(|more| *more > 0) {
                let problem = format!("{more} more: {}", kind.what());
                self.findings.push(finding(severity, 0, problem));
            }
        }
        self.findings
    }

    fn add(&mut self, severity: Severity, kind: Kind, line: u32, problem: String) {
        let (_, count) = self.counts.entry(kind).or_insert((severity, 0));
        *count += 1;
        if *count <= TOLD {
            self.findings.push(finding(severity, line, problem));
        }
    }
}

fn finding(severity: Severity, line: u32, problem: String) -> Finding {
    Finding {
        severity,
        file: PathBuf::new(),
        line,
        problem,
    }
}
