//! pihole.toml of Pi-hole 6: its own keys, and the lines that it hands to the dnsmasq in it.
//!
//! Source: `src/config/config.c` and `dnsmasq_config.c` of FTL, and its documentation; the dnsmasq in it is 2.92.

use serde::Deserialize;
use toml::Spanned;

use super::dnsmasq::Options;
use super::place::quoted;
use super::{Place, Reading};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    dns: Dns,
    misc: Misc,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Dns {
    upstreams: Vec<Spanned<String>>,
    rev_servers: Vec<Spanned<String>>,
    dnssec: Option<Spanned<bool>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Misc {
    dnsmasq_lines: Vec<Spanned<String>>,
    etc_dnsmasq_d: Option<Spanned<bool>>,
}

/// Reads pihole.toml; none if it cannot be read.
pub(super) fn read(reading: &mut Reading) -> Option<()> {
    let (place, text) = reading.open()?;
    let row = |start: usize| {
        let before = text.get(..start).unwrap_or_default();
        // What is missing at the end is told of the last line.
        let last = text.lines().count().saturating_sub(1);
        place.row(before.matches('\n').count().min(last))
    };
    let file: File = match toml::from_str(&text) {
        Ok(file) => file,
        Err(error) => {
            let place = error
                .span()
                .map_or_else(|| place.clone(), |span| row(span.start));
            let why = quoted(error.message());
            reading.error(&place, format!("cannot be read as TOML: {why}"));
            return None;
        }
    };
    let mut options = Options::default();
    for upstream in &file.dns.upstreams {
        let option = format!("server={}", upstream.get_ref());
        options.read_option(reading, &row(upstream.span().start), &option);
    }
    for server in &file.dns.rev_servers {
        reverse(
            reading,
            &mut options,
            &row(server.span().start),
            server.get_ref(),
        );
    }
    for line in &file.misc.dnsmasq_lines {
        options.read_option(reading, &row(line.span().start), line.get_ref());
    }
    if let Some(flag) = file.misc.etc_dnsmasq_d.filter(|flag| *flag.get_ref()) {
        // /etc/dnsmasq.d beside /etc/pihole.
        let folder = place.file.parent().and_then(|folder| folder.parent());
        let folder = folder.unwrap_or_else(|| std::path::Path::new("/etc"));
        let folder = folder.join("dnsmasq.d");
        let option = format!("conf-dir=\"{}\",*.conf", folder.display());
        options.read_option(reading, &row(flag.span().start), &option);
    }
    if let Some(flag) = file.dns.dnssec.filter(|flag| *flag.get_ref()) {
        options.dnssec.get_or_insert_with(|| row(flag.span().start));
    }
    options.end(reading);
    Some(())
}

/// `ENABLED,NETWORK,SERVER[#PORT][,DOMAIN]`: reverse names of the network, and names of the domain.
fn reverse(reading: &mut Reading, options: &mut Options, place: &Place, text: &str) {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    match parts.as_slice() {
        ["true", _, server, domain] if !domain.is_empty() => {
            options.read_option(reading, place, &format!("server=/{domain}/{server}"));
        }
        ["true" | "false", _, _] | ["true" | "false", _, _, _] => {}
        _ => reading.error(
            place,
            format!(
                "{} is no conditional forwarding; allowed: such as \"true,192.168.0.0/24,192.168.0.1#53,lan\"",
                quoted(text)
            ),
        ),
    }
}
