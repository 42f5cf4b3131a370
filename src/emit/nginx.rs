//! nginx in front of a media server.
//!
//! Source: the documentation of `ngx_http_proxy_module`, <https://nginx.org/en/docs/http/ngx_http_proxy_module.html>, and of
//! `ngx_http_log_module`; measured with 1.22.1, 1.26.3 and 1.30.6.

use super::{Comment, Front, Job, Part, Refusal, Runs, Server, Snippet, Target};

/// nginx.
pub(super) const TARGET: Target = Target {
    name: "nginx",
    title: "nginx",
    versions: "nginx 1.18 and later",
    runs: Runs::Anywhere,
    job: Job::Proxy { write },
};

#[expect(clippy::unnecessary_wraps, reason = "other targets refuse")]
fn write(front: &Front) -> Result<Snippet, Refusal> {
    let place = format!(
        "/etc/nginx/conf.d/{}.conf (any file that is included within http {{ }})",
        front.host
    );
    let text = format!("{}\n{}", log_format(front), server(front));
    let mut snippet = Snippet::new("nginx -s reload")
        .checked_by("nginx -t")
        .with(Part::file("conf", place, Comment::Hash, text));
    front.remarks_at_port(&mut snippet);
    snippet.note(
        "HTTP/2: from 1.25.1 on add the line \"http2 on;\", before that the word http2 behind ssl in the listen lines of all servers at this port.",
    );
    front.remark_of_roots(&mut snippet);
    Ok(snippet)
}

/// What stands beside the servers. The name of a log format can be given only once, so it is the host's.
fn log_format(front: &Front) -> String {
    format!(
        "map $http_upgrade $connection_upgrade {{\n    \
             default upgrade;\n    \
             ''      close;\n\
         }}\n\
         # The path alone: {} travels in the query.\n\
         log_format {} '$remote_addr [$time_local] \"$request_method $uri $server_protocol\" $status $body_bytes_sent \"$http_user_agent\"';\n",
        front.token(),
        front.host
    )
}

fn server(front: &Front) -> String {
    let Front { host, port, .. } = front;
    let token = front.token();
    let sent_host = match port {
        443 => "$host",
        _ => "$host:$server_port",
    };
    let (body, csp, upstream) = match &front.server {
        Server::Plex { address, name } => (
            "0",
            "    # Only pages of Plex itself may show it in a frame; nobody steals clicks.\n    \
                 add_header Content-Security-Policy \"frame-ancestors 'self'\" always;\n",
            format!(
                "        # By its address, and only with the certificate for its name: no DNS is needed.\n        \
                     proxy_pass https://{address}:{};\n        \
                     proxy_ssl_server_name on;\n        \
                     proxy_ssl_name {name};\n        \
                     proxy_ssl_verify on;\n        \
                     proxy_ssl_verify_depth 3;\n        \
                     proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;\n",
                Server::PLEX_PORT
            ),
        ),
        Server::Jellyfin { address } => {
            ("20M", "", format!("        proxy_pass http://{address};\n"))
        }
    };
    format!(
        "server {{\n    \
             listen {port} ssl;\n    \
             listen [::]:{port} ssl;\n    \
             server_name {host};\n    \
             ssl_certificate     /etc/letsencrypt/live/{host}/fullchain.pem;\n    \
             ssl_certificate_key /etc/letsencrypt/live/{host}/privkey.pem;\n    \
             access_log /var/log/nginx/{host}.log {host};\n    \
             # nginx writes whole requests into the error log, with {token}: take this line out only while you look for a fault.\n    \
             error_log /var/log/nginx/error.log alert;\n    \
             client_max_body_size {body};\n\
         {csp}\n    \
             location / {{\n\
         {upstream}        \
                 proxy_http_version 1.1;\n        \
                 proxy_set_header Host {sent_host};\n        \
                 # The client that nginx sees, not what a client says itself.\n        \
                 proxy_set_header X-Forwarded-For $remote_addr;\n        \
                 proxy_set_header X-Real-IP $remote_addr;\n        \
                 proxy_set_header X-Forwarded-Proto $scheme;\n        \
                 proxy_set_header X-Forwarded-Host {sent_host};\n        \
                 proxy_set_header Upgrade $http_upgrade;\n        \
                 proxy_set_header Connection $connection_upgrade;\n        \
                 proxy_buffering off;\n        \
                 proxy_request_buffering off;\n        \
                 proxy_read_timeout 1h;\n        \
                 proxy_send_timeout 1h;\n    \
             }}\n\
         }}\n"
    )
}
