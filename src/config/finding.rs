//! What is wrong with a configuration, and where.

use std::fmt::{self, Display};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::file::Text;
use crate::zone::Severity;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file, and line and column from 1 where they are known; column 0 where it is not.
    pub place: (PathBuf, Option<(usize, usize)>),
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.place.0.display())?;
        if let Some((line, column)) = self.place.1 {
            write!(f, "{line}:")?;
            if column > 0 {
                write!(f, "{column}:")?;
            }
        }
        let severity = if self.severity == Severity::Error {
            "error"
        } else {
            "warning"
        };
        write!(f, " {severity}: {}", self.problem)
    }
}

/// What the TOML reader says in the words of its types, and what is said to people.
const PLAIN: [(&str, &str); 9] = [
    ("`", "\""),
    ("unknown field", "unknown key"),
    ("missing field", "missing key"),
    (", expected one of", "; allowed:"),
    ("expected a sequence", "expected a list in brackets"),
    ("expected a string", "expected a text in quotes"),
    ("expected a boolean", "expected true or false"),
    ("expected usize", "expected a whole number from 0 on"),
    (
        "expected u32",
        "expected a whole number from 0 to 4294967295",
    ),
];

/// Gathers findings while a file is proven, so that all of them are told at once.
#[derive(Debug)]
pub(super) struct Prover<'a> {
    path: &'a Path,
    text: &'a str,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Prover<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self {
            path,
            text,
            findings: Vec::new(),
        }
    }

    pub(super) fn error(&mut self, span: Option<Range<usize>>, problem: impl Into<String>) {
        self.add(Severity::Error, span, problem.into());
    }

    pub(super) fn warning(&mut self, span: Option<Range<usize>>, problem: impl Into<String>) {
        self.add(Severity::Warning, span, problem.into());
    }

    /// What the TOML reader had to say. Its messages do not name the key, the line does.
    pub(super) fn toml(&mut self, error: &toml::de::Error) {
        let span = error.span();
        let key = span.as_ref().and_then(|span| self.key_at(span.start));
        let message = PLAIN
            .iter()
            .fold(error.message().to_owned(), |message, (theirs, ours)| {
                message.replace(theirs, ours)
            });
        self.error(
            span,
            key.map_or_else(|| message.clone(), |key| format!("{key}: {message}")),
        );
    }

    /// Reads a value from its text; says what is wrong with it in the words of its error.
    pub(super) fn read<T: FromStr<Err: Display>>(&mut self, key: &str, text: &Text) -> Option<T> {
        self.read_with(key, text, |text| {
            text.parse::<T>().map_err(|error| error.to_string())
        })
    }

    pub(super) fn read_all<T: FromStr<Err: Display>>(
        &mut self,
        key: &str,
        texts: &[Text],
    ) -> Vec<T> {
        texts
            .iter()
            .filter_map(|text| self.read(key, text))
            .collect()
    }

    pub(super) fn read_with<T>(
        &mut self,
        key: &str,
        text: &Text,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        read(text.get_ref())
            .map_err(|error| self.error(Some(text.span()), format!("{key}: {error}")))
            .ok()
    }

    /// Reads one of a few words.
    pub(super) fn choose<T: Copy>(
        &mut self,
        key: &str,
        text: &Text,
        words: &[(&str, T)],
    ) -> Option<T> {
        self.read_with(key, text, |text| {
            let found = words
                .iter()
                .find(|(word, _)| *word == text)
                .map(|(_, value)| *value);
            let allowed = || {
                words
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            found.ok_or_else(|| format!("{text:?} is not known; allowed: {}", allowed()))
        })
    }

    fn add(&mut self, severity: Severity, span: Option<Range<usize>>, problem: String) {
        let place = span.map(|span| self.line_and_column(span.start));
        self.findings.push(Finding {
            severity,
            place: (self.path.to_owned(), place),
            problem,
        });
    }

    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |line| line.chars().count());
        (before.matches('\n').count() + 1, column + 1)
    }

    fn key_at(&self, at: usize) -> Option<&str> {
        let start = self.text.get(..at)?.rfind('\n').map_or(0, |end| end + 1);
        let (key, _) = self.text.get(start..)?.lines().next()?.split_once('=')?;
        Some(key.trim()).filter(|key| !key.is_empty())
    }
}
