//! lanward as a service: what the service manager is told, and what the unit leaves to it.

use std::fs;
use std::net::IpAddr;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use tempfile::TempDir;

use crate::support::client::PATIENCE;
use crate::support::command::run;
use crate::support::lanward::Lanward;
use crate::support::peers::installed;
use crate::support::records::{A, a};
use crate::support::upstream::Upstream;
use crate::support::wire::{Query, Response};

const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/lanward.service");

/// The end of the socket at which systemd listens.
struct Manager {
    _folder: TempDir,
    socket: UnixDatagram,
    path: String,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let path = path.to_str().unwrap().to_owned();
        Self {
            _folder: folder,
            socket,
            path,
        }
    }

    /// A server that tells it, with a watchdog of this patience in microseconds.
    fn start(&self, patience: &str, allow: &str) -> Lanward {
        let toml = format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\nallow = [{allow:?}]\n[upstream]\nservers = [\"127.0.0.1:1\"]\n[log]\nformat = \"json\"\n"
        );
        let variables = [
            ("NOTIFY_SOCKET", self.path.as_str()),
            ("WATCHDOG_USEC", patience),
        ];
        Lanward::in_environment(&toml, &variables)
    }

    /// What it is told next.
    fn hear(&self) -> String {
        let mut words = [0; 512];
        let length = self.socket.recv(&mut words).expect("a word");
        String::from_utf8(words[..length].to_vec()).unwrap()
    }

    /// What it is told next that is not for the watchdog.
    fn hear_news(&self) -> String {
        loop {
            let words = self.hear();
            if words.trim() != "WATCHDOG=1" {
                return words;
            }
        }
    }
}

#[test]
fn the_service_manager_hears_of_start_reload_and_end() {
    let manager = Manager::new();
    let lanward = manager.start("600000000", "loopback");
    assert_eq!(manager.hear_news().trim(), "READY=1");
    lanward.signal("-HUP");
    let reloading = manager.hear_news();
    assert!(reloading.contains("RELOADING=1"), "{reloading}");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    assert_eq!(manager.hear_news().trim(), "READY=1");
    lanward.stop();
    assert_eq!(manager.hear_news().trim(), "STOPPING=1");
}

#[test]
fn the_watchdog_is_fed_by_answers() {
    let manager = Manager::new();
    let _lanward = manager.start("200000", "loopback");
    assert_eq!(manager.hear_news().trim(), "READY=1");
    for _ in 0..3 {
        assert_eq!(manager.hear().trim(), "WATCHDOG=1");
    }
}

/// Whom nobody on the machine may ask, it must not kill.
#[test]
fn the_watchdog_is_fed_where_this_machine_may_not_ask() {
    let manager = Manager::new();
    let lanward = manager.start("200000", "192.0.2.0/24");
    assert_eq!(manager.hear_news().trim(), "READY=1");
    for _ in 0..3 {
        assert_eq!(manager.hear().trim(), "WATCHDOG=1");
    }
    assert_eq!(lanward.logged("does not answer itself"), 0);
}

/// Containers are often told by variables, with the file left as it is.
#[test]
fn variables_stand_in_place_of_the_file() {
    let upstream = Upstream::start();
    upstream.on(
        "x.example",
        A,
        Response::new(vec![a("x.example", "93.184.216.34")]),
    );
    let folder = tempfile::tempdir().unwrap();
    let zone = folder.path().join("home.zone");
    let text = "@ SOA ns host 1 3600 600 86400 300\n@ NS ns\nns A 192.168.1.2\n";
    fs::write(&zone, text).unwrap();
    let (server, zones) = (
        upstream.address.to_string(),
        format!("home.arpa={}", zone.display()),
    );
    let lanward = Lanward::in_environment(
        "[server]\nlisten = [\"127.0.0.1:1\"]\nallow = [\"192.0.2.1\"]\n[upstream]\nservers = []\n[log]\nformat = \"json\"\n",
        &[
            ("LANWARD_LISTEN", "127.0.0.1:0"),
            ("LANWARD_UPSTREAM", &server),
            ("LANWARD_ALLOW_CLIENTS", " 192.0.2.0/24  loopback "),
            ("LANWARD_ZONES", &zones),
        ],
    );
    for (name, address) in [
        ("x.example", "93.184.216.34"),
        ("ns.home.arpa", "192.168.1.2"),
    ] {
        let reply = lanward.client().udp(&Query::new(name, A));
        assert_eq!(reply.addresses(), [address.parse::<IpAddr>().unwrap()]);
    }
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let upstream = Upstream::start();
    let answer = Response::new(vec![a("x.example", "93.184.216.34")]);
    upstream.on("x.example", A, answer);
    let file = format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"{}\"]\n[log]\nformat = \"json\"\n",
        upstream.address
    );
    let variables = [
        "LANWARD_LISTEN",
        "LANWARD_UPSTREAM",
        "LANWARD_ALLOW_CLIENTS",
        "LANWARD_ZONES",
        "LANWARD_LOG_FORMAT",
    ];
    let lanward = Lanward::in_environment(&file, &variables.map(|variable| (variable, "")));
    let reply = lanward.client().udp(&Query::new("x.example", A));
    let address: IpAddr = "93.184.216.34".parse().unwrap();
    assert_eq!(reply.addresses(), [address]);
}

#[test]
fn a_variable_that_is_wrong_is_named() {
    for (variable, value) in [
        ("LANWARD_LISTEN", "localhost"),
        ("LANWARD_UPSTREAM", "9.9.9"),
        ("LANWARD_ALLOW_CLIENTS", "everybody"),
        ("LANWARD_ZONES", "home.arpa"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_lanward"))
            .arg("serve")
            .env_clear()
            .env(variable, value)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{variable}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            [variable, value, "allowed"]
                .iter()
                .all(|words| said.contains(words)),
            "{said}"
        );
    }
}

#[test]
fn there_is_a_page_for_each_command() {
    let page = run(&["man"]);
    assert_eq!(page.code, Some(0));
    assert!(page.out.contains(".TH lanward 1"), "{}", page.out);
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    assert_eq!(
        run(&["man", "--output", pages.to_str().unwrap()]).code,
        Some(0)
    );
    let help = run(&["--help"]).out;
    let commands = help.split_once("Commands:").unwrap().1;
    let commands = commands.lines().filter_map(|line| line.strip_prefix("  "));
    let mut seen = 0;
    for command in commands.filter_map(|line| line.split_whitespace().next()) {
        if command.chars().all(|letter| letter.is_ascii_lowercase()) && command != "help" {
            let text = fs::read_to_string(pages.join(format!("lanward-{command}.1")));
            let text = text.unwrap_or_else(|error| panic!("{command}: {error}"));
            assert!(text.contains(".SH OPTIONS"), "{command}");
            seen += 1;
        }
    }
    assert!(seen > 7, "{seen} commands");
}

#[test]
fn the_unit_leaves_little_to_whoever_breaks_in() {
    if !installed("the exposure of the unit", "systemd-analyze", "systemd") {
        return;
    }
    let mut analyze = Command::new("systemd-analyze");
    analyze.args(["security", "--no-pager", "--offline=true", "--threshold=15"]);
    let output = analyze.arg(UNIT).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Overall exposure level"), "{said}");
}
