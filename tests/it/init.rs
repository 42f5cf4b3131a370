//! The scripts that start lanward on other systems: understood by their shells, and what they start is lanward. What stands in for the
//! systems themselves is in the folder beside this file.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::client::{Client, PATIENCE};
use crate::support::peers::installed;
use crate::support::records::A;
use crate::support::until;
use crate::support::wire::Query;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lanward");

/// For all who may come first: any port, nobody upstream.
const CONFIGURATION: &str = "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = []\n";
const PRINTER: &str = "[[host]]\nname = \"printer.example\"\naddresses = [\"192.168.1.20\"]\n";

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A script of this repository with other words in it, ready to run.
fn script(path: &str, words: &[(&str, &Path)], folder: &Path) -> PathBuf {
    let mut text = fs::read_to_string(repository().join(path)).unwrap();
    for (from, to) in words {
        assert!(text.contains(from), "{path} has no {from}");
        text = text.replace(from, to.to_str().unwrap());
    }
    let copy = folder.join("script");
    fs::write(&copy, text).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
    copy
}

/// The door that a log names, once it is ready.
fn door(log: &Path) -> SocketAddr {
    let read = || fs::read_to_string(log).unwrap_or_default();
    let ready = until(PATIENCE, || read().contains("ready"));
    let text = read();
    assert!(ready, "{text}");
    let rest = text.split_once("listening for UDP on ").unwrap().1;
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

fn knows_the_printer(door: SocketAddr) -> bool {
    let reply = Client::new(door).udp(&Query::new("printer.example", A));
    !reply.addresses().is_empty()
}

#[test]
fn shells_understand_the_scripts() {
    let (rc, init) = ("packaging/rc.d/lanward", "packaging/openwrt/lanward.init");
    let mut scripts = vec![
        rc.to_owned(),
        init.to_owned(),
        "packaging/debian/postrm".to_owned(),
    ];
    if installed("scripts under dash", "dash", "dash") {
        for script in &scripts {
            understood(Command::new("dash").arg("-n").arg(script));
        }
    }
    if installed("scripts under the shell of routers", "busybox", "busybox") {
        for script in &scripts {
            understood(Command::new("busybox").args(["ash", "-n"]).arg(script));
        }
    }
    if installed("scripts under shellcheck", "shellcheck", "shellcheck") {
        for entry in fs::read_dir(repository().join("scripts")).unwrap() {
            let path = entry.unwrap().path();
            scripts.push(path.to_str().unwrap().to_owned());
        }
        for script in &scripts {
            let mut check = Command::new("shellcheck");
            // "#!/bin/sh /etc/rc.common" names no shell that it knows, and a file that is sourced names none.
            if script == init {
                check.arg("--shell=dash");
            } else if script.ends_with("static.sh") {
                check.arg("--shell=bash");
            }
            understood(
                check
                    .args(["--severity=warning", "--external-sources"])
                    .arg(script),
            );
        }
    }
}

fn understood(command: &mut Command) {
    let output = command.current_dir(repository()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// A machine with FreeBSD's way to start services, as far as the script knows it.
struct FreeBsd {
    folder: TempDir,
    script: PathBuf,
}

impl FreeBsd {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("rc.subr"), include_str!("init/rc.subr")).unwrap();
        fs::write(place("daemon"), include_str!("init/daemon.sh")).unwrap();
        fs::set_permissions(place("daemon"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(place("lanward.toml"), CONFIGURATION).unwrap();
        let words = [
            ("/etc/rc.subr", place("rc.subr")),
            ("/usr/sbin/daemon", place("daemon")),
            ("/var/run", place("")),
            ("/var/db/lanward", place("state")),
            ("/usr/local/bin/lanward", PathBuf::from(PROGRAM)),
        ];
        let words = words.each_ref().map(|(from, to)| (*from, to.as_path()));
        let script = script("packaging/rc.d/lanward", &words, folder.path());
        Self { folder, script }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn service(&self, command: &str) -> Output {
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let mut service = Command::new(&self.script);
        service.arg(command).env("lanward_enable", "YES");
        service.env("lanward_runas", String::from_utf8(user).unwrap().trim());
        service.env("lanward_config", self.place("lanward.toml"));
        service.output().unwrap()
    }

    fn process(&self) -> Option<String> {
        let id = fs::read_to_string(self.place("lanward.pid")).ok()?;
        Some(id.trim().to_owned())
    }
}

impl Drop for FreeBsd {
    /// Also after a test that failed in the middle.
    fn drop(&mut self) {
        if let Some(id) = self.process() {
            drop(Command::new("kill").args(["-KILL", &id]).status());
        }
    }
}

#[test]
fn the_rc_script_starts_tests_reloads_and_stops_it() {
    let machine = FreeBsd::new();
    let started = machine.service("start");
    assert!(started.status.success(), "{started:?}");
    let door = door(&machine.place("lanward.pid.log"));
    assert!(!knows_the_printer(door));
    let process = machine.process();
    assert!(machine.place("state").is_dir());

    let broken = format!("{CONFIGURATION}nonsense = 1\n");
    fs::write(machine.place("lanward.toml"), broken).unwrap();
    for command in ["configtest", "reload", "restart"] {
        let output = machine.service(command);
        assert!(!output.status.success(), "{command}: {output:?}");
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("nonsense"), "{command}: {said}");
    }
    assert_eq!(machine.process(), process);

    let better = format!("{CONFIGURATION}{PRINTER}");
    fs::write(machine.place("lanward.toml"), better).unwrap();
    assert!(machine.service("configtest").status.success());
    assert!(machine.service("reload").status.success());
    assert!(until(PATIENCE, || knows_the_printer(door)));
    assert_eq!(machine.process(), process);

    assert!(machine.service("stop").status.success());
    assert_eq!(machine.process(), None);
}

#[test]
fn the_rc_script_wants_a_user_that_is_there() {
    let machine = FreeBsd::new();
    let mut service = Command::new(&machine.script);
    service.arg("start").env("lanward_enable", "YES");
    service.env("lanward_runas", "nobody-of-this-name");
    service.env("lanward_config", machine.place("lanward.toml"));
    let output = service.output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("pw useradd nobody-of-this-name"), "{said}");
}

/// What an instance of the OpenWrt script asks of procd, `jailed` where that can be.
fn instance(folder: &Path, jailed: bool) -> Vec<Vec<String>> {
    let place = |name: &str| folder.join(name);
    fs::write(place("procd.sh"), include_str!("init/procd.sh")).unwrap();
    fs::write(place("lanward.toml"), CONFIGURATION).unwrap();
    fs::write(place("lanward.json"), "").unwrap();
    fs::write(
        place("passwd"),
        "root:x:0:0:root:/root:/bin/ash\nlanward:x:5335:5335::/:/bin/false\n",
    )
    .unwrap();
    let jail = if jailed { "/bin/sh" } else { "/nowhere" };
    let script = script(
        "packaging/openwrt/lanward.init",
        &[
            ("/usr/bin/lanward", Path::new(PROGRAM)),
            ("/etc/lanward/lanward.toml", &place("lanward.toml")),
            ("/etc/lanward/state", &place("state")),
            ("/etc/capabilities/lanward.json", &place("lanward.json")),
            ("/etc/passwd", &place("passwd")),
            ("/sbin/ujail", Path::new(jail)),
        ],
        folder,
    );
    let source = format!(
        ". {}; . {}; start_service; reload_service",
        place("procd.sh").display(),
        script.display()
    );
    let output = Command::new("busybox")
        .args(["ash", "-euc", &source])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let words = |line: &str| line.split('|').map(str::to_owned).collect();
    text.lines().map(words).collect()
}

/// The words of a request, without its name.
fn request<'a>(requests: &'a [Vec<String>], name: &str) -> Option<&'a [String]> {
    let found = requests.iter().find(|request| request[0] == name);
    found.map(|request| &request[1..])
}

