//! The command itself: what is refused, how files are written, and that text and data say the same.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::command::{Ran, run};

const ID: &str = "0123456789abcdef0123456789abcdef";

fn emit(arguments: &[&str]) -> Ran {
    run(&[&["emit"], arguments].concat())
}

fn refused(arguments: &[&str], words: &[&str]) {
    let ran = emit(arguments);
    assert_eq!(ran.out, "", "{arguments:?}");
    assert!(
        matches!(ran.code, Some(1 | 2)),
        "{arguments:?}: {:?}",
        ran.code
    );
    for word in words {
        let said = &ran.complaints;
        assert!(said.contains(word), "{arguments:?}: {word:?} in {said}");
    }
}

#[test]
fn a_domain_that_is_none_or_too_wide_is_refused_with_what_to_write() {
    let domain = |name| ["unbound", "--domain", name];
    refused(&domain("*.plex.direct"), &["write \"plex.direct\""]);
    refused(&domain(".plex.direct"), &["write \"plex.direct\""]);
    refused(
        &domain("direct"),
        &["anybody can register", "nas.example.direct"],
    );
    refused(
        &domain("co.uk"),
        &["anybody can register", "nas.example.co.uk"],
    );
    refused(&domain("duckdns.org"), &["name your own host"]);
    refused(&domain("."), &["root", "your own"]);
    refused(&domain("plex..direct"), &["no domain name"]);
    refused(&domain("pl\"ex.direct"), &["letters, digits, hyphens"]);
    refused(&domain("plex.direct\nserver:"), &["no domain name"]);
    refused(&domain(""), &["no domain name"]);
}

#[test]
fn a_server_that_is_none_is_refused() {
    let server = |address| ["dnsmasq", "--server", address];
    for bad in [
        "plex.direct",
        "0.0.0.0:53",
        "[::]:53",
        "192.168.1.2:0",
        "1.2.3:53",
    ] {
        refused(&server(bad), &["no address", "192.168.1.2:53"]);
    }
}

#[test]
fn a_mode_that_does_not_fit_is_refused_with_what_does() {
    refused(
        &["dnsmasq", "--mode", "static"],
        &["--plex ADDRESS --id ID", "[[host]]"],
    );
    refused(
        &["dnsmasq", "--mode", "static", "--plex", "192.168.1.10"],
        &["--id ID", "32 characters"],
    );
    refused(
        &[
            "dnsmasq",
            "--mode",
            "static",
            "--plex",
            "192.168.1.10",
            "--id",
            "abc",
        ],
        &["abc"],
    );
    refused(
        &[
            "dnsmasq",
            "--mode",
            "static",
            "--plex",
            "169.254.0.1",
            "--id",
            ID,
        ],
        &["169.254.0.1"],
    );
    refused(&["dnsmasq", "--host", "plex.example.com"], &["--host"]);
    refused(&["toaster"], &["toaster", "dnsmasq"]);
    refused(&[], &["TARGET"]);
}

/// The lines that are no comments.
fn body(text: &str) -> Vec<&str> {
    let is_comment = |line: &&str| !line.starts_with('#');
    text.lines().filter(is_comment).collect()
}

