//! Real resolvers and servers from Debian's packages, in the foreground, on loopback and free ports, with a configuration of their own.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use tempfile::TempDir;

use super::authority::Authority;
use super::client::Client;
use super::until;
use super::wire::Query;

/// A running peer; killed when dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    program: &'static str,
    child: Child,
    folder: TempDir,
}

impl Peer {
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// Ends it without a warning.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again after `kill`, on the same port.
    pub(crate) fn revive(&mut self) {
        self.child = spawn(self.program, self.folder.path());
    }

    /// Stops it so that it is there and says nothing (`-STOP`), and lets it go on (`-CONT`).
    pub(crate) fn signal(&self, signal: &str) {
        let mut kill = Command::new("kill");
        kill.arg(signal).arg(self.child.id().to_string());
        assert!(kill.status().unwrap().success());
    }
}

impl Drop for Peer {
    /// It may have ended by itself; then there is nothing to end.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether the program is there. A test that lacks one is skipped with a line, or fails where `LANWARD_NO_SKIP` is set.
pub(crate) fn installed(test: &str, program: &str, package: &str) -> bool {
    let found = path(program).is_some();
    assert!(
        found || env::var_os("LANWARD_NO_SKIP").is_none(),
        "{program} is missing: apt-get install {package}"
    );
    if !found {
        println!("skipped: {test}: {package} is not installed");
    }
    found
}

/// Where scripts/test unpacks what may not be installed, and the library that fits it.
const UNPACKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/unpacked/lib/systemd");

/// Where a program stands.
fn path(program: &str) -> Option<String> {
    [
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/usr/lib/systemd",
        UNPACKED,
    ]
    .iter()
    .map(|folder| format!("{folder}/{program}"))
    .find(|path| fs::exists(path).unwrap_or(false))
}

/// NSD with one zone.
pub(crate) fn nsd(origin: &str, zone: &str) -> Peer {
    let configure = |folder: &str, port: u16| {
        format!(
            "server:\n  ip-address: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  zonesdir: \"{folder}\"\n  \
             zonelistfile: \"{folder}/zone.list\"\n  database: \"\"\n  xfrdfile: \"\"\n  xfrdir: \"{folder}\"\n  server-count: 1\n  rrl-ratelimit: 0\n\
             remote-control:\n  control-enable: no\nzone:\n  name: \"{origin}\"\n  zonefile: \"zone\"\n"
        )
    };
    start("nsd", &[("zone", zone)], &configure, origin)
}

/// NSD with many zones, each of an origin and a text.
pub(crate) fn nsd_of(zones: &[(String, String)]) -> Peer {
    let configure = |folder: &str, port: u16| {
        let mut conf = format!(
            "server:\n  ip-address: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  zonesdir: \"{folder}\"\n  \
             zonelistfile: \"{folder}/zone.list\"\n  database: \"\"\n  xfrdfile: \"\"\n  xfrdir: \"{folder}\"\n  server-count: 1\n  rrl-ratelimit: 0\n\
             remote-control:\n  control-enable: no\n"
        );
        for (origin, _) in zones {
            writeln!(
                conf,
                "zone:\n  name: \"{origin}\"\n  zonefile: \"{origin}zone\""
            )
            .unwrap();
        }
        conf
    };
    let files: Vec<(String, &str)> = zones
        .iter()
        .map(|(origin, text)| (format!("{origin}zone"), text.as_str()))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(file, text)| (file.as_str(), *text))
        .collect();
    start("nsd", &files, &configure, &zones[0].0)
}

/// Unbound that resolves from the one server of these zones, the root among them; with an anchor it validates.
pub(crate) fn unbound_from(
    server: SocketAddr,
    zones: &[(String, String)],
    anchor: Option<&str>,
) -> Peer {
    let configure = |folder: &str, port: u16| {
        let (modules, file) = match anchor {
            Some(_) => (
                "validator iterator",
                format!("  trust-anchor-file: \"{folder}/anchor\"\n"),
            ),
            None => ("iterator", String::new()),
        };
        let mut conf = format!(
            "server:\n  interface: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  directory: \"{folder}\"\n  \
             use-syslog: no\n  logfile: \"\"\n  module-config: \"{modules}\"\n{file}  do-not-query-localhost: no\n  \
             qname-minimisation: no\n  aggressive-nsec: no\n  access-control: 127.0.0.0/8 allow\n  num-threads: 1\n  \
             max-udp-size: 1232\n  ede: yes\nremote-control:\n  control-enable: no\n"
        );
        for (origin, _) in zones {
            let port = server.port();
            writeln!(
                conf,
                "stub-zone:\n  name: \"{origin}\"\n  stub-addr: 127.0.0.1@{port}\n  stub-prime: no"
            )
            .unwrap();
        }
        conf
    };
    let files: Vec<(&str, &str)> = anchor.iter().map(|anchor| ("anchor", *anchor)).collect();
    start("unbound", &files, &configure, "net")
}

