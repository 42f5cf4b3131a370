//! Apple devices: a configuration profile with the settings of DNS.
//!
//! Sources: Apple, Device Management: `TopLevel`, `DNSSettings` (`com.apple.dnsSettings.managed`), `CertificateRoot`
//! (`com.apple.security.root`).

mod plist;

use std::net::IpAddr;

use ring::digest::{SHA256, digest};

use super::doors::no_door_for;
use super::{Comment, Doors, Job, Part, Place, Refusal, Runs, Snippet, Target};
use crate::address::classify;
use crate::wire::{Endpoint, Name};
use plist::Value;

/// Devices of Apple.
pub(super) const TARGET: Target = Target {
    name: "apple-profile",
    title: "Apple devices",
    versions: "iOS and iPadOS 14, macOS 11, visionOS 1, and later",
    runs: Runs::InClient,
    job: Job::Devices {
        with_root: true,
        write,
    },
};

/// The only port at which these devices speak DNS over TLS: a profile has no place for another.
const TLS_PORT: u16 = 853;

fn write(doors: &Doors) -> Result<Snippet, Refusal> {
    let mut snippet = Snippet::new(
        "open the file on the device, then Settings > General > VPN & Device Management, on a Mac System Settings > General > Device Management",
    )
    .checked_by("plutil -lint FILE");
    let tls = doors.door("dot").filter(|door| door.port == TLS_PORT);
    if let Some(door) = tls {
        let settings = vec![
            ("DNSProtocol", Value::text("TLS")),
            ("ServerAddresses", addresses(door)),
            ("ServerName", Value::text(doors.name.to_string())),
        ];
        snippet.parts.push(part("tls", doors, settings));
    }
    if let Some((door, url)) = doors.https() {
        let settings = vec![
            ("DNSProtocol", Value::text("HTTPS")),
            ("ServerAddresses", addresses(door)),
            ("ServerURL", Value::text(url)),
        ];
        snippet.parts.push(part("https", doors, settings));
    }
    if snippet.parts.is_empty() {
        return Err(no_door_for(
            TARGET.title,
            "tls = [\"0.0.0.0:853\"] (for DNS over TLS they know no other port) or https = [\"0.0.0.0:443\"]",
        ));
    }
    remarks(&mut snippet, doors);
    Ok(snippet)
}

fn remarks(snippet: &mut Snippet, doors: &Doors) {
    if snippet.parts.len() > 1 {
        snippet.note(
            "Install one of both: tls, or https where a network lets nothing but the web through.",
        );
    }
    snippet.note("Have the file written, for it must begin with its first line: --part NAME --output lanward.mobileconfig.");
    if is_private(doors) {
        let addresses: Vec<String> = asked(doors).iter().map(ToString::to_string).collect();
        snippet.note(format!(
            "The settings hold wherever the network names {} as its DNS server, and nowhere else: its DHCP must do so.",
            addresses.join(" or ")
        ));
    }
    match &doors.root {
        Some(root) if root.is_authority => {
            snippet.note(
                "The authority's certificate is in it, since devices do not know it. iPhones and iPads trust it when it is switched on in Settings > \
                 General > About > Certificate Trust Settings, once the profile is there.",
            );
        }
        Some(_) => {
            snippet.note(
                "The certificate is in it, since nobody vouches for it. iPhones and iPads refuse it all the same: their Certificate Trust Settings \
                 offer none but those of authorities. They need one of a public authority, or of your own with its root behind it in the file, or self_signed = true.",
            );
        }
        None => {}
    }
    snippet.note("Without a profile, iOS 16 and macOS 13 find the doors by themselves, if they trust the certificate and it bears the address that they ask.");
}

