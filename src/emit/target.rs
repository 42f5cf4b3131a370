//! A program or device that a snippet can be written for.

use super::form::Heading;
use super::{Doors, Front, Mode, Plan, Snippet, TARGETS};
use crate::wire::Name;

/// Why there is no snippet: what the target cannot do, or what must be said first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl Refusal {
    /// A refusal; the text says what to do instead.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Where a target runs, seen from lanward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runs {
    /// Perhaps on the same machine, so that a loopback address can be right.
    Anywhere,
    /// The same, and often in a container, whose loopback is its own.
    PerhapsInContainer,
    /// In the client, for nobody else.
    InClient,
    /// On a device of its own, or in a network namespace of its own.
    Elsewhere,
}

/// A program or device that a snippet can be written for.
#[derive(Debug)]
pub struct Target {
    /// Its word on the command line.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The versions that the snippet holds for.
    pub versions: &'static str,
    /// Where it runs.
    pub runs: Runs,
    /// What it is asked to do.
    pub job: Job,
}

/// What a target is for.
#[derive(Debug)]
pub enum Job {
    /// It answers questions, or hands them on.
    Resolver {
        /// What it can do, the best first.
        modes: &'static [Mode],
        /// What it cannot do, and why, with what to do instead.
        cannot: &'static [(Mode, &'static str)],
        /// The command that asks it; the name follows.
        ask: &'static str,
        /// Writes the snippet.
        write: fn(&Plan, Mode) -> Result<Snippet, Refusal>,
    },
    /// It stands in front of a media server.
    Proxy {
        /// Writes the snippet.
        write: fn(&Front) -> Result<Snippet, Refusal>,
    },
    /// It leads devices to the encrypted doors.
    Devices {
        /// The certificate that devices must be told to trust is written, too.
        with_root: bool,
        /// Writes the snippet.
        write: fn(&Doors) -> Result<Snippet, Refusal>,
    },
}

/// A snippet, with what is said above it.
#[derive(Debug)]
pub struct Emitted {
    /// What it is for, and how to see that it works.
    pub heading: Heading,
    /// The snippet.
    pub snippet: Snippet,
}

/// The target with this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

