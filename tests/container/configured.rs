//! A container that is told what to do: by a file, by variables.

use std::fs;
use std::net::{IpAddr, TcpListener};
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::engine::{Container, Network, PUBLIC, docker, until};
use crate::image::{start, start_with};
use crate::question::{over_tcp, over_udp};
use crate::support::authority::Authority;
use crate::support::records::{A, AAAA, a};
use crate::support::sealed::{SealedServer, receive, send};
use crate::support::upstream::Upstream;
use crate::support::wire::{Query, Response, SERVFAIL};

const NOBODY: &str = "[upstream]\nservers = [\"127.0.0.1:5300\"]\n";

/// A folder as somebody mounts it, that everybody may read.
fn folder(files: &[(&str, &str)]) -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for (file, text) in files {
        fs::write(folder.path().join(file), text).unwrap();
    }
    folder
}

fn mounted(folder: &Path, place: &str) -> String {
    format!("{}:{place}:ro", folder.display())
}

fn told(host: &str) -> String {
    format!(
        "[server]\nlisten = [\"0.0.0.0:5353\"]\n{NOBODY}[[host]]\nname = \"nas.example\"\naddresses = [\"{host}\"]\n"
    )
}

fn address(lanward: &Container, port: u16, name: &str) -> Vec<IpAddr> {
    let reply = over_udp(lanward.address(port), &Query::new(name, A));
    reply.map(|reply| reply.addresses()).unwrap_or_default()
}

#[test]
fn a_mounted_file_is_read_and_read_again() {
    let files = folder(&[("lanward.toml", &told("192.168.1.10"))]);
    let lanward = start(&["--volume", &mounted(files.path(), "/etc/lanward")]);
    lanward.wait_ready();
    assert_eq!(
        address(&lanward, 5353, "nas.example"),
        [IpAddr::from([192, 168, 1, 10])]
    );
    // The check goes where the file says.
    lanward.wait_health("healthy");
    fs::write(files.path().join("lanward.toml"), told("192.168.1.11")).unwrap();
    docker(&["kill", "--signal", "HUP", lanward.id()]);
    until("the new address", || {
        address(&lanward, 5353, "nas.example") == [IpAddr::from([192, 168, 1, 11])]
    });
    // What is broken changes nothing, and makes nobody ill.
    fs::write(files.path().join("lanward.toml"), told("192.168.1.300")).unwrap();
    docker(&["kill", "--signal", "HUP", lanward.id()]);
    until("the refusal", || lanward.log().contains("not reloaded"));
    assert_eq!(
        address(&lanward, 5353, "nas.example"),
        [IpAddr::from([192, 168, 1, 11])]
    );
    docker(&["exec", lanward.id(), "/lanward", "healthcheck"]);
}

#[test]
fn what_is_wrong_is_told_and_ends_it_with_code_2() {
    let files = folder(&[(
        "lanward.toml",
        "[server]\nlisten = [\"0.0.0.0:53\"]\nalow = [\"private\"]\n",
    )]);
    for (more, words) in [
        (
            ["--volume", &mounted(files.path(), "/etc/lanward")],
            "/etc/lanward/lanward.toml:3:1: error: alow: unknown key",
        ),
        (["--env", "LANWARD_UPSTREAM=9.9.9"], "9.9.9"),
        (
            ["--env", "LANWARD_CONFIG=/none.toml"],
            "/none.toml: error: cannot be read",
        ),
    ] {
        let lanward = start(&more);
        assert_eq!(lanward.wait_end(), "2");
        let [log, complaints] = lanward.streams();
        assert_eq!(log, "");
        assert!(
            complaints.contains(words),
            "{words} is missing in {complaints}"
        );
    }
}

