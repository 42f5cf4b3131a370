//! AdGuardHome.yaml.
//!
//! AdGuard Home has no protection from rebinding of its own. A filter list of regular expressions over the addresses in answers can
//! be one, and a rule that begins with `@@` is an exception from all filtering.
//!
//! Source: `internal/home/config.go`, `internal/dnsforward/upstreams.go`, and `proxy/upstreams.go` of dnsproxy; the list:
//! `adguard/dns-rebind-protection.txt` of `HaGeZi`.

mod rule;
mod upstream;
mod yaml;

use ipnet::IpNet;

use super::place::quoted;
use super::{Known, Place, Protection, Reading};

use yaml::Node;

/// Reads AdGuardHome.yaml; none if it cannot be read.
pub(super) fn read(reading: &mut Reading, known: &Known) -> Option<()> {
    let (place, text) = reading.open()?;
    let root = match yaml::read(&text) {
        Ok(root) => root,
        Err((row, why)) => {
            let problem = format!("cannot be read as YAML: {}", quoted(&why));
            reading.error(&place.row(row), problem);
            return None;
        }
    };
    let dns = root.get("dns");
    upstream::read(reading, &place, dns);
    let protection = protection(&root);
    for rule in root.get("user_rules").items() {
        rule::allow(reading, &place.row(rule.row), rule.text());
    }
    if let Some((row, by, ranges)) = protection {
        reading.protection = Protection::On {
            place: place.row(row),
            by,
            ranges,
        };
        warn_of_blocked(reading, &place.row(row), known);
    }
    Some(())
}

/// Names with private addresses are blocked by the list, also those of media servers, whose addresses are as private as others.
fn warn_of_blocked(reading: &mut Reading, place: &Place, known: &Known) {
    let is_covered = |name| {
        let mut allowed = reading.allowed.iter();
        let mut forwards = reading.forwards.iter();
        // A domain with servers of its own is told as such.
        allowed.any(|allowed| crate::wire::Name::is_within(name, &allowed.name))
            || forwards.any(|forward| name.is_within(&forward.name))
    };
    let blocked: Vec<_> = (known.decoded.iter())
        .filter(|name| !is_covered(name))
        .copied()
        .collect();
    for name in blocked {
        reading.warning(
            place,
            format!(
                "names under {name} that lead to this network are blocked as well: add '@@||{name}^' to user_rules, or let clients ask lanward \
                 first; `lanward emit adguard-home` prints either"
            ),
        );
    }
}

/// What switches the protection on, if filters are used at all: the list, or a rule of one's own, whose networks are not known.
fn protection(root: &Node) -> Option<(usize, String, Vec<IpNet>)> {
    // Before schema 26 the switches stood below dns.
    let is_off = |key| {
        let places = [root.get("filtering").get(key), root.get("dns").get(key)];
        places.iter().any(|node| node.text() == "false")
    };
    if is_off("filtering_enabled") || is_off("protection_enabled") {
        return None;
    }
    let lists = root.get("filters").items();
    let mut lists = lists.filter(|list| list.get("enabled").text() == "true");
    let is_list = |list: &&Node| {
        let url = list.get("url").text();
        url.ends_with("/filter_71.txt") || url.contains("dns-rebind-protection")
    };
    if let Some(list) = lists.find(is_list) {
        let by = format!("the filter list {}", quoted(list.get("url").text()));
        return Some((list.row, by, ranges()));
    }
    let mut rules = root.get("user_rules").items();
    let rule = rules.find(|rule| rule::is_of_addresses(rule.text()))?;
    let by = format!("the rule {}", quoted(rule.text()));
    Some((rule.row, by, Vec::new()))
}

/// What the list blocks.
fn ranges() -> Vec<IpNet> {
    const LIST: [&str; 16] = [
        "0.0.0.0/24",
        "10.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::/128",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
        "::ffff:0.0.0.0/120",
        "::ffff:10.0.0.0/104",
        "::ffff:127.0.0.0/104",
        "::ffff:169.254.0.0/112",
        "::ffff:172.16.0.0/108",
        "::ffff:192.168.0.0/112",
    ];
    LIST.iter().filter_map(|net| net.parse().ok()).collect()
}
