//! lanward as a service: what the service manager is told, and what the unit leaves to it.

use std::os::unix::net::UnixDatagram;
use std::process::Command;

use tempfile::TempDir;

use crate::support::client::PATIENCE;
use crate::support::lanward::Lanward;
use crate::support::peers::installed;

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
