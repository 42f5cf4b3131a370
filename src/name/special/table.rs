//! The rows of the table that are not a run of numbered zones.
//!
//! Zones of RFC 6303 and RFC 7793 that stand for a run of octets are made in a loop where the table is built.

use super::Special;

pub(super) const V6_LOOPBACK: &str =
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa";
const V6_UNSPECIFIED: &str =
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa";

/// NXDOMAIN for it tells Firefox to leave its own DNS over HTTPS off, which would see none of the local names
/// (<https://support.mozilla.org/en-US/kb/canary-domain-use-application-dnsnet>).
pub(super) const CANARY: &str = "use-application-dns.net";

/// Zone, rule, source, routable.
pub(super) type Row = (&'static str, Special, &'static str, bool);

/// All of them.
pub(super) const ROWS: &[Row] = &[
    ("localhost", Special::Localhost, "RFC 6761 §6.3", false),
    ("invalid", Special::Nxdomain, "RFC 6761 §6.4", false),
    ("onion", Special::Nxdomain, "RFC 7686 §2", false),
    ("alt", Special::Nxdomain, "RFC 9476 §2", true),
    ("test", Special::Nxdomain, "RFC 6761 §6.2", true),
    ("local", Special::Nxdomain, "RFC 6762 §22.1", true),
    // Reserved by ICANN for private use and never to be delegated.
    (
        "internal",
        Special::Nxdomain,
        "ICANN resolution 2024.07.29.06",
        true,
    ),
    ("home.arpa", Special::Empty, "RFC 8375 §4", true),
    ("service.arpa", Special::Empty, "RFC 9665 §10", true),
    // What this server says of itself stands in local data. Where it says nothing there is no designated resolver, and a public
    // one's answer would lead clients around this one.
    ("resolver.arpa", Special::Nothing, "RFC 9462 §4", false),
    (CANARY, Special::Nxdomain, "Mozilla canary domain", true),
    ("10.in-addr.arpa", Special::Empty, "RFC 6303 §4.1", true),
    (
        "168.192.in-addr.arpa",
        Special::Empty,
        "RFC 6303 §4.1",
        true,
    ),
    ("0.in-addr.arpa", Special::Empty, "RFC 6303 §4.2", true),
    ("127.in-addr.arpa", Special::Empty, "RFC 6303 §4.2", false),
    (
        "254.169.in-addr.arpa",
        Special::Empty,
        "RFC 6303 §4.2",
        true,
    ),
    (
        "2.0.192.in-addr.arpa",
        Special::Empty,
        "RFC 6303 §4.2",
        true,
    ),
    (
        "100.51.198.in-addr.arpa",
        Special::Empty,
        "RFC 6303 §4.2",
        true,
    ),
    (
        "113.0.203.in-addr.arpa",
        Special::Empty,
        "RFC 6303 §4.2",
        true,
    ),
    (
        "255.255.255.255.in-addr.arpa",
        Special::Empty,
        "RFC 6303 §4.2",
        true,
    ),
    (V6_UNSPECIFIED, Special::Empty, "RFC 6303 §4.3", true),
    (V6_LOOPBACK, Special::Empty, "RFC 6303 §4.3", false),
    ("d.f.ip6.arpa", Special::Empty, "RFC 6303 §4.4", true),
    ("8.e.f.ip6.arpa", Special::Empty, "RFC 6303 §4.5", true),
    ("9.e.f.ip6.arpa", Special::Empty, "RFC 6303 §4.5", true),
    ("a.e.f.ip6.arpa", Special::Empty, "RFC 6303 §4.5", true),
    ("b.e.f.ip6.arpa", Special::Empty, "RFC 6303 §4.5", true),
    (
        "8.b.d.0.1.0.0.2.ip6.arpa",
        Special::Empty,
        "RFC 6303 §4.6",
        true,
    ),
];