#[test]
fn domains_exceptions_networks_and_local_names_come_from_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let hosts = folder.path().join("hosts");
    fs::write(&hosts, "192.168.1.3 tv.example.net\n").unwrap();
    let configuration = folder.path().join("lanward.toml");
    let text = format!(
        "[server]\nlisten = [\"192.168.1.2:53\"]\n[server.tls]\nself_signed = true\nname = \"dns.example.net\"\ntls = [\"192.168.1.2:853\"]\n[embedded]\npresets = [\"plex.direct\", \"sslip.io\"]\n\
         [[rebinding.allow]]\ndomain = \"nas.example.com\"\n[rebinding]\nown_networks = [\"2001:db8:1::/48\", \"203.0.112.0/24\"]\nown_action = \"block\"\n\
         [[host]]\nname = \"jellyfin.example.org\"\naddresses = [\"192.168.1.20\"]\n[[route]]\ndomains = [\"corp.example\"]\n\
         servers = [\"127.0.0.9\"]\nprivate = true\n[[route]]\ndomains = [\"lan\"]\nservers = [\"127.0.0.9\"]\n[hosts]\nfiles = [\"{}\"]\n",
        hosts.display()
    );
    fs::write(&configuration, text).unwrap();
    let configuration = configuration.to_str().unwrap();
    let run = |mode| {
        let ran = emit(&["unbound", "--config", configuration, "--mode", mode]);
        assert_eq!((ran.complaints.as_str(), ran.code), ("", Some(0)));
        ran.out
    };
    let (allow, forward, protect) = (run("allow"), run("forward"), run("protect"));
    // lanward lets private answers of these pass; a private route is one to a server inside.
    for name in [
        "plex.direct",
        "sslip.io",
        "nip.io",
        "nas.example.com",
        "corp.example",
    ] {
        let line = format!("    private-domain: \"{name}\"");
        for text in [&allow, &forward, &protect] {
            assert!(body(text).contains(&line.as_str()), "{line} in {text}");
        }
    }
    for name in [
        "jellyfin.example.org",
        "lan",
        "tv.example.net",
        "dns.example.net",
    ] {
        let line = format!("    name: \"{name}\"");
        assert!(
            body(&forward).contains(&line.as_str()),
            "{line} in {forward}"
        );
        assert!(!allow.contains(&format!("\"{name}\"")), "{name} in {allow}");
    }
    assert!(forward.contains("forward-addr: 192.168.1.2\n"), "{forward}");
    for range in [
        "10.0.0.0/8",
        "203.0.112.0/24",
        "2001:db8:1::/48",
        "fc00::/7",
    ] {
        let line = format!("    private-address: {range}");
        assert!(
            body(&protect).contains(&line.as_str()),
            "{line} in {protect}"
        );
    }
    let one = emit(&[
        "unbound",
        "--config",
        configuration,
        "--mode",
        "allow",
        "--domain",
        "only.example.com",
    ]);
    assert_eq!(
        body(&one.out),
        ["server:", "    private-domain: \"only.example.com\""]
    );
}

#[test]
fn data_and_text_say_the_same() {
    for target in targets() {
        let arguments = [target.as_str(), "--server", "192.168.1.2:53"];
        let text = emit(&arguments);
        if text.code != Some(0) {
            // It stands in front of a media server, or wants to know one.
            continue;
        }
        let data = emit(&[&arguments[..], &["--format", "json"]].concat());
        let data: serde_json::Value = serde_json::from_str(&data.out).unwrap();
        assert_eq!(data["target"], target.as_str());
        for part in data["parts"].as_array().unwrap() {
            let pasted = part["text"].as_str().unwrap();
            assert!(
                text.out.contains(pasted.trim_end()),
                "{pasted} in {}",
                text.out
            );
        }
        assert_eq!(data["verify"].as_array().unwrap().len(), 2, "{target}");
        assert_eq!(emit(&arguments).out, text.out, "a second run of {target}");
    }
}

#[test]
fn of_many_that_make_a_file_at_once_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.conf");
    let path = file.to_str().unwrap();
    let codes: Vec<Option<i32>> = std::thread::scope(|scope| {
        let run = |_| scope.spawn(|| emit(&["dnsmasq", "--output", path]).code);
        let running: Vec<_> = (0..12).map(run).collect();
        running.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let made = codes.iter().filter(|code| **code == Some(0)).count();
    assert_eq!(made, 1, "{codes:?}");
    assert_eq!(left_over(folder.path()), ["lanward.conf"]);
}

#[test]
fn what_is_no_file_is_neither_read_nor_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let path = pipe.to_str().unwrap();
    refused(
        &["dnsmasq", "--output", path, "--in-place"],
        &["no regular file", "nothing was changed"],
    );
    refused(
        &["dnsmasq", "--output", "/dev/zero", "--in-place"],
        &["no regular file"],
    );
    refused(
        &["dnsmasq", "--output", "/dev/stdout"],
        &["is there already", "printed"],
    );
    let configuration = folder.path().join("lanward.toml");
    for hosts in [path, "/nonexistent/hosts"] {
        fs::write(&configuration, format!("hosts.files = [\"{hosts}\"]\n")).unwrap();
        refused(
            &["dnsmasq", "--config", configuration.to_str().unwrap()],
            &[hosts, "[hosts] files"],
        );
        let configuration = configuration.to_str().unwrap();
        let single = ["--config", configuration, "--domain", "plex.direct"];
        let ran = emit(&[&["dnsmasq"], &single[..]].concat());
        assert_eq!(ran.code, Some(0), "as is advised: {}", ran.complaints);
    }
}

