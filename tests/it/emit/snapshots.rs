//! What is written for every target, in every mode, as reviewed files. They show a change of words as a reader will see it.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test --test it snapshots`, and read the difference.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, iter};

use tempfile::TempDir;

/// The id of the Plex server in these texts.
pub(super) const ID: &str = "0123456789abcdef0123456789abcdef";

/// lanward in the network of these texts.
pub(super) const SERVER: &str = "192.168.1.2:53";

/// Two decoded domains, one exception with all names below it, one without, a zone and a host.
const CONFIGURATION: &str = "\
[embedded]
presets = [\"plex.direct\", \"nip.io\"]

[[rebinding.allow]]
domain = \"vpn.example.com\"

[[rebinding.allow]]
domain = \"nas.example.net\"
subdomains = false

[[zone]]
origin = \"home.arpa\"
file = \"home.arpa.zone\"

[[host]]
name = \"tower.example.org\"
addresses = [\"192.168.1.20\", \"fd00::20\"]
";

const ZONE: &str = "\
$ORIGIN home.arpa.
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 300
@ NS ns
ns A 192.168.1.2
";

/// What `lanward emit` printed, and how it ended.
pub(super) struct Emitted {
    pub(super) out: String,
    pub(super) complaints: String,
    pub(super) code: Option<i32>,
}

/// Runs `lanward emit` with these arguments and the configuration above.
pub(super) fn try_emit(arguments: &[&str]) -> Emitted {
    let folder = network();
    let output = Command::new(env!("CARGO_BIN_EXE_lanward"))
        .arg("emit")
        .args(arguments)
        .arg("--config")
        .arg(folder.path().join("lanward.toml"))
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Emitted {
        out: String::from_utf8(output.stdout).unwrap(),
        complaints: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

/// The same, where it must succeed.
pub(super) fn emit(arguments: &[&str]) -> String {
    let emitted = try_emit(arguments);
    assert_eq!(
        emitted.code,
        Some(0),
        "emit {arguments:?}: {}",
        emitted.complaints
    );
    emitted.out
}

fn network() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lanward.toml"), CONFIGURATION).unwrap();
    fs::write(folder.path().join("home.arpa.zone"), ZONE).unwrap();
    folder
}

/// Every target in the list, and whether it stands in front of a media server.
pub(super) fn targets() -> Vec<(String, bool)> {
    let list = emit(&["--list"]);
    let mut targets = Vec::new();
    for line in list.lines().filter(|line| line.starts_with("  ")) {
        let name = line.split_whitespace().next().unwrap();
        targets.push((
            name.to_owned(),
            line.ends_with("in front of a media server"),
        ));
    }
    assert!(targets.len() > 1, "no targets in {list}");
    targets
}

/// A command as somebody types it, and what it says.
fn transcript(arguments: &[&str]) -> String {
    let emitted = try_emit(arguments);
    let mut text = format!("$ lanward emit {}\n", arguments.join(" "));
    text.push_str(&emitted.out);
    text.push_str(&emitted.complaints);
    if emitted.code != Some(0) {
        text.push_str(&format!("(exit code {:?})\n", emitted.code));
    }
    text
}

#[test]
fn every_target_in_every_mode_is_as_reviewed() {
    const MODES: [&str; 4] = ["allow", "forward", "protect", "static"];
    for (target, is_proxy) in targets() {
        let texts: Vec<String> = if is_proxy {
            let plex = [
                "--plex",
                "192.168.1.10",
                "--id",
                ID,
                "--host",
                "plex.example.com",
            ];
            let jellyfin = ["--jellyfin", "192.168.1.20", "--host", "films.example.com"];
            let served = [&plex[..], &jellyfin[..]];
            let lines = served.map(|media| [&[target.as_str()], media].concat());
            lines.iter().map(|line| transcript(line)).collect()
        } else {
            let plex = ["--plex", "192.168.1.10", "--id", ID];
            let line = |mode, more: &[&str]| {
                transcript(&[&[target.as_str(), "--mode", mode], more].concat())
            };
            let modes = MODES.iter().map(|mode| match *mode {
                "forward" => line(mode, &["--server", SERVER]),
                "static" => line(mode, &plex),
                _ => line(mode, &[]),
            });
            // The other ways to write where lanward is; what one domain alone looks like.
            let alone = ["--server", "[fd00::2]:53", "--domain", "plex.direct"];
            let servers = [
                &alone[..],
                &["--server", "192.168.1.2:5335"],
                &["--server", "127.0.0.1:53"],
            ];
            let servers = servers.map(|server| line("forward", server));
            modes.chain(servers).collect()
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(target.as_str(), texts.join("\n")));
    }
}

/// A snapshot whose target was renamed would be kept forever.
#[test]
fn every_snapshot_has_its_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/emit/snapshots");
    let known: Vec<String> = targets().into_iter().map(|(name, _)| name).collect();
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file.strip_suffix(".snap").unwrap_or_default();
        assert!(
            known.iter().any(|known| known == name),
            "{file} belongs to no target"
        );
    }
}

/// What is pasted twice must not differ: the markers are there to be replaced.
#[test]
fn a_second_run_gives_the_same() {
    for (target, is_proxy) in targets() {
        if is_proxy {
            continue;
        }
        let once = || emit(&[&target, "--server", SERVER]);
        let texts: Vec<String> = iter::repeat_with(once).take(2).collect();
        assert_eq!(texts[0], texts[1]);
    }
}
