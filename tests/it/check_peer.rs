//! `lanward check --peer`: the files of other resolvers as people have them, each with what is wrong in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::command::{Ran, run};
use crate::support::peers::installed;

/// Files in a folder of their own, and what the command says about one of them.
struct Case {
    folder: TempDir,
}

/// What was printed about a file.
struct Said {
    text: String,
    code: Option<i32>,
    file: String,
}

impl Case {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let text = text.replace("FOLDER", folder.path().to_str().unwrap());
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn check(&self, format: &str, name: &str) -> Said {
        let file = self.path(name);
        let Ran {
            out: text, code, ..
        } = run(&["check", "--peer", &format!("{format}:{file}")]);
        Said { text, code, file }
    }
}

impl Said {
    /// The findings, without the folder, in their order: `LINE: SEVERITY: PROBLEM`, with the file in front where it is another.
    fn findings(&self) -> Vec<String> {
        let folder = Path::new(&self.file).parent().unwrap();
        let folder = format!("{}/", folder.display());
        let main = format!("{}:", self.file);
        let is_finding = |line: &&str| {
            line.starts_with(&folder)
                && (line.contains(": error: ") || line.contains(": warning: "))
        };
        let lines = self.text.lines().filter(is_finding);
        let lines = lines.map(|line| line.strip_prefix(&main).unwrap_or(line));
        lines
            .map(|line| line.trim_start().replace(&folder, ""))
            .collect()
    }

    /// Each finding begins and goes on as it should, and there are no others.
    #[track_caller]
    fn finds(&self, expected: &[(&str, &str)]) {
        let found = self.findings();
        let fits = found.len() == expected.len()
            && (found.iter().zip(expected))
                .all(|(found, (start, inside))| found.starts_with(start) && found.contains(inside));
        assert!(
            fits,
            "expected {expected:#?}\nfound {found:#?}\n{}",
            self.text
        );
        let is_error = found.iter().any(|finding| finding.contains("error: "));
        assert_eq!(self.code, Some(i32::from(is_error)), "{}", self.text);
    }

    /// What lanward would be told, without the places.
    fn offer(&self) -> String {
        let (_, rest) = self
            .text
            .split_once("in its configuration:\n")
            .unwrap_or_default();
        let (offer, _) = rest.split_once("# End.").unwrap_or_default();
        offer.to_owned()
    }

