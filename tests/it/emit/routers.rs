//! What is written for routers, read as they read it: the XML, base64 and JSON of their configurations, their command lines, and what of
//! it reaches Unbound or dnsmasq inside of them.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::process::{Command, Stdio};

use data_encoding::BASE64;
use serde_json::Value;

use super::snapshots::{ID, SERVER, emit, try_emit};
use crate::support::peers::installed;

const ODD_SERVER: &str = "[fd00::2]:5335";
const STATIC: [&str; 6] = ["--mode", "static", "--plex", "192.168.1.10", "--id", ID];

/// What `lanward emit` says as data.
pub(super) fn data(arguments: &[&str]) -> Value {
    let text = emit(&[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&text).unwrap()
}

/// A part's text, without what is said above it.
pub(super) fn part(data: &Value, name: &str) -> String {
    let parts = data["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["name"] == name);
    let part = part.unwrap_or_else(|| panic!("no part {name:?} in {data:#}"));
    part["text"].as_str().unwrap().to_owned()
}

/// The arguments for each mode.
pub(super) fn modes() -> [Vec<&'static str>; 5] {
    [
        vec!["--mode", "forward", "--server", SERVER],
        vec!["--mode", "forward", "--server", ODD_SERVER],
        vec!["--mode", "allow"],
        vec!["--mode", "protect"],
        STATIC.to_vec(),
    ]
}

pub(super) fn with<'a>(target: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    [&[target], arguments].concat()
}

/// The lines for a plain dnsmasq, which all that is built on it must arrive at; the switch of the protection is elsewhere in most.
pub(super) fn dnsmasq_lines(arguments: &[&str], has_switch: bool) -> Vec<String> {
    let text = part(&data(&with("dnsmasq", arguments)), "conf");
    let lines = text.lines().map(str::to_owned);
    lines
        .filter(|line| !(has_switch && line == "stop-dns-rebind"))
        .collect()
}

pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// `dnsmasq --test` with these options.
pub(super) fn assert_dnsmasq_reads(options: &[String], context: &str) {
    let mut command = Command::new("/usr/sbin/dnsmasq");
    command.args(["--test", "--conf-file=/dev/null"]);
    command.args(options.iter().map(|option| format!("--{option}")));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{context}: {said}");
}

/// `unbound-checkconf` with the text behind what such a router writes itself.
fn assert_unbound_reads(clauses: &str, context: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unbound.conf");
    let own = format!(
        "server:\n  chroot: \"\"\n  username: \"\"\n  directory: \"{0}\"\n  private-address: 10.0.0.0/8\n  local-zone: \"home.arpa.\" transparent\n\
         forward-zone:\n  name: \"corp.example\"\n  forward-addr: 192.0.2.1\n",
        folder.path().display()
    );
    fs::write(&file, format!("{own}\n{clauses}")).unwrap();
    let output = Command::new("/usr/sbin/unbound-checkconf")
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{context}: {said}\n{clauses}");
}

/// What sits in an element of a piece of config.xml, for each time that it is there.
fn elements(xml: &str, section: &str, name: &str) -> Vec<BTreeMap<String, String>> {
    let whole = format!("<{section}>{xml}</{section}>");
    let document = roxmltree::Document::parse(&whole).unwrap();
    let root = document.root_element();
    assert!(
        root.children()
            .all(|child| child.is_element()
                || child.text().is_some_and(|text| text.trim().is_empty())),
        "text beside the elements: {xml}"
    );
    let found = root.children().filter(|child| child.has_tag_name(name));
    let fields = found.map(|element| {
        let own = element.text().unwrap_or_default().trim();
        let children = element.children().filter(roxmltree::Node::is_element);
        let fields = children.map(|child| {
            let text = child.text().unwrap_or_default();
            (child.tag_name().name().to_owned(), text.to_owned())
        });
        [(String::new(), own.to_owned())]
            .into_iter()
            .chain(fields)
            .collect()
    });
    fields.collect()
}

fn decoded(xml: &str, section: &str) -> String {
    let options = elements(xml, section, "custom_options");
    assert_eq!(options.len(), 1, "{xml}");
    let octets = BASE64.decode(options[0][""].as_bytes()).unwrap();
    String::from_utf8(octets).unwrap()
}

/// The values in the forms of a menu: each form's fields in order.
fn forms(text: &str) -> Vec<Vec<(String, String)>> {
    let forms = text.trim_end().split("\n\n").map(|form| {
        let fields = form.lines().map(|line| line.split_once(": ").unwrap());
        fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    });
    forms.collect()
}

#[test]
fn what_answers_instead_is_told_with_mode_and_reload() {
    for (target, other, reload) in [
        ("openwrt", "unbound", "service unbound restart"),
        ("opnsense", "dnsmasq", "configctl dnsmasq restart"),
    ] {
        for mode in ["forward", "allow", "protect"] {
            let notes = data(&[target, "--mode", mode, "--server", SERVER])["notes"].to_string();
            let command = format!("`lanward emit {other} --mode {mode}`");
            for words in [&command, reload] {
                assert!(notes.contains(words), "{target} {mode}: {notes}");
            }
        }
    }
}

/// What is in config.xml already stays; what is said of the menu's buttons is not said of a restored file.
#[test]
fn pfsense_loses_no_options_that_are_there() {
    for target in ["pfsense-resolver", "pfsense-forwarder"] {
        let data = data(&[target, "--mode", "allow"]);
        let parts = data["parts"].as_array().unwrap();
        let xml = parts.iter().find(|part| part["name"] == "xml").unwrap();
        let place = xml["place"]["where"].as_str().unwrap();
        assert!(!place.contains("in place of"), "{place}");
        assert!(place.contains("below those"), "{place}");
        assert!(data["reload"].as_str().unwrap().contains("restore"));
        assert!(data["check"].as_str().unwrap().contains("restored"));
    }
}

#[test]
fn pfsense_keeps_custom_options_as_they_are_shown() {
    for (target, section) in [
        ("pfsense-resolver", "unbound"),
        ("pfsense-forwarder", "dnsmasq"),
    ] {
        for arguments in modes() {
            let data = data(&with(target, &arguments));
            let parts = data["parts"].as_array().unwrap();
            if !parts.iter().any(|part| part["name"] == "custom") {
                continue;
            }
            let custom = part(&data, "custom");
            assert_eq!(
                decoded(&part(&data, "xml"), section),
                custom,
                "{arguments:?}"
            );
        }
    }
}

#[test]
fn pfsense_overrides_say_the_same_in_the_menu_and_in_config_xml() {
    let cases = [
        ("pfsense-resolver", "unbound", SERVER, "192.168.1.2"),
        ("pfsense-resolver", "unbound", ODD_SERVER, "fd00::2@5335"),
        ("pfsense-forwarder", "dnsmasq", SERVER, "192.168.1.2"),
    ];
    for (target, section, server, written) in cases {
        let domains = ["--domain", "plex.direct", "--domain", "example.com"];
        let data = data(&[&[target, "--server", server][..], &domains].concat());
        let xml = elements(&part(&data, "xml"), section, "domainoverrides");
        let menu = forms(&part(&data, "overrides"));
        let meant = ["example.com", "plex.direct"];
        assert_eq!(xml.len(), meant.len());
        assert_eq!(menu.len(), meant.len());
        for ((xml, menu), domain) in xml.iter().zip(&menu).zip(meant) {
            assert_eq!(
                (xml["domain"].as_str(), xml["ip"].as_str()),
                (domain, written)
            );
            assert_eq!(menu[0], ("Domain".to_owned(), domain.to_owned()));
            assert_eq!(menu[1], ("IP Address".to_owned(), written.to_owned()));
        }
    }
}

/// pfSense makes of an override what the custom options say; for a name that Unbound answers itself it would not.
#[test]
fn a_name_that_unbound_answers_itself_needs_custom_options() {
    for target in ["pfsense-resolver", "opnsense"] {
        let parts = |domain| {
            let data = data(&[target, "--server", SERVER, "--domain", domain]);
            let parts = data["parts"].as_array().unwrap().clone();
            let names = parts
                .iter()
                .map(|part| part["name"].as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        let forms = ["overrides", "forwardings"];
        let has_form = |parts: Vec<String>| parts.iter().any(|part| forms.contains(&part.as_str()));
        assert!(has_form(parts("plex.direct")), "{target}");
        assert!(!has_form(parts("printer.home.arpa")), "{target}");
    }
}

#[test]
fn unbound_reads_what_its_routers_get() {
    if !installed(
        "unbound_reads_what_its_routers_get",
        "unbound-checkconf",
        "unbound",
    ) {
        return;
    }
    for (target, name) in [("pfsense-resolver", "custom"), ("opnsense", "file")] {
        for arguments in modes() {
            let clauses = part(&data(&with(target, &arguments)), name);
            assert_unbound_reads(&clauses, &format!("{target} {arguments:?}"));
            let plain = part(&data(&with("unbound", &arguments)), "conf");
            assert_eq!(clauses, plain, "{target} {arguments:?}");
        }
    }
}

/// The part that holds the lines of dnsmasq, and how they stand in it.
#[test]
fn dnsmasq_gets_the_same_from_every_router() {
    let has_dnsmasq = installed(
        "dnsmasq_gets_the_same_from_every_router",
        "dnsmasq",
        "dnsmasq-base",
    );
    let routers = [
        ("pfsense-forwarder", "custom", true),
        ("dd-wrt", "options", true),
        ("freshtomato", "options", true),
        ("asuswrt-merlin", "file", true),
        ("edgeos", "commands", false),
        ("edgeos", "usg", false),
    ];
    for (target, name, has_switch) in routers {
        for arguments in modes() {
            if target == "pfsense-forwarder" && arguments.contains(&SERVER) {
                continue; // There it is domain overrides.
            }
            let context = format!("{target} {arguments:?}");
            let text = part(&data(&with(target, &arguments)), name);
            let options = match name {
                // pfSense splits at white space.
                "custom" => text.split_whitespace().map(str::to_owned).collect(),
                "commands" => edgeos_options(&text),
                "usg" => usg_options(&text),
                _ => lines(&text),
            };
            assert_eq!(options, dnsmasq_lines(&arguments, has_switch), "{context}");
            if has_dnsmasq {
                assert_dnsmasq_reads(&options, &context);
            }
        }
    }
}

fn edgeos_options(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let ["configure", sets @ .., "commit", "save", "exit"] = lines.as_slice() else {
        panic!("no session of configuration: {text}");
    };
    let options = sets.iter().map(|line| {
        let option = line.strip_prefix("set service dns forwarding options ");
        let option = option.unwrap_or_else(|| panic!("{line}"));
        // The shell takes one word, and gives these characters no meaning inside of it.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=#:,".contains(c);
        assert!(option.chars().all(is_plain), "{line}");
        option.to_owned()
    });
    options.collect()
}

fn usg_options(text: &str) -> Vec<String> {
    let json: Value = serde_json::from_str(text).unwrap();
    let options = json["service"]["dns"]["forwarding"]["options"].as_array();
    let options = options.unwrap().iter();
    options
        .map(|option| option.as_str().unwrap().to_owned())
        .collect()
}

/// What stands for the programs of the router while a shell runs a script: they print what they are told, and `uci get` looks into the
/// file `$STATE`.
const PROGRAMS: &str = r#"
uci() {
    case "$*" in
        "-q get "*) found=$(grep -F -- "$3=" "$STATE") && printf '%s\n' "${found#*=}" ;;
        *=*) printf "uci %s='%s'\n" "${*%%=*}" "${*#*=}" ;;
        *) printf 'uci %s\n' "$*" ;;
    esac
}
service() { printf 'service %s\n' "$*"; }
"#;

