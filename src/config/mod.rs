//! Floor 7: the configuration, from the file as written to proven settings.
//!
//! All that is wrong is told at once, each with file, line, key and what is allowed. Below this floor nothing is checked again.

mod dnssec;
mod doors;
mod encrypted;
mod file;
mod finding;
mod listen;
mod local;
mod names;
mod rebinding;
mod running;
mod size;
mod upstream;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cache::Lifetimes;
use crate::name::embedded::{Domain, preset};
use crate::server::access::Rule;
use crate::wire::Name;

use file::{File, Text};
use finding::Prover;
use size::Size;

pub use crate::zone::Severity;
pub use dnssec::Dnssec;
pub use encrypted::{Encrypted, Files, Identity};
pub use finding::Finding;
pub use local::{LeaseFile, Local, ZoneFile};
pub use rebinding::{OwnNetwork, Protection};
pub use upstream::{Route, Upstream};

/// Where lanward listens unless it is told otherwise: no root needed, nobody disturbed.
pub const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5335);
const DEFAULT_CACHE: u64 = 32 << 20;
/// The longest time, in seconds, that the end may wait for load balancers. Service managers wait no longer than 90 s, Docker 10 s.
const MOST_LAME_DUCK: u64 = 60;
/// The longest time after its end at which an answer may be of use, in seconds: a week (RFC 8767 §5 suggests one to three days).
const MOST_STALE: u32 = 604_800;
/// More threads than this no household's machine can use.
const MAX_WORKERS: usize = 64;

/// Proven settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen, for UDP and TCP.
    pub listen: Vec<SocketAddr>,
    /// Who may ask.
    pub allow: Vec<Rule>,
    /// Whether Firefox is told to leave its own DNS over HTTPS off.
    pub firefox_canary: bool,
    /// For how long lanward, called to end, still answers all but the question whether it is well.
    pub lame_duck: Duration,
    /// The encrypted doors.
    pub encrypted: Option<Encrypted>,
    /// UDP threads for each address; `None`: one for each processor.
    pub workers: Option<usize>,
    /// Whom to ask what is not known here.
    pub upstream: Upstream,
    /// Where local data come from.
    pub local: Local,
    /// Domains whose names are decoded.
    pub embedded: Vec<Domain>,
    /// The protection.
    pub protection: Protection,
    /// The size of the cache, in bytes.
    pub cache: u64,
    /// How long answers live in it.
    pub lifetimes: Lifetimes,
    /// Whether answers in use are asked for again before they end.
    pub prefetch: bool,
    /// The file in which the cache outlives a restart.
    pub cache_file: Option<PathBuf>,
    /// Domains whose answers are not kept, with all names below them.
    pub exclude: Vec<Name>,
    /// What is logged, and how.
    pub log: Log,
}

/// What is logged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// The least important level that is logged.
    pub level: tracing::Level,
    /// One JSON object for each line, for programs.
    pub json: bool,
}

impl Default for Settings {
    /// What an empty file says. Only the built-in texts are read, so nothing can be wrong with them.
    fn default() -> Self {
        Self::prove(Path::new(""), "").0.unwrap_or_else(|| Self {
            listen: vec![DEFAULT_LISTEN],
            allow: Vec::new(),
            firefox_canary: true,
            lame_duck: Duration::ZERO,
            encrypted: None,
            workers: None,
            upstream: Upstream::default(),
            local: Local::default(),
            embedded: Vec::new(),
            protection: Protection::default(),
            cache: DEFAULT_CACHE,
            lifetimes: Lifetimes::default(),
            prefetch: true,
            cache_file: None,
            exclude: Vec::new(),
            log: Log {
                level: tracing::Level::INFO,
                json: false,
            },
        })
    }
}

