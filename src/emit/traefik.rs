//! Traefik in front of a media server.
//!
//! Source: the reference of Traefik 3, <https://doc.traefik.io/traefik/reference/>; not run.

use super::{Comment, Front, Job, Part, Refusal, Runs, Server, Snippet, Target};

/// Traefik.
pub(super) const TARGET: Target = Target {
    name: "traefik",
    title: "Traefik",
    versions: "Traefik 3",
    runs: Runs::Anywhere,
    job: Job::Proxy { write },
};

#[expect(clippy::unnecessary_wraps, reason = "other targets refuse")]
fn write(front: &Front) -> Result<Snippet, Refusal> {
    let place = format!(
        "/etc/traefik/dynamic/{}.yml (in the folder that providers.file.directory names)",
        front.host
    );
    let mut snippet = Snippet::new(
        "systemctl restart traefik (for the static part; the dynamic one is read again by itself)",
    )
    .with(Part::file(
        "static",
        "/etc/traefik/traefik.yml (what is there already under the same keys is kept beside it)",
        Comment::Hash,
        fixed(front.port),
    ))
    .with(Part::file("dynamic", place, Comment::Hash, dynamic(front)));
    front.remarks_at_port(&mut snippet);
    snippet.note(
        "letsencrypt is the name of your certificate resolver: what stands under certificatesResolvers.",
    );
    snippet.note(
        "Traefik names the client that it sees and drops what a client says itself, except to whom forwardedHeaders.trustedIPs of the entry point \
         lists.",
    );
    Ok(snippet)
}

/// What Traefik reads only when it starts.
fn fixed(port: u16) -> String {
    format!(
        r#"entryPoints:
  websecure:
    address: ":{port}"
    transport:
      respondingTimeouts:
        # Otherwise what takes longer than 60 s to send is cut.
        readTimeout: 0s
accessLog:
  format: json
  fields:
    # Both show the query, in which tokens travel; headers do, too.
    names:
      RequestPath: drop
      RequestLine: drop
    headers:
      defaultMode: drop
providers:
  file:
    directory: /etc/traefik/dynamic
"#
    )
}

fn dynamic(front: &Front) -> String {
    let host = &front.host;
    let own = host.to_string().replace('.', "-");
    let (middlewares, url, transport, rest) = match &front.server {
        Server::Plex { address, name } => (
            format!("      middlewares: [{own}]\n"),
            format!("https://{address}:{}", Server::PLEX_PORT),
            format!("        serversTransport: {own}\n"),
            format!(
                r#"  serversTransports:
    {own}:
      # By its address, and only with the certificate for its name: no DNS is needed.
      serverName: {name}
  middlewares:
    {own}:
      headers:
        # Only pages of Plex itself may show it in a frame; nobody steals clicks.
        contentSecurityPolicy: "frame-ancestors 'self'"
"#
            ),
        ),
        Server::Jellyfin { address } => (
            String::new(),
            format!("http://{address}"),
            String::new(),
            String::new(),
        ),
    };
    format!(
        r#"http:
  routers:
    {own}:
      rule: "Host(`{host}`)"
      entryPoints: [websecure]
{middlewares}      service: {own}
      tls:
        certResolver: letsencrypt
  services:
    {own}:
      loadBalancer:
        servers:
          - url: "{url}"
{transport}        passHostHeader: true
{rest}"#
    )
}