/// The part of uci that the commands need, strict about everything else.
#[derive(Debug, Default, Clone, PartialEq)]
struct Uci {
    options: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
    changed: bool,
    commits: usize,
    restarts: usize,
}

impl Uci {
    fn run(&mut self, script: &str) {
        let state = tempfile::NamedTempFile::new().unwrap();
        let options = self.options.iter();
        let options: Vec<String> = options
            .map(|(path, value)| format!("{path}={value}\n"))
            .collect();
        fs::write(state.path(), options.concat()).unwrap();
        let output = Command::new("/bin/sh")
            .args(["-c", &format!("{PROGRAMS}{script}")])
            .env("STATE", state.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.is_empty(),
            "{said}\n{script}"
        );
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            match line {
                "uci commit dhcp" => {
                    self.commits += 1;
                    self.changed = false;
                }
                "service dnsmasq restart" => {
                    assert!(!self.changed, "restarted before the commit");
                    self.restarts += 1;
                }
                _ => self.change(line),
            }
        }
    }

    fn change(&mut self, line: &str) {
        if let Some(section) = line.strip_prefix("uci -q delete ") {
            assert_eq!(
                self.options.remove(section).as_deref(),
                Some("domain"),
                "{line}"
            );
            let below = format!("{section}.");
            self.options.retain(|path, _| !path.starts_with(&below));
            self.changed = true;
            return;
        }
        let (command, rest) = ["uci set ", "uci add_list ", "uci -q del_list "]
            .iter()
            .find_map(|command| Some((*command, line.strip_prefix(command)?)))
            .unwrap_or_else(|| panic!("no command of uci: {line}"));
        let (path, value) = rest.split_once('=').unwrap();
        let value = value
            .strip_prefix('\'')
            .and_then(|value| value.strip_suffix('\''));
        let value = value.unwrap_or_else(|| panic!("no value in quotes: {line}"));
        assert!(!value.contains('\''), "{line}");
        let words: Vec<&str> = path.split('.').collect();
        let is_name = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match words.as_slice() {
            ["dhcp", section] => assert!(is_name(section), "{line}"),
            ["dhcp", "@dnsmasq[0]", option] => assert!(is_name(option), "{line}"),
            ["dhcp", section, option] => {
                assert!(is_name(option), "{line}");
                let kind = format!("dhcp.{section}");
                assert!(self.options.contains_key(&kind), "no section yet: {line}");
            }
            _ => panic!("no path of uci: {line}"),
        }
        self.changed = true;
        match command {
            "uci set " => drop(self.options.insert(path.to_owned(), value.to_owned())),
            "uci add_list " => self.list(path).push(value.to_owned()),
            _ => self.list(path).retain(|old| old != value),
        }
    }

    fn list(&mut self, path: &str) -> &mut Vec<String> {
        self.lists.entry(path.to_owned()).or_default()
    }

    /// What dnsmasq.init writes for the first instance.
    fn dnsmasq(&self) -> Vec<String> {
        let list = |name: &str| self.lists.get(&format!("dhcp.@dnsmasq[0].{name}")).cloned();
        let protection = self.options.get("dhcp.@dnsmasq[0].rebind_protection");
        let mut lines = Vec::new();
        if protection.is_some_and(|value| value == "1") {
            lines.push("stop-dns-rebind".to_owned());
            let localhost = self.options.get("dhcp.@dnsmasq[0].rebind_localhost");
            if localhost.is_none_or(|value| value == "1") {
                lines.push("rebind-localhost-ok".to_owned());
            }
        }
        let servers = list("server").unwrap_or_default();
        lines.extend(servers.iter().map(|value| format!("server={value}")));
        let domains = list("rebind_domain").unwrap_or_default();
        lines.extend(
            domains
                .iter()
                .map(|value| format!("rebind-domain-ok={value}")),
        );
        lines
    }

    /// The names of the sections `domain`, with their addresses.
    fn hosts(&self) -> Vec<(String, IpAddr)> {
        let sections = self.options.iter().filter(|(_, kind)| *kind == "domain");
        let hosts = sections.map(|(section, _)| {
            let name = self.options[&format!("{section}.name")].clone();
            let address = self.options[&format!("{section}.ip")].parse().unwrap();
            (name, address)
        });
        hosts.collect()
    }
}

