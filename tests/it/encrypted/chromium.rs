//! Chromium, told to use lanward as its secure DNS: a page of a Plex server in this network loads, and another site does not
//! get in.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::SanType;
use rcgen::string::Ia5String;

use crate::support::authority::Authority;
use crate::support::caller::{Door, PATH, section};
use crate::support::client::receive;
use crate::support::lanward::Lanward;
use crate::support::network::{inside, ip};
use crate::support::peers::installed;
use crate::support::records::{A, a};
use crate::support::sealed::SealedServer;
use crate::support::upstream::Upstream;
use crate::support::wire::{Query, Response, text};

const ID: &str = "0123456789abcdef0123456789abcdef";

/// A web server that shows a page with a picture of another site's, whose name leads to this very server; gives the names by which
/// it was asked.
fn web_server(authority: &Authority) -> (SealedServer, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let server = SealedServer::speaking(b"http/1.1", authority, move |stream| {
        let port = stream.sock.local_addr()?.port();
        let lines = BufReader::new(&mut *stream).lines().map_while(Result::ok);
        for line in lines.take_while(|line| !line.is_empty()) {
            if let Some(host) = line.to_lowercase().strip_prefix("host: ") {
                noted.lock().unwrap().push(host.to_owned());
            }
        }
        let page =
            format!("<!doctype html><body>It loads.<img src=\"https://evil.example:{port}/\">");
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        )?;
        stream.conn.send_close_notify();
        stream.flush()
    });
    (server, asked)
}

/// A home in which the authority is believed and secure DNS is at this URI.
fn furnish(home: &Path, authority: &Authority, template: &str) {
    let store = home.join(".pki/nssdb");
    fs::create_dir_all(&store).unwrap();
    let store = format!("sql:{}", store.display());
    let ca = authority.ca();
    let certutil = |arguments: &[&str]| {
        let mut certutil = Command::new("certutil");
        certutil.args(["-d", &store]).args(arguments);
        assert!(certutil.status().unwrap().success(), "{arguments:?}");
    };
    certutil(&["-N", "--empty-password"]);
    certutil(&["-A", "-n", "test", "-t", "C,,", "-i", ca.to_str().unwrap()]);
    let profile = home.join("profile");
    fs::create_dir(&profile).unwrap();
    let state = serde_json::json!({
        "dns_over_https": {"mode": "secure", "templates": template},
    });
    fs::write(profile.join("Local State"), state.to_string()).unwrap();
}

/// What Chromium makes of a page.
fn browse(home: &Path, uri: &str) -> String {
    let output = Command::new("timeout")
        .args([
            "60",
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
        ])
        .args([
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .arg(format!(
            "--user-data-dir={}",
            home.join("profile").display()
        ))
        .arg(uri)
        .env("HOME", home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_plex_server_is_found_by_secure_dns() {
    let test = "a_plex_server_is_found_by_secure_dns";
    if !installed(test, "chromium", "chromium")
        || !installed(test, "certutil", "libnss3-tools")
        || !inside(&format!("encrypted::chromium::{test}"))
    {
        return;
    }
    // It takes a machine without any other network for offline.
    for step in [
        "link set lo up",
        "link add here type veth peer name there",
        "address add 192.168.77.1/24 dev here",
        "link set here up",
        "link set there up",
    ] {
        ip(step);
    }
    let home = tempfile::tempdir().unwrap();
    let plain = plain_dns(home.path());
    let authority = Authority::with(|params| {
        let names = Ia5String::try_from(format!("*.{ID}.plex.direct")).unwrap();
        params.subject_alt_names.push(SanType::DnsName(names));
    });
    let upstream = Upstream::start();
    upstream.on(
        "evil.example",
        A,
        Response::new(vec![a("evil.example", "127.0.0.1")]),
    );
    let lanward = Lanward::start(&[upstream.address], &section(&authority, &[Door::Https]));
    let (server, asked) = web_server(&authority);
    let template = format!("https://{}{PATH}{{?dns}}", Door::Https.of(&lanward));
    furnish(home.path(), &authority, &template);
    let host = format!("127-0-0-1.{ID}.plex.direct:{}", server.port);
    let page = browse(home.path(), &format!("https://{host}/"));
    assert!(page.contains("It loads."), "{page}");
    let asked = asked.lock().unwrap().clone();
    assert!(asked.iter().all(|name| *name == host), "{asked:?}");
    assert!(
        upstream.count("evil.example") > 0,
        "its picture was looked for"
    );
    let leaked: Vec<String> = std::iter::from_fn(|| receive(&plain, Duration::from_millis(1)))
        .filter_map(|packet| Query::parse(&packet))
        .map(|query| text(&query.name))
        .collect();
    assert!(leaked.is_empty(), "asked without encryption: {leaked:?}");
}

/// What the system would ask, if it were asked.
fn plain_dns(folder: &Path) -> UdpSocket {
    let file = folder.join("resolv.conf");
    fs::write(&file, "nameserver 127.0.0.53\n").unwrap();
    let mut mount = Command::new("mount");
    mount.arg("--bind").arg(&file).arg("/etc/resolv.conf");
    assert!(mount.status().unwrap().success());
    UdpSocket::bind("127.0.0.53:53").unwrap()
}
