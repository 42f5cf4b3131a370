//! The commands, as somebody types them.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::process::Command;

use crate::support::command::run;
use crate::support::lanward::Lanward;
use crate::support::records::{A, a, cname};
use crate::support::upstream::Upstream;
use crate::support::wire::Response;

const ID: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn decode_says_the_address_or_why_there_is_none() {
    let name = |front: &str| format!("{front}.{ID}.plex.direct");
    let ran = run(&[
        "decode",
        &name("192-168-1-10"),
        &name("2001-0DB8-0000-0000-0000-0000-0000-0001"),
        &name("2001-db8--1"),
        "10-0-0-1.sslip.io",
    ]);
    assert_eq!(
        ran.out,
        "192.168.1.10\n2001:db8::1\n2001:db8::1\n10.0.0.1\n"
    );
    assert_eq!(ran.code, Some(0));
    for bad in [
        name("192-168-1-256"),
        name("01-2-3-4"),
        format!("1-2-3-4.{}.plex.direct", &ID[1..]),
        "example.org".to_owned(),
    ] {
        let ran = run(&["decode", &bad]);
        assert_eq!((ran.out.as_str(), ran.code), ("", Some(1)), "{bad}");
        assert!(ran.complaints.contains(&bad), "{}", ran.complaints);
    }
}

#[test]
fn the_version_names_the_commit_and_what_is_in_it() {
    let version = env!("CARGO_PKG_VERSION");
    let long = run(&["--version"]);
    assert_eq!(long.code, Some(0));
    let lines: Vec<&str> = long.out.lines().collect();
    let short = run(&["-V"]);
    assert_eq!(lines[0], short.out.trim_end());
    let commit = lines[0]
        .strip_prefix(&format!("lanward {version} ("))
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or_else(|| panic!("{}", long.out));
    // Tests are built in a repository, in an archive of it, or without optimisation.
    let hash = commit.split(',').next().unwrap();
    let is_hash = hash.len() == 12 && hash.chars().all(|digit| digit.is_ascii_hexdigit());
    assert!(
        is_hash || matches!(commit, "debug build" | "unknown commit"),
        "{commit}"
    );
    let architecture = std::env::consts::ARCH;
    assert!(
        lines[1].starts_with(&format!("target: {architecture}-")),
        "{}",
        long.out
    );
    assert!(
        lines[2].starts_with("features: dot doh doh3 doq dnssec"),
        "{}",
        long.out
    );
    assert_eq!(lines.len(), 3, "{}", long.out);
}

#[test]
fn encode_is_the_other_way() {
    for (address, name) in [
        ("192.168.1.10", "192-168-1-10"),
        ("2001:db8::1", "2001-0db8-0000-0000-0000-0000-0000-0001"),
    ] {
        let ran = run(&["encode", address, "--id", ID]);
        assert_eq!(ran.out, format!("{name}.{ID}.plex.direct\n"));
        assert_eq!(run(&["decode", ran.out.trim()]).out.trim(), address);
    }
    for bad in [
        &["encode", "192.168.1.10"][..],
        &["encode", "169.254.1.1", "--id", ID],
        &["encode", "10.0.0.1", "--id", "short"],
        &["encode", "10.0.0.1", "--id", ID, "--domain", "example.org"],
    ] {
        let ran = run(bad);
        assert_eq!((ran.out.as_str(), ran.code), ("", Some(1)), "{bad:?}");
        assert!(!ran.complaints.is_empty(), "{bad:?}");
    }
}