#[test]
fn openwrt_means_the_same_after_a_second_run() {
    let has_dnsmasq = installed(
        "openwrt_means_the_same_after_a_second_run",
        "dnsmasq",
        "dnsmasq-base",
    );
    for arguments in modes() {
        let script = part(&data(&with("openwrt", &arguments)), "uci");
        let mut uci = Uci::default();
        uci.list("dhcp.@dnsmasq[0].server")
            .push("/lan/10.0.0.1".to_owned());
        uci.run(&script);
        let once = uci.clone();
        uci.run(&script);
        assert_eq!((uci.commits, uci.restarts), (2, 2));
        assert_eq!(
            (&uci.options, uci.dnsmasq()),
            (&once.options, once.dnsmasq()),
            "{arguments:?}"
        );
        let options = uci.dnsmasq();
        assert!(
            options.contains(&"server=/lan/10.0.0.1".to_owned()),
            "what stood there is gone"
        );
        if has_dnsmasq {
            assert_dnsmasq_reads(&options, &format!("openwrt {arguments:?}"));
        }
        if arguments == STATIC {
            let plex = format!("192-168-1-10.{ID}.plex.direct");
            assert!(
                uci.hosts()
                    .contains(&(plex, "192.168.1.10".parse().unwrap()))
            );
            assert!(
                uci.hosts()
                    .contains(&("tower.example.org".to_owned(), "fd00::20".parse().unwrap()))
            );
            continue;
        }
        let mut meant = dnsmasq_lines(&arguments, false);
        let mut got: Vec<String> = options;
        got.retain(|line| line != "server=/lan/10.0.0.1");
        meant.sort();
        got.sort();
        assert_eq!(got, meant, "{arguments:?}");
    }
}

