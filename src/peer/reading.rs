//! What was read from the files of a peer, whatever their format.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ipnet::IpNet;

use super::place::quoted;
use super::source::{DEEPEST, MOST_INCLUDES, Source};
use super::{Kind, Place};
use crate::address::classify;
use crate::name::special::SpecialUse;
use crate::upstream::Server;
use crate::wire::Name;
use crate::zone::{Finding, Severity};

/// More findings than this nobody reads one by one.
const TOLD: usize = 200;
/// More domains than this are a block list.
const MOST_DOMAINS: usize = 10_000;

/// Names that stay inside a network.
pub(super) static SPECIAL: LazyLock<SpecialUse> = LazyLock::new(SpecialUse::new);

/// What was read from the files of a peer.
#[derive(Debug)]
pub struct Reading {
    /// The format.
    pub kind: Kind,
    /// The file that was named.
    pub file: PathBuf,
    /// The protection from rebinding.
    pub protection: Protection,
    /// Domains whose private answers pass, as far as they do anything.
    pub allowed: Vec<Allowed>,
    /// Domains that are asked of servers of their own.
    pub forwards: Vec<Forward>,
    /// The servers for everything else.
    pub servers: Vec<Asked>,
    /// Those that know the addresses of servers.
    pub bootstrap: Vec<Asked>,
    /// What else one must know to do the same with lanward.
    pub notes: Vec<String>,
    /// Whether a file or folder that is included could not be read, so that nothing here is known for certain.
    pub is_partial: bool,
    /// What is wrong, in the order of files and lines.
    pub findings: Vec<Finding>,
    /// How many were left out, and how bad the worst of them is.
    more: (usize, Severity),
    source: Source,
}

/// The protection of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// The file could not be read.
    Unknown,
    /// The program has none.
    Never,
    /// It is not switched on.
    Off,
    /// It is on.
    On {
        /// What switches it on.
        place: Place,
        /// What that says.
        by: String,
        /// The networks whose addresses are blocked.
        ranges: Vec<IpNet>,
    },
}

/// A domain whose private answers pass, with all names below it.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// Where it stands.
    pub place: Place,
    /// The domain.
    pub name: Name,
}

/// A domain that is asked of servers of its own, with all names below it.
#[derive(Debug, Clone)]
pub struct Forward {
    /// Where it stands.
    pub place: Place,
    /// The domain.
    pub name: Name,
    /// Its servers, as far as they can be used.
    pub servers: Vec<Server>,
}

/// A server that is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where it stands.
    pub place: Place,
    /// The server.
    pub server: Server,
}

impl Forward {
    /// Whether its answers are likely to be private: the domain is a special-use one, or a server is no public one.
    pub(super) fn is_private(&self) -> bool {
        let mut servers = self.servers.iter().flat_map(Server::all_addresses);
        SPECIAL.find(&self.name).is_some()
            || servers.any(|address| classify(address.ip()).is_some())
    }

    /// Whether it is about the names of addresses, whose answers hold no addresses.
    pub(super) fn is_reverse(&self) -> bool {
        let mut labels: Vec<&[u8]> = self.name.labels().collect();
        let top = labels.pop();
        top.is_some_and(|top| top.eq_ignore_ascii_case(b"arpa"))
            && labels.pop().is_some_and(|second| {
                second.eq_ignore_ascii_case(b"in-addr") || second.eq_ignore_ascii_case(b"ip6")
            })
    }
}

impl Reading {
    pub(super) fn new(kind: Kind, file: &Path) -> Self {
        Self {
            kind,
            file: file.to_owned(),
            protection: Protection::Off,
            allowed: Vec::new(),
            forwards: Vec::new(),
            servers: Vec::new(),
            bootstrap: Vec::new(),
            notes: Vec::new(),
            is_partial: false,
            findings: Vec::new(),
            more: (0, Severity::Warning),
            source: Source::default(),
        }
    }

