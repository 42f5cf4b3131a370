//! Apache httpd in front of a media server.
//!
//! Source: the documentation of `mod_proxy`, <https://httpd.apache.org/docs/2.4/mod/mod_proxy.html>, `mod_ssl` and `mod_log_config`;
//! measured with 2.4.71.

use super::{Comment, Front, Job, Part, Refusal, Runs, Server, Snippet, Target};

/// Apache httpd.
pub(super) const TARGET: Target = Target {
    name: "apache",
    title: "Apache",
    versions: "Apache httpd 2.4.47 and later (Debian's layout)",
    runs: Runs::Anywhere,
    job: Job::Proxy { write },
};

#[expect(clippy::unnecessary_wraps, reason = "other targets refuse")]
fn write(front: &Front) -> Result<Snippet, Refusal> {
    let place = format!(
        "/etc/apache2/sites-available/{host}.conf (then a2ensite {host}, and a2enmod proxy proxy_http proxy_wstunnel ssl headers http2)",
        host = front.host
    );
    let mut snippet = Snippet::new("systemctl reload apache2")
        .checked_by("apachectl configtest")
        .with(Part::file("site", place, Comment::Hash, site(front)));
    front.remarks_at_port(&mut snippet);
    if let Server::Plex { address, name } = &front.server {
        snippet.note(format!(
            "Apache cannot be told the address and the name apart, so its machine must find {name}: by lanward as its resolver, or by the line \
             \"{address} {name}\" in /etc/hosts."
        ));
    }
    front.remark_of_roots(&mut snippet);
    Ok(snippet)
}

fn site(front: &Front) -> String {
    let Front { host, port, .. } = front;
    let token = front.token();
    // Debian's ports.conf listens on 443.
    let listen = match port {
        443 => String::new(),
        port => format!("Listen {port}\n"),
    };
    let (own, url) = match &front.server {
        Server::Plex { name, .. } => (PLEX, format!("https://{name}:{}", Server::PLEX_PORT)),
        Server::Jellyfin { address } => ("    ProxyPreserveHost On\n", format!("http://{address}")),
    };
    format!(
        r#"{listen}<VirtualHost *:{port}>
    ServerName {host}
    Protocols h2 http/1.1
    SSLEngine on
    SSLCertificateFile    /etc/letsencrypt/live/{host}/fullchain.pem
    SSLCertificateKeyFile /etc/letsencrypt/live/{host}/privkey.pem
    # The path alone, and no referrer: {token} travels in the query.
    CustomLog ${{APACHE_LOG_DIR}}/{host}.log "%h %t \"%m %U %H\" %>s %b \"%{{User-Agent}}i\""
    ErrorLogFormat "[%{{u}}t] [%-m:%l] [pid %P:tid %T] %7F: %E: [client\ %a] %M"
    LimitRequestBody 0
    AllowEncodedSlashes NoDecode
{own}    # mod_proxy names the client that it sees, behind what a client says itself.
    RequestHeader unset X-Forwarded-For early
    RequestHeader unset X-Forwarded-Host early
    RequestHeader set X-Forwarded-Proto "https"
    RequestHeader set X-Real-IP "expr=%{{REMOTE_ADDR}}"
    ProxyTimeout 3600
    ProxyPass        / {url}/ nocanon upgrade=websocket timeout=3600
    ProxyPassReverse / {url}/
</VirtualHost>
"#
    )
}

/// What only Plex needs.
const PLEX: &str = r#"    SSLProxyEngine on
    SSLProxyVerify require
    SSLProxyVerifyDepth 3
    SSLProxyCheckPeerName on
    SSLProxyCACertificateFile /etc/ssl/certs/ca-certificates.crt
    # With On, Apache would look for the public name in Plex's certificate.
    ProxyPreserveHost Off
    # Only pages of Plex itself may show it in a frame; nobody steals clicks.
    Header always add Content-Security-Policy "frame-ancestors 'self'"
"#;