#[test]
fn openwrt_forgets_fixed_names_that_are_gone() {
    let script = |arguments: &[&str]| part(&data(&with("openwrt", arguments)), "uci");
    let more = [&STATIC[..], &["--plex", "192.168.1.11"]].concat();
    let mut uci = Uci::default();
    uci.run(&script(&more));
    let gone = format!("192-168-1-11.{ID}.plex.direct");
    let has = |uci: &Uci| {
        let is_host = uci.hosts().iter().any(|(name, _)| *name == gone);
        (is_host, uci.dnsmasq().contains(&format!("server=/{gone}/")))
    };
    assert_eq!(has(&uci), (true, true));
    uci.run(&script(&STATIC));
    assert_eq!(has(&uci), (false, false));
    let mut fresh = Uci::default();
    fresh.run(&script(&STATIC));
    assert_eq!(
        (&uci.options, uci.dnsmasq()),
        (&fresh.options, fresh.dnsmasq())
    );
}

#[test]
fn who_adds_servers_says_how_to_take_the_old_one_away() {
    for (target, command) in [
        (
            "edgeos",
            "delete service dns forwarding options server=/DOMAIN/OLD",
        ),
        (
            "vyos",
            "delete service dns forwarding domain DOMAIN name-server OLD",
        ),
        ("openwrt", "uci del_list"),
    ] {
        let notes = |arguments: &[&str]| data(&with(target, arguments))["notes"].to_string();
        assert!(notes(&["--server", SERVER]).contains(command), "{target}");
        assert!(!notes(&STATIC).contains(command), "{target}");
    }
}

