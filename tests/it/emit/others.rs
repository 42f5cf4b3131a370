//! What is written for programs that Debian has not, and for the resolvers of devices, read as they read it: YAML, JSON with comments,
//! a Corefile, rules of a filter, and commands, run with stand-ins for those that change something.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use ipnet::IpNet;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::routers::{assert_dnsmasq_reads, data, dnsmasq_lines, lines, modes, part, with};
use super::snapshots::{ID, emit};
use crate::support::peers::installed;

const OWN: [&str; 8] = [
    "--mode",
    "static",
    "--plex",
    "192.168.1.10",
    "--plex",
    "fd00::10",
    "--id",
    ID,
];
const SERVERS: [&str; 2] = ["192.168.1.2:53", "[fd00::2]:53"];

/// The domains that the configuration of these texts hands over, and those that it lets through.
const FORWARDED: [&str; 7] = [
    "home.arpa",
    "vpn.example.com",
    "plex.direct",
    "nip.io",
    "sslip.io",
    "nas.example.net",
    "tower.example.org",
];
const ALLOWED: [&str; 5] = [
    "vpn.example.com",
    "plex.direct",
    "nip.io",
    "sslip.io",
    "nas.example.net",
];

/// What a protection lets through besides, so that it breaks nothing.
const MACHINERY: [&str; 2] = ["dns.msftncsi.com", "ipv4only.arpa"];

/// The fixed names and their addresses, in the order of their names.
fn own() -> Vec<(String, IpAddr)> {
    let plex = |label: &str| format!("{label}.{ID}.plex.direct");
    let mut own = vec![
        (
            "tower.example.org".to_owned(),
            "192.168.1.20".parse().unwrap(),
        ),
        ("tower.example.org".to_owned(), "fd00::20".parse().unwrap()),
        (plex("192-168-1-10"), "192.168.1.10".parse().unwrap()),
        (
            plex("fd00-0000-0000-0000-0000-0000-0000-0010"),
            "fd00::10".parse().unwrap(),
        ),
    ];
    own.sort();
    own
}

fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.into_iter().collect();
    items.sort();
    items
}

fn strings(value: &Value) -> Vec<String> {
    let items = value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"));
    items
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

/// The only document in a text, as it is pasted: with its comments.
fn yaml(arguments: &[&str]) -> Value {
    let text = emit(arguments);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let [document] = documents.as_slice() else {
        panic!("{} documents: {text}", documents.len());
    };
    plain(document)
}

fn plain(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(plain).collect(),
        Yaml::Mapping(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| (key.as_str().unwrap().to_owned(), plain(value)));
            Value::Object(fields.collect::<Map<String, Value>>())
        }
        other => panic!("neither text nor list nor mapping: {other:?}"),
    }
}

#[test]
fn pi_hole_gets_the_lines_of_dnsmasq() {
    let has_dnsmasq = installed(
        "pi_hole_gets_the_lines_of_dnsmasq",
        "dnsmasq",
        "dnsmasq-base",
    );
    for target in ["pihole-v5", "pihole-v6"] {
        for arguments in modes() {
            let options = lines(&part(&data(&with(target, &arguments)), "conf"));
            assert_eq!(
                options,
                dnsmasq_lines(&arguments, false),
                "{target} {arguments:?}"
            );
            if has_dnsmasq {
                assert_dnsmasq_reads(&options, &format!("{target} {arguments:?}"));
            }
        }
    }
}