impl Settings {
    /// Reads and proves a file. With errors there are no settings; there may be warnings in any case.
    pub fn read(path: &Path) -> (Option<Self>, Vec<Finding>) {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::prove(path, &text),
            Err(error) => {
                let problem = format!("cannot be read: {error}");
                (
                    None,
                    vec![Finding {
                        severity: Severity::Error,
                        place: (PathBuf::from(path), None),
                        problem,
                    }],
                )
            }
        }
    }

    /// Proves the text of a file; `path` is only for its findings.
    pub fn prove(path: &Path, text: &str) -> (Option<Self>, Vec<Finding>) {
        let mut prover = Prover::new(path, text);
        let file = match toml::from_str::<File>(text) {
            Ok(file) => file,
            Err(error) => {
                prover.toml(&error);
                return (None, prover.findings);
            }
        };
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let settings = Self {
            listen: file.server.listen.as_deref().map_or_else(
                || vec![DEFAULT_LISTEN],
                |listen| {
                    listen
                        .iter()
                        .filter_map(|text| prover.read_with("listen", text, parse_listen))
                        .collect()
                },
            ),
            allow: allow(&mut prover, file.server.allow.as_deref()),
            firefox_canary: file.server.firefox_canary.unwrap_or(true),
            lame_duck: lame_duck(&mut prover, file.server.lame_duck.as_ref()),
            encrypted: encrypted::prove(&mut prover, &file, folder),
            workers: file.server.workers.as_ref().map(|workers| {
                if !(1..=MAX_WORKERS).contains(workers.get_ref()) {
                    prover.error(
                        Some(workers.span()),
                        format!("workers: allowed: 1 to {MAX_WORKERS}"),
                    );
                }
                *workers.get_ref()
            }),
            upstream: upstream::prove(&mut prover, &file, folder),
            local: local::prove(&mut prover, &file, folder),
            embedded: names::prove(&mut prover, &file.embedded),
            protection: rebinding::prove(&mut prover, &file.rebinding),
            cache: file
                .cache
                .size
                .as_ref()
                .and_then(|size| prover.read::<Size>("size", size))
                .map_or(DEFAULT_CACHE, |size| size.0),
            lifetimes: lifetimes(&mut prover, &file.cache),
            prefetch: file.cache.prefetch.unwrap_or(true),
            cache_file: (file.cache.file.as_ref())
                .and_then(|text| cache_file(&mut prover, text, folder)),
            exclude: (file.cache.exclude.iter())
                .filter_map(|text| names::read_name(&mut prover, "exclude", text))
                .collect(),
            log: log(&mut prover, &file.log),
        };
        // What is wrong only in the light of something else.
        listen::check_servers(&mut prover, &file, &settings);
        listen::check_clashes(&mut prover, &file);
        let failed = prover
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error);
        ((!failed).then_some(settings), prover.findings)
    }
}

fn allow(prover: &mut Prover<'_>, texts: Option<&[Text]>) -> Vec<Rule> {
    texts.map_or_else(
        || vec![Rule::Loopback, Rule::Private, Rule::Connected],
        |texts| prover.read_all("allow", texts),
    )
}

fn lame_duck(prover: &mut Prover<'_>, seconds: Option<&toml::Spanned<u64>>) -> Duration {
    let Some(seconds) = seconds else {
        return Duration::ZERO;
    };
    if *seconds.get_ref() > MOST_LAME_DUCK {
        prover.error(
            Some(seconds.span()),
            format!("lame_duck: allowed: 0 to {MOST_LAME_DUCK}"),
        );
    }
    Duration::from_secs(*seconds.get_ref())
}

fn lifetimes(prover: &mut Prover<'_>, cache: &file::Cache) -> Lifetimes {
    let default = Lifetimes::default();
    let lifetimes = Lifetimes {
        shortest: cache.min_ttl.unwrap_or(default.shortest),
        longest: cache
            .max_ttl
            .as_ref()
            .map_or(default.longest, |longest| *longest.get_ref()),
        longest_negative: cache.max_negative_ttl.unwrap_or(default.longest_negative),
        stale: cache
            .max_stale
            .as_ref()
            .map_or(default.stale, |stale| *stale.get_ref()),
    };
    if lifetimes.stale > MOST_STALE {
        let span = cache.max_stale.as_ref().map(toml::Spanned::span);
        prover.error(
            span,
            format!("max_stale: allowed: 0 (never) to {MOST_STALE}, which is a week"),
        );
    }
    if lifetimes.shortest > lifetimes.longest {
        let span = cache.max_ttl.as_ref().map(toml::Spanned::span);
        prover.error(
            span,
            format!(
                "max_ttl: {} is below min_ttl, {}",
                lifetimes.longest, lifetimes.shortest
            ),
        );
    }
    lifetimes
}

fn cache_file(prover: &mut Prover<'_>, text: &Text, folder: &Path) -> Option<PathBuf> {
    prover.read_with("file", text, |path| {
        let named = Path::new(path).file_name().is_some();
        let allowed = "allowed: such as \"/var/cache/lanward/cache\"";
        let refuse = || format!("{path:?} names no file; {allowed}");
        named.then(|| folder.join(path)).ok_or_else(refuse)
    })
}

fn log(prover: &mut Prover<'_>, log: &file::Log) -> Log {
    use tracing::Level;
    let levels = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
    ];
    let formats = [("text", false), ("json", true)];
    Log {
        level: log
            .level
            .as_ref()
            .and_then(|text| prover.choose("level", text, &levels))
            .unwrap_or(Level::INFO),
        json: log
            .format
            .as_ref()
            .and_then(|text| prover.choose("format", text, &formats))
            .unwrap_or(false),
    }
}

/// Reads where to listen: an address with its port.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!("{text:?} is no address with a port; allowed: such as 127.0.0.1:5335, 0.0.0.0:53 or [::]:53")
    })
}

/// The domains of the presets that are on unless the file says otherwise.
pub fn default_domains() -> Vec<Domain> {
    preset("plex.direct").unwrap_or_default()
}

#[cfg(test)]
mod tests;