/// A whole profile. Its identifier stays the same, so that a later one takes its place.
fn part(kind: &'static str, doors: &Doors, settings: Vec<(&'static str, Value)>) -> Part {
    let identifier = format!("{}.lanward.{kind}", reversed(&doors.name));
    let title = format!("Encrypted DNS: {}", doors.name);
    let mut dns = vec![("DNSSettings", Value::Dict(settings))];
    if is_private(doors) {
        dns.push(("OnDemandRules", at_home(doors)));
    }
    let mut payloads = vec![payload(
        dns,
        (
            "com.apple.dnsSettings.managed",
            &format!("{identifier}.dns"),
        ),
        &title,
    )];
    if let Some(root) = &doors.root {
        let entries = vec![("PayloadContent", Value::Data(root.octets.clone()))];
        let kind = ("com.apple.security.root", format!("{identifier}.root"));
        payloads.push(payload(entries, (kind.0, &kind.1), &doors.name.to_string()));
    }
    let profile = vec![
        ("PayloadContent", Value::List(payloads)),
        (
            "PayloadDescription",
            Value::text("DNS questions go to lanward, encrypted."),
        ),
        ("PayloadRemovalDisallowed", Value::Flag(false)),
        ("PayloadScope", Value::text("System")),
    ];
    let document = payload(profile, ("Configuration", &identifier), &title).document();
    let place = Place::File("lanward.mobileconfig".to_owned());
    Part::new(kind, place, Comment::None, document)
}

/// What all payloads have. The UUID follows from the content, so that the same settings give the same octets.
fn payload(
    mut entries: Vec<(&'static str, Value)>,
    (kind, identifier): (&str, &str),
    title: &str,
) -> Value {
    entries.extend([
        ("PayloadDisplayName", Value::text(title)),
        ("PayloadIdentifier", Value::text(identifier)),
        ("PayloadType", Value::text(kind)),
        ("PayloadVersion", Value::Number(1)),
    ]);
    let content = Value::Dict(entries.clone()).document();
    entries.push(("PayloadUUID", Value::Text(uuid(content.as_bytes()))));
    Value::Dict(entries)
}

/// A UUID of version 8, from the digest of the content (RFC 9562 §5.8).
fn uuid(content: &[u8]) -> String {
    let digest = digest(&SHA256, content);
    let mut octets = [0; 16];
    for (place, octet) in octets.iter_mut().zip(digest.as_ref()) {
        *place = *octet;
    }
    let number = u128::from_be_bytes(octets);
    let number = number & !(0xf << 76) | 0x8 << 76;
    let number = number & !(0x3 << 62) | 0x2 << 62;
    let hex = format!("{number:032X}");
    let mut text = String::with_capacity(36);
    for (place, letter) in hex.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// Only where the network names lanward as its server: elsewhere nobody is at these addresses, or somebody else.
fn at_home(doors: &Doors) -> Value {
    let servers = asked(doors).into_iter();
    let servers = servers.map(|address| Value::text(address.to_string()));
    Value::List(vec![
        Value::Dict(vec![
            ("Action", Value::text("Connect")),
            ("DNSServerAddressMatch", Value::List(servers.collect())),
        ]),
        Value::Dict(vec![("Action", Value::text("Disconnect"))]),
    ])
}

/// Where a network says that its DNS server is: where lanward answers without encryption, and mostly that is where the doors are.
fn asked(doors: &Doors) -> Vec<IpAddr> {
    let mut addresses = doors.addresses();
    addresses.push(doors.server.ip());
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

/// Whether the server has an address that means something else in other networks.
fn is_private(doors: &Doors) -> bool {
    doors
        .addresses()
        .iter()
        .any(|address| classify(*address).is_some())
}

fn addresses(door: &Endpoint) -> Value {
    let addresses = door.addresses.iter();
    Value::List(
        addresses
            .map(|address| Value::text(address.to_string()))
            .collect(),
    )
}

/// The name as identifiers have it, the widest label first.
fn reversed(name: &Name) -> String {
    let name = name.to_string();
    let mut labels: Vec<&str> = name.split('.').collect();
    labels.reverse();
    labels.join(".")
}