#[test]
fn blocky_gets_blocks_of_its_configuration() {
    for server in SERVERS {
        let forward = yaml(&["blocky", "--mode", "forward", "--server", server]);
        let mapping = FORWARDED.map(|name| (name.to_owned(), json!(server)));
        let mapping: Map<String, Value> = mapping.into_iter().collect();
        assert_eq!(forward, json!({ "conditional": { "mapping": mapping } }));
    }
    let mut protect = yaml(&["blocky", "--mode", "protect"]);
    let allowed = strings(&protect["rebindingProtection"]["allowedDomains"].take());
    assert_eq!(sorted(allowed), sorted([&ALLOWED[..], &MACHINERY].concat()));
    assert_eq!(
        protect,
        json!({ "rebindingProtection": { "enable": true, "allowedDomains": null } })
    );
    let mut allow = yaml(&["blocky", "--mode", "allow"]);
    let allowed = strings(&allow["rebindingProtection"]["allowedDomains"].take());
    assert_eq!(sorted(allowed), sorted(ALLOWED));
    assert_eq!(
        allow,
        json!({ "rebindingProtection": { "allowedDomains": null } })
    );
    let names = yaml(&with("blocky", &OWN));
    let mut found = Vec::new();
    for (name, addresses) in names["customDNS"]["mapping"].as_object().unwrap() {
        let addresses = addresses.as_str().unwrap().split(',');
        found.extend(addresses.map(|address| (name.clone(), address.parse().unwrap())));
    }
    assert_eq!(sorted(found), own());
}

#[test]
fn docker_gets_a_service() {
    let forward = yaml(&["docker-compose", "--server", "192.168.1.2"]);
    assert_eq!(
        forward,
        json!({ "services": { "SERVICE": { "dns": ["192.168.1.2"] } } })
    );
    let six = yaml(&["docker-compose", "--server", "[fd00::2]:53"]);
    assert_eq!(
        six,
        json!({ "services": { "SERVICE": { "dns": ["fd00::2"] } } })
    );
    let names = yaml(&with("docker-compose", &OWN));
    let hosts = strings(&names["services"]["SERVICE"]["extra_hosts"]);
    let hosts = hosts.iter().map(|host| {
        // The name ends at the first colon.
        let (name, address) = host.split_once(':').unwrap();
        (name.to_owned(), address.parse().unwrap())
    });
    assert_eq!(sorted(hosts), own());
}

/// A Corefile: blocks with a name, and directives, of which one may have a block of its own.
fn corefile(text: &str) -> Vec<(String, Vec<Vec<String>>)> {
    let mut blocks: Vec<(String, Vec<Vec<String>>)> = Vec::new();
    let mut depth = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let [first, rest @ ..] = words.as_slice() else {
            panic!("an empty line: {text}");
        };
        if first == "}" {
            assert!(rest.is_empty() && depth > 0, "{line}");
            depth -= 1;
            assert_eq!(indent, 4 * depth, "{line}");
            continue;
        }
        assert_eq!(indent, 4 * depth, "{line}");
        let opens = words.last().is_some_and(|word| word == "{");
        if depth == 0 {
            assert!(opens && words.len() == 2, "{line}");
            blocks.push((first.clone(), Vec::new()));
        } else {
            blocks.last_mut().unwrap().1.push(words);
        }
        depth += usize::from(opens);
        assert!(depth <= 2, "{line}");
    }
    assert_eq!(depth, 0, "{text}");
    blocks
}

#[test]
fn coredns_gets_server_blocks_with_its_own_directives() {
    for server in SERVERS {
        let blocks = corefile(&emit(&["coredns", "--server", server]));
        let names = blocks.iter().map(|(name, _)| name.clone());
        assert_eq!(
            sorted(names),
            sorted(FORWARDED.map(|name| format!("{name}:53")))
        );
        for (name, directives) in &blocks {
            assert_eq!(
                directives,
                &[
                    vec!["errors"],
                    vec!["cache", "30"],
                    vec!["forward", ".", server]
                ],
                "{name}"
            );
        }
    }
    let mut found = Vec::new();
    for (block, directives) in corefile(&emit(&with("coredns", &OWN))) {
        let [errors, hosts, lines @ ..] = directives.as_slice() else {
            panic!("{directives:?}");
        };
        assert_eq!(
            (errors.join(" "), hosts.join(" ")),
            ("errors".to_owned(), "hosts {".to_owned())
        );
        for line in lines {
            assert_eq!(format!("{}:53", line[1]), block);
            found.push((line[1].clone(), line[0].parse().unwrap()));
        }
    }
    assert_eq!(sorted(found), own());
}