impl Target {
    /// What a resolver can be asked to do, the best first; none for others.
    pub fn modes(&self) -> &'static [Mode] {
        match self.job {
            Job::Resolver { modes, .. } => modes,
            Job::Proxy { .. } | Job::Devices { .. } => &[],
        }
    }

    /// The snippet for a resolver; without a mode in the one that is best for it.
    pub fn emit(&self, plan: &Plan, mode: Option<Mode>) -> Result<Emitted, Refusal> {
        let Job::Resolver {
            modes,
            cannot,
            ask,
            write,
        } = self.job
        else {
            return Err(self.is_no_resolver());
        };
        let best = modes.first().copied().unwrap_or(Mode::Forward);
        let mode = mode.unwrap_or(best);
        if !modes.contains(&mode) {
            let why = cannot.iter().find(|(other, _)| *other == mode);
            let why = why.map_or("it has no means for that", |(_, why)| why);
            let words: Vec<&str> = modes.iter().map(|mode| mode.word()).collect();
            return Err(Refusal::new(format!(
                "{} cannot {mode}: {why}. It can: {}",
                self.title,
                words.join(", ")
            )));
        }
        let is_empty = match mode {
            Mode::Allow => plan.allowed().is_empty(),
            Mode::Forward => plan.forwarded().is_empty(),
            Mode::Protect | Mode::Static => false,
        };
        if is_empty {
            return Err(Refusal::new(
                "no domain is meant: the configuration has no presets, no exceptions and no names of its own. Name one with --domain",
            ));
        }
        let mut snippet = match mode {
            Mode::Protect => write(&plan.for_protection(), mode)?,
            _ => write(plan, mode)?,
        };
        for note in plan.told(mode) {
            snippet.note(note);
        }
        if mode == Mode::Forward {
            self.warn_of_server(plan, &mut snippet);
        }
        if mode == Mode::Protect {
            snippet.note(format!(
                "A domain that {} asks a server inside about (conditional forwarding to a router or a domain controller) needs an exception, too: a \
                 [[rebinding.allow]] or a [[route]] with private = true in lanward's configuration.",
                self.title
            ));
        }
        let heading = Heading {
            target: self.name,
            mode: Some(mode),
            subject: mode.to_string(),
            versions: self.versions,
            purpose: purpose(self, plan, mode),
            verify: self.verify(plan, mode, ask),
        };
        Ok(Emitted { heading, snippet })
    }

    /// The snippet for what stands in front of a media server.
    pub fn emit_front(&self, front: &Front) -> Result<Emitted, Refusal> {
        let Job::Proxy { write } = self.job else {
            return Err(Refusal::new(format!(
                "{} stands in front of no server; leave --host out",
                self.title
            )));
        };
        let snippet = write(front)?;
        let heading = Heading {
            target: self.name,
            mode: None,
            subject: front.host.to_string(),
            versions: self.versions,
            purpose: front.purpose(self.title),
            verify: front.verify(),
        };
        Ok(Emitted { heading, snippet })
    }

    /// Why there is no snippet in a mode.
    fn is_no_resolver(&self) -> Refusal {
        let title = self.title;
        Refusal::new(match self.job {
            Job::Devices { .. } => format!("{title}: here only the encrypted doors are told of"),
            _ => format!(
                "{title} stands in front of a media server: say which, with --plex ADDRESS --id ID --host NAME or --jellyfin ADDRESS --host NAME"
            ),
        })
    }

    /// The snippet for what leads devices to the encrypted doors.
    pub fn emit_doors(&self, doors: &Doors) -> Result<Emitted, Refusal> {
        let Job::Devices { write, .. } = self.job else {
            return Err(Refusal::new(format!(
                "{} tells no device of encrypted doors",
                self.title
            )));
        };
        let snippet = write(doors)?;
        let heading = Heading {
            target: self.name,
            mode: None,
            subject: doors.name.to_string(),
            versions: self.versions,
            purpose: doors.purpose(self.title),
            verify: doors.verify(),
        };
        Ok(Emitted { heading, snippet })
    }

    fn warn_of_server(&self, plan: &Plan, snippet: &mut Snippet) {
        let server = plan.server();
        if self.runs == Runs::Elsewhere && server.ip().is_loopback() {
            snippet.warn(format!(
                "{server} is the address of {} itself, where lanward hardly runs: name lanward's address in this network with --server",
                self.title
            ));
        }
        let takes_port = matches!(self.runs, Runs::Anywhere | Runs::PerhapsInContainer);
        if takes_port && server.ip().is_loopback() && server.port() == 53 {
            snippet.warn(format!(
                "{server} may be where {} itself answers, which then would ask itself: let lanward listen on another port or address, and name \
                 that with --server",
                self.title
            ));
        }
        if self.runs == Runs::PerhapsInContainer && server.ip().is_loopback() {
            snippet.note(format!(
                "If {} runs in a container, {} is the container itself: name lanward's address in this network with --server.",
                self.title,
                server.ip()
            ));
        }
        if self.runs == Runs::InClient {
            return;
        }
        snippet.note(format!(
            "lanward must not have {} as its own upstream, or what neither knows goes round in circles.",
            self.title
        ));
    }

    /// One question that must be answered, and one that must not.
    fn verify(&self, plan: &Plan, mode: Mode, ask: &str) -> Vec<(String, String)> {
        let own = plan.own().ok().and_then(<[_]>::first).copied();
        let probe = if mode == Mode::Static {
            own
        } else {
            plan.probe()
        };
        let takes_type = ask.contains("dig ") || ask.starts_with("Resolve-DnsName");
        let good = match probe {
            Some((name, address)) => {
                let kind = if address.is_ipv6() && takes_type {
                    " AAAA"
                } else {
                    ""
                };
                (format!("{ask} {name}{kind}"), format!("says {address}"))
            }
            None => (
                format!("{ask} NAME"),
                "says the address of NAME, which is one of yours there".to_owned(),
            ),
        };
        let bad = format!("{ask} {}", plan.canary());
        let can = self.modes();
        let says = if mode == Mode::Protect {
            "says no address".to_owned()
        } else if can.contains(&Mode::Protect) || can.contains(&Mode::Allow) {
            "says no address, if the protection is on".to_owned()
        } else {
            format!("says an address: {} has no protection", self.title)
        };
        vec![good, (bad, says)]
    }
}

fn purpose(target: &Target, plan: &Plan, mode: Mode) -> String {
    let title = target.title;
    match mode {
        Mode::Allow => {
            let names: Vec<Name> = plan.allowed().iter().map(|suffix| suffix.name).collect();
            format!("{title} lets private answers for {} through", list(&names))
        }
        Mode::Forward => {
            let names = list(plan.forwarded());
            let server = plan.server();
            format!("{title} hands questions for {names} to lanward at {server}")
        }
        Mode::Protect => {
            let names: Vec<Name> = plan.allowed().iter().map(|suffix| suffix.name).collect();
            if names.is_empty() {
                return format!("{title} blocks private answers for all domains");
            }
            format!(
                "{title} blocks private answers for all domains but {}",
                list(&names)
            )
        }
        Mode::Static => format!("{title} answers the names of your own servers"),
    }
}

/// At most three names, and how many there are besides.
fn list(names: &[Name]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = names.iter().take(SHOWN).map(Name::to_string).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