/// The bodies of the calls in a script.
fn bodies(script: &str) -> Vec<(Value, String)> {
    let calls = script.lines().map(|line| {
        let (_, rest) = line.split_once(" -d '").unwrap();
        let (body, rest) = rest.split_once("' https://").unwrap();
        (serde_json::from_str(body).unwrap(), rest.to_owned())
    });
    calls.collect()
}

#[test]
fn calls_of_an_api_hold_what_the_menu_says() {
    let domains = ["--domain", "plex.direct", "--domain", "example.com"];
    let opnsense = data(&[&["opnsense", "--server", ODD_SERVER][..], &domains].concat());
    let calls = bodies(&part(&opnsense, "api"));
    let menu = forms(&part(&opnsense, "forwardings"));
    assert_eq!(calls.len(), 3);
    assert!(calls[2].1.ends_with("/service/reconfigure"));
    for ((call, menu), domain) in calls.iter().zip(&menu).zip(["example.com", "plex.direct"]) {
        let entry = &call.0["dot"];
        let fields =
            ["enabled", "domain", "server", "port"].map(|field| entry[field].as_str().unwrap());
        assert_eq!(fields, ["1", domain, "fd00::2", "5335"]);
        let values: Vec<&str> = menu.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["ticked", domain, "fd00::2", "5335"]);
    }

    let unifi = data(&[&["unifi", "--server", SERVER][..], &domains].concat());
    let calls = bodies(&part(&unifi, "api"));
    let menu = forms(&part(&unifi, "entries"));
    assert_eq!((calls.len(), menu.len()), (2, 2));
    for ((call, menu), domain) in calls.iter().zip(&menu).zip(["example.com", "plex.direct"]) {
        assert_eq!(call.0["type"], "FORWARD_DOMAIN");
        assert_eq!(
            (&call.0["domain"], &call.0["ipAddress"]),
            (&domain.into(), &"192.168.1.2".into())
        );
        let values: Vec<&str> = menu.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["Forward Domain", domain, "192.168.1.2"]);
    }
}

