//! What cannot be run here: Traefik and cloudflared get documents with the keys that they document, and every proxy's text says what is to
//! be set in the media server.

use saphyr::{LoadableYamlNode, Scalar, Yaml};

use super::world::{JELLYFIN, PLEX, plex_name};
use crate::support::command::run;

/// Every value of a document, with its path; the names that the user gives are `*`.
fn leaves(text: &str, own: &str) -> Vec<(String, String)> {
    let documents = Yaml::load_from_str(text).unwrap();
    assert_eq!(documents.len(), 1, "{text}");
    let mut leaves = Vec::new();
    descend(&documents[0], String::new(), &mut leaves);
    let pattern = format!(".{own}.");
    leaves
        .into_iter()
        .map(|(path, value)| (path.replace(&pattern, ".*."), value))
        .collect()
}

fn descend(node: &Yaml<'_>, path: String, leaves: &mut Vec<(String, String)>) {
    match node {
        Yaml::Mapping(entries) => {
            for (key, value) in entries {
                let key = key.as_str().expect("keys are text");
                let front = if path.is_empty() { "" } else { "." };
                descend(value, format!("{path}{front}{key}"), leaves);
            }
        }
        Yaml::Sequence(items) => {
            for item in items {
                descend(item, format!("{path}[]"), leaves);
            }
        }
        Yaml::Value(Scalar::String(text)) => leaves.push((path, text.to_string())),
        Yaml::Value(Scalar::Boolean(is)) => leaves.push((path, is.to_string())),
        other => panic!("{path}: {other:?} is neither text nor yes or no"),
    }
}

fn assert_leaves(text: &str, own: &str, expected: &[(&str, &str)]) {
    let leaves = leaves(text, own);
    let leaves: Vec<(&str, &str)> = leaves
        .iter()
        .map(|(path, value)| (path.as_str(), value.as_str()))
        .collect();
    assert_eq!(leaves, expected, "{text}");
}

/// The keys are those of Traefik's reference: <https://doc.traefik.io/traefik/reference/>.
#[test]
fn traefik_gets_documents_with_its_own_keys() {
    let text = PLEX.emit("traefik", &["--part", "static"]);
    let fixed = [
        ("entryPoints.*.address", ":443"),
        (
            "entryPoints.*.transport.respondingTimeouts.readTimeout",
            "0s",
        ),
        ("accessLog.format", "json"),
        ("accessLog.fields.names.RequestPath", "drop"),
        ("accessLog.fields.names.RequestLine", "drop"),
        ("accessLog.fields.headers.defaultMode", "drop"),
        ("providers.file.directory", "/etc/traefik/dynamic"),
    ];
    assert_leaves(&text, "websecure", &fixed);

    let text = PLEX.emit("traefik", &["--part", "dynamic"]);
    let own = "plex-example-com";
    let plex = [
        ("http.routers.*.rule", "Host(`plex.example.com`)"),
        ("http.routers.*.entryPoints[]", "websecure"),
        ("http.routers.*.middlewares[]", own),
        ("http.routers.*.service", own),
        ("http.routers.*.tls.certResolver", "letsencrypt"),
        (
            "http.services.*.loadBalancer.servers[].url",
            "https://192.168.1.10:32400",
        ),
        ("http.services.*.loadBalancer.serversTransport", own),
        ("http.services.*.loadBalancer.passHostHeader", "true"),
        ("http.serversTransports.*.serverName", &plex_name()),
        (
            "http.middlewares.*.headers.contentSecurityPolicy",
            "frame-ancestors 'self'",
        ),
    ];
    assert_leaves(&text, own, &plex);

    let text = JELLYFIN.at(443).emit("traefik", &["--part", "dynamic"]);
    let own = "jellyfin-example-com";
    let jellyfin = [
        ("http.routers.*.rule", "Host(`jellyfin.example.com`)"),
        ("http.routers.*.entryPoints[]", "websecure"),
        ("http.routers.*.service", own),
        ("http.routers.*.tls.certResolver", "letsencrypt"),
        (
            "http.services.*.loadBalancer.servers[].url",
            "http://192.168.1.20:8096",
        ),
        ("http.services.*.loadBalancer.passHostHeader", "true"),
    ];
    assert_leaves(&text, own, &jellyfin);
}

/// The keys are those of cloudflared's `config/configuration.go`.
#[test]
fn cloudflared_gets_a_document_with_its_own_keys() {
    let text = PLEX.emit("cloudflared", &[]);
    let plex = [
        ("ingress[].hostname", "plex.example.com"),
        ("ingress[].service", "https://192.168.1.10:32400"),
        ("ingress[].originRequest.originServerName", &plex_name()),
        ("ingress[].service", "http_status:404"),
    ];
    assert_leaves(&text, "", &plex);
    let text = JELLYFIN.at(443).emit("cloudflared", &[]);
    let jellyfin = [
        ("ingress[].hostname", "jellyfin.example.com"),
        ("ingress[].service", "http://192.168.1.20:8096"),
        ("ingress[].service", "http_status:404"),
    ];
    assert_leaves(&text, "", &jellyfin);
}

/// Without these a proxy that works is of no use: nobody is sent to it, or all seem to be the proxy.
#[test]
fn each_proxy_says_what_to_set_in_the_media_server() {
    for proxy in [
        "caddy",
        "nginx",
        "traefik",
        "haproxy",
        "apache",
        "cloudflared",
    ] {
        let words = |text: &str| {
            let words = text.split_whitespace().filter(|word| *word != "#");
            words.collect::<Vec<_>>().join(" ")
        };
        let text = words(&PLEX.emit(proxy, &[]));
        let urls = match proxy {
            "cloudflared" => "https://plex.example.com:80,https://plex.example.com:443",
            _ => "https://plex.example.com:443",
        };
        let set = format!("Settings > Network: Custom server access URLs is {urls} (");
        assert!(text.contains(&set), "{proxy}: {text}");
        let text = words(&JELLYFIN.at(443).emit(proxy, &[]));
        let set = "Dashboard > Networking: Known proxies is ";
        assert!(text.contains(set), "{proxy}: {text}");
        if proxy != "cloudflared" {
            let text = words(&PLEX.at(8443).emit(proxy, &[]));
            let set = "Custom server access URLs is https://plex.example.com:8443 (";
            assert!(text.contains(set), "{proxy}: {text}");
        }
    }
}

/// What would look right and not work.
#[test]
fn a_port_or_address_that_cannot_work_is_refused() {
    let id = "0123456789abcdef0123456789abcdef";
    let refused = |arguments: &[&str], words: &str| {
        let host = ["--host", "plex.example.com", "--id", id];
        let ran = run(&[&["emit"], arguments, &host].concat());
        assert_eq!(ran.code, Some(1), "{arguments:?}");
        let said = ran.complaints;
        assert!(said.contains(words), "{arguments:?}: {said}");
    };
    let plex = "192.168.1.10";
    refused(
        &["cloudflared", "--plex", plex, "--port", "8443"],
        "leave --port out",
    );
    refused(&["caddy", "--plex", "127.0.0.1"], "address in your network");
    refused(&["caddy", "--plex", "fd00::10"], "IPv4 address");
}