/// Knot DNS with one zone.
pub(crate) fn knot(origin: &str, zone: &str) -> Peer {
    let configure = |folder: &str, port: u16| {
        format!(
            "server:\n    listen: 127.0.0.1@{port}\n    rundir: \"{folder}\"\n    udp-workers: 1\n    tcp-workers: 1\n    \
             background-workers: 1\nlog:\n  - target: stdout\n    any: warning\ndatabase:\n    storage: \"{folder}\"\ntemplate:\n  \
             - id: default\n    storage: \"{folder}\"\n    zonefile-sync: -1\n    journal-content: none\n\
             zone:\n  - domain: \"{origin}\"\n    file: zone\n"
        )
    };
    start("knotd", &[("zone", zone)], &configure, origin)
}

/// Unbound that forwards everything to `upstream`.
pub(crate) fn unbound(upstream: SocketAddr, ready: &str) -> Peer {
    let configure = |folder: &str, port: u16| {
        format!(
            "server:\n  interface: 127.0.0.1@{port}\n  username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  directory: \"{folder}\"\n  \
             use-syslog: no\n  logfile: \"\"\n  module-config: \"iterator\"\n  do-not-query-localhost: no\n  qname-minimisation: no\n  \
             access-control: 127.0.0.0/8 allow\n  num-threads: 1\n  \
             max-udp-size: 1232\n  ede: yes\nremote-control:\n  control-enable: no\n\
             forward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{}\n",
            upstream.port()
        )
    };
    start("unbound", &[], &configure, ready)
}

/// Unbound that forwards everything to `upstream`, asked over UDP, TLS and HTTPS; gives the ports of the last two.
pub(crate) fn sealed_unbound(upstream: SocketAddr, authority: &Authority) -> (Peer, [u16; 2]) {
    let ports = [free_port(), free_port()];
    let [certificate, key] = authority.files();
    let configure = |folder: &str, port: u16| {
        format!(
            "server:\n  interface: 127.0.0.1@{port}\n  interface: 127.0.0.1@{}\n  interface: 127.0.0.1@{}\n  tls-port: {}\n  \
             https-port: {}\n  tls-service-pem: \"{certificate}\"\n  tls-service-key: \"{key}\"\n  username: \"\"\n  chroot: \"\"\n  \
             pidfile: \"\"\n  directory: \"{folder}\"\n  use-syslog: no\n  logfile: \"\"\n  module-config: \"iterator\"\n  \
             do-not-query-localhost: no\n  access-control: 127.0.0.0/8 allow\n  num-threads: 1\n  incoming-num-tcp: 50\n\
             remote-control:\n  control-enable: no\nforward-zone:\n  name: \".\"\n  forward-addr: 127.0.0.1@{}\n",
            ports[0],
            ports[1],
            ports[0],
            ports[1],
            upstream.port()
        )
    };
    (start("unbound", &[], &configure, "example"), ports)
}

/// dnsdist before `upstream`, asked over UDP, TLS and HTTPS; gives the ports of the last two.
pub(crate) fn sealed_dnsdist(upstream: SocketAddr, authority: &Authority) -> (Peer, [u16; 2]) {
    let ports = [free_port(), free_port()];
    let [certificate, key] = authority.files();
    let configure = |_: &str, port: u16| {
        format!(
            "setLocal(\"127.0.0.1:{port}\")\nsetACL({{\"127.0.0.0/8\"}})\nsetSecurityPollSuffix(\"\")\n\
             newServer({{address=\"{upstream}\", healthCheckMode=\"up\", maxInFlight=100}})\n\
             addTLSLocal(\"127.0.0.1:{}\", \"{certificate}\", \"{key}\", {{maxInFlight=100}})\n\
             addDOHLocal(\"127.0.0.1:{}\", \"{certificate}\", \"{key}\", {{\"/dns-query\"}})\n",
            ports[0], ports[1]
        )
    };
    (start("dnsdist", &[], &configure, "example"), ports)
}