    /// The text of the file that was named; where it cannot be read, that is found.
    pub(super) fn open(&mut self) -> Option<(Place, String)> {
        let place = Place::whole(&self.file.clone());
        let text = self.text(&place, &place)?;
        Some((place, text))
    }

    /// The text of a file that `from` names.
    pub(super) fn text(&mut self, file: &Place, from: &Place) -> Option<String> {
        match self.source.read(&file.file) {
            Ok(text) => Some(text),
            Err(why) if file == from => {
                self.error(from, why);
                None
            }
            Err(why) => {
                let path = quoted(&file.file.display().to_string());
                self.unread(from, format!("{path} {why}"));
                None
            }
        }
    }

    /// Whether one more include may be followed, from a file that stands so deep.
    pub(super) fn may_include(&mut self, place: &Place, depth: usize) -> bool {
        match self.source.include(depth) {
            Some(true) => return true,
            Some(false) => {}
            None => self.unread(
                place,
                format!("not followed: at most {MOST_INCLUDES} includes are, {DEEPEST} deep"),
            ),
        }
        false
    }

    /// A line that includes what cannot be read.
    pub(super) fn unread(&mut self, place: &Place, problem: impl Into<String>) {
        self.is_partial = true;
        self.error(place, problem);
    }

    /// A line that does not do what it is there for, or opens the protection.
    pub(super) fn error(&mut self, place: &Place, problem: impl Into<String>) {
        self.find(Severity::Error, place, problem.into());
    }

    /// What is allowed but hardly meant, or weaker than it could be.
    pub(super) fn warning(&mut self, place: &Place, problem: impl Into<String>) {
        self.find(Severity::Warning, place, problem.into());
    }

    fn find(&mut self, severity: Severity, place: &Place, problem: String) {
        if self.findings.len() >= TOLD {
            self.more.0 += 1;
            if severity == Severity::Error {
                self.more.1 = severity;
            }
            return;
        }
        self.findings.push(Finding {
            severity,
            file: place.file.to_path_buf(),
            line: place.line,
            problem,
        });
    }

    /// Notes that a domain is excepted, if the program finds names by it.
    pub(super) fn allow(&mut self, place: &Place, text: &str) {
        match plain_name(text) {
            Ok(_) if self.allowed.len() >= MOST_DOMAINS => self.too_many(place),
            Ok(name) => self.allowed.push(Allowed {
                place: place.clone(),
                name,
            }),
            Err(why) => self.error(
                place,
                format!(
                    "the exception {} does nothing: {why}; {} accepts it without a word",
                    quoted(text),
                    self.kind.title()
                ),
            ),
        }
    }

    /// Notes that a domain has servers of its own.
    pub(super) fn forward(&mut self, forward: Forward) {
        if self.forwards.len() >= MOST_DOMAINS {
            return self.too_many(&forward.place);
        }
        self.forwards.push(forward);
    }

    fn too_many(&mut self, place: &Place) {
        self.error(
            place,
            format!("left out: no more than {MOST_DOMAINS} domains are looked at"),
        );
    }

    /// Sorts the findings, and says how many were left out.
    pub(super) fn finish(&mut self) {
        let main = self.file.clone();
        self.findings
            .sort_by_key(|finding| (finding.file != main, finding.file.clone(), finding.line));
        let (more, severity) = self.more;
        if more > 0 {
            self.findings.push(Finding {
                severity,
                file: main,
                line: 0,
                problem: format!("{more} more findings"),
            });
        }
    }
}

/// Reads a domain as other programs write it, and says why one can match no name.
pub(super) fn plain_name(text: &str) -> Result<Name, String> {
    if let Some(rest) = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')) {
        return Err(format!(
            "names have no {:?} there. Write {}: all names below it are meant as well",
            if text.starts_with('*') { "*" } else { "." },
            quoted(rest)
        ));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(odd) = text.chars().find(|c| !fits(*c)) {
        return Err(format!(
            "it is taken as one name, and no name of a host has {odd:?} in it"
        ));
    }
    text.parse::<Name>()
        .map_err(|why| format!("it is no domain name: {why}"))
}
