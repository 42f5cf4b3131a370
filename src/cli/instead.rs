//! What holds in place of the configuration file: flags, or variables of the same names for containers, where flags win.

use std::net::SocketAddr;

use clap::{Args, Parser, ValueEnum};

use crate::config::{Settings, ZoneFile, parse_listen};
use crate::server::access::Rule;
use crate::upstream::Server;
use crate::zone::Mode;

/// Flags in place of keys of the file. In a variable of which a list is wanted, blanks stand between.
#[derive(Debug, Args)]
pub(super) struct Instead {
    /// Listen on this address, for UDP and TCP, in place of those in the file; may be repeated
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = parse_listen, env = "LANWARD_LISTEN", value_delimiter = ' ')]
    listen: Vec<SocketAddr>,
    /// Ask this server in place of those in the file, written as there, such as 9.9.9.9 or 192.168.1.1:5353; may be repeated
    #[arg(
        long,
        value_name = "SERVER",
        env = "LANWARD_UPSTREAM",
        value_delimiter = ' '
    )]
    upstream: Vec<Server>,
    /// Let these clients ask in place of those in the file: loopback, private, connected or a network; may be repeated
    #[arg(
        long,
        value_name = "CLIENTS",
        env = "LANWARD_ALLOW_CLIENTS",
        value_delimiter = ' '
    )]
    allow_clients: Vec<Rule>,
    /// Serve this zone from its file, in place of those in the file; names that are not in it do not exist; may be repeated
    #[arg(long, value_name = "ORIGIN=FILE", value_parser = parse_zone, env = "LANWARD_ZONES", value_delimiter = ' ')]
    zones: Vec<ZoneFile>,
    /// Log in this format, in place of the one in the file; json is one object for each line
    #[arg(long, value_name = "FORMAT", env = "LANWARD_LOG_FORMAT")]
    log_format: Option<LogFormat>,
}

/// The words of `format` in `[log]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    Text,
    Json,
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
        if !self.listen.is_empty() {
            settings.listen.clone_from(&self.listen);
        }
        if !self.upstream.is_empty() {
            settings.upstream.servers = Some(self.upstream.clone());
        }
        if !self.allow_clients.is_empty() {
            settings.allow.clone_from(&self.allow_clients);
        }
        if !self.zones.is_empty() {
            settings.local.zones.clone_from(&self.zones);
        }
        if let Some(format) = self.log_format {
            settings.log.json = format == LogFormat::Json;
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