#[test]
fn a_shell_reads_what_is_meant_for_one() {
    let scripts = [
        ("openwrt", "uci"),
        ("edgeos", "commands"),
        ("vyos", "commands"),
    ];
    let calls = [("opnsense", "api"), ("unifi", "api")];
    let with_api = ["--server", SERVER, "--domain", "plex.direct"];
    let cases = (scripts.into_iter()).chain(calls);
    for (target, name) in cases {
        // With the comments, as it is pasted.
        let script = emit(&[&[target, "--part", name][..], &with_api].concat());
        let output = Command::new("/bin/sh")
            .args(["-n", "-c", &script])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{target}: {said}\n{script}");
    }
}

#[test]
fn vyos_gets_commands_that_it_has() {
    let text = part(&data(&["vyos", "--server", ODD_SERVER]), "commands");
    let lines: Vec<&str> = text.lines().collect();
    let ["configure", sets @ .., "commit", "save", "exit"] = lines.as_slice() else {
        panic!("no session of configuration: {text}");
    };
    let mut domains: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in sets {
        let rest = line
            .strip_prefix("set service dns forwarding domain ")
            .unwrap();
        let (domain, what) = rest.split_once(' ').unwrap();
        domains.entry(domain).or_default().push(what);
    }
    let meant = [
        "home.arpa",
        "nas.example.net",
        "nip.io",
        "plex.direct",
        "sslip.io",
        "tower.example.org",
        "vpn.example.com",
    ];
    assert_eq!(domains.keys().copied().collect::<Vec<_>>(), meant);
    for what in domains.values() {
        assert_eq!(
            what,
            &[
                "name-server fd00::2 port 5335",
                "recursion-desired",
                "addnta"
            ]
        );
    }

    let text = part(&data(&with("vyos", &STATIC)), "commands");
    let sets = text.lines().filter_map(|line| line.strip_prefix("set "));
    let hosts: Vec<Vec<&str>> = sets.map(|line| line.split(' ').collect()).collect();
    assert_eq!(hosts.len(), 3);
    for words in hosts {
        let [
            "system",
            "static-host-mapping",
            "host-name",
            name,
            "inet",
            address,
        ] = words[..]
        else {
            panic!("{words:?}");
        };
        assert!(name.contains('.'), "{name}");
        assert!(address.parse::<IpAddr>().is_ok(), "{address}");
    }
}

