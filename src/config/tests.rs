//! What a configuration file may say, and what is said of what it may not.

use std::path::Path;

use super::*;

/// The findings of a text, each without the name of the file.
fn findings(text: &str) -> Vec<String> {
    let (settings, findings) = Settings::prove(Path::new("f"), text);
    let failed = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    assert_eq!(settings.is_none(), failed, "{text}");
    findings
        .iter()
        .map(|finding| finding.to_string().trim_start_matches("f:").to_owned())
        .collect()
}

/// A server that needs no root certificates, which this machine may not have, but somebody who knows its address.
const PINNED_NAME: &str = "[upstream]\nservers = [\"tls://dns.example#sha256/AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\"]\n";

#[test]
fn names_are_looked_up_where_the_file_says() {
    for more in [
        "bootstrap = [\"9.9.9.9\", \"tcp://[2620:fe::fe]\"]\n",
        "strategy = \"strict\"\nbootstrap = [\"9.9.9.9\"]\n",
    ] {
        assert_eq!(
            findings(&format!("{PINNED_NAME}{more}")),
            Vec::<String>::new()
        );
    }
    let beside = PINNED_NAME.replace("\"]", "\", \"192.168.1.1\"]");
    assert_eq!(findings(&beside), Vec::<String>::new());
    // The default servers are not asked for the servers of a route.
    let route = PINNED_NAME.replace("[upstream]", "[[route]]\ndomains = [\"corp.example\"]");
    let found = findings(&format!("{route}[upstream]\nservers = [\"9.9.9.9\"]\n"));
    assert!(found.len() == 1 && found[0].starts_with("3:12: error: servers: nobody can be asked"));
}

/// Doors that need nothing more than what stands behind.
const DOORS: &str = "[server.tls]\nself_signed = true\ntls = [\"127.0.0.1:853\"]\n";

#[test]
#[expect(clippy::too_many_lines, reason = "a table, better in one piece")]
fn each_mistake_about_encrypted_doors_is_told() {
    let pinned = "#sha256/AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let upstream = |server: &str| format!("{DOORS}[upstream]\nservers = [\"{server}{pinned}\"]\n");
    for (text, expected) in [
        (
            "[server.tls]\ntls = [\"127.0.0.1:853\"]\n".to_owned(),
            " error: [server.tls] needs a certificate: certificate = \"FILE\" and key = \"FILE\", or self_signed = true",
        ),
        (
            "[server.tls]\nkey = \"k\"\ntls = [\"127.0.0.1:853\"]\n".to_owned(),
            "2:7: error: [server.tls] needs a certificate",
        ),
        (
            "[server.tls]\nself_signed = true\n".to_owned(),
            " warning: [server.tls] opens no door; allowed: ",
        ),
        (
            "[server.tls]\n".to_owned(),
            " warning: [server.tls] opens no door; allowed: ",
        ),
        (
            format!("{DOORS}key = \"k\"\n"),
            "2:15: error: self_signed: there can be one certificate only",
        ),
        (
            format!("{DOORS}https = [\"127.0.0.1\"]\n"),
            "4:10: error: https: \"127.0.0.1\" is no address with a port",
        ),
        (
            format!("{DOORS}name = \"dns..example\"\n"),
            "4:8: error: name: \"dns..example\" is no name of a host; allowed: letters, digits",
        ),
        (
            format!("{DOORS}name = \"192.168.1.2\"\n"),
            "4:8: error: name: \"192.168.1.2\" is no name of a host",
        ),
        (
            format!("{DOORS}name = \"the_dns.example\"\n"),
            "4:8: error: name: \"the_dns.example\" is no name of a host",
        ),
        (
            format!("{DOORS}name = \"*.home.example\"\n"),
            "4:8: error: name: \"*.home.example\" is no name of a host",
        ),
        (
            format!("{DOORS}name = \"localhost\"\n"),
            "4:8: error: name: \"localhost\" means something else (RFC 6761 §6.3)",
        ),
        (
            format!("{DOORS}path = \"dns-query\"\n"),
            "4:8: error: path: \"dns-query\" is no path",
        ),
        (
            format!("{DOORS}path = \"/dns-query{{?dns}}\"\n"),
            "4:8: error: path: ",
        ),
        (
            format!("{DOORS}https = [\"0.0.0.0:853\"]\n"),
            "4:10: error: https: 0.0.0.0:853 is covered by 127.0.0.1:853 of tls already",
        ),
        (
            format!("[server]\nlisten = [\"0.0.0.0:853\"]\n{DOORS}"),
            "5:8: error: tls: 127.0.0.1:853 is covered by 0.0.0.0:853 of listen already",
        ),
        (
            format!("{DOORS}quic = [\"127.0.0.1:853\"]\nh3 = [\"127.0.0.1:853\"]\n"),
            "5:7: error: h3: 127.0.0.1:853 is covered by 127.0.0.1:853 of quic already",
        ),
        (
            format!("[server]\nlisten = [\"127.0.0.1:53\"]\n{DOORS}h3 = [\"127.0.0.1:53\"]\n"),
            "6:7: error: h3: 127.0.0.1:53 is covered by 127.0.0.1:53 of listen already",
        ),
        (
            upstream("tls://127.0.0.1"),
            "5:12: error: servers: tls://127.0.0.1#sha256/",
        ),
        (
            upstream("https://127.0.0.1:853"),
            "5:12: error: servers: https://127.0.0.1:853/dns-query#",
        ),
        (
            format!("{DOORS}[upstream]\nbootstrap = [\"tls://127.0.0.1{pinned}\"]\n"),
            "5:14: error: bootstrap: tls://127.0.0.1#",
        ),
    ] {
        let found = findings(&text);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{text}\nexpected {expected}\nfound    {found:#?}"
        );
    }
    let found = findings("[server.tls]\nstate = \"/var/lib/lanward\"\n");
    assert!(
        found[1].starts_with("2:9: warning: state: without effect"),
        "{found:?}"
    );
    for fine in [
        DOORS.to_owned(),
        format!(
            "{DOORS}quic = [\"127.0.0.1:853\"]\nhttps = [\"0.0.0.0:443\", \"[::]:443\"]\nh3 = [\"0.0.0.0:443\"]\n"
        ),
        format!(
            "{DOORS}https = [\"127.0.0.1:0\"]\nquic = [\"127.0.0.1:0\"]\nh3 = [\"127.0.0.1:0\"]\n"
        ),
        format!("{DOORS}name = \"dns.home.example.\"\npath = \"/\"\nstate = \"state\"\n"),
        // What runs over the other protocol is somebody else's.
        upstream("quic://127.0.0.1"),
    ] {
        assert_eq!(findings(&fine), Vec::<String>::new(), "{fine}");
    }
}