#[test]
fn check_tells_all_findings_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.toml");
    let path = file.to_str().unwrap();
    fs::write(
        &file,
        "[server]\nlisten = [\"127.0.0.1\"]\n[embedded]\npresets = [\"plex.direkt\"]\n[[rebinding.allow]]\ndomain = \"*.example.com\"\n",
    )
    .unwrap();
    let ran = run(&["check", "--config", path]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    for place in [
        ":2:11: error: listen: ",
        ":4:12: error: presets: ",
        ":6:10: error: domain: ",
    ] {
        assert!(
            ran.out.contains(&format!("{path}{place}")),
            "{place} in {}",
            ran.out
        );
    }
    let serve = run(&["serve", "--config", path]);
    assert_eq!(serve.code, Some(2), "nothing is half-started");
    assert!(
        serve.complaints.contains(":4:12: error: presets: "),
        "{}",
        serve.complaints
    );

    fs::write(&file, "[server]\nlisten = [\"127.0.0.1:5353\"]\n").unwrap();
    let ran = run(&["check", "--config", path]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    // The folder of the cache's file is relative to that of the configuration.
    fs::write(&file, "[cache]\nfile = \"missing/cache\"\n").unwrap();
    let ran = run(&["check", "--config", path]);
    let place = folder.path().join("missing/cache");
    let warning = format!("{}: warning: [cache] file: its folder", place.display());
    assert!(
        ran.code == Some(0) && ran.out.contains(&warning),
        "{}",
        ran.out
    );
    assert_eq!(
        run(&["check", "--config", "/nowhere/lanward.toml"]).code,
        Some(1)
    );
}

#[test]
fn a_taken_port_is_explained() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = format!("(process {})", std::process::id());
    for (address, protocol) in [(socket.local_addr(), "udp"), (listener.local_addr(), "tcp")] {
        let address = address.unwrap().to_string();
        let ran = run(&["serve", "--listen", &address, "--upstream", "127.0.0.1:9"]);
        assert_eq!(ran.code, Some(2));
        for words in [
            &address,
            protocol,
            &own,
            "listen on another address or port",
        ] {
            assert!(
                ran.complaints.contains(words),
                "{words} in {}",
                ran.complaints
            );
        }
    }
}

#[test]
fn asking_oneself_is_refused_at_the_start() {
    let free = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let port = free.rsplit(':').next().unwrap();
    for listen in [free.clone(), format!("0.0.0.0:{port}")] {
        let ran = run(&["serve", "--listen", &listen, "--upstream", &free]);
        assert_eq!(ran.code, Some(2), "{}", ran.complaints);
        assert!(ran.complaints.contains("ask itself"), "{}", ran.complaints);
    }
}

#[test]
fn explain_walks_the_road() {
    let upstream = Upstream::start();
    upstream.on(
        "good.example",
        A,
        Response::new(vec![a("good.example", "93.184.216.34")]),
    );
    upstream.on(
        "evil.example",
        A,
        Response::new(vec![a("evil.example", "192.168.1.1")]),
    );
    let target = format!("192-168-1-1.{ID}.plex.direct");
    upstream.on(
        "alias.example",
        A,
        Response::new(vec![cname("alias.example", &target)]),
    );
    let server = upstream.address.to_string();
    let explain = |name: &str| {
        let ran = run(&["explain", name, "--upstream", &server]);
        assert_eq!(ran.code, Some(0), "{}", ran.complaints);
        ran.out
    };
    let cases: [(&str, &[&str]); 6] = [
        (
            &target,
            &[
                "plex.direct names carry their address: 192.168.1.1",
                "NOERROR",
            ],
        ),
        ("1-2-3-4.short.plex.direct", &["not decoded", "short"]),
        (
            "printer.local",
            &["local never leaves the network", "NXDOMAIN"],
        ),
        (
            "good.example",
            &["the default servers: ", "93.184.216.34", "passes"],
        ),
        (
            "evil.example",
            &[
                "blocked: evil.example A 192.168.1.1",
                "rfc1918",
                "[[rebinding.allow]]",
                "domain = \"evil.example\"",
                "ranges = [\"192.168.1.1/32\"]",
            ],
        ),
        (
            "alias.example",
            &["blocked", "alias into plex.direct", "alias_to"],
        ),
    ];
    for (name, expected) in cases {
        let out = explain(name);
        for words in expected {
            assert!(out.contains(words), "{words:?} is missing in:\n{out}");
        }
    }

    // An alias of local data is followed to where it leads.
    let folder = tempfile::tempdir().unwrap();
    let zone =
        "$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.168.1.2\nout CNAME good.example.\n";
    fs::write(folder.path().join("zone"), zone).unwrap();
    let file = folder.path().join("lanward.toml");
    fs::write(&file, "[[zone]]\norigin = \"home.arpa\"\nfile = \"zone\"\n").unwrap();
    let local = ["--upstream", &server, "--config", file.to_str().unwrap()];
    let out = run(&[&["explain", "out.home.arpa"][..], &local].concat()).out;
    for words in [
        "an alias of local data leads to good.example",
        "93.184.216.34",
    ] {
        assert!(out.contains(words), "{words:?} is missing in:\n{out}");
    }

    // The lines that it shows are the lines that help.
    let out = explain("evil.example");
    let lines = out.split_once("[[rebinding.allow]]").unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.toml");
    fs::write(&file, format!("[[rebinding.allow]]{lines}")).unwrap();
    let ran = run(&[
        "explain",
        "evil.example",
        "--upstream",
        &server,
        "--config",
        file.to_str().unwrap(),
    ]);
    assert!(ran.out.contains("passes"), "{}", ran.out);
}