#[test]
fn kubernetes_gets_a_configmap_with_the_same_blocks() {
    for (arguments, mode) in [
        (vec!["--server", "192.168.1.2"], "forward"),
        (OWN.to_vec(), "static"),
    ] {
        let blocks = part(&data(&with("coredns", &arguments)), "corefile");
        let expected = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": "coredns-custom", "namespace": "kube-system" },
            "data": { format!("lanward-{mode}.server"): blocks },
        });
        let asked = with("coredns-kubernetes", &arguments);
        assert_eq!(yaml(&asked), expected);
        let data = data(&asked);
        let file = data["parts"][0]["place"]["where"].as_str().unwrap();
        for command in ["check", "reload"] {
            let command = data[command].as_str().unwrap();
            let apply = format!("kubectl apply --server-side --field-manager=lanward-{mode} ");
            assert!(command.starts_with(&apply), "{command}");
            assert!(command.contains(&format!("-f {file}")), "{command}");
        }
    }
}

/// JSON whose lines may be comments.
fn json_with_comments(text: &str) -> Value {
    let lines = text.lines().filter(|line| !line.starts_with("// "));
    let text = lines.collect::<Vec<_>>().join("\n");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn technitium_gets_the_fields_of_its_app() {
    let config = json_with_comments(&emit(&["technitium", "--mode", "protect"]));
    let fields = config.as_object().unwrap();
    let known = [
        "bypassNetworks",
        "enableProtection",
        "privateDomains",
        "privateNetworks",
    ];
    assert_eq!(sorted(fields.keys().map(String::as_str)), known);
    assert_eq!(
        (&config["enableProtection"], &config["bypassNetworks"]),
        (&json!(true), &json!([]))
    );
    let allowed = [&ALLOWED[..], &["home.arpa"]].concat();
    let domains = [&allowed[..], &MACHINERY].concat();
    assert_eq!(sorted(strings(&config["privateDomains"])), sorted(domains));
    let networks: Vec<IpNet> = strings(&config["privateNetworks"])
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    for inside in [
        "10.1.2.3",
        "100.64.0.1",
        "0.0.0.0",
        "::",
        "::ffff:192.168.1.1",
        "fd00::1",
        "64:ff9b::c0a8:101",
    ] {
        let inside: IpAddr = inside.parse().unwrap();
        assert!(
            networks.iter().any(|network| network.contains(&inside)),
            "{inside}"
        );
    }
    for (mode, expected) in [("allow", sorted(allowed)), ("forward", sorted(FORWARDED))] {
        let text = emit(&[
            "technitium",
            "--mode",
            mode,
            "--server",
            SERVERS[0],
            "--part",
            "exceptions",
        ]);
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("// "))
            .collect();
        let member = json_with_comments(&format!("{{{}}}", lines.join("\n")));
        assert_eq!(
            sorted(strings(&member["privateDomains"])),
            expected,
            "{mode}"
        );
        assert_eq!(member.as_object().unwrap().len(), 1, "{mode}");
    }
}

