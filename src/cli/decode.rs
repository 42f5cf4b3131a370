//! `lanward decode`.

use std::process::ExitCode;

use clap::Args;

use super::exit;
use super::output::{complain, say};
use crate::name::embedded::{Decoded, Embedded, Nothing, Preset, presets};
use crate::wire::{Name, RecordType};

/// Show the address in names, by the rules of all presets
///
/// One line for each name: the address, or on standard error why there is none; then the exit code is 1.
#[derive(Debug, Args)]
pub(super) struct Decode {
    /// Such as 192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
}

impl Decode {
    pub(super) fn run(self) -> ExitCode {
        let embedded = Embedded::new(presets().flat_map(Preset::domains));
        let mut code = exit::OK;
        for text in &self.names {
            match decode(&embedded, text) {
                Ok(line) => say(line),
                Err(why) => {
                    complain(&format_args!("{text}: {why}"));
                    code = ExitCode::from(exit::NO);
                }
            }
        }
        code
    }
}

/// The addresses in a name, separated by blanks: a few rules read one of each family.
fn decode(embedded: &Embedded, text: &str) -> Result<String, String> {
    let name: Name = text
        .parse()
        .map_err(|error| format!("no domain name: {error}"))?;
    let mut refused = None;
    let mut found = Vec::new();
    for kind in [RecordType::A, RecordType::AAAA] {
        match embedded.decode(&name, kind) {
            Some(Decoded::Address { address, .. }) => found.push(address.to_string()),
            Some(Decoded::Nothing {
                why: why @ Nothing::Refused(_),
                ..
            }) => refused = Some(why.to_string()),
            _ => {}
        }
    }
    if !found.is_empty() {
        return Ok(found.join(" "));
    }
    let why = refused.or_else(|| embedded.why_not(&name).map(|why| why.to_string()));
    Err(why.unwrap_or_else(|| "it lies in no domain whose names carry addresses".to_owned()))
}