#[test]
fn a_flag_that_would_do_nothing_is_refused() {
    let plex = ["--plex", "192.168.1.10", "--id", ID];
    let with = |more: &[&'static str]| [more, &plex].concat();
    refused(&["dnsmasq", "--port", "444"], &["--port"]);
    refused(&["dnsmasq", "--jellyfin", "192.168.1.20"], &["--jellyfin"]);
    refused(
        &with(&["dnsmasq", "--mode", "forward"]),
        &["--plex", "static"],
    );
    refused(
        &["dnsmasq", "--format", "json", "--part", "conf"],
        &["--part"],
    );
    for flag in [
        ["--domain", "example.com"],
        ["--server", "192.168.1.2"],
        ["--mode", "allow"],
    ] {
        let host = ["caddy", "--host", "plex.example.com", flag[0], flag[1]];
        refused(&with(&host), &[flag[0]]);
    }
    for host in [".", "plex", "_plex.example.com"] {
        refused(&with(&["caddy", "--host", host]), &["no public name"]);
    }
    // Who names an own server means its fixed name.
    let fixed = emit(&with(&["dnsmasq"])).out;
    assert_eq!(fixed, emit(&with(&["dnsmasq", "--mode", "static"])).out);
    assert!(
        fixed.contains(&format!("192-168-1-10.{ID}.plex.direct/192.168.1.10")),
        "{fixed}"
    );
}

/// Names that cannot be written elsewhere are left out, and named.
#[test]
fn what_is_left_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("lanward.toml");
    let text = "[[host]]\nname = \"*.nas.home.arpa\"\naddresses = [\"192.168.1.5\"]\n[[host]]\nname = \"a,b.home.arpa\"\naddresses = [\"192.168.1.6\"]\n\
        [[host]]\nname = \"tv.home.arpa\"\naddresses = [\"192.168.1.7\"]\n";
    fs::write(&configuration, text).unwrap();
    let run = |mode| {
        emit(&[
            "dnsmasq",
            "--config",
            configuration.to_str().unwrap(),
            "--mode",
            mode,
        ])
    };
    let fixed = run("static").out;
    assert!(
        fixed.contains("*.nas.home.arpa in lanward's configuration is left out"),
        "{fixed}"
    );
    let forward = run("forward").out;
    assert!(
        forward.contains("a,b.home.arpa in lanward's configuration is left out"),
        "{forward}"
    );
    assert!(
        body(&forward)
            .iter()
            .any(|line| line.contains("/nas.home.arpa/")),
        "{forward}"
    );
    assert_eq!(run("protect").code, Some(0));
}

/// What an exception asks for beyond its name gets lost in other programs, so it is said.
#[test]
fn a_bound_of_an_exception_that_is_lost_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("lanward.toml");
    let text = "[[rebinding.allow]]\ndomain = \"corp.example.net\"\nranges = [\"10.1.0.0/16\"]\nclients = [\"192.168.1.5/32\"]\n";
    fs::write(&configuration, text).unwrap();
    let run = |mode| {
        let configuration = configuration.to_str().unwrap();
        let ran = emit(&[
            "unbound",
            "--config",
            configuration,
            "--mode",
            mode,
            "--format",
            "json",
        ]);
        let data: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        data["notes"].to_string()
    };
    let bound = "For corp.example.net lanward gives only addresses in 10.1.0.0/16, and only to 192.168.1.5/32;";
    assert!(run("allow").contains(bound), "{}", run("allow"));
    assert!(run("protect").contains(bound));
    // There lanward answers, and looks.
    assert!(!run("forward").contains(bound));
}