/// Runs commands in sh, with programs that do nothing but write down how they were called, in the file `calls`.
fn run(script: &str, stand_ins: &[(&str, &str)], environment: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in stand_ins {
        let file = folder.path().join(name);
        fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = Command::new("/bin/sh")
        .args(["-eu", "-c", script])
        .env_clear()
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
        .env("FOLDER", folder.path())
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{script}");
    folder
}

/// The calls of the API that a script makes: each a path and its parameters.
fn calls(script: &str) -> Vec<(String, Vec<(String, String)>)> {
    let curl = (
        "curl",
        "printf '%s\\n' \"$@\" >> \"$FOLDER/calls\"; echo >> \"$FOLDER/calls\"",
    );
    let folder = run(script, &[curl], &[("TOKEN", "secret")]);
    let text = fs::read_to_string(folder.path().join("calls")).unwrap();
    let calls = text.trim_end().split("\n\n").map(|call| {
        let words: Vec<&str> = call.lines().collect();
        let ["-sS", url, parameters @ ..] = words.as_slice() else {
            panic!("{words:?}");
        };
        let path = url
            .strip_prefix("http://127.0.0.1:5380/api/zones/")
            .unwrap();
        let parameters = parameters.chunks(2).map(|pair| {
            assert_eq!(pair[0], "-d", "{words:?}");
            let (name, value) = pair[1].split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        });
        (path.to_owned(), parameters.collect())
    });
    calls.collect()
}

#[test]
fn technitium_is_told_by_calls_of_its_api() {
    let get = |parameters: &[(String, String)], name: &str| {
        let found = parameters.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    for server in SERVERS {
        let mut names = Vec::new();
        for (path, parameters) in calls(&emit(&[
            "technitium",
            "--server",
            server,
            "--part",
            "zones",
        ])) {
            assert_eq!(get(&parameters, "token"), "secret");
            assert_eq!(
                get(&parameters, "forwarder")
                    .parse::<SocketAddr>()
                    .unwrap()
                    .to_string(),
                server
            );
            assert_eq!(get(&parameters, "dnssecValidation"), "false");
            let kind = get(&parameters, "type");
            match path.as_str() {
                "create" => {
                    assert_eq!(kind, "Forwarder");
                    names.push(get(&parameters, "zone"));
                }
                "records/add" => {
                    assert_eq!(
                        (kind.as_str(), get(&parameters, "overwrite").as_str()),
                        ("FWD", "true")
                    );
                    assert_eq!(get(&parameters, "domain"), get(&parameters, "zone"));
                }
                other => panic!("{other}"),
            }
        }
        assert_eq!(sorted(names), sorted(FORWARDED));
    }
    let mut found = Vec::new();
    for (path, parameters) in calls(&emit(&with("technitium", &OWN))) {
        if path == "records/add" {
            let address: IpAddr = get(&parameters, "ipAddress").parse().unwrap();
            assert_eq!(
                get(&parameters, "type"),
                if address.is_ipv4() { "A" } else { "AAAA" }
            );
            found.push((get(&parameters, "domain"), address));
        }
    }
    assert_eq!(sorted(found), own());
}

#[test]
fn macos_gets_a_file_for_each_domain() {
    let sudo = (
        "sudo",
        "case \"$1 $2\" in 'mkdir -p') ;; 'tee /etc/resolver/'*) cat > \"$FOLDER/at ${2##*/}\" ;; *) exit 1 ;; esac",
    );
    for (server, address, port) in [
        ("192.168.1.2:53", "192.168.1.2", 53),
        ("[fd00::2]:5335", "fd00::2", 5335),
    ] {
        let asked = ["macos", "--server", server];
        // Terminal's zsh takes comments for commands, a script does not.
        let place = &data(&asked)["parts"][0]["place"];
        let expected =
            json!({ "kind": "file", "where": "lanward.sh; then in Terminal: sh lanward.sh" });
        assert_eq!(*place, expected);
        let folder = run(&emit(&asked), &[sudo], &[]);
        for name in FORWARDED {
            let text = fs::read_to_string(folder.path().join(format!("at {name}"))).unwrap();
            assert_eq!(text, format!("nameserver {address}\nport {port}\n"));
        }
    }
}

#[test]
fn windows_gets_a_rule_for_each_domain() {
    let text = emit(&["windows-nrpt", "--server", "192.168.1.2"]);
    let mut commands = text.lines().filter(|line| !line.starts_with('#'));
    let first = "Get-DnsClientNrptRule | Where-Object Comment -eq 'lanward' | Remove-DnsClientNrptRule -Force";
    assert_eq!(commands.next(), Some(first));
    let rule = |name: &str| {
        format!(
            "Add-DnsClientNrptRule -Namespace '.{name}', '{name}' -NameServers '192.168.1.2' -Comment 'lanward'"
        )
    };
    assert_eq!(
        sorted(commands.map(str::to_owned)),
        sorted(FORWARDED.map(rule))
    );
}

#[test]
fn a_hosts_file_gets_an_address_and_a_name_in_each_line() {
    let text = emit(&with("hosts", &OWN));
    let hosts = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (address, name) = line.split_once(' ').unwrap();
            (name.to_owned(), address.parse().unwrap())
        });
    assert_eq!(sorted(hosts), own());
}