/// Ended with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn what_procd_is_asked_for_is_lanward() {
    if !installed("the script for OpenWrt", "busybox", "busybox") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let requests = instance(folder.path(), false);
    assert_eq!(
        request(&requests, "signal").unwrap(),
        ["lanward", "*", "HUP"]
    );
    assert_eq!(request(&requests, "user"), None);

    let command = request(&requests, "command").unwrap();
    let log = folder.path().join("log");
    let mut start = Command::new(&command[0]);
    start.args(&command[1..]).env_clear().stdin(Stdio::null());
    for variable in request(&requests, "env").unwrap() {
        let (name, value) = variable.split_once('=').unwrap();
        start.env(name, value);
    }
    start.stdout(fs::File::create(&log).unwrap());
    let _process = Process(start.spawn().unwrap());
    Client::new(door(&log)).udp(&Query::new("localhost", A));
    assert!(folder.path().join("state").is_dir());
}

#[test]
fn procd_takes_all_rights_but_one_where_it_can() {
    if !installed("the script for OpenWrt", "busybox", "busybox") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let requests = instance(folder.path(), true);
    for (name, word) in [
        ("user", "lanward"),
        ("group", "lanward"),
        ("no_new_privs", "1"),
        ("jail", "lanward"),
    ] {
        assert_eq!(request(&requests, name).unwrap(), [word], "{name}");
    }
    assert!(request(&requests, "capabilities").unwrap()[0].ends_with("lanward.json"));
    let text = fs::read(repository().join("packaging/openwrt/lanward.json")).unwrap();
    let sets: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&text).unwrap();
    assert_eq!(sets.len(), 5);
    for (set, rights) in sets {
        assert_eq!(rights, serde_json::json!(["CAP_NET_BIND_SERVICE"]), "{set}");
    }
}