#[test]
fn an_empty_file_is_the_defaults() {
    let (settings, findings) = Settings::prove(Path::new("f"), "");
    let settings = settings.unwrap();
    assert_eq!(findings, []);
    assert_eq!(settings.listen, [DEFAULT_LISTEN]);
    assert_eq!(
        settings.allow,
        [Rule::Loopback, Rule::Private, Rule::Connected]
    );
    assert!(settings.upstream.servers.is_none());
    let suffixes: Vec<String> = settings
        .embedded
        .iter()
        .map(|domain| domain.suffix().to_string())
        .collect();
    assert_eq!(suffixes, ["plex.direct"]);
    assert_eq!(settings.cache, 32 << 20);
    assert_eq!(
        Settings::default().allow,
        settings.allow,
        "the same, not the closed fallback"
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table, better in one piece")]
fn each_mistake_is_told_with_its_place_and_what_is_allowed() {
    let cases = [
        ("[servr]\n", "1:2: error: unknown key"),
        ("[server]\nlisen = []\n", "2:1: error: lisen: unknown key"),
        (
            "[server]\nlisten = 53\n",
            "2:10: error: listen: invalid type",
        ),
        ("[server\n", "1:8: error: "),
        (
            "[server]\nlisten = [\"127.0.0.1:53\", \"x\"]\n",
            "2:27: error: listen: ",
        ),
        ("[server]\nlisten = []\n", " error: listen: no address"),
        (
            "[server]\nallow = [\"everyone\"]\n",
            "2:10: error: allow: \"everyone\" is no client; allowed: \"loopback\"",
        ),
        (
            "[server]\nlisten = [\"0.0.0.0:53\", \"[::]:53\", \"127.0.0.1:53\"]\n",
            "2:36: error: listen: 127.0.0.1:53 is covered by 0.0.0.0:53 already",
        ),
        (
            "[embedded]\npresets = []\nids = [\"0123456789abcdef0123456789abcdef\"]\n",
            "3:8: warning: ids: this is about plex.direct",
        ),
        (
            "[cache]\nfile = \"\"\n",
            "2:8: error: file: \"\" names no file; allowed: ",
        ),
        (
            "[cache]\nexclude = [\"*.example.com\"]\n",
            "2:12: error: exclude: \"*.example.com\": write \"example.com\"",
        ),
        (
            "[cache]\nmax_stale = 604801\n",
            "2:13: error: max_stale: allowed: 0 (never) to 604800",
        ),
        (
            "[server]\nlame_duck = 61\n",
            "2:13: error: lame_duck: allowed: 0 to 60",
        ),
        (
            "[server]\nworkers = 0\n",
            "2:11: error: workers: allowed: 1 to 64",
        ),
        (
            "[upstream]\nservers = [\"dns.example\"]\n",
            "2:12: error: servers: \"dns.example\" has a name, which proves nothing",
        ),
        ("[upstream]\ndnssec = \"on\"\n", "2:10: error: dnssec: "),
        (
            "[upstream]\ndnssec = \"validate\"\nnegative_trust_anchors = [\"a..b\"]\n",
            "3:27: error: negative_trust_anchors: ",
        ),
        (
            "[upstream]\nnegative_trust_anchors = [\"example.com\"]\n",
            "2:27: warning: negative_trust_anchors: without effect, as dnssec is \"off\"",
        ),
        (
            "[[route]]\ndomains = [\"corp.example\"]\nservers = [\"10.0.0.53\"]\ndnssec = \"validate\"\n",
            "4:10: warning: dnssec: without effect, as dnssec in [upstream] is \"off\"",
        ),
        (
            "[upstream]\ndnssec = \"validate\"\ntrust_anchor = \"no/such/file\"\n",
            "3:16: error: trust_anchor: no/such/file: ",
        ),
        (
            "[upstream]\nservers = [\"doh://9.9.9.9\"]\n",
            "2:12: error: servers: doh:// is not supported; allowed: udp://, tcp://, tls://",
        ),
        (
            "[upstream]\nservers = [\"tls://dns.example#sha256/x\"]\n",
            "2:12: error: servers: \"x\" is no SHA-256 digest in base 64; allowed: 44 characters",
        ),
        (
            PINNED_NAME,
            "2:12: error: servers: nobody can be asked for the address of tls://dns.example#",
        ),
        (
            "[upstream]\nbootstrap = [\"tls://dns.example\"]\n",
            "2:14: error: bootstrap: tls://dns.example has no address itself; allowed: ",
        ),
        (
            "[upstream]\nca = \"no-such.pem\"\n",
            "2:6: error: ca: no-such.pem cannot be read: No such file",
        ),
        (
            "[[route]]\ndomains = [\"a.example\"]\nservers = [\"127.0.0.1:9\"]\nca = \"no-such.pem\"\n",
            "4:6: error: ca: no-such.pem cannot be read: No such file",
        ),
        (
            "[upstream]\nbootstrap = [\"127.0.0.1:5335\"]\n",
            "2:14: error: bootstrap: 127.0.0.1:5335 is where lanward itself listens",
        ),
        (
            "[upstream]\nservers = [\"127.0.0.1:5335\"]\n",
            "2:12: error: servers: 127.0.0.1:5335 is where lanward itself listens",
        ),
        (
            "[[route]]\ndomains = []\nservers = [\"127.0.0.1:9\"]\n",
            "2:11: error: domains: empty",
        ),
        (
            "[[route]]\ndomains = [\"corp.example\"]\n",
            "1:1: error: missing key \"servers\"",
        ),
        (
            "[[zone]]\norigin = \"home..arpa\"\nfile = \"x\"\n",
            "2:10: error: origin: \"home..arpa\" is no domain name",
        ),
        (
            "[[zone]]\norigin = \"home.arpa\"\nfile = \"x\"\nmode = \"slave\"\n",
            "4:8: error: mode: \"slave\" is not known; allowed: \"authoritative\", \"overlay\"",
        ),
        (
            "[[host]]\nname = \"nas.example\"\naddresses = [\"192.168.1\"]\n",
            "3:14: error: addresses: \"192.168.1\" is no address",
        ),
        (
            "[[host]]\nname = \"nas.example\"\naddresses = []\n",
            "3:13: error: addresses: empty",
        ),
        (
            "[[leases]]\nfile = \"x\"\nformat = \"bind\"\ndomain = \"lan\"\n",
            "3:10: error: format: \"bind\" is no lease format; allowed: \"dnsmasq\"",
        ),
        (
            "[embedded]\npresets = [\"plex\"]\n",
            "2:12: error: presets: there is no preset \"plex\"; allowed: plex.direct",
        ),
        ("[embedded]\nids = [\"short\"]\n", "2:8: error: ids: "),
        (
            "[embedded]\nnetworks = [\"192.168.1.1/24\"]\n",
            "2:13: error: networks: \"192.168.1.1/24\" has bits behind its prefix; did you mean \"192.168.1.0/24\"?",
        ),
        (
            "[[embedded.domain]]\nsuffix = \"home\"\n",
            "2:10: error: suffix: home is a whole top-level domain",
        ),
        (
            "[[embedded.domain]]\nsuffix = \"a.example\"\nid = \"hex\"\n",
            "3:6: error: id: ",
        ),
        (
            "[[embedded.domain]]\nsuffix = \"a.example\"\nfamilies = [\"ip\"]\n",
            "3:12: error: families: allowed: ",
        ),
        (
            "[rebinding]\naction = \"drop\"\n",
            "2:10: error: action: \"drop\" is not known; allowed: \"block\", \"report\", \"off\"",
        ),
        (
            "[rebinding]\naction = \"off\"\n",
            "2:10: warning: action: with \"off\" any web site",
        ),
        (
            "[rebinding]\nnat64 = [\"64:ff9b:1::/50\"]\n",
            "2:10: error: nat64: ",
        ),
        (
            "[[rebinding.allow]]\ndomain = \".\"\n",
            "2:10: error: domain: the root is every name",
        ),
        (
            "[[route]]\ndomains = [\".\"]\nservers = [\"127.0.0.1:9\"]\nprivate = true\n",
            "2:12: error: domains: the root is every name",
        ),
        (
            "[[rebinding.allow]]\ndomain = \"a.example\"\nalias_to = [\"com\"]\n",
            "3:13: error: alias_to: anybody can register a name under com",
        ),
        (
            "[[rebinding.allow]]\ndomain = \"co.uk\"\n",
            "2:10: error: domain: anybody can register a name under co.uk",
        ),
        (
            "[[rebinding.allow]]\ndomain = \"duckdns.org\"\n",
            "2:10: warning: domain: anybody can get a name under duckdns.org",
        ),
        (
            "[[rebinding.allow]]\ndomain = \"plex.direct\"\n",
            "2:10: warning: domain: names under plex.direct are decoded",
        ),
        (
            "[[rebinding.allow]]\ndomain = \"*.example.com\"\n",
            "2:10: error: domain: \"*.example.com\": write \"example.com\"",
        ),
        (
            "[[rebinding.allow]]\ndomain = \"a.example\"\nranges = [\"private\"]\n",
            "3:11: error: ranges: \"private\" is no network",
        ),
        (
            "[cache]\nsize = \"32MB\"\n",
            "2:8: error: size: \"32MB\" is no size; allowed: ",
        ),
        (
            "[cache]\nmin_ttl = 60\nmax_ttl = 30\n",
            "3:11: error: max_ttl: 30 is below min_ttl, 60",
        ),
        (
            "[log]\nlevel = \"all\"\n",
            "2:9: error: level: \"all\" is not known; allowed: \"error\"",
        ),
    ];
    for (text, expected) in cases {
        let found = findings(text);
        assert!(
            found.len() == 1 && found[0].starts_with(expected),
            "{text}\nexpected {expected}\nfound    {found:#?}"
        );
    }
}

#[test]
fn what_households_write_is_accepted() {
    for text in [
        "[server]\nlisten = [\"0.0.0.0:53\", \"[::]:53\"]\nallow = [\"loopback\", \"192.168.1.0/24\", \"fd00::1\"]\n",
        "[upstream]\nservers = [\"9.9.9.9\", \"tcp://[2620:fe::fe]:53\"]\n",
        "[upstream]\ndnssec = \"validate\"\nnegative_trust_anchors = [\"example.com\"]\n[[route]]\ndomains = [\"corp.example\"]\nservers = [\"10.0.0.53\"]\ndnssec = \"off\"\n",
        "[[rebinding.allow]]\ndomain = \"nas.example.com\"\nranges = [\"192.168.1.0/24\"]\nnote = \"the NAS\"\n",
        "[[rebinding.allow]]\ndomain = \"lan\"\n[[rebinding.allow]]\ndomain = \"home.arpa\"\n[[rebinding.allow]]\ndomain = \"myhost.duckdns.org\"\n",
        "[[route]]\ndomains = [\"corp.example\", \"10.in-addr.arpa\"]\nservers = [\"10.0.0.53\"]\nprivate = true\n",
        "[[embedded.domain]]\nsuffix = \"ip.example.com\"\nid = \"hex:8\"\nfamilies = [\"ipv4\"]\nttl = 60\n",
    ] {
        assert_eq!(findings(text), Vec::<String>::new(), "{text}");
    }
}
