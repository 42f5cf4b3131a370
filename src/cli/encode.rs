//! `lanward encode`.

use std::net::IpAddr;
use std::process::ExitCode;

use clap::Args;

use super::exit;
use super::output::{complain, say};
use crate::name::embedded::{Embedded, EncodeError, Preset, presets};
use crate::wire::Name;

/// Show the name that carries an address
#[derive(Debug, Args)]
pub(super) struct Encode {
    /// An IPv4 or IPv6 address
    address: IpAddr,
    /// What stands between the address and the domain; for plex.direct the 32 characters of the server's certificate
    #[arg(long)]
    id: Option<String>,
    /// A domain of one of the presets
    #[arg(long, default_value = "plex.direct")]
    domain: Name,
}

impl Encode {
    pub(super) fn run(self) -> ExitCode {
        let embedded = Embedded::new(presets().flat_map(Preset::domains));
        let domain = embedded
            .domain_of(&self.domain)
            .filter(|domain| *domain.suffix() == self.domain);
        let encoded = if let Some(domain) = domain {
            domain
                .encode(self.address, self.id.as_deref())
                .map_err(|error| match error {
                    EncodeError::IdMissing(_) => format!("{error}; --id gives it"),
                    error => error.to_string(),
                })
        } else {
            let all = embedded
                .domains()
                .map(|domain| domain.suffix().to_string())
                .collect::<Vec<_>>()
                .join(", ");
            Err(format!(
                "{} is no domain whose names carry addresses; allowed: {all}",
                self.domain
            ))
        };
        match encoded {
            Ok(name) => {
                say(name);
                exit::OK
            }
            Err(why) => {
                complain(&why);
                ExitCode::from(exit::NO)
            }
        }
    }
}
