//! What is written for every target, in every mode, as reviewed files. They show a change of words as a reader will see it.
//!
//! After a change that is meant: `INSTA_UPDATE=always cargo test --test it snapshots`, and read the difference.

use std::path::Path;
use std::{fs, thread};

use rcgen::SanType;
use tempfile::TempDir;

use crate::support::authority::Authority;
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

/// What `lanward emit` prints with doors of all kinds open on all addresses.
pub(super) fn emit_doors(arguments: &[&str]) -> String {
    emit_doors_with(arguments, &doors(&authority()))
}

/// The same, with these lines for the doors.
pub(super) fn emit_doors_with(arguments: &[&str], doors: &str) -> String {
    let emitted = try_emit_with(arguments, doors);
    assert_eq!(emitted.code, Some(0), "{emitted:?}");
    emitted.out
}

/// Who vouches for `dns.home.example`.
fn authority() -> Authority {
    Authority::with(|params| {
        let name = "dns.home.example".try_into().unwrap();
        params.subject_alt_names.push(SanType::DnsName(name));
    })
}

/// The encrypted doors. The file names are those of a test's own authority.
fn doors(authority: &Authority) -> String {
    let [certificate, key] = authority.files();
    format!(
        "[server.tls]\ncertificate = {certificate:?}\nkey = {key:?}\nname = \"dns.home.example\"\n\
         tls = [\"0.0.0.0:853\", \"[::]:853\"]\nquic = [\"0.0.0.0:853\", \"[::]:853\"]\nhttps = [\"0.0.0.0:443\", \"[::]:443\"]\nh3 = [\"0.0.0.0:443\", \"[::]:443\"]\n"
    )
}

/// What somebody without `[server.tls]` reads, and somebody who does not say where lanward is; then one address, one of each family,
/// and the one that the doors have.
fn transcripts_of_doors(target: &str) -> Vec<String> {
    let authority = authority();
    let on_all = doors(&authority);
    let on_one = on_all
        .replace("0.0.0.0", "192.168.1.2")
        .replace("[::]", "[fd00::2]");
    let both = ["--server", "192.168.1.2", "--server", "fd00::2"];
    let cases: [(&str, &[&str]); 5] = [
        ("", &[]),
        (&on_all, &[]),
        (&on_all, &both[..2]),
        (&on_all, &both),
        (&on_one, &[]),
    ];
    let texts = cases.map(|(more, arguments)| {
        let arguments = [&[target], arguments].concat();
        shown(&arguments, &try_emit_with(&arguments, more))
    });
    texts.into()
}

/// Runs `lanward emit` with these arguments and the configuration above.
pub(super) fn try_emit(arguments: &[&str]) -> Ran {
    try_emit_with(arguments, "")
}

/// The same, with more in the configuration.
fn try_emit_with(arguments: &[&str], more: &str) -> Ran {
    let folder = network(more);
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

fn network(more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let configuration = CONFIGURATION.to_owned() + more;
    fs::write(folder.path().join("lanward.toml"), configuration).unwrap();
    fs::write(folder.path().join("home.arpa.zone"), ZONE).unwrap();
    folder
}

/// What a target is for, as the list says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Resolver,
    Proxy,
    Devices,
}

/// Every target in the list.
fn targets() -> Vec<(String, Kind)> {
    let list = emit(&["--list"]);
    let mut targets = Vec::new();
    for line in list.lines().filter(|line| line.starts_with("  ")) {
        let name = line.split_whitespace().next().unwrap();
        let kind = match line.rsplit_once(": ").unwrap().1 {
            "in front of a media server" => Kind::Proxy,
            "where the encrypted doors are" => Kind::Devices,
            _ => Kind::Resolver,
        };
        targets.push((name.to_owned(), kind));
    }
    assert!(targets.len() > 1, "no targets in {list}");
    targets
}

/// A command as somebody types it, and what it says.
fn transcript(arguments: &[&str]) -> String {
    shown(arguments, &try_emit(arguments))
}

fn shown(arguments: &[&str], emitted: &Ran) -> String {
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
fn transcripts(target: &str, kind: Kind) -> String {
    let run = |more: &[&str]| transcript(&[&[target], more].concat());
    let texts: Vec<String> = if kind == Kind::Devices {
        transcripts_of_doors(target)
    } else if kind == Kind::Proxy {
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
            .map(|(target, kind)| (target, scope.spawn(|| transcripts(target, *kind))))
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
