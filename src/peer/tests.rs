//! That nothing which a file can say makes a reader fall over, or offers what lanward refuses.

use std::fs;

use proptest::prelude::*;

use super::{Kind, Known, read};
use crate::config::{DEFAULT_LISTEN, Settings, Severity, default_domains};

fn known() -> Known {
    let decoded = default_domains();
    Known {
        decoded: decoded.iter().map(|domain| *domain.suffix()).collect(),
        listeners: vec![DEFAULT_LISTEN],
    }
}

/// Reads a text as each format, and proves what it offers.
fn check(text: &str) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("conf");
    fs::write(&file, text).unwrap();
    for kind in Kind::ALL {
        let reading = read(kind, &file, &known());
        let offer = reading.offer(&known());
        let (_, findings) = Settings::prove(&file, &offer);
        let errors: Vec<String> = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error)
            .map(ToString::to_string)
            .collect();
        prop_assert!(errors.is_empty(), "{kind:?}\n{text}\n{offer}\n{errors:?}");
        let lines = u32::try_from(text.lines().count()).unwrap();
        for finding in &reading.findings {
            prop_assert!(finding.line <= lines.max(1), "{kind:?}\n{text}\n{finding}");
            let is_plain = !finding.problem.contains(char::is_control);
            prop_assert!(is_plain, "{:?}", finding.problem);
        }
    }
    Ok(())
}

const KEYS: [&str; 28] = [
    "stop-dns-rebind",
    "rebind-domain-ok=",
    "rebind-domain-ok=/",
    "server=",
    "server=/",
    "local=/lan/",
    "dnssec",
    "conf-file=",
    "conf-dir=",
    "server:",
    "forward-zone:",
    "stub-zone:",
    " name:",
    " forward-addr:",
    " forward-tls-upstream: yes",
    " private-domain:",
    " private-address:",
    " include:",
    " local-zone:",
    "nameserver ",
    "options rotate",
    "[dns]\nupstreams = [",
    "[misc]\ndnsmasq_lines = [",
    "dns:\n  upstream_dns:\n    - ",
    "    - ",
    "user_rules:\n  - ",
    "filters:\n  - enabled: true\n    url: dns-rebind-protection",
    "",
];

const VALUES: [&str; 34] = [
    "plex.direct",
    "*.plex.direct",
    "corp.example",
    ".corp.example",
    "/corp.example/10.0.0.53",
    "corp.example/10.0.0.53#5353",
    "co.uk",
    "lan",
    ".",
    "\"\"",
    "\"home.arpa\"",
    "127.0.0.1@5335",
    "127.0.0.1#5335",
    "9.9.9.9@853#dns.quad9.net",
    "9.9.9.9",
    "[2620:fe::fe]#53",
    "fd00::1@53",
    "fe80::1%eth0",
    "0.0.0.0",
    "::ffff:0:0/96",
    "10.0.0.0/8",
    "\"server=/corp.example/10.0.0.53\", \"stop-dns-rebind\"]",
    "'@@||corp.example^'",
    "'@@||*.corp.example^$important'",
    "'[/corp.example/lan/]10.0.0.53 tls://dns.example'",
    "https://dns.example/dns-query",
    "tls://dns.example@192.0.2.1#sha256/x",
    "sdns://AAAA",
    "quic://[::1]:853",
    "conf",
    "*",
    "\"a\\\"",
    "&a [*a, *a]",
    "a\u{1b}[2Jb",
];

fn any_line() -> impl Strategy<Value = String> {
    let known = (
        prop::sample::select(&KEYS[..]),
        prop::sample::select(&VALUES[..]),
    );
    prop_oneof![
        8 => known.prop_map(|(key, value)| format!("{key}{value}")),
        2 => (prop::sample::select(&KEYS[..]), ".{0,20}").prop_map(|(key, value)| format!("{key}{value}")),
        1 => ".{0,40}",
    ]
}

proptest! {
    #[test]
    fn whatever_a_file_says_what_is_offered_is_sound(lines in prop::collection::vec(any_line(), 0..12)) {
        check(&lines.join("\n"))?;
    }

    #[test]
    fn octets_that_are_no_text_are_read_as_well(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&String::from_utf8_lossy(&octets))?;
    }
}

#[test]
fn a_file_that_goes_on_and_on_ends() {
    for text in [
        "server=/".repeat(50_000),
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(10_000),
        "rebind-domain-ok=/a.example/\n".repeat(11_000),
        "server: private-domain: b.example\n".repeat(11_000),
        "nameserver 10.0.0.x\n".repeat(11_000),
        "conf-dir=.\n".repeat(2000),
        "server: include: *\n".repeat(2000),
        "conf-file=conf\n".repeat(300),
        "server: include: conf\n".repeat(300),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("conf");
        fs::write(&file, text).unwrap();
        for kind in Kind::ALL {
            let reading = read(kind, &file, &known());
            assert!(reading.findings.len() <= 201, "{kind:?}");
        }
    }
}
