//! Servers as AdGuard Home writes them: `SERVER`, or `[/DOMAIN/DOMAIN/]SERVER SERVER`.
//!
//! Source: dnsproxy's proxy/upstreams.go.

use super::super::place::quoted;
use super::super::{Asked, Forward, Place, Reading};
use super::yaml::Node;
use crate::upstream::Server;

/// Reads the servers below `dns`.
pub(super) fn read(reading: &mut Reading, file: &Place, dns: &Node) {
    for item in dns.get("upstream_dns").items() {
        read_line(reading, &file.row(item.row), item.text().trim());
    }
    for item in dns.get("bootstrap_dns").items() {
        let place = file.row(item.row);
        if let Some(server) = server(reading, &place, item.text()) {
            reading.bootstrap.push(Asked { place, server });
        }
    }
    let elsewhere = dns.get("upstream_dns_file");
    if !elsewhere.text().is_empty() {
        reading.notes.push(format!(
            "{}: AdGuard Home takes its servers from {} instead, which is not read",
            file.row(elsewhere.row),
            quoted(elsewhere.text())
        ));
    }
}

fn read_line(reading: &mut Reading, place: &Place, line: &str) {
    if line.is_empty() || line.starts_with('#') {
        return;
    }
    let Some(rest) = line.strip_prefix("[/") else {
        let server = server(reading, place, line);
        let asked = server.map(|server| Asked {
            place: place.clone(),
            server,
        });
        return reading.servers.extend(asked);
    };
    let Some((domains, servers)) = rest.split_once("/]") else {
        let problem = format!(
            "{}: the domains have no end; write such as [/plex.direct/]192.168.1.2:53. AdGuard Home does not start",
            quoted(line)
        );
        return reading.error(place, problem);
    };
    // `#` is the servers for everything else.
    let texts: Vec<&str> = servers
        .split_whitespace()
        .filter(|text| *text != "#")
        .collect();
    let servers: Vec<Server> = texts
        .iter()
        .filter_map(|text| server(reading, place, text))
        .collect();
    if texts.is_empty() {
        return;
    }
    for domain in domains.split('/').filter(|domain| !domain.is_empty()) {
        let domain = domain.strip_prefix("*.").unwrap_or(domain);
        match super::super::reading::plain_name(domain) {
            Ok(name) => reading.forward(Forward {
                place: place.clone(),
                name,
                servers: servers.clone(),
            }),
            Err(why) => reading.error(place, format!("{}: {why}", quoted(domain))),
        }
    }
}

/// A server. Both programs write most of them in the same way.
fn server(reading: &mut Reading, place: &Place, text: &str) -> Option<Server> {
    let text = text.trim();
    match text.parse::<Server>() {
        Ok(server) => Some(server),
        Err(_) if is_plain_name(text) => {
            reading.notes.push(format!(
                "{place}: AdGuard Home looks {} up; lanward wants its address",
                quoted(text)
            ));
            None
        }
        Err(_) => {
            let problem = format!(
                "{} is no server that lanward knows; allowed in AdGuard Home: an address with its port behind a colon, such as 192.168.1.2:53, or \
                 tls://, https://, h3://, quic:// and sdns://",
                quoted(text)
            );
            reading.error(place, problem);
            None
        }
    }
}

/// A server without encryption that is named instead of numbered.
fn is_plain_name(text: &str) -> bool {
    let host = text.split_once("://").map_or(text, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    !text.contains(['/', '#', '@'])
        && host.contains('.')
        && super::super::reading::plain_name(host).is_ok()
}