/// The lines of one of AdGuard Home's lists, which begin with a `#` where they are comments; two in a row, or one with a sign behind it, would
/// begin a rule for browsers.
fn adguard(arguments: &[&str], name: &str) -> Vec<String> {
    let text = emit(&[arguments, &["--part", name]].concat());
    let mut rules = Vec::new();
    for line in text.lines() {
        match line.strip_prefix('#') {
            Some(comment) => assert!(comment.starts_with(' '), "{line}"),
            None => rules.push(line.to_owned()),
        }
    }
    rules
}

#[test]
fn adguard_home_gets_upstreams_and_rules() {
    for server in SERVERS {
        let arguments = ["adguard-home", "--server", server];
        let upstreams = FORWARDED.map(|name| format!("[/{name}/]{server}"));
        assert_eq!(sorted(adguard(&arguments, "upstreams")), sorted(upstreams));
        let rules = FORWARDED.map(|name| format!("@@||{name}^"));
        assert_eq!(sorted(adguard(&arguments, "rules")), sorted(rules));
    }
    let allow = adguard(&["adguard-home", "--mode", "allow"], "rules");
    let expected = [
        "@@|nas.example.net^",
        "@@||nip.io^",
        "@@||plex.direct^",
        "@@||sslip.io^",
        "@@||vpn.example.com^",
    ];
    assert_eq!(sorted(allow.clone()), expected);
    let found = adguard(&with("adguard-home", &OWN), "rules")
        .into_iter()
        .map(|rule| {
            let (name, rewrite) = rule
                .strip_prefix('|')
                .unwrap()
                .split_once("^$dnsrewrite=NOERROR;")
                .unwrap();
            let (kind, address) = rewrite.split_once(';').unwrap();
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(kind, if address.is_ipv4() { "A" } else { "AAAA" });
            (name.to_owned(), address)
        });
    assert_eq!(sorted(found), own());

    let (patterns, exceptions): (Vec<String>, Vec<String>) =
        adguard(&["adguard-home", "--mode", "protect"], "rules")
            .into_iter()
            .partition(|rule| rule.starts_with('/'));
    let machinery = MACHINERY.map(|name| format!("@@||{name}^"));
    let expected = [allow, machinery.to_vec()].concat();
    assert_eq!(sorted(exceptions), sorted(expected));
    let patterns = patterns.iter().map(|rule| {
        rule.strip_prefix('/')
            .and_then(|rule| rule.strip_suffix('/'))
            .unwrap()
    });
    let patterns = regex::RegexSet::new(patterns).unwrap();
    for inside in [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.1.1",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.1.1",
        "172.31.255.255",
        "192.168.1.1",
        "198.19.0.1",
        "224.0.0.251",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:192.168.1.1",
        "64:ff9b:1::1",
        "100::1",
        "4000::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::fb",
    ] {
        let passes = inside == "64:ff9b:1::1"; // As its remark says.
        assert_eq!(patterns.is_match(inside), !passes, "{inside}");
    }
    for outside in [
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.1",
        "172.32.0.1",
        "192.167.1.1",
        "198.17.0.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450:4001:81b::200e",
        "10.example.com",
        "fe80.example.com",
        "1.0.0.10.in-addr.arpa",
        "192.168.1.1.example.com",
    ] {
        assert!(!patterns.is_match(outside), "{outside}");
    }
}
