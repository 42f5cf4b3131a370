//! The sidecar examples whole: a real Caddy and a real nginx reach a Plex server by its plex.direct name, whatever the upstream says.
//!
//! Plex is played by Caddy with a certificate for `*.ID.plex.direct` of an authority that the proxy trusts.

use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};

use rcgen::{CertificateParams, SanType};

use crate::engine::until;
use crate::project::{Project, stand_in};
use crate::support::authority::Authority;
use crate::support::network::ip;
use crate::support::records::{A, AAAA, a, aaaa, cname};
use crate::support::upstream::{Act, Behaviour, Seen, Upstream};
use crate::support::wire::Response;

const ID: &str = "0123456789abcdef0123456789abcdef";
/// What lets everybody in who has it.
const TOKEN: &str = "X-Plex-Token=s3cr3t";

/// One example and where it differs from the other.
#[derive(Debug)]
struct Example {
    name: &'static str,
    proxy: &'static str,
    url: &'static str,
    /// The Plex server, in the example's network.
    plex: &'static str,
    /// The hostile upstream, which is the thief's address, too.
    hostile: Ipv4Addr,
    /// What makes lanward ask the hostile upstream.
    upstream: fn(Ipv4Addr) -> String,
    /// What makes the proxy ask another server than lanward.
    straight: fn(Ipv4Addr) -> String,
}

#[test]
fn caddy_reaches_plex_by_its_name() {
    stand_in("caddy:2", "caddy");
    tell(&Example {
        name: "sidecar",
        proxy: "caddy",
        url: "https://localhost/",
        plex: "10.53.53.20",
        hostile: Ipv4Addr::new(10, 66, 53, 53),
        // As it stands: Docker's resolver is asked, which asks those of the host, here those of the container.
        upstream: |server| format!("dns: [{server}]"),
        straight: |server| format!("services:\n  caddy:\n    dns: !override [{server}]\n"),
    });
}

#[test]
fn nginx_reaches_plex_by_its_name() {
    stand_in("caddy:2", "caddy");
    stand_in("nginx:1", "nginx");
    tell(&Example {
        name: "sidecar-nginx",
        proxy: "nginx",
        url: "http://localhost:8080/",
        plex: "10.53.54.20",
        hostile: Ipv4Addr::new(10, 66, 54, 53),
        upstream: |server| format!("environment: {{LANWARD_UPSTREAM: {server}}}"),
        straight: |server| {
            format!(
                "services:\n  nginx:\n    dns: !override [{server}]\n    environment:\n      LANWARD: {server}\n"
            )
        },
    });
}

fn tell(example: &Example) {
    let plex = Authority::with(is_plex);
    let name = format!("{}.{ID}.plex.direct", example.plex.replace('.', "-"));
    ip(&format!("address add {}/32 dev lo", example.hostile));
    let hostile = hostile(example, &name);
    let thief = Thief::start(example.hostile);
    let page = |address: &str| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--insecure", "--max-time", "20", "--write-out"])
            .args([" %{http_code}", address]);
        // As Plex has it, and as it gets about.
        curl.args(["--header", "X-Plex-Token: s3cr3t"]);
        curl.args(["--referer", &format!("https://app.example/?{TOKEN}")]);
        let output = curl.output().expect("curl");
        String::from_utf8(output.stdout).unwrap()
    };
    // He has a certificate for that name, too, but of an authority that nobody trusts.
    until("the thief's page", || {
        page(&format!("https://{}:32400/", example.hostile)).contains("200")
    });

    let url = format!("{}library?{TOKEN}", example.url);
    let mut project = Project::new(example.name, &[("PLEX", &name)]);
    project.change(&scene(example, &plex));
    project.up();
    let ours = format!("I am Plex, asked for as {name} 200");
    until("the page of the Plex server", || page(&url) == ours);
    assert!(found(&project, example, &name).starts_with(example.plex));
    for evil in ["evil.example", "alias.evil.example"] {
        assert_eq!(found(&project, example, evil), "", "{evil}");
        assert!(hostile.count(evil) > 0, "{evil}");
    }
    assert_eq!(hostile.count(&name), 0);
    // Names of services are Docker's, so lanward is none the wiser.
    assert!(found(&project, example, "lanward").contains(".53 "));

    hostile.end();
    project.run(&["restart", "--timeout", "2", example.proxy]);
    until("the page without any upstream", || page(&url) == ours);

    // The same without lanward: nothing holds the proxy but the certificate.
    let hostile = self::hostile(example, &name);
    project.change(&(example.straight)(example.hostile));
    project.up();
    until("the proxy gives up", || page(&url).ends_with(" 502"));
    assert!(hostile.count(&name) > 0);
    assert!(found(&project, example, &name).starts_with(&example.hostile.to_string()));
    for evil in ["evil.example", "alias.evil.example"] {
        assert!(
            found(&project, example, evil).contains(example.plex),
            "{evil}"
        );
    }
    drop(thief);
    let log = log(&project, example);
    assert!(log.contains("/library"), "{log}");
    assert!(!log.contains("s3cr3t"), "{log}");
}

