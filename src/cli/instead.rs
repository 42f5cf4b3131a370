//! What holds in place of the configuration file: flags, or variables of the same names for containers, where flags win.

use std::env;
use std::fmt::Display;
use std::net::SocketAddr;
use std::str::FromStr;

use clap::{Args, Parser, ValueEnum};

use crate::config::{Settings, ZoneFile, parse_listen};
use crate::server::access::Rule;
use crate::upstream::Server;
use crate::zone::Mode;

/// Flags in place of keys of the file. A variable may hold several values, with blanks between them.
#[derive(Debug, Args)]
pub(super) struct Instead {
    /// Listen on this address, for UDP and TCP, in place of those in the file; may be repeated
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = |text: &str| words(text, "LANWARD_LISTEN", parse_listen), env = "LANWARD_LISTEN")]
    listen: Vec<Words<SocketAddr>>,
    /// Ask this server in place of those in the file, written as there, such as 9.9.9.9 or 192.168.1.1:5353; may be repeated
    #[arg(long, value_name = "SERVER", value_parser = |text: &str| words(text, "LANWARD_UPSTREAM", Server::from_str), env = "LANWARD_UPSTREAM")]
    upstream: Vec<Words<Server>>,
    /// Let these clients ask in place of those in the file: loopback, private, connected or a network; may be repeated
    #[arg(long, value_name = "CLIENTS", value_parser = |text: &str| words(text, "LANWARD_ALLOW_CLIENTS", Rule::from_str), env = "LANWARD_ALLOW_CLIENTS")]
    allow_clients: Vec<Words<Rule>>,
    /// Serve this zone from its file, in place of those in the file; names that are not in it do not exist; may be repeated
    #[arg(long, value_name = "ORIGIN=FILE", value_parser = |text: &str| words(text, "LANWARD_ZONES", parse_zone), env = "LANWARD_ZONES")]
    zones: Vec<Words<ZoneFile>>,
    /// Log in this format, in place of the one in the file; json is one object for each line
    #[arg(long, value_name = "FORMAT", env = "LANWARD_LOG_FORMAT")]
    log_format: Option<LogFormat>,
}

/// What stands in one flag or variable. It may be nothing: Compose makes an empty variable of one that nobody has set.
#[derive(Debug, Clone)]
struct Words<T>(Vec<T>);

/// Reads what stands in a flag, or in its variable, which then is named if it is wrong: whoever set that has written no flag.
fn words<T, E: Display>(
    text: &str,
    variable: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Words<T>, String> {
    let words = text.split_ascii_whitespace().map(parse);
    let read = words.collect::<Result<_, _>>().map(Words);
    read.map_err(|error| {
        if env::var_os(variable).is_some_and(|said| said == text) {
            format!("{error} (it stands in the variable {variable})")
        } else {
            error.to_string()
        }
    })
}

/// All that is there, if there is anything.
fn all<T: Clone>(said: &[Words<T>]) -> Option<Vec<T>> {
    let all: Vec<T> = said.iter().flat_map(|words| words.0.clone()).collect();
    (!all.is_empty()).then_some(all)
}

/// The words of `format` in `[log]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
    /// A variable that is there and empty.
    #[value(name = "", hide = true)]
    Unsaid,
}

/// A command line without arguments.
#[derive(Debug, Parser)]
struct Variables {
    #[command(flatten)]
    instead: Instead,
}

impl Instead {
    /// What the variables alone say, for commands that have no such flags: inside a container they see what the server there does.
    pub(super) fn of_variables() -> Result<Self, clap::Error> {
        Variables::try_parse_from(["lanward"]).map(|variables| variables.instead)
    }

    /// These settings, with what was given in their place.
    pub(super) fn of(&self, mut settings: Settings) -> Settings {
        if let Some(listen) = all(&self.listen) {
            settings.listen = listen;
        }
        if let Some(servers) = all(&self.upstream) {
            settings.upstream.servers = Some(servers);
        }
        if let Some(allow) = all(&self.allow_clients) {
            settings.allow = allow;
        }
        if let Some(zones) = all(&self.zones) {
            settings.local.zones = zones;
        }
        match self.log_format {
            Some(LogFormat::Text) => settings.log.json = false,
            Some(LogFormat::Json) => settings.log.json = true,
            Some(LogFormat::Unsaid) | None => {}
        }
        settings
    }
}

/// Reads a zone and its file.
fn parse_zone(text: &str) -> Result<ZoneFile, String> {
    let wrong = |why: &str| {
        format!(
            "{text:?} is no zone with its file: {why}; allowed: such as home.arpa=/zones/home.arpa.zone"
        )
    };
    let (origin, path) = text.split_once('=').ok_or_else(|| wrong("there is no ="))?;
    let origin = origin.parse().map_err(|error| wrong(&format!("{error}")))?;
    if path.is_empty() {
        return Err(wrong("no file is named"));
    }
    Ok(ZoneFile {
        origin,
        path: path.into(),
        mode: Mode::Authoritative,
    })
}
