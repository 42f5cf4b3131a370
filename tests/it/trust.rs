//! Which encrypted servers are believed, and where those are that have only a name.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use rcgen::date_time_ymd;

use crate::support::authority::{Authority, NAME};
use crate::support::hickory::Hickory;
use crate::support::lanward::Lanward;
use crate::support::peers::{Peer, installed, sealed_unbound};
use crate::support::records::{A, a};
use crate::support::until;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{NOERROR, Query, Response, SERVFAIL, text};

/// What the server behind the far end says.
const ADDRESS: &str = "93.184.216.34";

/// Unbound with a certificate, and a server behind it that knows every name.
struct FarEnd {
    authority: Authority,
    port: u16,
    _unbound: Peer,
    _behind: Upstream,
}

impl FarEnd {
    fn start(authority: Authority) -> Self {
        let behind = Upstream::start();
        behind.otherwise(Behaviour::new(|seen| {
            let answer = Response::new(vec![a(&text(&seen.query.name), ADDRESS)]);
            Behaviour::from(answer).acts(seen)
        }));
        let (unbound, [port, _]) = sealed_unbound(behind.address, &authority);
        Self {
            authority,
            port,
            _unbound: unbound,
            _behind: behind,
        }
    }

    /// A program that asks `server`, in which `PORT` stands for the right one, and believes this authority.
    fn ask_as(&self, server: &str, ca: &Authority, more: &str) -> Lanward {
        self.ask_with(server, &ca.ca(), more)
    }

    /// The same with a file of root certificates.
    fn ask_with(&self, server: &str, ca: &Path, more: &str) -> Lanward {
        let server = server.replace("PORT", &self.port.to_string());
        let ca = ca.display();
        Lanward::configured(&format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"{server}\"]\nca = \"{ca}\"\n{more}\n"
        ))
    }
}

/// A name that nobody asked about yet: failures are remembered for a while.
fn fresh() -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("n{}.example", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Asks until there is an answer, as when a server becomes known only now.
fn answers_in_time(lanward: &Lanward) -> bool {
    until(Duration::from_secs(10), || {
        let reply = lanward.client().udp(&Query::new(&fresh(), A));
        reply.rcode() == NOERROR
    })
}

#[track_caller]
fn believed(lanward: &Lanward) {
    let reply = lanward.client().udp(&Query::new(&fresh(), A));
    assert_eq!(
        reply.rcode(),
        NOERROR,
        "{}\n{:#?}",
        reply.summary(),
        lanward.lines()
    );
    assert_eq!(reply.addresses()[0].to_string(), ADDRESS);
}

#[track_caller]
fn not_believed(lanward: &Lanward, words: &[&str]) {
    let reply = lanward.client().udp(&Query::new(&fresh(), A));
    assert_eq!(reply.rcode(), SERVFAIL, "{}", reply.summary());
    lanward.line(words);
}

/// Whether the programs that these tests need are there.
fn ready(test: &str) -> bool {
    installed(test, "unbound", "unbound")
}

#[test]
fn a_server_must_have_a_certificate_for_its_name_or_address() {
    if !ready("a_server_must_have_a_certificate_for_its_name_or_address") {
        return;
    }
    let far = FarEnd::start(Authority::new());
    for server in ["tls://dns.example@127.0.0.1:PORT", "tls://127.0.0.1:PORT"] {
        believed(&far.ask_as(server, &far.authority, ""));
    }
    not_believed(
        &far.ask_as("tls://other.example@127.0.0.1:PORT", &far.authority, ""),
        &["not for other.example; it is for: dns.example, 127.0.0.1"],
    );
    not_believed(
        &far.ask_as("tls://dns.example@127.0.0.1:PORT", &Authority::new(), ""),
        &["from an issuer that is not trusted", "dns.example"],
    );
}

#[test]
fn a_certificate_that_has_ended_is_none() {
    if !ready("a_certificate_that_has_ended_is_none") {
        return;
    }
    let far = FarEnd::start(Authority::with(|params| {
        params.not_after = date_time_ymd(2020, 1, 1);
    }));
    let server = "tls://dns.example@127.0.0.1:PORT";
    not_believed(
        &far.ask_as(server, &far.authority, ""),
        &["ended on 2020-01-01"],
    );
    // The key is the same as ever, and whoever wrote it down means it.
    let pinned = format!("tls://127.0.0.1:PORT#sha256/{}", far.authority.pin());
    believed(&far.ask_as(&pinned, &Authority::new(), ""));
}

#[test]
fn a_server_can_be_known_by_its_key() {
    if !ready("a_server_can_be_known_by_its_key") {
        return;
    }
    let (far, stranger) = (FarEnd::start(Authority::new()), Authority::new());
    let (right, wrong) = (far.authority.pin(), stranger.pin());
    let server = |pins: &str| format!("tls://other.example@127.0.0.1:PORT#{pins}");
    let both = format!("sha256/{wrong},sha256/{right}");
    believed(&far.ask_as(&server(&both), &stranger, ""));
    not_believed(
        &far.ask_as(&server(&format!("sha256/{wrong}")), &far.authority, ""),
        &[&format!("digest sha256/{right}, not {wrong}")],
    );
    if installed("a_server_can_be_known_by_its_key", "openssl", "openssl") {
        assert_eq!(pin_of(far.port), right, "as README.md finds it");
    }
}

#[test]
fn quic_and_http_3_prove_as_much() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for transport in ["quic", "h3"] {
        let far = Hickory::start(transport, &authority);
        let ask = |server: &str, ca: &Authority| {
            Lanward::configured(&format!(
                "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"{server}\"]\nca = \"{}\"\n",
                ca.ca().display()
            ))
        };
        let pinned = |digest: String| format!("{}#sha256/{digest}", far.server);
        let lanward = ask(&pinned(authority.pin()), &stranger);
        let reply = lanward.client().udp(&Query::new("www.hickory.example", A));
        assert_eq!(reply.rcode(), NOERROR, "{transport}: {}", reply.summary());
        not_believed(
            &ask(&far.server, &stranger),
            &["no upstream server answered", "issuer that is not trusted"],
        );
        not_believed(
            &ask(&pinned(stranger.pin()), &authority),
            &[
                "no upstream server answered",
                &format!("not {}", stranger.pin()),
            ],
        );
    }
}

