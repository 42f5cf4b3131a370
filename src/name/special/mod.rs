//! Special-use names: those that no question may carry out of the network.
//!
//! The root servers would learn of them and could say nothing useful (RFC 6761, RFC 6303). Each row says what is answered
//! instead and by which document. This module only finds the row: that local data stands before it, and that a route which the
//! operator wrote for such a name wins where `routable` says so, is the resolver's part.
//!
//! Not here: `example.org` and its kin, which exist in the public DNS; and DNS-SD over unicast below the reverse zones.

mod table;

use self::table::{CANARY, ROWS, Row, V6_LOOPBACK};
use super::SuffixMap;
use crate::wire::Name;

/// How a special-use name is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// `A` is `127.0.0.1`, `AAAA` is `::1`, other types are NODATA.
    Localhost,
    /// `PTR` is `localhost.`, other types are NODATA. Names below do not exist.
    ReverseLoopback,
    /// A zone with `SOA` and `NS` at its apex and nothing else; names below the apex do not exist (RFC 6303 §3).
    Empty,
    /// NODATA.
    Nothing,
    /// The name does not exist.
    Nxdomain,
}

/// The row that a name falls under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The owner of the `SOA` record of a negative answer.
    pub zone: Name,
    /// How the name is answered.
    pub rule: Special,
    /// The document that says so.
    pub source: &'static str,
    /// Whether a route that the operator wrote for this zone, or for a name below, wins.
    pub routable: bool,
}

/// The table of special-use names.
#[derive(Debug, Clone)]
pub struct SpecialUse {
    zones: SuffixMap<Found>,
    /// The reverse names of the two loopback addresses. They hold for themselves only, so they are no suffixes.
    pointers: [(Name, Found); 2],
}

impl SpecialUse {
    /// The table as the documents have it.
    pub fn new() -> Self {
        Self::of(ROWS.iter())
    }

    /// The same, without the name by which Firefox is told to leave its own DNS over HTTPS off.
    pub fn without_canary() -> Self {
        Self::of(ROWS.iter().filter(|(zone, ..)| *zone != CANARY))
    }

    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let found = |zone, rule, source, routable| Found {
            zone,
            rule,
            source,
            routable,
        };
        let mut zones = SuffixMap::new();
        for (zone, rule, source, routable) in rows {
            if let Ok(zone) = zone.parse::<Name>() {
                zones.insert(zone, found(zone, *rule, source, *routable));
            }
        }
        for second in 16..=31_u8 {
            let zone = in_addr_arpa(&[172, second]);
            zones.insert(zone, found(zone, Special::Empty, "RFC 6303 §4.1", true));
        }
        for second in 64..=127_u8 {
            let zone = in_addr_arpa(&[100, second]);
            zones.insert(zone, found(zone, Special::Empty, "RFC 7793", true));
        }
        let one = V6_LOOPBACK.parse().unwrap_or(Name::ROOT);
        let pointer =
            |name, zone, source| (name, found(zone, Special::ReverseLoopback, source, false));
        let pointers = [
            pointer(
                in_addr_arpa(&[127, 0, 0, 1]),
                in_addr_arpa(&[127]),
                "RFC 6303 §4.2, RFC 1912 §4.1",
            ),
            pointer(one, one, "RFC 6303 §4.3, RFC 1912 §4.1"),
        ];
        Self { zones, pointers }
    }

    /// The row for `name`; none if it is an ordinary name.
    pub fn find(&self, name: &Name) -> Option<&Found> {
        let (_, found) = self.zones.find(name)?;
        // Both reverse names lie in empty zones, so other names are not compared with them.
        if found.rule != Special::Empty {
            return Some(found);
        }
        let pointer = self.pointers.iter().find(|(pointer, _)| pointer == name);
        Some(pointer.map_or(found, |(_, pointer)| pointer))
    }

    /// All rows, for `explain` and documentation.
    pub fn iter(&self) -> impl Iterator<Item = &Found> {
        self.zones.iter().map(|(_, found)| found)
    }
}

impl Default for SpecialUse {
    fn default() -> Self {
        Self::new()
    }
}

/// Name space that means something in this network only: an alias from a public name into it is an attack, whatever addresses
/// come with it. Decoded domains, exceptions and single labels are protected, too, and known elsewhere.
pub const PROTECTED: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];

