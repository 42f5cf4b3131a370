//! What is written for every target, in every mode, as reviewed files. They show a change of words as a reader will see it.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test --test it snapshots`, and read the difference.

use std::path::Path;
use std::{fs, thread};

use tempfile::TempDir;

use crate::support::command::{Ran, run};

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

/// Runs `lanward emit` with these arguments and the configuration above.
pub(super) fn try_emit(arguments: &[&str]) -> Ran {
    let folder = network();
    let file = folder.path().join("lanward.toml");
    let config = ["--config", file.to_str().unwrap()];
    run(&[&["emit"], arguments, &config].concat())
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
    let ending = match emitted.code.unwrap() {
        0 => String::new(),
        code => format!("(exit code {code})\n"),
    };
    format!(
        "$ lanward emit {}\n{}{}{ending}",
        arguments.join(" "),
        emitted.out,
        emitted.complaints
    )
}

/// All that is kept about a target.
fn transcripts(target: &str, is_proxy: bool) -> String {
    let run = |more: &[&str]| transcript(&[&[target], more].concat());
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
        [&plex[..], &jellyfin].map(run).into()
    } else {
        let cases: [&[&str]; 7] = [
            &["--mode", "allow"],
            &["--mode", "forward", "--server", SERVER],
            &["--mode", "protect"],
            &["--mode", "static", "--plex", "192.168.1.10", "--id", ID],
            // The other ways to write where lanward is; what one domain alone looks like.
            &[
                "--mode",
                "forward",
                "--server",
                "[fd00::2]:53",
                "--domain",
                "plex.direct",
            ],
            &["--mode", "forward", "--server", "192.168.1.2:5335"],
            &["--mode", "forward", "--server", "127.0.0.1:53"],
        ];
        cases.map(run).into()
    };
    texts.join("\n")
}

#[test]
fn every_target_in_every_mode_is_as_reviewed() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let targets = targets();
    thread::scope(|scope| {
        // The program runs some hundred times.
        let running: Vec<_> = (targets.iter())
            .map(|(target, is_proxy)| (target, scope.spawn(|| transcripts(target, *is_proxy))))
            .collect();
        for (target, texts) in running {
            let texts = texts.join().unwrap();
            settings.bind(|| insta::assert_snapshot!(target.as_str(), texts));
        }
    });
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