#[test]
fn root_certificates_are_read_again_on_demand() {
    if !ready("root_certificates_are_read_again_on_demand") {
        return;
    }
    let (far, stranger) = (FarEnd::start(Authority::new()), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    fs::copy(stranger.ca(), &ca).unwrap();
    let lanward = far.ask_with("tls://127.0.0.1:PORT", &ca, "");
    not_believed(&lanward, &["issuer that is not trusted"]);
    fs::copy(far.authority.ca(), &ca).unwrap();
    lanward.signal("-HUP");
    assert!(answers_in_time(&lanward), "{:#?}", lanward.lines());
    // A broken file changes nothing.
    fs::write(&ca, "-----BEGIN CERTIFICATE-----\n").unwrap();
    lanward.signal("-HUP");
    lanward.line(&["ca.pem: certificate 1 cannot be read"]);
    believed(&lanward);
}

/// What is wrong with a server is for people to mend, even if another one has the answers meanwhile.
#[test]
fn it_is_told_that_a_server_is_not_believed_though_another_answers() {
    if !ready("it_is_told_that_a_server_is_not_believed_though_another_answers") {
        return;
    }
    let (far, stranger) = (FarEnd::start(Authority::new()), Authority::new());
    let servers = format!(
        "tls://127.0.0.1:PORT#sha256/{}\", \"tls://127.0.0.1:PORT",
        stranger.pin()
    );
    let lanward = far.ask_as(&servers, &far.authority, "strategy = \"strict\"");
    for _ in 0..5 {
        believed(&lanward);
    }
    lanward.line(&["upstream server tls://127.0.0.1:", "is not believed: "]);
    assert_eq!(lanward.logged("is not believed"), 1, "and once is enough");
}

/// The pin of a server, by the commands in `README.md`.
fn pin_of(port: u16) -> String {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.unwrap();
    let lines = readme
        .lines()
        .skip_while(|line| !line.contains("openssl s_client"));
    let commands: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let commands = commands
        .join("\n")
        .replace("192.168.1.1:853", &format!("127.0.0.1:{port}"));
    let mut shell = Command::new("sh");
    let ran = shell.args(["-c", &commands]).stdin(Stdio::null()).output();
    String::from_utf8(ran.unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

/// A stamp for DNS over TLS.
fn stamp(address: &str, hash: &[u8], name: &str) -> String {
    let mut octets = vec![3, 0, 0, 0, 0, 0, 0, 0, 0];
    for part in [address.as_bytes(), hash, name.as_bytes()] {
        octets.push(u8::try_from(part.len()).unwrap());
        octets.extend_from_slice(part);
    }
    format!("sdns://{}", BASE64URL_NOPAD.encode(&octets))
}

#[test]
fn a_stamp_is_a_server_with_a_hash_to_prove() {
    if !ready("a_stamp_is_a_server_with_a_hash_to_prove") {
        return;
    }
    let far = FarEnd::start(Authority::new());
    let address = format!("127.0.0.1:{}", far.port);
    let right = stamp(&address, &far.authority.hash(), NAME);
    let lanward = far.ask_as(&right, &far.authority, "");
    believed(&lanward);
    lanward.line(&["asking tls://dns.example@127.0.0.1"]);
    let wrong = stamp(&address, &Authority::new().hash(), NAME);
    not_believed(
        &far.ask_as(&wrong, &far.authority, ""),
        &["no certificate in the server's chain has the digest"],
    );
    let elsewhere = stamp(&address, &far.authority.hash(), "other.example");
    not_believed(
        &far.ask_as(&elsewhere, &far.authority, ""),
        &["not for other.example"],
    );
}

/// Who is asked for the address of the server.
fn bootstrap(address: SocketAddr) -> String {
    format!("bootstrap = [\"{address}\"]")
}

#[test]
fn a_name_is_looked_up_where_the_operator_says() {
    if !ready("a_name_is_looked_up_where_the_operator_says") {
        return;
    }
    let far = FarEnd::start(Authority::new());
    let plain = Upstream::start();
    plain.on(NAME, A, Response::new(vec![a(NAME, "127.0.0.1")]));
    let lanward = far.ask_as(
        "tls://dns.example:PORT",
        &far.authority,
        &bootstrap(plain.address),
    );
    assert_eq!(plain.seen().len(), 0, "nobody needed it so far");
    for _ in 0..3 {
        believed(&lanward);
    }
    assert_eq!(plain.count(NAME), 2, "once for each kind of address");
    assert_eq!(plain.seen().len(), 2, "and for nothing else");
    // The servers beside it serve as well, when nobody else is named.
    let beside = format!("tls://dns.example:PORT\", \"{}", plain.address);
    let lanward = far.ask_as(&beside, &far.authority, "strategy = \"strict\"");
    believed(&lanward);
    assert_eq!(plain.count(NAME), 4);
}

#[test]
fn a_server_is_found_once_somebody_knows_its_address() {
    if !ready("a_server_is_found_once_somebody_knows_its_address") {
        return;
    }
    let far = FarEnd::start(Authority::new());
    let plain = Upstream::start();
    plain.otherwise(Behaviour::silent());
    let lanward = far.ask_as(
        "tls://dns.example:PORT",
        &far.authority,
        &bootstrap(plain.address),
    );
    not_believed(&lanward, &["the address of dns.example is not known"]);
    plain.on(NAME, A, Response::new(vec![a(NAME, "127.0.0.1")]));
    assert!(answers_in_time(&lanward), "{:#?}", lanward.lines());
    plain.end();
    believed(&lanward);
}

#[test]
fn an_address_that_has_changed_is_looked_up_again() {
    if !ready("an_address_that_has_changed_is_looked_up_again") {
        return;
    }
    let far = FarEnd::start(Authority::new());
    let plain = Upstream::start();
    plain.on(NAME, A, Response::new(vec![a(NAME, "127.0.0.66")]));
    let lanward = far.ask_as(
        "tls://dns.example:PORT",
        &far.authority,
        &bootstrap(plain.address),
    );
    not_believed(&lanward, &["Connection refused"]);
    plain.on(NAME, A, Response::new(vec![a(NAME, "127.0.0.1")]));
    assert!(answers_in_time(&lanward), "{:#?}", lanward.lines());
}

/// The first one refuses, the next one may be the right one.
#[test]
fn a_server_may_have_several_addresses() {
    if !ready("a_server_may_have_several_addresses") {
        return;
    }
    let far = FarEnd::start(Authority::new());
    let server = "tls://dns.example@127.0.0.66,127.0.0.1:PORT";
    believed(&far.ask_as(server, &far.authority, ""));
}

#[test]
fn what_can_never_be_asked_is_no_start() {
    for (servers, words) in [
        (
            vec!["tls://dns.example"],
            "nobody can be asked for the address of tls://dns.example",
        ),
        (
            vec!["tls://192.0.2.1"],
            "tls://192.0.2.1 cannot prove who it is: this machine has no root certificates",
        ),
    ] {
        let mut serve = Command::new(env!("CARGO_BIN_EXE_lanward"));
        serve.args(["serve", "--listen", "127.0.0.1:0"]);
        for server in servers {
            serve.args(["--upstream", server]);
        }
        // An empty bundle in place of the machine's.
        let ran = serve.env_clear().env("SSL_CERT_FILE", "/dev/null").output();
        let ran = ran.unwrap();
        let complaints = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{complaints}");
        assert!(complaints.contains(words), "{complaints}");
    }
}
