//! What a file says of a server that runs already. It may have got errors since that server read it, which then goes on as before.

use std::net::SocketAddr;

use serde::Deserialize;

use super::{Settings, parse_listen};
use crate::server::access::RuleError;

/// The part of the file that tells where to ask a server, and whether one may. Whatever else is in it does not matter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    server: Server,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Server {
    listen: Option<Vec<String>>,
    allow: Option<Vec<String>>,
}

impl Settings {
    /// The defaults with what the file says of `listen` and `allow`; with the reason, none where it cannot be read that far.
    pub fn of_running(text: &str) -> Result<Self, String> {
        let File { server } = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let mut settings = Self::default();
        if let Some(listen) = server.listen {
            let doors = listen.iter().map(|door| parse_listen(door));
            settings.listen = doors.collect::<Result<Vec<SocketAddr>, _>>()?;
        }
        if let Some(allow) = server.allow {
            let rules = allow.iter().map(|rule| rule.parse());
            settings.allow = rules
                .collect::<Result<_, _>>()
                .map_err(|error: RuleError| error.to_string())?;
        }
        Ok(settings)
    }
}
