//! `HAProxy` in front of a media server.
//!
//! Source: the configuration manual, <https://docs.haproxy.org/>; measured with 2.6.12, 3.0.11 and 3.2.26.

use super::{Comment, Front, Job, Part, Refusal, Runs, Server, Snippet, Target};

/// `HAProxy`.
pub(super) const TARGET: Target = Target {
    name: "haproxy",
    title: "HAProxy",
    versions: "HAProxy 2.6 and later",
    runs: Runs::Anywhere,
    job: Job::Proxy { write },
};

#[expect(clippy::unnecessary_wraps, reason = "other targets refuse")]
fn write(front: &Front) -> Result<Snippet, Refusal> {
    let mut snippet = Snippet::new("systemctl reload haproxy")
        .checked_by("haproxy -c -V -f /etc/haproxy/haproxy.cfg")
        .with(Part::file(
            "frontend",
            "/etc/haproxy/haproxy.cfg, behind global and defaults",
            Comment::Hash,
            frontend(front),
        ))
        .with(Part::file(
            "backend",
            "/etc/haproxy/haproxy.cfg, behind the part frontend",
            Comment::Hash,
            backend(front),
        ));
    front.remarks_at_port(&mut snippet);
    front.remark_of_roots(&mut snippet);
    let (host, port) = (&front.host, front.port);
    snippet.note(format!(
        "The certificate is one file: cat fullchain.pem privkey.pem > /etc/haproxy/certs/{host}.pem"
    ));
    snippet.note(format!(
        "A port has one frontend: where port {port} has one already, add to that the lines log-format, timeout client and use_backend, and the \
         file behind crt."
    ));
    Ok(snippet)
}

/// A socket for each family: on one for both, clients would have addresses such as `::ffff:203.0.113.9`.
fn frontend(front: &Front) -> String {
    let Front { host, port, .. } = front;
    let token = front.token();
    format!(
        r#"frontend https-{port}
    bind :{port},:::{port} v6only ssl crt /etc/haproxy/certs/{host}.pem alpn h2,http/1.1
    mode http
    log global
    # The path alone: {token} travels in the query.
    log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %ts %HM %HPO"
    timeout http-request 15s
    timeout http-keep-alive 60s
    timeout client 1h
    use_backend {host} if {{ req.hdr(host),host_only -i {host} }}
"#
    )
}

/// The whole path of the root certificates: with `ca-base`, which Debian's configuration has, `HAProxy` 2.6 takes `@system-ca` for a file.
fn backend(front: &Front) -> String {
    let host = &front.host;
    let server = match &front.server {
        Server::Plex { address, name } => format!(
            "    # Only pages of Plex itself may show it in a frame; nobody steals clicks.\n    \
                 http-response add-header Content-Security-Policy \"frame-ancestors 'self'\"\n    \
                 # By its address, and only with the certificate for its name: no DNS is needed.\n    \
                 server plex {address}:{} ssl verify required ca-file /etc/ssl/certs/ca-certificates.crt sni str({name}) verifyhost {name} alpn http/1.1\n",
            Server::PLEX_PORT
        ),
        Server::Jellyfin { address } => format!("    server jellyfin {address}\n"),
    };
    format!(
        "backend {host}\n    \
             mode http\n    \
             timeout connect 5s\n    \
             timeout server 1h\n    \
             timeout tunnel 24h\n    \
             # The client that HAProxy sees, not what a client says itself.\n    \
             http-request del-header X-Forwarded-For\n    \
             option forwardfor\n    \
             http-request set-header X-Real-IP %[src]\n    \
             http-request set-header X-Forwarded-Proto https\n    \
             http-request set-header X-Forwarded-Host %[req.hdr(host)]\n\
         {server}"
    )
}