/// The zone whose labels are these octets, turned round.
fn in_addr_arpa(octets: &[u8]) -> Name {
    let numbers: Vec<String> = octets.iter().rev().map(u8::to_string).collect();
    let labels = numbers
        .iter()
        .map(String::as_bytes)
        .chain([&b"in-addr"[..], b"arpa"]);
    Name::from_labels(labels).unwrap_or(Name::ROOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn check(wanted: Option<(&str, Special, bool)>, names: &[&str]) {
        let table = SpecialUse::new();
        for text in names {
            let found = table
                .find(&name(text))
                .map(|found| (found.zone, found.rule, found.routable));
            assert_eq!(
                found,
                wanted.map(|(zone, rule, routable)| (name(zone), rule, routable)),
                "{text}"
            );
        }
    }

    #[test]
    fn every_row_is_in_the_table() {
        let table = SpecialUse::new();
        assert_eq!(table.iter().count(), ROWS.len() + 16 + 64);
        assert!(
            table
                .iter()
                .all(|found| found.zone != Name::ROOT && !found.source.is_empty())
        );
    }

    #[test]
    fn the_canary_alone_can_be_left_out() {
        let table = SpecialUse::without_canary();
        assert_eq!(table.find(&name("use-application-dns.net")), None);
        assert_eq!(table.iter().count(), SpecialUse::new().iter().count() - 1);
    }

    #[test]
    fn names_fall_under_the_nearest_zone() {
        check(
            Some(("localhost", Special::Localhost, false)),
            &["localhost", "LOCALHOST.", "a.b.localhost"],
        );
        check(
            Some(("invalid", Special::Nxdomain, false)),
            &["invalid", "x.invalid"],
        );
        check(Some(("onion", Special::Nxdomain, false)), &["x.onion"]);
        check(
            Some(("local", Special::Nxdomain, true)),
            &["printer.local", "local"],
        );
        check(
            Some(("internal", Special::Nxdomain, true)),
            &["metadata.google.internal"],
        );
        check(
            Some(("home.arpa", Special::Empty, true)),
            &["home.arpa", "nas.home.arpa"],
        );
        check(
            Some(("resolver.arpa", Special::Nothing, false)),
            &["_dns.resolver.arpa"],
        );
        check(
            Some(("use-application-dns.net", Special::Nxdomain, true)),
            &["use-application-dns.net"],
        );
        check(
            Some(("service.arpa", Special::Empty, true)),
            &["default.service.arpa"],
        );
    }

    #[test]
    fn private_reverse_zones_end_where_their_blocks_do() {
        check(
            Some(("10.in-addr.arpa", Special::Empty, true)),
            &["10.in-addr.arpa", "1.2.3.10.in-addr.arpa"],
        );
        check(
            Some(("16.172.in-addr.arpa", Special::Empty, true)),
            &["1.0.16.172.in-addr.arpa"],
        );
        check(
            Some(("31.172.in-addr.arpa", Special::Empty, true)),
            &["31.172.in-addr.arpa"],
        );
        check(
            Some(("64.100.in-addr.arpa", Special::Empty, true)),
            &["1.0.64.100.in-addr.arpa"],
        );
        check(
            Some(("127.100.in-addr.arpa", Special::Empty, true)),
            &["127.100.in-addr.arpa"],
        );
        check(
            Some(("d.f.ip6.arpa", Special::Empty, true)),
            &["0.0.d.f.ip6.arpa"],
        );
        check(
            Some(("b.e.f.ip6.arpa", Special::Empty, true)),
            &["b.e.f.ip6.arpa"],
        );
        let outside = [
            "15.172.in-addr.arpa",
            "32.172.in-addr.arpa",
            "63.100.in-addr.arpa",
            "128.100.in-addr.arpa",
            "172.in-addr.arpa",
        ];
        check(None, &outside);
        check(
            None,
            &[
                "8.8.8.8.in-addr.arpa",
                "in-addr.arpa",
                "arpa",
                ".",
                "c.f.ip6.arpa",
                "c.e.f.ip6.arpa",
                "254.255.255.255.in-addr.arpa",
            ],
        );
        check(
            None,
            &[
                "example.org",
                "localhost.example",
                "notlocal",
                "xhome.arpa",
                "org.local.example",
                "a.use-application-dns.org",
            ],
        );
    }

    #[test]
    fn only_the_loopback_addresses_themselves_have_pointers() {
        check(
            Some(("127.in-addr.arpa", Special::ReverseLoopback, false)),
            &["1.0.0.127.in-addr.arpa"],
        );
        check(
            Some((V6_LOOPBACK, Special::ReverseLoopback, false)),
            &[V6_LOOPBACK],
        );
        let empty = [
            "127.in-addr.arpa",
            "2.0.0.127.in-addr.arpa",
            "0.0.127.in-addr.arpa",
            "x.1.0.0.127.in-addr.arpa",
        ];
        check(Some(("127.in-addr.arpa", Special::Empty, false)), &empty);
        check(
            Some((V6_LOOPBACK, Special::Empty, false)),
            &[&format!("x.{V6_LOOPBACK}")],
        );
    }
}