/// What is asked to see whether it works is a name that is meant.
#[test]
fn the_question_that_must_be_answered_is_about_what_is_meant() {
    let good = |arguments: &[&str]| {
        let ran = emit(&[arguments, &["--format", "json"]].concat());
        let data: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        data["verify"][0].to_string()
    };
    assert!(good(&["unbound"]).contains(".plex.direct"));
    let other = good(&["unbound", "--domain", "corp.example.net"]);
    assert!(
        !other.contains("plex.direct") && other.contains("NAME"),
        "{other}"
    );
    let folder = tempfile::tempdir().unwrap();
    let configuration = folder.path().join("lanward.toml");
    let path = configuration.to_str().unwrap();
    fs::write(&configuration, "embedded.presets = []\n[[host]]\nname = \"nas.example.org\"\naddresses = [\"192.168.1.20\"]\n").unwrap();
    let host = good(&["unbound", "--config", path]);
    assert!(
        host.contains("nas.example.org") && host.contains("192.168.1.20"),
        "{host}"
    );
    fs::write(&configuration, "embedded.presets = []\n").unwrap();
    refused(&["unbound", "--config", path], &["no domain", "--domain"]);
}

/// One list: what it shows is what help, completions and README show.
#[test]
fn every_target_is_in_help_completions_and_readme() {
    let lanward = |arguments: &[&str]| run(arguments).out;
    let help = lanward(&["emit", "--help"]);
    // What is made for fish knows flags and their values alone.
    let shells = ["bash", "zsh"].map(|shell| lanward(&["completions", shell]));
    let readme = include_str!("../../../README.md");
    let section = readme.split("## Next to another resolver").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("` `"));
    let mut told: Vec<&str> = rows
        .flat_map(|row| row.split('`').skip(1).step_by(2))
        .collect();
    told.sort_unstable();
    let mut listed = targets();
    listed.sort();
    assert_eq!(told, listed, "README and `emit --list`");
    for target in listed {
        let word = format!("  {target} ");
        assert!(help.contains(&word), "{target} in {help}");
        for shell in &shells {
            assert!(shell.contains(&target), "{target} in completions");
        }
    }
}

/// What README shows of a snippet is what is printed.
#[test]
fn the_examples_in_readme_are_what_is_printed() {
    let readme = include_str!("../../../README.md");
    let blocks = readme.split("```console\n").skip(1);
    let mut shown = 0;
    for block in blocks.map(|rest| rest.split("```").next().unwrap()) {
        for example in block.split("$ lanward emit ").skip(1) {
            let (command, lines) = example.split_once('\n').unwrap();
            if command.contains('|') {
                continue;
            }
            let printed = emit(&command.split(' ').collect::<Vec<_>>()).out;
            let mut rest = printed.lines();
            for line in lines.lines().filter(|line| *line != "…") {
                let found = rest.any(|printed| printed == line);
                assert!(found, "{command}: {line:?} in {printed}");
            }
            shown += 1;
        }
    }
    assert_eq!(shown, 3);
}

/// The words of all targets, as the list shows them.
fn targets() -> Vec<String> {
    let list = emit(&["--list"]).out;
    let lines = list.lines().skip(1);
    let words = lines.filter_map(|line| line.split_whitespace().next());
    words.map(str::to_owned).collect()
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.conf");
    let path = file.to_str().unwrap();
    assert_eq!(emit(&["dnsmasq", "--output", path]).code, Some(0));
    let printed = emit(&["dnsmasq"]).out;
    assert_eq!(fs::read_to_string(&file).unwrap(), printed);
    refused(
        &["dnsmasq", "--output", path],
        &["is there already", "--in-place"],
    );
    refused(&["dnsmasq", "--in-place"], &["--output"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), printed);
    assert_eq!(left_over(folder.path()), ["lanward.conf"]);
}