/// What the proxy wrote, of requests that went well and of others.
fn log(project: &Project, example: &Example) -> String {
    // A place of nginx's own, which its image leads to the same.
    let files = "find /var/log/nginx -type f -exec cat {} + 2>/dev/null || true";
    let files = ["exec", "--no-TTY", example.proxy, "sh", "-c", files];
    project.run(&["logs", example.proxy]) + &project.run(&files)
}

fn is_plex(params: &mut CertificateParams) {
    let name = format!("*.{ID}.plex.direct");
    params.subject_alt_names = vec![SanType::DnsName(name.try_into().unwrap())];
}

/// What the example lacks: a Plex server, an authority for its certificate, and an upstream that lies.
fn scene(example: &Example, plex: &Authority) -> String {
    let Example {
        proxy,
        plex: address,
        ..
    } = example;
    let upstream = (example.upstream)(example.hostile);
    let ca = plex.ca();
    let [certificate, key] = plex.files();
    format!(
        "services:
  lanward:
    {upstream}
  {proxy}:
    volumes:
      - {}:/etc/ssl/certs/ca-certificates.crt:ro
  plex:
    image: caddy:2
    volumes:
      - {certificate}:/certificate.pem:ro
      - {key}:/key.pem:ro
    configs:
      - source: plex
        target: /etc/caddy/Caddyfile
    networks:
      default:
        ipv4_address: {address}
configs:
  plex:
    content: |
      {{
        admin off
        auto_https off
      }}
      :32400 {{
        tls /certificate.pem /key.pem
        respond \"I am Plex, asked for as {{http.request.tls.server_name}}\"
      }}
",
        ca.display()
    )
}

/// The addresses of a name, as programs in the proxy's container find them.
fn found(project: &Project, example: &Example, name: &str) -> String {
    let asked = ["exec", "--no-TTY", example.proxy, "getent", "ahosts", name];
    String::from_utf8(project.attempt(&asked).stdout).unwrap()
}

/// Leads every name into the network, some by an alias that looks like Plex, and Plex's own to the thief.
fn hostile(example: &Example, name: &str) -> Upstream {
    let upstream = Upstream::at(example.hostile, 53);
    let inside = example.plex;
    upstream.otherwise(Behaviour::new(move |seen: &Seen| {
        let name = seen.name();
        let answer = match seen.query.qtype {
            A => vec![a(&name, inside)],
            AAAA => vec![aaaa(&name, "fd00::20")],
            _ => Vec::new(),
        };
        vec![Act::Send(Response::new(answer).to(&seen.query))]
    }));
    let alias = "alias.evil.example";
    upstream.on(
        alias,
        A,
        Response::new(vec![cname(alias, name), a(name, inside)]),
    );
    upstream.on(
        name,
        A,
        Response::new(vec![a(name, &example.hostile.to_string())]),
    );
    upstream.on(name, AAAA, Response::nodata("plex.direct"));
    upstream
}

/// A TLS server in wait for whoever believes the hostile upstream.
#[derive(Debug)]
struct Thief {
    child: Child,
    _authority: Authority,
}

impl Thief {
    fn start(address: Ipv4Addr) -> Self {
        let authority = Authority::with(is_plex);
        let [certificate, key] = authority.files();
        let mut server = Command::new("openssl");
        server
            .args(["s_server", "-quiet", "-www", "-cert", &certificate])
            .args(["-key", &key, "-accept", &format!("{address}:32400")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            child: server.spawn().expect("openssl"),
            _authority: authority,
        }
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