#[test]
fn healthcheck_needs_no_upstream() {
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], "");
    let ran = run(&["healthcheck", "--server", &lanward.address.to_string()]);
    assert_eq!(ran.code, Some(0), "{}", ran.complaints);
    drop(lanward);
    let nobody = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let ran = run(&["healthcheck", "--server", &nobody]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.complaints.contains(&nobody), "{}", ran.complaints);
}

/// A container's check must not need to be told again what the server was told.
#[test]
fn healthcheck_asks_where_the_server_listens() {
    for (allow, words) in [
        ("loopback", "answers"),
        ("240.0.0.1", "is open, and lets nobody on this machine ask"),
    ] {
        let toml = format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\nallow = [{allow:?}]\n[upstream]\nservers = []\n"
        );
        let lanward = Lanward::configured(&toml);
        let port = lanward.address.port();
        let door = format!("127.0.0.1:{port}");
        // What was mistyped since, the server has not taken over.
        let typo = format!(
            "[server]\nlisten = [\"[::]:{port}\", \"0.0.0.0:{port}\"]\nallow = [{allow:?}]\nalow = 1\n"
        );
        fs::write(lanward.file(), typo).unwrap();
        let file = lanward.file();
        let file = file.to_str().unwrap();
        let ran = run(&["healthcheck", "--config", file]);
        assert_eq!(ran.out, format!("{door} {words}\n"), "{}", ran.complaints);
        assert_eq!(ran.code, Some(0));
        for (listen, code) in [(door.as_str(), 0), ("127.0.0.1:1", 1)] {
            let mut check = Command::new(env!("CARGO_BIN_EXE_lanward"));
            check.arg("healthcheck").env_clear();
            check
                .env("LANWARD_CONFIG", file)
                .env("LANWARD_LISTEN", listen);
            assert_eq!(
                check.output().unwrap().status.code(),
                Some(code),
                "{listen}"
            );
        }
        lanward.signal("-STOP");
        assert_eq!(run(&["healthcheck", "--config", file]).code, Some(1));
        lanward.signal("-CONT");
        assert_eq!(run(&["healthcheck", "--config", file]).code, Some(0));
        fs::write(file, "[server").unwrap();
        assert_eq!(run(&["healthcheck", "--config", file]).code, Some(1));
    }
}

#[test]
fn help_names_every_command() {
    let help = run(&["--help"]);
    for command in [
        "serve",
        "check",
        "explain",
        "decode",
        "encode",
        "healthcheck",
    ] {
        assert!(help.out.contains(command), "{command}");
        assert_eq!(run(&[command, "--help"]).code, Some(0));
    }
    assert_eq!(run(&["no-such-command"]).code, Some(2));
}
