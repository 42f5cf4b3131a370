//! cloudflared: a tunnel to Cloudflare, for whom nobody can reach from outside (CGNAT).
//!
//! Source: `config/configuration.go` of <https://github.com/cloudflare/cloudflared>, and issue 1426 there; not run.

use super::{Comment, Front, Job, Part, Refusal, Runs, Server, Snippet, Target};

/// cloudflared.
pub(super) const TARGET: Target = Target {
    name: "cloudflared",
    title: "cloudflared",
    versions: "cloudflared 2021 and later, with a tunnel that config.yml describes",
    runs: Runs::Anywhere,
    job: Job::Proxy { write },
};

fn write(front: &Front) -> Result<Snippet, Refusal> {
    let host = &front.host;
    if front.port != 443 {
        return Err(Refusal::new(format!(
            "Cloudflare offers the names of a tunnel on port 443, not on {}; leave --port out",
            front.port
        )));
    }
    let service = match &front.server {
        Server::Plex { address, name } => format!(
            "https://{address}:{}\n    \
                 originRequest:\n      \
                   # By its address, and only with the certificate for its name: no DNS is needed.\n      \
                   originServerName: {name}\n",
            Server::PLEX_PORT
        ),
        Server::Jellyfin { address } => format!("http://{address}\n"),
    };
    let text = format!(
        "ingress:\n  - hostname: {host}\n    service: {service}  # What no rule is for.\n  - service: http_status:404\n"
    );
    let mut snippet = Snippet::new("systemctl restart cloudflared")
        .checked_by("cloudflared tunnel --config /etc/cloudflared/config.yml ingress validate")
        .with(Part::file(
            "config",
            "/etc/cloudflared/config.yml, behind the lines tunnel: and credentials-file:",
            Comment::Hash,
            text,
        ));
    remarks(front, &mut snippet);
    Ok(snippet)
}

fn remarks(front: &Front, snippet: &mut Snippet) {
    let host = &front.host;
    // Both are encrypted: with http Plex would also offer a way on which tokens can be read.
    front.remarks(snippet, &format!("https://{host}:80,https://{host}:443"));
    if let Server::Plex { address, name } = &front.server {
        snippet.note(format!(
            "Remote Access in Plex can stay off. A tunnel that is managed in Cloudflare's dashboard takes the same: Service HTTPS {address}:{}, \
             TLS > Origin Server Name {name}; No TLS Verify stays off.",
            Server::PLEX_PORT
        ));
    }
    snippet.note(format!(
        "Where ingress: is there already, put the rule above its last one. Once for the name: cloudflared tunnel route dns TUNNEL {host}"
    ));
    snippet.note(
        "Cloudflare decrypts everything on its way, tokens too, and its terms let it limit who sends video through it without its paid services.",
    );
    snippet.note(
        "Cloudflare adds the client's address behind what a client wrote into X-Forwarded-For itself: base nothing on addresses.",
    );
    snippet.note(
        "When a request fails, cloudflared logs its whole URL, with the token in it; with the line \"loglevel: fatal\" it does not.",
    );
}