fn left_over(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn in_place_only_what_is_between_the_markers_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unbound.conf");
    let path = file.to_str().unwrap();
    let mine = |server| emit(&["unbound", "--server", server]).out;
    let indented = |text: &str| -> String {
        let lines: Vec<String> = text.lines().map(|line| format!("  {line}\r\n")).collect();
        lines.concat()
    };
    // Octets that are no UTF-8, no line end at the end, line ends of another system, and a block that is indented.
    let plain = str::to_owned as fn(&str) -> String;
    for (before, after, change) in [
        (
            &b"# mine \xff\n"[..],
            &b"# rest \xfe without a line end"[..],
            plain,
        ),
        (b"", b"", plain),
        (b"x\r\n", b"y\r\n", indented),
    ] {
        let around = |block: &str| [before, change(block).as_bytes(), after].concat();
        fs::write(&file, around(&mine("192.168.1.2:53"))).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        for _ in 0..2 {
            let ran = emit(&[
                "unbound",
                "--server",
                "192.168.1.3:54",
                "--output",
                path,
                "--in-place",
            ]);
            assert_eq!(
                (ran.out.as_str(), ran.complaints.as_str(), ran.code),
                ("", "", Some(0))
            );
            let now = fs::read(&file).unwrap();
            let expected = around(&mine("192.168.1.3:54"));
            assert_eq!(
                String::from_utf8_lossy(&now),
                String::from_utf8_lossy(&expected)
            );
            assert_eq!(now, expected);
        }
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );
    }
    let link = folder.path().join("link.conf");
    symlink(&file, &link).unwrap();
    fs::write(&file, indented(&mine("192.168.1.3:54"))).unwrap();
    let ran = emit(&[
        "unbound",
        "--server",
        "192.168.1.2:53",
        "--output",
        link.to_str().unwrap(),
        "--in-place",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.complaints);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        indented(&mine("192.168.1.2:53"))
    );
    assert_eq!(left_over(folder.path()), ["link.conf", "unbound.conf"]);
}

#[test]
fn without_both_markers_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unbound.conf");
    let path = file.to_str().unwrap();
    let block = emit(&["unbound"]).out;
    let lines: Vec<&str> = block.lines().collect();
    let allow = emit(&["unbound", "--mode", "allow"]).out;
    let other = allow.clone();
    for (text, words) in [
        ("server:\n".to_owned(), "no line that begins"),
        (other, "no line that begins"),
        (
            lines[..lines.len() - 1].join("\n"),
            "no line behind it ends",
        ),
        (format!("{block}{block}"), "again in line"),
        // Lines of somebody's that only speak of markers.
        (
            format!(
                "keep: me # {}\nkeep: too # {}\n",
                lines[0],
                lines[lines.len() - 1]
            ),
            "no line that begins",
        ),
        // The last line got lost, and what follows is not ours.
        (
            format!("{}\nmine\n{allow}{block}", lines[0]),
            "again in line",
        ),
        (
            format!("{}\nmine\n{allow}{}\n", lines[0], lines[lines.len() - 1]),
            "another marker in line 3",
        ),
    ] {
        fs::write(&file, &text).unwrap();
        refused(
            &["unbound", "--output", path, "--in-place"],
            &[words, path, "nothing was changed"],
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    // One that is not there yet is made.
    let new = folder.path().join("new.conf");
    let path = new.to_str().unwrap();
    assert_eq!(
        emit(&["unbound", "--output", path, "--in-place"]).code,
        Some(0)
    );
    assert_eq!(fs::read_to_string(&new).unwrap(), block);
    let nowhere = folder.path().join("missing").join("new.conf");
    refused(
        &["unbound", "--output", nowhere.to_str().unwrap()],
        &["nothing was changed"],
    );
    assert_eq!(left_over(folder.path()), ["new.conf", "unbound.conf"]);
}