/// Knot Resolver that forwards everything to `upstream`, asked over UDP, TLS and HTTPS; gives the ports of the last two.
pub(crate) fn sealed_kresd(upstream: SocketAddr, authority: &Authority) -> (Peer, [u16; 2]) {
    let ports = [free_port(), free_port()];
    let [certificate, key] = authority.files();
    let configure = |_: &str, port: u16| {
        format!(
            "net.tls(\"{certificate}\", \"{key}\")\nnet.listen(\"127.0.0.1\", {port}, {{kind=\"dns\"}})\n\
             net.listen(\"127.0.0.1\", {}, {{kind=\"tls\"}})\nnet.listen(\"127.0.0.1\", {}, {{kind=\"doh2\"}})\n\
             trust_anchors.remove(\".\")\nmodules.unload(\"ta_update\")\nmodules.unload(\"ta_signal_query\")\n\
             modules.unload(\"priming\")\nmodules.unload(\"detect_time_skew\")\ncache.size = 10 * MB\n\
             policy.add(policy.all(policy.STUB(\"127.0.0.1@{}\")))\n",
            ports[0],
            ports[1],
            upstream.port()
        )
    };
    (start("kresd", &[], &configure, "example"), ports)
}

/// The version of a program, from the first word with a dot in what it says of itself: `2.90` is `[2, 90, 0]`.
pub(crate) fn version(program: &str, argument: &str) -> [u32; 3] {
    let output = Command::new(path(program).expect("it is installed"))
        .arg(argument)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let numbers = |word: &str| {
        let word = word.trim_start_matches(|c: char| !c.is_ascii_digit());
        let mut parts = word.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        match (parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => {
                let patch = parts.next().and_then(Result::ok).unwrap_or(0);
                Some([major, minor, patch])
            }
            _ => None,
        }
    };
    let mut words = said.split_whitespace().filter(|word| word.contains('.'));
    let found = words.find_map(numbers);
    found.unwrap_or_else(|| panic!("no version in {said}"))
}

/// Starts it as `start` does, after its own checker, a command in the folder of its configuration `conf`, has accepted that.
pub(crate) fn start_checked(
    program: &'static str,
    check: &[&str],
    files: &[(&str, &str)],
    configure: &dyn Fn(&str, u16) -> String,
    ready: &str,
) -> Peer {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let conf = configure(folder.path().to_str().unwrap(), free_port());
    fs::write(folder.path().join(conf_of(check[0])), &conf).unwrap();
    let checked = Command::new(path(check[0]).expect("it is installed"))
        .args(&check[1..])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = [checked.stdout, checked.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(checked.status.success(), "{check:?}: {said}\n{conf}");
    start(program, files, configure, ready)
}

/// Starts it in the foreground and waits until it answers about `ready`. A port may be taken between choice and start, so tries thrice.
pub(crate) fn start(
    program: &'static str,
    files: &[(&str, &str)],
    configure: &dyn Fn(&str, u16) -> String,
    ready: &str,
) -> Peer {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let conf = configure(folder.path().to_str().unwrap(), port);
        fs::write(folder.path().join(conf_of(program)), conf).unwrap();
        let mut peer = Peer {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            program,
            child: spawn(program, folder.path()),
            folder,
        };
        let query = Query::new(ready, super::records::SOA);
        let answers = until(Duration::from_secs(10), || {
            peer.child.try_wait().unwrap().is_some()
                || peer
                    .client()
                    .try_udp(&query.bytes(), Duration::from_millis(100))
                    .is_some()
        });
        if answers && peer.child.try_wait().unwrap().is_none() {
            return peer;
        }
        println!(
            "{program} did not start: {}",
            fs::read_to_string(peer.folder.path().join("log")).unwrap_or_default()
        );
    }
    panic!("{program} does not start");
}

/// The name of a program's file of configuration.
fn conf_of(program: &str) -> &'static str {
    match program {
        "pdns_recursor" => "recursor.conf",
        _ => "conf",
    }
}

/// Starts it in the foreground with the configuration in `folder`.
fn spawn(program: &str, folder: &Path) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    // Knot DNS stays in the foreground by itself; for the others it is said.
    let arguments: &[&str] = match program {
        "knotd" => &["-c", "conf"],
        "kresd" => &["-n", "-c", "conf"],
        "dnsdist" => &["--supervised", "--disable-syslog", "-C", "conf"],
        "dnsmasq" => &["--keep-in-foreground", "-C", "conf"],
        "named" => &["-g", "-c", "conf"],
        "pdns_recursor" => &["--config-dir=.", "--socket-dir=.", "--daemon=no"],
        "dnscrypt-proxy" => &["-config", "conf"],
        "systemd-resolved" => &[],
        _ => &["-d", "-c", "conf"],
    };
    let path = path(program).expect("it is installed");
    let mut command = Command::new(&path);
    if path.starts_with(UNPACKED) {
        command.env("LD_LIBRARY_PATH", UNPACKED);
    }
    if matches!(program, "dnscrypt-proxy" | "systemd-resolved") {
        // The one authority that they believe.
        command.env("SSL_CERT_FILE", folder.join("ca.pem"));
    }
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