    /// The lines that count of what is offered, and lanward accepts it.
    #[track_caller]
    fn offers(&self, expected: &[&str]) {
        let offer = self.offer();
        let lines: Vec<&str> = offer
            .lines()
            .filter(|line| !line.starts_with("# ") && !line.is_empty())
            .map(|line| line.split(" # ").next().unwrap())
            .collect();
        assert_eq!(lines, expected, "{}", self.text);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lanward.toml");
        fs::write(&file, &offer).unwrap();
        let Ran {
            out: text, code, ..
        } = run(&["check", "--config", file.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.ends_with(": 0 errors, 0 warnings\n"), "{text}");
    }

    fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

/// What OpenWrt makes of its /etc/config/dhcp, with the exceptions of somebody who has read much.
const OPENWRT: &str = "# auto-generated config file from /etc/config/dhcp
conf-file=FOLDER/rfc6761.conf
dhcp-authoritative
domain-needed
localise-queries
expand-hosts
bogus-priv
stop-dns-rebind
rebind-localhost-ok
dhcp-broadcast=tag:needs-broadcast
domain=lan
local=/lan/
server=/corp.example/10.0.0.53
server=/plex.direct/192.168.1.2@5335
server=9.9.9.9
server=2620:fe::fe#9953
rebind-domain-ok=corp.example
rebind-domain-ok=/plex.direct/
rebind-domain-ok=/nas.example/
rebind-domain-ok=/*.plex.direct/
rebind-domain-ok=/.corp.example/
rebind-domain-ok=plex.direct,nas.example
rebind-domain-ok=/co.uk/
rebind-domain-ok=/duckdns.org/
server=/intern.example/10.0.0.53
server=/public.example/9.9.9.9@eth0
server=192.168.1.1:5353
server=[fd00::1]#53
server=https://dns.example/dns-query
server=10.0.0.1#99999
server=/broken.example
stop-dns-rebind=1
--bogus-priv
rebind-domain-ok
server=\"/quoted.example/10.0.0.53
dnssec
conf-file=FOLDER/missing.conf
conf-dir=FOLDER/nowhere
conf-dir=FOLDER/dnsmasq.d,*.conf
user=dnsmasq
";

#[test]
fn dnsmasq_says_what_does_nothing_and_where() {
    let case = Case::new(&[
        ("dnsmasq.conf", OPENWRT),
        (
            "rfc6761.conf",
            "server=/bind/\nserver=/invalid/\nserver=/onion/#\n",
        ),
        ("dnsmasq.d/a.conf", "# more\nrebind-domain-ok=/*.example/\n"),
        (
            "dnsmasq.d/a.conf.bak",
            "rebind-domain-ok=/*.backup.example/\n",
        ),
    ]);
    let said = case.check("dnsmasq", "dnsmasq.conf");
    said.finds(&[
        ("14: error", "write 192.168.1.2#5335"),
        (
            "20: error",
            "\"*.plex.direct\" does nothing: names have no \"*\" there. Write \"plex.direct\"",
        ),
        ("21: error", "\".corp.example\" does nothing"),
        (
            "22: error",
            "\"plex.direct,nas.example\" does nothing: it is taken as one name",
        ),
        ("23: error", "anybody can register a name under co.uk"),
        (
            "24: warning",
            "anybody can get a name under duckdns.org; name your own host there",
        ),
        (
            "25: warning",
            "dropped: add rebind-domain-ok=/intern.example/",
        ),
        ("27: error", "write 192.168.1.1#5353"),
        ("28: error", "without brackets"),
        ("29: error", "encrypted"),
        ("30: error", "port"),
        ("31: error", "the domain has no end"),
        ("32: error", "stop-dns-rebind stands alone"),
        ("33: error", "options stand without --"),
        ("34: error", "rebind-domain-ok lacks a value"),
        ("35: error", "a quotation mark is missing"),
        ("36: warning", "trust-anchor="),
        ("37: error", "missing.conf\" cannot be read"),
        ("38: error", "nowhere\" cannot be read"),
        ("dnsmasq.d/a.conf:2: error", "\"*.example\" does nothing"),
    ]);
    assert!(
        said.says("Protection: on, by stop-dns-rebind"),
        "{}",
        said.text
    );
    assert!(
        said.says("Not blocked, but by lanward: 0.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8"),
        "{}",
        said.text
    );
    said.offers(&[
        "[upstream]",
        "servers = [\"9.9.9.9:53\", \"[2620:fe::fe]:9953\"]",
        "[[rebinding.allow]]",
        "domain = \"nas.example\"",
        "[[route]]",
        "domains = [\"corp.example\"]",
        "servers = [\"10.0.0.53:53\"]",
        "private = true",
        "[[route]]",
        "domains = [\"intern.example\"]",
        "servers = [\"10.0.0.53:53\"]",
        "[[route]]",
        "domains = [\"public.example\"]",
        "servers = [\"9.9.9.9:53\"]",
    ]);
    assert!(said.says("lanward decodes its names, and needs no exception"));
}

#[test]
fn dnsmasq_without_protection_has_exceptions_in_vain() {
    let case = Case::new(&[
        (
            "dnsmasq.conf",
            "no-resolv\nrebind-domain-ok=/plex.direct/nas.example/\nconf-file=more.conf\n",
        ),
        ("more.conf", "server=9.9.9.9 # Quad9\n"),
    ]);
    let said = case.check("dnsmasq", "dnsmasq.conf");
    said.finds(&[
        ("warning", "the protection from DNS rebinding is off"),
        (
            "2: warning",
            "the exception for plex.direct and 1 more does nothing while the protection is off",
        ),
        ("3: warning", "write the whole path"),
    ]);
    said.offers(&[
        "[upstream]",
        "servers = [\"9.9.9.9:53\"]",
        "[[rebinding.allow]]",
        "domain = \"nas.example\"",
    ]);
}

/// Debian's unbound.conf, and files in its folder.
#[test]
fn unbound_says_what_does_nothing_and_where() {
    let anchor = "server:\n    auto-trust-anchor-file: \"/var/lib/unbound/root.key\"\n";
    let own = "server:
    private-address: 10.0.0.0/8 # and more
    private-address: 172.16.0.0/12
    private-address: 192.168.0.0/16
    private-address: 192.168.0.0/33
    private-domain: \"plex.direct\"
    private-domain: '*.plex.direct'
    private-domain: corp.example#mine
    private-domain: .lan
    private-domain: com private-domain: nas.example
    local-zone: \"lan.\" nodefault
forward-zone:
    name: \"corp.example\"
    forward-addr: 10.0.0.53#5353
    forward-addr: 10.0.0.54:5353
    forward-addr: [fd00::54]@5353
    forward-addr: fd00::54@53
forward-zone:
    name: \"*.wild.example\"
    forward-addr: 10.0.0.53
stub-zone:
    name: \"home.arpa\"
    stub-addr: 127.0.0.1@5335
forward-zone:
    forward-addr: 10.0.0.53
forward-zone:
    name: .
    forward-tls-upstream: yes
    forward-addr: 9.9.9.9@853#dns.quad9.net
    forward-addr: 2620:fe::fe@853
private-domain: late.example
include: \"FOLDER/missing.conf\"
server: private-domain: \"open
";
    let case = Case::new(&[
        (
            "unbound.conf",
            "# Unbound configuration file for Debian.\n#\ninclude-toplevel: \"FOLDER/unbound.conf.d/*.conf\"\n",
        ),
        ("unbound.conf.d/anchor.conf", anchor),
        ("unbound.conf.d/own.conf", own),
    ]);
    let said = case.check("unbound", "unbound.conf");
    let file = "unbound.conf.d/own.conf:";
    let expected = [
        ("2: warning", "::ffff:0:0/96 matters most"),
        ("5: error", "\"192.168.0.0/33\" is no network"),
        ("7: error", "\"*.plex.direct\" does nothing"),
        (
            "8: error",
            "\"corp.example#mine\" does nothing: it is taken as one name",
        ),
        ("9: error", "\".lan\" is no domain name"),
        ("10: error", "anybody can register a name under com"),
        ("13: warning", "domain-insecure: \"corp.example\""),
        (
            "13: warning",
            "dropped: add private-domain: \"corp.example\" in server:",
        ),
        ("14: error", "write 10.0.0.53@5353"),
        ("15: error", "write 10.0.0.54@5353"),
        ("16: error", "without brackets"),
        ("19: error", "Write name: \"wild.example\""),
        ("22: error", "local-zone: \"home.arpa\" transparent"),
        ("22: warning", "domain-insecure: \"home.arpa\""),
        (
            "22: warning",
            "dropped: add private-domain: \"home.arpa\" in server:",
        ),
        ("23: error", "do-not-query-localhost: no"),
        ("24: error", "this zone has no name:"),
        ("30: warning", "Unbound takes any certificate"),
        ("31: error", "write server: in front of it"),
        ("32: error", "missing.conf\" cannot be read"),
        ("33: error", "a quotation mark is missing"),
    ];
    let expected: Vec<(String, &str)> = expected
        .iter()
        .map(|(start, inside)| (format!("{file}{start}"), *inside))
        .collect();
    let expected: Vec<(&str, &str)> = expected
        .iter()
        .map(|(start, inside)| (start.as_str(), *inside))
        .collect();
    said.finds(&expected);
    assert!(
        said.says("every site can lead inside by an alias"),
        "{}",
        said.text
    );
    said.offers(&[
        "[upstream]",
        "servers = [\"tls://dns.quad9.net@9.9.9.9\", \"tls://[2620:fe::fe]\"]",
        "[[rebinding.allow]]",
        "domain = \"nas.example\"",
        "[[rebinding.allow]]",
        "domain = \"late.example\"",
        "[[route]]",
        "domains = [\"corp.example\"]",
        "servers = [\"10.0.0.53:5353\", \"[fd00::54]:53\"]",
    ]);
}

/// As Debian has it there is nothing to say but that there is no protection, and that lanward needs somebody to ask.
#[test]
fn debians_unbound_is_unprotected() {
    let case = Case::new(&[
        (
            "unbound.conf",
            "server:\n    directory: \"FOLDER\"\ninclude: conf.d/*.conf\n",
        ),
        (
            "conf.d/a.conf",
            "server:\n    private-domain: nas.example\n",
        ),
    ]);
    let said = case.check("unbound", "unbound.conf");
    said.finds(&[
        ("warning", "the protection from DNS rebinding is off"),
        (
            "conf.d/a.conf:2: warning",
            "does nothing while the protection is off",
        ),
    ]);
    assert!(said.says("Unbound asks the servers of the domains themselves"));
}

#[test]
fn resolv_conf_shows_the_way_around() {
    let case = Case::new(&[
        (
            "resolv.conf",
            "# Generated by NetworkManager\nsearch lan\nnameserver 192.168.1.2\nnameserver\t9.9.9.9\nnameserver fe80::1%eth0\nnameserver 10.0.0.1\n\
             nameserver 127.0.0.1#5335\nnameserver dns.example\noptions edns0 rotate\n nameserver 10.0.0.2\n",
        ),
        (
            "stub.conf",
            "nameserver 127.0.0.53\noptions edns0 trust-ad\n",
        ),
        ("empty.conf", "search lan\n"),
    ]);
    let said = case.check("resolv.conf", "resolv.conf");
    said.finds(&[
        (
            "4: warning",
            "9.9.9.9 is a way around the protection of 192.168.1.2",
        ),
        ("6: warning", "10.0.0.1 is never asked"),
        ("7: error", "no port can be written here"),
        ("8: error", "it is no address"),
        ("9: warning", "every other question goes to 9.9.9.9"),
        ("10: error", "nameserver stands behind a blank"),
    ]);
    said.offers(&[
        "[upstream]",
        "servers = [\"192.168.1.2:53\", \"9.9.9.9:53\", \"10.0.0.1:53\"]",
    ]);
    assert!(said.says("needs its interface"), "{}", said.text);
    case.check("resolv.conf", "empty.conf")
        .finds(&[("warning", "no nameserver is named")]);
    let stub = case.check("resolv.conf", "stub.conf");
    stub.finds(&[]);
    assert!(
        stub.says("/run/systemd/resolve/resolv.conf"),
        "{}",
        stub.text
    );
    stub.offers(&[]);
}

/// The parts of Pi-hole's own file that matter, with its comments.
#[test]
fn pi_hole_is_read_with_its_lines_for_dnsmasq() {
    let text = "# Pi-hole configuration file (v6.3)
# Encoding: UTF-8
# This file is managed by pihole-FTL
[dns]
  # Upstream DNS Servers to be used by Pi-hole
  upstreams = [
    \"8.8.8.8\",
    \"127.0.0.1#5335\"
  ] ### CHANGED, default = []
  CNAMEdeepInspect = true
  dnssec = true ### CHANGED, default = false
  revServers = [
    \"true,192.168.0.0/24,192.168.0.1#53,lan\",
    \"192.168.0.1\"
  ]
  hosts = []
  [dns.cache]
    size = 10000
[webserver.api]
  max_sessions = 16
[misc]
  privacylevel = 0
  etc_dnsmasq_d = true
  dnsmasq_lines = [
    \"stop-dns-rebind\",
    \"rebind-domain-ok=/*.plex.direct/\",
    \"server=/plex.direct/192.168.1.2#5353\",
    \"rebind-domain-ok=/nas.example/\"
  ]
[debug]
  database = false
";
    let case = Case::new(&[
        ("pihole/pihole.toml", text),
        ("dnsmasq.d/99.conf", "bogus-priv\n"),
    ]);
    let said = case.check("pihole-v6", "pihole/pihole.toml");
    said.finds(&[
        ("11: warning", "trust-anchor="),
        ("13: warning", "lan is asked of servers of its own"),
        ("14: error", "is no conditional forwarding"),
        ("26: error", "\"*.plex.direct\" does nothing"),
        (
            "27: error",
            "\"rebind-domain-ok=/plex.direct/\" to misc.dnsmasq_lines",
        ),
    ]);
    said.offers(&[
        "[upstream]",
        "servers = [\"8.8.8.8:53\"]",
        "[[rebinding.allow]]",
        "domain = \"nas.example\"",
        "[[route]]",
        "domains = [\"lan\"]",
        "servers = [\"192.168.0.1:53\"]",
    ]);
    assert!(said.says("127.0.0.1:5335"), "it is lanward: {}", said.text);

    let case = Case::new(&[
        ("pihole.toml", "[dns]\n  upstreams = [\"9.9.9.9\"]\n"),
        ("broken.toml", "[dns]\nupstreams = [\n"),
    ]);
    let plain = case.check("pihole-v6", "pihole.toml");
    plain.finds(&[("warning", "`lanward emit pihole-v6 --mode protect`")]);
    assert_eq!(case.check("pihole-v6", "broken.toml").code, Some(1));
}

/// What AdGuard Home writes at its first start, as far as it is about names.
const ADGUARD_HOME: &str = "http:
  address: 0.0.0.0:80
  session_ttl: 720h
users: []
dns:
  bind_hosts:
    - 0.0.0.0
  port: 53
  ratelimit_whitelist: []
  refuse_any: true
  upstream_dns:
    - https://dns10.quad9.net/dns-query
  upstream_dns_file: \"\"
  bootstrap_dns:
    - 9.9.9.10
    - 149.112.112.10
    - 2620:fe::10
    - 2620:fe::fe:10
  fallback_dns: []
  enable_dnssec: false
filters:
  - enabled: true
    url: https://adguardteam.github.io/HostlistsRegistry/assets/filter_1.txt
    name: AdGuard DNS filter
    id: 1
  - enabled: false
    url: https://adaway.org/hosts.txt
    name: AdAway Default Blocklist
    id: 2
whitelist_filters: []
user_rules: []
filtering:
  protection_enabled: true
  filtering_enabled: true
schema_version: 29
";

#[test]
fn adguard_home_is_protected_by_a_list() {
    let list = "    id: 2\n  - enabled: true\n    url: https://adguardteam.github.io/HostlistsRegistry/assets/filter_71.txt\n    id: 3\n";
    let protected = ADGUARD_HOME.replace("    id: 2\n", list);
    let own = protected
        .replace(
            "dns-query\n",
            "dns-query\n    - '[/corp.example/*.lan/]10.0.0.53:53 10.0.0.54'\n    - '[/plex.direct/]192.168.1.2:53'\n    - 1.1.1.1#53\n    - '[/open.example]10.0.0.1'\n    - '[/direct.example/]#'\n    - '# a comment'\n",
        )
        .replace(
            "user_rules: []",
            "user_rules:\n  - '@@||plex.direct^'\n  - '@@||nas.example^$important'\n  - '@@||*.wild.example^'\n  - '@@||corp.example'\n  - '@@||com^'\n  - '@@||one.example^$client=10.0.0.9'\n  - '||ads.example^'",
        );
    let unfiltered = protected.replace("filtering_enabled: true", "filtering_enabled: false");
    let ruled = ADGUARD_HOME.replace(
        "user_rules: []",
        "user_rules:\n  - '@@||plex.direct^'\n  - /^192\\.168\\./",
    );
    let case = Case::new(&[
        ("plain.yaml", ADGUARD_HOME),
        ("protected.yaml", &protected),
        ("unfiltered.yaml", &unfiltered),
        ("ruled.yaml", &ruled),
        ("own.yaml", &own),
        ("broken.yaml", "dns:\n  upstream_dns: [\n"),
    ]);
    let plain = case.check("adguard-home", "plain.yaml");
    plain.finds(&[("warning", "`lanward emit adguard-home --mode protect`")]);
    plain.offers(&[
        "[upstream]",
        "servers = [\"https://dns10.quad9.net/dns-query\"]",
        "bootstrap = [\"9.9.9.10:53\", \"149.112.112.10:53\", \"[2620:fe::10]:53\", \"[2620:fe::fe:10]:53\"]",
    ]);
    case.check("adguard-home", "unfiltered.yaml")
        .finds(&[("warning", "is off")]);
    case.check("adguard-home", "ruled.yaml").finds(&[]);
    case.check("adguard-home", "protected.yaml")
        .finds(&[("30: warning", "'@@||plex.direct^' to user_rules")]);
    assert_eq!(case.check("adguard-home", "broken.yaml").code, Some(1));

    let own = case.check("adguard-home", "own.yaml");
    own.finds(&[
        ("13: warning", "corp.example is asked of servers of its own"),
        ("13: warning", "lan is asked of servers of its own"),
        ("15: error", "\"1.1.1.1#53\" is no server"),
        ("16: error", "the domains have no end"),
        ("43: warning", "leaves out the domain itself"),
        ("44: error", "without ^ at its end"),
        ("45: error", "anybody can register a name under com"),
    ]);
    own.offers(&[
        "[upstream]",
        "servers = [\"https://dns10.quad9.net/dns-query\"]",
        "bootstrap = [\"9.9.9.10:53\", \"149.112.112.10:53\", \"[2620:fe::10]:53\", \"[2620:fe::fe:10]:53\"]",
        "[[rebinding.allow]]",
        "domain = \"nas.example\"",
        "[[rebinding.allow]]",
        "domain = \"wild.example\"",
        "[[route]]",
        "domains = [\"corp.example\"]",
        "servers = [\"10.0.0.53:53\", \"10.0.0.54:53\"]",
        "[[route]]",
        "domains = [\"lan\"]",
        "servers = [\"10.0.0.53:53\", \"10.0.0.54:53\"]",
    ]);
}

/// What `lanward emit` prints has no fault, and means the domains that went in.
#[test]
fn what_emit_prints_is_read_again() {
    let config = "[rebinding]\nbuiltin = false\n[[rebinding.allow]]\ndomain = \"nas.example\"\n[[route]]\ndomains = [\"home.arpa\"]\nservers = [\"192.168.1.1\"]\nprivate = true\n";
    let case = Case::new(&[
        ("lanward.toml", config),
        ("dnsmasq.d/x.conf", ""),
        (
            "pihole/pihole.toml",
            "[dns]\nupstreams = [\"9.9.9.9\"]\n[misc]\netc_dnsmasq_d = true\n",
        ),
    ]);
    let config = case.path("lanward.toml");
    let emit = |target: &str, mode: &str, part: &str| {
        let server = "192.168.1.2:5353";
        let arguments = [
            "emit", target, "--mode", mode, "--part", part, "--server", server, "--config", &config,
        ];
        let Ran {
            out: text, code, ..
        } = run(&arguments);
        assert_eq!(code, Some(0), "{arguments:?}");
        text
    };
    for target in ["dnsmasq", "unbound", "pihole-v6", "adguard-home"] {
        for mode in ["allow", "forward", "protect"] {
            let both = |part: &str| {
                format!(
                    "{}{}",
                    emit(target, "protect", part),
                    emit(target, mode, part)
                )
            };
            let (file, text) = match target {
                "dnsmasq" => (
                    "dnsmasq.conf",
                    format!("no-resolv\nserver=9.9.9.9\n{}", both("conf")),
                ),
                "pihole-v6" => ("dnsmasq.d/x.conf", both("conf")),
                "unbound" => {
                    let anchor = "server:\n    trust-anchor-file: \"/var/lib/unbound/root.key\"\n";
                    let servers = "forward-zone:\n    name: \".\"\n    forward-addr: 9.9.9.9\n";
                    ("unbound.conf", format!("{anchor}{servers}{}", both("conf")))
                }
                _ => {
                    let servers = match mode {
                        "forward" => emit(target, mode, "upstreams"),
                        _ => String::new(),
                    };
                    let text = ADGUARD_HOME
                        .replace("dns-query\n", &format!("dns-query\n{}", items(&servers)))
                        .replace(
                            "user_rules: []\n",
                            &format!("user_rules:\n{}", items(&both("rules"))),
                        );
                    ("AdGuardHome.yaml", text)
                }
            };
            fs::write(case.path(file), text).unwrap();
            let said = case.check(
                target,
                if target == "pihole-v6" {
                    "pihole/pihole.toml"
                } else {
                    file
                },
            );
            said.finds(&[]);
            assert!(said.says("Protection: on"), "{}", said.text);
            let expected = BTreeSet::from(["home.arpa", "nas.example", "plex.direct"]);
            assert_eq!(
                names(&said.offer()),
                expected,
                "{target} {mode}\n{}",
                said.text
            );
        }
    }
}

/// The lines of a list as items of YAML.
fn items(text: &str) -> String {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let items: Vec<String> = lines.map(|line| format!("    - '{line}'\n")).collect();
    items.concat()
}

/// The domains of an offer, also those that need nothing.
fn names(offer: &str) -> BTreeSet<&str> {
    let name = |line: &'_ str| {
        let starts = ["domain = \"", "domains = [\""];
        let start = starts.iter().find(|start| line.starts_with(**start));
        let decoded = line.starts_with("# ") && line.contains("lanward decodes");
        start
            .map(|start| start.len())
            .or_else(|| decoded.then_some(2))
    };
    let lines = offer.lines().filter_map(|line| Some(&line[name(line)?..]));
    lines
        .filter_map(|rest| rest.split(['"', ' ']).next())
        .collect()
}

/// The programs' own checkers pass what does nothing.
#[test]
fn the_programs_accept_what_does_nothing() {
    let test = "the_programs_accept_what_does_nothing";
    let dnsmasq = "stop-dns-rebind\nrebind-domain-ok=/*.plex.direct/\nrebind-domain-ok=/.lan/\nrebind-domain-ok=plex.direct,lan\nserver=/plex.direct/192.168.1.2@5353\n";
    let unbound = "server:\n private-address: 10.0.0.0/8\n private-domain: \"*.plex.direct\"\n private-domain: plex.direct#x\nforward-zone:\n name: \"*.plex.direct\"\n forward-addr: 192.168.1.2#5353\n";
    let case = Case::new(&[("dnsmasq.conf", dnsmasq), ("unbound.conf", unbound)]);
    let passes = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(format!("/usr/sbin/{program}"));
        let ran = command
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
    };
    if installed(test, "dnsmasq", "dnsmasq-base") {
        passes("dnsmasq", &["--test", "-C", &case.path("dnsmasq.conf")]);
    }
    if installed(test, "unbound-checkconf", "unbound") {
        passes("unbound-checkconf", &[&case.path("unbound.conf")]);
    }
    let said = case.check("dnsmasq", "dnsmasq.conf");
    assert_eq!(said.text.matches(": error: ").count(), 5, "{}", said.text);
    let said = case.check("unbound", "unbound.conf");
    assert_eq!(said.text.matches(": error: ").count(), 3, "{}", said.text);
}

#[test]
fn with_a_configuration_both_are_told() {
    let config = "[server]\nlisten = [\"127.0.0.1:5301\"]\n[embedded]\npresets = [\"sslip.io\"]\n";
    let case = Case::new(&[
        ("lanward.toml", config),
        (
            "dnsmasq.conf",
            "stop-dns-rebind\nrebind-domain-ok=/plex.direct/sslip.io/\nserver=127.0.0.1#5301\n",
        ),
        ("resolv.conf", "nameserver 127.0.0.1\n"),
    ]);
    let peers = ["dnsmasq", "resolv.conf"];
    let files = ["dnsmasq.conf", "resolv.conf"].map(|name| case.path(name));
    let [dnsmasq, resolv] = [0, 1].map(|at| format!("{}:{}", peers[at], files[at]));
    let config = case.path("lanward.toml");
    let Ran {
        out: text, code, ..
    } = run(&[
        "check", "--config", &config, "--peer", &dnsmasq, "--peer", &resolv,
    ]);
    assert_eq!(code, Some(0), "{text}");
    for file in [&config, &files[0], &files[1]] {
        let sum = format!("{file}: 0 errors, 0 warnings\n");
        assert!(text.contains(&sum), "{sum} in {text}");
    }
    // What is decoded and where lanward listens is as the configuration says.
    assert!(
        text.contains("[[rebinding.allow]]") && text.contains("domain = \"plex.direct\""),
        "{text}"
    );
    assert!(
        text.contains("# sslip.io (") && text.contains("it cannot ask itself"),
        "{text}"
    );
}

#[test]
fn what_is_no_file_of_a_peer_is_refused() {
    for (peer, code) in [
        ("dnsmasq", 2),
        ("dnsmasq:", 2),
        ("bind:/etc/named.conf", 2),
        ("pihole-v5:/etc/pihole/pihole.toml", 2),
        ("dnsmasq:/nowhere/dnsmasq.conf", 1),
        ("unbound:/", 1),
        ("pihole-v6:/dev/null", 1),
    ] {
        let Ran {
            out: text,
            code: found,
            ..
        } = run(&["check", "--peer", peer]);
        assert_eq!(found, Some(code), "{peer}: {text}");
    }
}

/// A program and its file have names that people write as well.
#[test]
fn the_names_of_programs_and_files_are_understood() {
    let case = Case::new(&[
        ("dnsmasq.conf", "stop-dns-rebind\n"),
        ("unbound.conf", "server:\n"),
        ("pihole.toml", "[dns]\n"),
        ("AdGuardHome.yaml", "dns: {}\n"),
    ]);
    for (format, file, title) in [
        ("dnsmasq.conf", "dnsmasq.conf", "dnsmasq"),
        ("unbound.conf", "unbound.conf", "Unbound"),
        ("pihole", "pihole.toml", "Pi-hole"),
        ("pihole.toml", "pihole.toml", "Pi-hole"),
        ("adguardhome", "AdGuardHome.yaml", "AdGuard Home"),
        ("AdGuardHome", "AdGuardHome.yaml", "AdGuard Home"),
        ("AdGuardHome.yaml", "AdGuardHome.yaml", "AdGuard Home"),
    ] {
        let said = case.check(format, file);
        assert_eq!(said.code, Some(0), "{format}: {}", said.text);
        assert!(
            said.says(&format!("read as that of {title}\n")),
            "{format}: {}",
            said.text
        );
    }
}

/// Files of the kernel call themselves regular ones of length 0, and some of them wait for more.
#[test]
fn files_of_the_kernel_are_not_read() {
    if !Path::new("/proc/version").exists() {
        return;
    }
    let case = Case::new(&[("dnsmasq.conf", "conf-file=/proc/version\nstop-dns-rebind\n")]);
    std::os::unix::fs::symlink("/proc/version", case.path("link")).unwrap();
    let said = case.check("dnsmasq", "dnsmasq.conf");
    said.finds(&[(
        "1: error",
        "\"/proc/version\" is not read: it is no file on a disk",
    )]);
    let said = case.check("dnsmasq", "link");
    said.finds(&[("error", "it is no file on a disk")]);
    // This one would not end; if the others fail, it is not come to.
    let Ran {
        out: text, code, ..
    } = run(&["check", "--peer", "dnsmasq:/proc/kmsg"]);
    assert_eq!(code, Some(1), "{text}");
}

#[test]
fn a_file_that_is_no_text_is_not_read() {
    let case = Case::new(&[("program", "\u{7f}ELF\u{0}\u{1}\nnameserver 192.168.1.1\n")]);
    for format in [
        "resolv.conf",
        "dnsmasq",
        "unbound",
        "pihole-v6",
        "adguard-home",
    ] {
        let said = case.check(format, "program");
        said.finds(&[("error", "it is no text")]);
    }
}

/// Of a file that cannot be read nothing is known, and nothing is said but that.
#[test]
fn of_what_cannot_be_read_nothing_is_invented() {
    let case = Case::new(&[
        ("folder/file", ""),
        ("broken.yaml", "dns:\n  upstream_dns: [\n"),
        ("broken.toml", "[dns]\nupstreams = [\n"),
        ("unbound.conf", "stop-dns-rebind\nserver:\n"),
        ("long", &"#".repeat((4 << 20) + 1)),
    ]);
    let made = Command::new("mkfifo").arg(case.path("pipe")).status();
    assert!(made.unwrap().success());
    let every = [
        "dnsmasq",
        "unbound",
        "resolv.conf",
        "pihole-v6",
        "adguard-home",
    ];
    let unread = ["missing", "folder", "pipe", "long"];
    let mut files: Vec<(&str, &str)> = Vec::new();
    for format in every {
        files.extend(unread.map(|file| (format, file)));
    }
    files.extend([
        ("adguard-home", "broken.yaml"),
        ("pihole-v6", "broken.toml"),
        ("unbound", "unbound.conf"),
    ]);
    for (format, file) in files {
        let said = case.check(format, file);
        assert_eq!(said.findings().len(), 1, "{}", said.text);
        assert!(
            said.says(": error: ") && said.code == Some(1),
            "{}",
            said.text
        );
        assert!(
            !said.says("Protection:") && !said.says("# "),
            "{}",
            said.text
        );
        // Whose it is, the error, the sum.
        assert_eq!(said.text.lines().count(), 3, "{}", said.text);
    }
}

#[test]
fn what_could_be_read_is_not_taken_for_all() {
    let case = Case::new(&[
        ("file.conf", "conf-file=/nowhere/dnsmasq.conf\n"),
        ("folder.conf", "stop-dns-rebind\nconf-dir=/nowhere\n"),
        ("whole.conf", "stop-dns-rebind\n"),
        (
            "unbound.conf",
            "server:\n  include: /nowhere/unbound.conf\n",
        ),
    ]);
    let partly = "\n  Not all that it includes could be read";
    for (format, file) in [
        ("dnsmasq", "file.conf"),
        ("dnsmasq", "folder.conf"),
        ("unbound", "unbound.conf"),
    ] {
        let said = case.check(format, file);
        assert!(
            said.says(partly) && said.says("Protection: "),
            "{}",
            said.text
        );
    }
    assert!(!case.check("dnsmasq", "whole.conf").says(partly));
}

/// Unbound refuses options that stand in no clause, or in that of another.
#[test]
fn unbound_wants_its_options_in_the_clause_of_the_server() {
    let test = "unbound_wants_its_options_in_the_clause_of_the_server";
    let part = "private-address: 10.0.0.0/8\nprivate-domain: lan\n";
    let bare = "stands in no clause, where it cannot be; write server:";
    let net = "private-address: 10.0.0.0/8\n";
    for (text, line, inside) in [
        (format!("# Mine\n{part}"), "2: error", bare),
        ("verbosity: 1\nserver:\n".to_owned(), "1: error", bare),
        ("include: FOLDER/part\n".to_owned(), "part:1: error", bare),
        (
            format!("include-toplevel: FOLDER/server\n{net}"),
            "2: error",
            bare,
        ),
        (
            format!("server:\ninclude-toplevel: FOLDER/server\n{net}"),
            "3: error",
            bare,
        ),
        (
            format!("remote-control:\n control-enable: no\n{net}"),
            "3: error",
            "stands in remote-control:",
        ),
        (format!("server:\n{part}"), "", ""),
        ("server:\ninclude: FOLDER/part\n".to_owned(), "", ""),
        (format!("include: FOLDER/server\n{net}"), "", ""),
        (
            format!("include-toplevel: FOLDER/server\nserver:\n{net}"),
            "",
            "",
        ),
    ] {
        let case = Case::new(&[
            ("unbound.conf", &text),
            ("part", part),
            ("server", "server:\n"),
        ]);
        let said = case.check("unbound", "unbound.conf");
        let found = said.findings();
        let errors: Vec<&String> = found
            .iter()
            .filter(|line| line.contains("error: "))
            .collect();
        let is_refused = !line.is_empty();
        assert_eq!(errors.len(), usize::from(is_refused), "{text}{}", said.text);
        assert!(
            errors
                .iter()
                .all(|error| error.starts_with(line) && error.contains(inside)),
            "{text}{}",
            said.text
        );
        if installed(test, "unbound-checkconf", "unbound") {
            let ran = Command::new("/usr/sbin/unbound-checkconf")
                .arg(case.path("unbound.conf"))
                .stdin(Stdio::null())
                .output()
                .unwrap();
            assert_eq!(ran.status.success(), !is_refused, "{text}{ran:?}");
        }
    }
}
