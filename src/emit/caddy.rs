//! Caddy in front of a media server.
//!
//! Source: the Caddyfile documentation (`reverse_proxy`, `log`), <https://caddyserver.com/docs/caddyfile>; measured with 2.6.2 and 2.11.4.

use super::{Comment, Front, Job, Part, Refusal, Runs, Server, Snippet, Target};

/// Caddy.
pub(super) const TARGET: Target = Target {
    name: "caddy",
    title: "Caddy",
    versions: "Caddy 2.6 and later",
    runs: Runs::Anywhere,
    job: Job::Proxy { write },
};

/// What no log gets. It stands in the site and in the options: errors go to the log of the options alone, and so do the requests of
/// sites at another port than 443 in Caddy 2.6. The long form with `wrap` and `fields` is the only one that Caddy before 2.7 reads.
const FILTER: &str = r#"format filter {
			wrap json
			fields {
				request>uri regexp "[?].*" "?REDACTED"
				request>headers delete
				resp_headers delete
			}
		}"#;

#[expect(clippy::unnecessary_wraps, reason = "other targets refuse")]
fn write(front: &Front) -> Result<Snippet, Refusal> {
    let global = format!(
        "{{\n\t# Errors are logged here, and would show the tokens in query and headers.\n\tlog {{\n\t\t{FILTER}\n\t}}\n}}\n"
    );
    let mut snippet = Snippet::new("caddy reload --config /etc/caddy/Caddyfile")
        .checked_by("caddy validate --adapter caddyfile --config /etc/caddy/Caddyfile")
        .with(Part::file(
            "global",
            "/etc/caddy/Caddyfile, at the very top, once for all sites",
            Comment::Hash,
            global,
        ))
        .with(Part::file(
            "site",
            "/etc/caddy/Caddyfile",
            Comment::Hash,
            site(front),
        ));
    front.remarks_at_port(&mut snippet);
    snippet.note(
        "Where the Caddyfile begins with a block of options already, only what is inside the outer braces of the part global goes there.",
    );
    snippet.note(
        "Caddy names the client that it sees and drops what a client says itself; with trusted_proxies in its options whoever is in there is \
         believed.",
    );
    if front.port != 443 {
        snippet.note(
            "Caddy gets its certificate over port 80 or 443: one of them must reach it as well.",
        );
    }
    Ok(snippet)
}

fn site(front: &Front) -> String {
    let upstream = match &front.server {
        Server::Plex { address, name } => format!(
            "https://{address}:{} {{\n\
             \t\t# By its address, and only with the certificate for its name: no DNS is needed.\n\
             \t\ttransport http {{\n\t\t\ttls_server_name {name}\n\t\t}}\n\
             \t\theader_up X-Real-IP {{remote_host}}\n\
             \t\t# Only pages of Plex itself may show it in a frame; nobody steals clicks.\n\
             \t\theader_down +Content-Security-Policy \"frame-ancestors 'self'\"\n\t}}",
            Server::PLEX_PORT
        ),
        Server::Jellyfin { address } => {
            format!("{address} {{\n\t\theader_up X-Real-IP {{remote_host}}\n\t}}")
        }
    };
    format!(
        "{} {{\n\treverse_proxy {upstream}\n\t# {} travels in the query and in headers: neither is logged.\n\tlog {{\n\t\t{FILTER}\n\t}}\n}}\n",
        front.authority(),
        front.token()
    )
}