#[test]
fn variables_say_what_a_sidecar_needs() {
    let network = Network::create(
        "told",
        &[
            "--ipv6",
            "--subnet",
            "10.78.0.0/24",
            "--subnet",
            "fd78::/64",
        ],
    );
    let upstream = Upstream::at([10, 78, 0, 1].into(), 0);
    let answer = Response::new(vec![a("www.example", "93.184.216.34")]);
    upstream.on("www.example", A, answer);
    let files = folder(&[(
        "home.zone",
        "@ 300 SOA ns host 1 3600 600 86400 300\n@ NS ns\nns A 192.168.1.2\nns AAAA fd00::2\n",
    )]);
    let port = upstream.address.port();
    let servers = format!("LANWARD_UPSTREAM=[fd78::1]:{port} 10.78.0.1:{port}");
    let lanward = start(&[
        "--network",
        "told",
        "--volume",
        &mounted(files.path(), "/zones"),
        "--env",
        "LANWARD_LISTEN=0.0.0.0:5353 [::]:5354",
        "--env",
        &servers,
        // Nothing of loopback: the check is one of those who may ask.
        "--env",
        "LANWARD_ALLOW_CLIENTS=10.78.0.0/24 fd78::/64",
        "--env",
        "LANWARD_ZONES=home.arpa=/zones/home.zone example.org=/zones/home.zone",
        "--env",
        "LANWARD_LOG_FORMAT=json",
    ]);
    lanward.wait_ready();
    lanward.wait_v6(5354);
    for server in [lanward.address(5353), lanward.address_v6(5354)] {
        for ask in [over_udp, over_tcp] {
            for (name, kind, address) in [
                ("www.example", A, "93.184.216.34"),
                ("ns.home.arpa", A, "192.168.1.2"),
                ("ns.example.org", AAAA, "fd00::2"),
            ] {
                let reply = ask(server, &Query::new(name, kind)).unwrap_or_else(|| {
                    panic!("no reply from {server} about {name}: {}", lanward.log())
                });
                assert_eq!(
                    reply.addresses(),
                    [address.parse::<IpAddr>().unwrap()],
                    "{}",
                    reply.summary()
                );
            }
        }
    }
    lanward.wait_health("healthy");
    // Other commands see the same.
    let shown = docker(&["exec", lanward.id(), "/lanward", "explain", "www.example"]);
    assert!(shown.contains("93.184.216.34"), "{shown}");
    for line in lanward.log().lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}"));
    }
    drop(lanward);
    drop(network);
}

/// In a container that keeps nothing itself. The volume is new, and nobody has prepared it.
#[test]
fn what_it_keeps_it_keeps_in_a_volume() {
    let config = format!(
        "[server]\nlisten = [\"0.0.0.0:53\"]\n[server.tls]\nself_signed = true\nname = \"dns.home.example\"\ntls = [\"0.0.0.0:853\"]\n{NOBODY}[cache]\nfile = \"/var/lib/lanward/cache\"\n"
    );
    let files = folder(&[("lanward.toml", &config)]);
    let more = [
        "--volume",
        &mounted(files.path(), "/etc/lanward"),
        "--volume",
        "kept:/var/lib/lanward",
    ];
    let first = start(&more);
    first.wait_ready();
    assert!(
        first.log().contains("own authority made"),
        "{}",
        first.log()
    );
    first.order(&["stop"]);
    drop(first);
    let second = start(&more);
    second.wait_ready();
    let log = second.log();
    assert!(
        !log.contains("own authority made") && log.contains("cache restored"),
        "{log}"
    );
    assert_eq!(second.order(&["diff"]), "");
    drop(second);
    docker(&["volume", "rm", "kept"]);
}

/// Roots are those of the image, or of whoever mounts others.
#[test]
fn servers_over_tls_prove_themselves() {
    let own = Authority::new();
    let files = folder(&[("own.pem", &fs::read_to_string(own.ca()).unwrap())]);
    let volume = mounted(files.path(), "/roots");
    let mounted = ["--volume", &volume, "--env", "SSL_CERT_FILE=/roots/own.pem"];
    for (authority, more, believed) in [
        (&*PUBLIC, &[][..], true),
        (&own, &[], false),
        (&own, &mounted, true),
    ] {
        let far = SealedServer::start(authority, |stream| {
            loop {
                let query = Query::parse(&receive(stream)?).unwrap();
                let response = Response::new(vec![a("www.example", "93.184.216.34")]);
                send(stream, &response.to(&query))?;
            }
        });
        // It shares this network, in which it has no port below 1024.
        let free = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let (door, server) = (
            format!("LANWARD_LISTEN={free}"),
            format!("LANWARD_UPSTREAM={}", far.server),
        );
        let always = ["--network", "host", "--env", &door, "--env", &server];
        let lanward = start(&[&always, more].concat());
        lanward.wait_ready();
        let reply = over_udp(free, &Query::new("www.example", A)).unwrap();
        if believed {
            assert_eq!(reply.addresses().len(), 1, "{}", lanward.log());
        } else {
            assert_eq!(reply.rcode(), SERVFAIL);
            assert!(
                lanward.log().contains("is not believed"),
                "{}",
                lanward.log()
            );
        }
    }
}

#[test]
fn other_commands_run_too() {
    let version = start_with(&[], &["--version"]);
    assert_eq!(version.wait_end(), "0");
    assert!(version.log().contains(env!("CARGO_PKG_VERSION")));
}
