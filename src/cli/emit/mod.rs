//! `lanward emit`.

mod doors;
mod known;
mod output;
mod wishes;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::output::{complain, say};
use super::{Source, exit};
use crate::config::Settings;
use crate::emit::{Emitted, Job, Mode, Refusal, TARGETS, Target, target};

use doors::root;
use wishes::Wishes;

/// Print what to write into another resolver, router or proxy
///
/// So that it lets the names of a media server through, hands them to lanward, or is protected as lanward is. Domains, exceptions and
/// networks are those of the configuration. Comments say where it goes, what makes the target use it, and how to see that it works.
#[derive(Debug, Args)]
#[command(after_help = table())]
pub(super) struct Emit {
    #[command(flatten)]
    source: Source,
    /// What to write it for
    #[arg(value_name = "TARGET", required_unless_present = "list", hide_possible_values = true, value_parser = PossibleValuesParser::new(names()))]
    target: Option<String>,
    /// List the targets and what each can do
    #[arg(long)]
    list: bool,
    /// What the target is asked to do; without it the best that it can, and with --plex static
    #[arg(long, value_enum)]
    mode: Option<ModeWord>,
    #[command(flatten)]
    wishes: Wishes,
    /// Text to paste, or JSON
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Only this part, where the snippet goes into more than one place
    #[arg(long, value_name = "NAME")]
    part: Option<String>,
    /// Write it into this file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace in that file what is between the markers of this snippet, and leave everything else as it is
    #[arg(long, requires = "output")]
    in_place: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// [`Mode`] as clap reads it.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ModeWord {
    /// Let the private answers of the configured domains through
    Allow,
    /// Hand the questions for them to lanward at --server
    Forward,
    /// Switch the target's own protection on
    Protect,
    /// Answer the names of your own servers, without an exception
    Static,
}

impl From<ModeWord> for Mode {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Allow => Self::Allow,
            ModeWord::Forward => Self::Forward,
            ModeWord::Protect => Self::Protect,
            ModeWord::Static => Self::Static,
        }
    }
}

impl Emit {
    pub(super) fn run(self) -> ExitCode {
        if self.list {
            say(table());
            return exit::OK;
        }
        let Some(target) = self.target.as_deref().and_then(target) else {
            return ExitCode::from(exit::USAGE);
        };
        let settings = match self.source.settings() {
            Ok(settings) => settings,
            Err(code) => return code,
        };
        let emitted = match target.job {
            Job::Resolver { .. } => self.wishes.plan(&settings).and_then(|plan| {
                let mode = self
                    .mode
                    .map(Mode::from)
                    .or_else(|| self.wishes.mode(target));
                let emitted = target.emit(&plan, mode)?;
                self.wishes.refuse_idle(target, mode)?;
                Ok(emitted)
            }),
            Job::Proxy { .. } => self.front(target),
            Job::Devices { with_root, .. } => self.doors(target, &settings, with_root),
        };
        match emitted.and_then(|emitted| self.give(&emitted)) {
            Ok(()) => exit::OK,
            Err(why) => {
                complain(&why);
                ExitCode::from(exit::NO)
            }
        }
    }

    fn front(&self, target: &Target) -> Result<Emitted, Refusal> {
        if self.mode.is_some() {
            return Err(Refusal::new(format!(
                "{} stands in front of a media server and has no modes; leave --mode out",
                target.title
            )));
        }
        self.wishes.refuse_domains(target.title)?;
        target.emit_front(&self.wishes.front()?)
    }

    fn doors(
        &self,
        target: &Target,
        settings: &Settings,
        with_root: bool,
    ) -> Result<Emitted, Refusal> {
        if self.mode.is_some() {
            return Err(Refusal::new(format!(
                "{} is told of the encrypted doors and has no modes; leave --mode out",
                target.title
            )));
        }
        let mut doors = self.wishes.doors(target.title, settings)?;
        if with_root {
            doors.root = root(settings)?;
        }
        target.emit_doors(&doors)
    }

    fn give(&self, emitted: &Emitted) -> Result<(), Refusal> {
        if self.format == Format::Json && (self.part.is_some() || self.in_place) {
            return Err(Refusal::new(
                "--format json gives the snippet as a whole; leave --part and --in-place out",
            ));
        }
        let parts = &emitted.snippet.parts;
        let words = || {
            let words: Vec<&str> = parts.iter().map(|part| part.name).collect();
            words.join(", ")
        };
        let chosen = match self.part.as_deref() {
            None => None,
            Some(name) => {
                let part = parts.iter().find(|part| part.name == name);
                Some(part.ok_or_else(|| {
                    Refusal::new(format!("there is no part {name:?}; allowed: {}", words()))
                })?)
            }
        };
        let Some(path) = &self.output else {
            match self.format {
                Format::Json => say(format_args!("{:#}", emitted.json())),
                Format::Text => say(emitted.text(self.part.as_deref()).trim_end_matches('\n')),
            }
            return Ok(());
        };
        if self.format == Format::Json {
            return output::create(path, &format!("{:#}\n", emitted.json()));
        }
        let ((Some(part), _) | (None, [part])) = (chosen, parts.as_slice()) else {
            return Err(Refusal::new(format!(
                "this snippet goes into more than one place; name the part for {} with --part: {}",
                path.display(),
                words()
            )));
        };
        if self.in_place {
            output::replace(path, emitted, part)
        } else {
            output::create(path, &emitted.file(part))
        }
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|target| target.name)
}

/// All targets, a line each.
fn table() -> String {
    let width = names().map(str::len).max().unwrap_or(0);
    let mut lines = vec![
        "Targets, and what each can do (the first is what it does without --mode):".to_owned(),
    ];
    for target in TARGETS {
        let modes: Vec<&str> = target.modes().iter().map(|mode| mode.word()).collect();
        let can = match target.job {
            Job::Resolver { .. } => modes.join(", "),
            Job::Proxy { .. } => "in front of a media server".to_owned(),
            Job::Devices { .. } => "where the encrypted doors are".to_owned(),
        };
        lines.push(format!("  {:width$}  {}: {can}", target.name, target.title));
    }
    lines.join("\n")
}