#[test]
fn mikrotik_takes_its_own_entries_away_and_adds_them() {
    let cases = [
        ("forward", with("mikrotik", &["--server", SERVER]), 7),
        ("static", with("mikrotik", &STATIC), 3),
    ];
    for (mode, arguments, count) in cases {
        let text = part(&data(&arguments), "commands");
        let lines: Vec<&str> = text.lines().collect();
        let remove = format!("/ip dns static remove [find comment=\"lanward {mode}\"]");
        let [first, adds @ .., "/ip dns cache flush"] = lines.as_slice() else {
            panic!("{text}");
        };
        assert_eq!(*first, remove);
        assert_eq!(adds.len(), count, "{text}");
        for line in adds {
            let rest = line.strip_prefix("/ip dns static add ").unwrap();
            let (fields, comment) = rest.split_once(" comment=").unwrap();
            assert_eq!(comment, format!("\"lanward {mode}\""));
            let fields: BTreeMap<&str, &str> = fields
                .split(' ')
                .map(|field| field.split_once('=').unwrap())
                .collect();
            let keys: Vec<&str> = fields.keys().copied().collect();
            match fields["type"] {
                "FWD" => {
                    assert_eq!(keys, ["forward-to", "match-subdomain", "name", "type"]);
                    assert_eq!(
                        (fields["forward-to"], fields["match-subdomain"]),
                        ("192.168.1.2", "yes")
                    );
                }
                kind => {
                    assert_eq!(keys, ["address", "name", "type"]);
                    let address: IpAddr = fields["address"].parse().unwrap();
                    assert_eq!(kind, if address.is_ipv4() { "A" } else { "AAAA" });
                }
            }
        }
    }
}

#[test]
fn fritzbox_gets_one_name_in_each_line() {
    let data = data(&["fritzbox"]);
    let meant = [
        "nas.example.net",
        "nip.io",
        "plex.direct",
        "sslip.io",
        "vpn.example.com",
    ];
    let mut names = lines(&part(&data, "names"));
    names.sort();
    assert_eq!(names, meant);
    let notes = data["notes"].to_string();
    assert!(
        notes.contains("nas.example.net"),
        "a name meant alone is told: {notes}"
    );
}

#[test]
fn a_router_that_knows_no_port_says_so() {
    for target in ["unifi", "mikrotik"] {
        let refused = try_emit(&[target, "--server", "192.168.1.2:5335"]);
        assert_eq!(
            (refused.out.as_str(), refused.code),
            ("", Some(1)),
            "{target}"
        );
        for word in ["port 53", "--server ADDRESS:53"] {
            assert!(refused.complaints.contains(word), "{}", refused.complaints);
        }
    }
    // This one has another way.
    let data = data(&[
        "pfsense-forwarder",
        "--server",
        "192.168.1.2:5335",
        "--domain",
        "plex.direct",
    ]);
    assert!(part(&data, "custom").contains("server=/plex.direct/192.168.1.2#5335"));
}

#[test]
fn a_router_without_protection_says_what_to_do_instead() {
    let cases = [
        ("unifi", "protect", "Let the clients ask lanward"),
        ("unifi", "allow", "--mode forward"),
        ("vyos", "protect", "Let the clients ask lanward"),
        ("mikrotik", "protect", "Let the clients ask lanward"),
        ("fritzbox", "forward", "Let the clients ask lanward"),
        ("fritzbox", "protect", "--mode allow"),
        ("fritzbox", "static", "--mode allow"),
    ];
    for (target, mode, instead) in cases {
        let refused = try_emit(&[&with(target, &["--mode", mode])[..], &STATIC[2..]].concat());
        assert_eq!(
            (refused.out.as_str(), refused.code),
            ("", Some(1)),
            "{target} {mode}"
        );
        assert!(
            refused.complaints.contains(instead),
            "{}",
            refused.complaints
        );
    }
}
