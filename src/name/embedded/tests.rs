//! Real names of each preset, the rules that all domains share, and the properties that make decoding safe.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

const ID: &str = "f1c87d9690af4e0da1c2bfbf34b850fb";
const SHORT_ID: &str = "1c87d9690af4e0da1c2bfbf34b850fb";

fn name(text: &str) -> Name {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn all() -> Embedded {
    Embedded::new(presets().flat_map(Preset::domains))
}

/// What a question for `A` and one for `AAAA` get: the address, or a word for why there is none.
fn check(text: &str, wanted_a: &str, wanted_aaaa: &str) {
    check_with(&all(), text, wanted_a, wanted_aaaa);
}

fn check_with(embedded: &Embedded, text: &str, wanted_a: &str, wanted_aaaa: &str) {
    for (qtype, wanted) in [(RecordType::A, wanted_a), (RecordType::AAAA, wanted_aaaa)] {
        assert_eq!(answer(embedded, text, qtype), wanted, "{text} {qtype}");
    }
    let (on, why) = (
        wanted_a == "-" && wanted_aaaa == "-",
        embedded.why_not(&name(text)),
    );
    assert_eq!(
        on && embedded.domain_of(&name(text)).is_some(),
        why.is_some(),
        "{text}: {why:?}"
    );
}

fn answer(embedded: &Embedded, text: &str, qtype: RecordType) -> String {
    match embedded.decode(&name(text), qtype) {
        None => "-".to_owned(),
        Some(Decoded::Address { address, .. }) => address.to_string(),
        Some(Decoded::Nothing {
            why: Nothing::OtherFamily(_),
            ..
        }) => "family".to_owned(),
        Some(Decoded::Nothing {
            why: Nothing::OtherType(_),
            ..
        }) => "type".to_owned(),
        Some(Decoded::Nothing {
            why: Nothing::Refused(_),
            ..
        }) => "refused".to_owned(),
    }
}

#[test]
fn plex_names_as_servers_and_applications_write_them() {
    check(
        "1-2-3-4.625d406a00ac415b978ddb368c0d1289.plex.direct",
        "1.2.3.4",
        "family",
    );
    check(
        "10-10-10-10.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.plex.direct",
        "10.10.10.10",
        "family",
    );
    check(
        "192-168-2-99.E883dD9B63Da4D75aB15c89BBed07Dc6.pLEX.dIREcT.",
        "192.168.2.99",
        "family",
    );
    check(
        "127-0-0-1.2ab6ce1a093d465e910def96cf4e4799.plex.direct",
        "127.0.0.1",
        "family",
    );
    check(
        "192-168-1-1.zz-zzzzzzzzzzzzzzzzzzzzzzzzzzzzz.plex.direct",
        "192.168.1.1",
        "family",
    );
    let v6 = "240e:3a1:2f1:9f70:ca8a:d8ff:fe32:766b";
    check(
        "240e-03a1-02f1-9f70-ca8a-d8ff-fe32-766b.6f704a12870b46dcad49b06b7d606f8b.plex.direct",
        "family",
        v6,
    );
    check(
        &format!("FD00-488D-188F-5660-0000-0000-0000-9A52.{ID}.plex.direct"),
        "family",
        "fd00:488d:188f:5660::9a52",
    );
    check(
        &format!("2001-db8--1.{ID}.plex.direct"),
        "family",
        "2001:db8::1",
    );
    check(&format!("--1.{ID}.plex.direct"), "family", "::1");
    check(&format!("1--.{ID}.plex.direct"), "refused", "refused");
    check(
        &format!("3210-488d-188f-5660-0000-0000-0000-9a52.{ID}.plex.direct"),
        "family",
        "3210:488d:188f:5660::9a52",
    );
}

#[test]
fn plex_names_that_carry_nothing_go_on() {
    for front in ["", "relay.", "www.", "x.y.z."] {
        check(&format!("{front}plex.direct"), "-", "-");
    }
    for front in [
        "",
        "relay.",
        "_acme-challenge.",
        "x.192-168-1-10.",
        "256-1-1-1.",
        "01-2-3-4.",
        "1-2-3.",
        "1-2-3-4-5.",
        "c0a8010a.",
    ] {
        check(&format!("{front}{ID}.plex.direct"), "-", "-");
    }
    for id in [
        SHORT_ID,
        "f1c87d9690af4e0da1c2bfbf34b850fb0",
        "f1c87d9690af4e0da1c2bfbf34b850f_",
        r"f1c87d9690af4e0da1c2bfbf34b850f\000",
    ] {
        check(&format!("192-168-1-10.{id}.plex.direct"), "-", "-");
    }
    check(&format!("192-168-1-10.{ID}.notplex.direct"), "-", "-");
    check(&format!(r"192-168-1-10.{ID}\.plex.direct"), "-", "-");
    check(&format!(r"192-168-1-10\.{ID}.plex.direct"), "-", "-");
    check(
        &format!("192-168-1-10.{ID}.plex.direct.example.org"),
        "-",
        "-",
    );
}

#[test]
fn other_types_get_nothing_and_refused_addresses_too() {
    let good = format!("192-168-1-10.{ID}.plex.direct");
    for qtype in [
        RecordType::HTTPS,
        RecordType::TXT,
        RecordType::CNAME,
        RecordType::NS,
        RecordType(65280),
    ] {
        assert_eq!(answer(&all(), &good, qtype), "type");
    }
    for address in [
        "0-0-0-0",
        "0-1-2-3",
        "127-0-0-2",
        "169-254-169-254",
        "224-0-0-1",
        "240-0-0-1",
        "255-255-255-255",
        "198-18-0-1",
    ] {
        check(&format!("{address}.{ID}.plex.direct"), "refused", "refused");
    }
    for address in [
        "--",
        "fe80--1",
        "fec0--1",
        "ff02--fb",
        "--ffff-c0a8-101",
        "--c0a8-101",
        "64-ff9b--808-808",
        "2002-c0a8-101--1",
    ] {
        check(&format!("{address}.{ID}.plex.direct"), "refused", "refused");
    }
}

#[test]
fn a_domain_can_be_narrowed() {
    let with = |narrow: fn(Domain) -> Domain| {
        Embedded::new(preset("plex.direct").unwrap().into_iter().map(narrow))
    };
    let (good, other) = (
        format!("192-168-1-10.{ID}.plex.direct"),
        format!("10-0-0-1.{}.plex.direct", "a".repeat(32)),
    );
    let ids = with(|domain| domain.with_ids([ID.to_ascii_uppercase()]));
    check_with(&ids, &good, "192.168.1.10", "family");
    check_with(&ids, &other, "-", "-");
    let networks = with(|domain| domain.with_networks(vec!["192.168.0.0/16".parse().unwrap()]));
    check_with(&networks, &good, "192.168.1.10", "family");
    check_with(&networks, &other, "-", "-");
    check_with(&networks, &format!("fd00--1.{ID}.plex.direct"), "-", "-");
    let loopback = with(|domain| domain.with_loopback(false).with_ttl(60));
    check_with(
        &loopback,
        &format!("127-0-0-1.{ID}.plex.direct"),
        "refused",
        "refused",
    );
    assert!(loopback.domains().all(|domain| domain.ttl() == 60));
    assert_eq!(
        ids.domains()
            .next()
            .unwrap()
            .why_not_id(SHORT_ID)
            .unwrap()
            .to_string(),
        "the id has 31 characters, 32 are needed"
    );
    assert_eq!(
        ids.domains()
            .next()
            .unwrap()
            .why_not_id(&ID.to_ascii_uppercase()),
        None
    );
}

#[test]
fn presets_of_one_shape() {
    check(
        "10-10-1-17.5d5ec17f8d70f5b25a8a8817d686fad852ed30ff.myunraid.net",
        "10.10.1.17",
        "family",
    );
    check(
        "fd00--17.5d5ec17f8d70f5b25a8a8817d686fad852ed30ff.myunraid.net",
        "family",
        "fd00::17",
    );
    for front in [
        "rebindtest4.",
        "connect.",
        "noip.5d5ec17f8d70f5b25a8a8817d686fad852ed30ff.",
        "",
    ] {
        check(&format!("{front}myunraid.net"), "-", "-");
    }
    check(
        "192-168-70-6.medconme.direct.quickconnect.to",
        "192.168.70.6",
        "family",
    );
    check("medconme.direct.quickconnect.to", "-", "-");
    check("127-0-0-1.mydns.jdownloader.org", "127.0.0.1", "family");
    check("C0A8010A.mydns.jdownloader.org", "192.168.1.10", "family");
    check(
        "fd000000000000000000000000000001.mydns.jdownloader.org",
        "family",
        "fd00::1",
    );
    check(
        "192-168-1-2.519b6502d940.stremio.rocks",
        "192.168.1.2",
        "family",
    );
    check("192-168-1-2.519b6502d941.stremio.rocks", "-", "-");
    check(
        "192-168-1-2.f81d4fae-7dec-11d0-a765-00a0c91e6bf6.autodarts.direct",
        "192.168.1.2",
        "family",
    );
    check(
        "fd00--1.f81d4fae-7dec-11d0-a765-00a0c91e6bf6.autodarts.direct",
        "-",
        "-",
    );
    check("app.192-168-1-2.my.local-ip.co", "192.168.1.2", "family");
    check("_acme-challenge.192-168-1-2.my.local-ip.co", "-", "-");
    check("playground.openvidu-local.dev", "-", "-");
    check(
        "2A01-E0A--10.ABCDEFGHIJKLMNOPQRSTUVWXYZ234567.servers.redseat.cloud",
        "family",
        "2a01:e0a::10",
    );
    check("r.home.frameleaf.net", "-", "-");
    check("127-0-0-1.lovense.club", "127.0.0.1", "family");
}

#[test]
fn presets_with_rules_of_their_own() {
    check("my.local.konomi.tv", "127.0.0.1", "::1");
    check("192-168-1-11.local.konomi.tv", "192.168.1.11", "family");
    check(
        "fd7a-115c-a1e0-ab12--1.local.konomi.tv",
        "family",
        "fd7a:115c:a1e0:ab12::1",
    );
    for front in ["a.192-168-1-11.", "8-8-8-8.", "169-254-1-1.", "www.", ""] {
        check(&format!("{front}local.konomi.tv"), "-", "-");
    }
    check("a.b.192-168-1-2.local-ip.sh", "192.168.1.2", "family");
    check("a.192.168.1.2.local-ip.sh", "192.168.1.2", "family");
    check("10.0.0.1.192-168-1-2.local-ip.sh", "192.168.1.2", "family");
    check("ns1.local-ip.sh", "-", "-");
    check("a.192-168-1-2.backname.io", "192.168.1.2", "family");
    check("a.192.168.1.2.backname.io", "192.168.1.2", "family");
    check("0--1.backname.io", "family", "::1");
    check("fd00.0.0.0.0.0.0.a.backname.io", "family", "fd00::a");
    check("192-168-1-2.a.backname.io", "-", "-");
    check("192.168.1.02.backname.io", "-", "-");
    check("10.0.0.1.traefik.me", "10.0.0.1", "family");
    check("10.0.0.1.app.traefik.me", "10.0.0.1", "family");
    check("app-10-0-0-1.traefik.me", "10.0.0.1", "family");
    check("my-app.traefik.me", "127.0.0.1", "family");
    for front in [
        "",
        "_acme-challenge.",
        "2001-db8--1.",
        "010.0.0.1.",
        "app.1.2.3.256.",
    ] {
        check(&format!("{front}traefik.me"), "-", "-");
    }
}

#[test]
fn sslip_is_decoded_for_local_addresses_only() {
    check("www.192.168.1.2.sslip.io", "192.168.1.2", "family");
    check("a-c0a80102.nip.io", "192.168.1.2", "family");
    check("fd00--1.sslip.io", "family", "fd00::1");
    check("127.0.0.1.nip.io", "127.0.0.1", "family");
    for front in [
        "8.8.8.8.",
        "8-8-8-8.",
        "127.0.0.53.",
        "169-254-169-254.",
        "_acme-challenge.192-168-1-2.",
        "www.",
        "",
        "256.1.1.1.",
    ] {
        check(&format!("{front}nip.io"), "-", "-");
    }
    // Each family for itself: 2.3.4.5 is public and goes on, the other address is local.
    assert_eq!(
        answer(&all(), "fd00--2-3-4-5.nip.io", RecordType::AAAA),
        "fd00::2:3:4:5"
    );
    assert_eq!(answer(&all(), "fd00--2-3-4-5.nip.io", RecordType::A), "-");
    assert_eq!(
        answer(&all(), "192-168-1-2.nip.io", RecordType::TXT),
        "type"
    );
    assert_eq!(answer(&all(), r"a\.192-168-1-2.nip.io", RecordType::A), "-");
}

#[test]
fn loopback_zones_lead_to_the_own_host() {
    check("my.project.ddev.site", "127.0.0.1", "::1");
    check("get.localhost.direct", "-", "-");
    check("a.get.localhost.direct", "127.0.0.1", "::1");
    check("lvh.me", "127.0.0.1", "::1");
    check("lcl.host", "-", "-");
    check("_acme-challenge.x.lndo.site", "-", "-");
    let own =
        Embedded::new([Domain::always_loopback(name("dev.example.org")).with_loopback(false)]);
    check_with(&own, "a.dev.example.org", "refused", "refused");
}

#[test]
fn domains_of_the_operator() {
    let shape = Shape::new("uuid".parse().unwrap())
        .with_families(Families::V6)
        .with_prefix(true)
        .with_writing(Writing::Compressed);
    let own = Embedded::new([
        Domain::sslip(name("ip.example.org")),
        Domain::shaped(name("v6.example.org"), shape),
    ]);
    check_with(&own, "x.10.1.2.3.ip.example.org", "10.1.2.3", "family");
    check_with(
        &own,
        "a.b.fd00--1.f81d4fae-7dec-11d0-a765-00a0c91e6bf6.v6.example.org",
        "family",
        "fd00::1",
    );
    check_with(
        &own,
        "10-0-0-1.f81d4fae-7dec-11d0-a765-00a0c91e6bf6.v6.example.org",
        "-",
        "-",
    );
    assert!(
        own.domain_of(&name("x.y.ip.example.org"))
            .is_some_and(|domain| domain.preset().is_none())
    );
    assert!(own.domain_of(&name("example.org")).is_none());
    let later = Embedded::new(
        ["ip.example.org", "ip.example.org"]
            .map(|suffix| Domain::sslip(name(suffix)))
            .map(|domain| domain.with_ttl(5)),
    );
    assert_eq!(later.domains().count(), 1);
}

#[test]
fn every_failure_says_why() {
    let why = |text: &str| all().why_not(&name(text)).map(|why| why.to_string());
    let says = |text: &str, wanted: &str| assert_eq!(why(text).as_deref(), Some(wanted), "{text}");
    says("plex.direct", "it is the domain itself");
    says(
        &format!("{ID}.plex.direct"),
        "1 label stands before the domain, 2 are needed",
    );
    says(
        &format!("x.192-168-1-1.{ID}.plex.direct"),
        "3 labels stand before the domain, 2 are needed",
    );
    says(
        &format!("192-168-1-1.{SHORT_ID}.plex.direct"),
        "the id has 31 characters, 32 are needed",
    );
    says(
        &format!("256-1-1-1.{ID}.plex.direct"),
        "octet 256 is above 255",
    );
    says(
        &format!("01-1-1-1.{ID}.plex.direct"),
        "leading zero in \"01\"",
    );
    says(
        &format!("1-2-3.{ID}.plex.direct"),
        "3 numbers stand in \"1-2-3\", 4 are needed",
    );
    says(
        &format!("relay.{ID}.plex.direct"),
        "\"relay\" is no address",
    );
    says(
        &format!("_acme-challenge.{ID}.plex.direct"),
        "a first label that begins with \"_\" names no host",
    );
    says(
        "1-2-3-4.x.autodarts.direct",
        "the id has 1 characters, 36 are needed",
    );
    says(
        "fd00--1.lovense.club",
        "the domain carries no IPv6 addresses",
    );
    says(
        "8.8.8.8.nip.io",
        "8.8.8.8 is neither private nor loopback; only those are decoded under this domain",
    );
    says("www.nip.io", "no address stands in the name");
    says(
        "get.localhost.direct",
        "the domain keeps this name for its own use",
    );
    assert_eq!(why(&format!("192-168-1-1.{ID}.plex.direct")), None);
    assert_eq!(why("example.org"), None);
}

#[test]
fn encoding_writes_what_the_vendor_writes_or_says_why_not() {
    let encode = |preset_name: &str, address: &str, id: Option<&str>| {
        preset(preset_name).unwrap()[0]
            .encode(address.parse().unwrap(), id)
            .map_or_else(|error| error.to_string(), |name| name.to_string())
    };
    assert_eq!(
        encode(
            "plex.direct",
            "192.168.1.10",
            Some(&ID.to_ascii_uppercase())
        ),
        format!("192-168-1-10.{ID}.plex.direct")
    );
    assert_eq!(
        encode("plex.direct", "2001:db8::1", Some(ID)),
        format!("2001-0db8-0000-0000-0000-0000-0000-0001.{ID}.plex.direct")
    );
    assert_eq!(
        encode("plex.direct", "192.168.1.10", None),
        "names of this domain carry an id (ldh:32), and none is given"
    );
    assert_eq!(
        encode("plex.direct", "192.168.1.10", Some("abc")),
        "the id has 3 characters, 32 are needed"
    );
    assert_eq!(
        encode("plex.direct", "169.254.1.1", Some(ID)),
        "169.254.1.1 is never answered"
    );
    assert_eq!(
        encode("stremio.rocks", "10.0.0.1", None),
        "10-0-0-1.519b6502d940.stremio.rocks"
    );
    assert_eq!(
        encode("stremio.rocks", "fd00::1", None),
        "the domain carries no addresses of the family of fd00::1"
    );
    assert_eq!(encode("sslip.io", "fd00::1", None), "fd00--1.sslip.io");
    assert_eq!(
        encode("sslip.io", "10.0.0.1", Some("x")),
        "names of this domain carry no id"
    );
    assert!(encode("sslip.io", "8.8.8.8", None).starts_with("8.8.8.8 is neither private"));
    assert_eq!(encode("backname.io", "::1", None), "0--1.backname.io");
    assert_eq!(
        encode("mydns.jdownloader.org", "fd00::1", None),
        "fd000000000000000000000000000001.mydns.jdownloader.org"
    );
    assert!(
        encode("lvh.me", "127.0.0.1", None).starts_with("every name of this domain is 127.0.0.1")
    );
}

/// An id that fits the rules of most domains.
fn an_id(domain: &Domain) -> Option<String> {
    let ids = [
        "a".repeat(32),
        "a".repeat(40),
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6".to_owned(),
        "519b6502d940".to_owned(),
    ];
    ids.into_iter().find(|id| domain.why_not_id(id).is_none())
}

fn an_address() -> impl Strategy<Value = IpAddr> {
    let v4 = prop_oneof![
        any::<u32>(),
        any::<u32>().prop_map(|bits| 0xc0a8_0000 | bits >> 16),
        any::<u32>().prop_map(|bits| 0x0a00_0000 | bits >> 8)
    ];
    let v6 = (
        any::<u128>(),
        0..8_u32,
        prop_oneof![Just(0xfd_u128), Just(0x20), Just(0x2a), Just(0x26)],
    )
        .prop_map(|(bits, shift, first)| {
            first << 120 | (bits >> 8 >> (16 * shift)) & (u128::MAX >> 8)
        });
    prop_oneof![
        v4.prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        v6.prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)))
    ]
}

fn a_label() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop::collection::vec(any::<u8>(), 1..40);
    let near = "[0-9a-fA-F-]{1,40}|[0-9]{1,3}(-[0-9]{1,3}){2,4}|[0-9a-f]{0,4}(-[0-9a-f]{0,4}){1,8}|[0-9]{1,3}";
    prop_oneof![bytes, near.prop_map(|text: String| text.into_bytes())]
        .prop_filter("a label", |label| (1..=63).contains(&label.len()))
}

proptest! {
    #[test]
    fn decoding_an_encoded_address_gives_it_back(address in an_address()) {
        let embedded = all();
        let qtype = if address.is_ipv4() { RecordType::A } else { RecordType::AAAA };
        for domain in embedded.domains() {
            let (id, fixed) = (an_id(domain), domain.encode("127.0.0.1".parse().unwrap(), an_id(domain).as_deref()) == Err(EncodeError::Fixed));
            match domain.encode(address, id.as_deref()) {
                Ok(name) => prop_assert_eq!(answer(&embedded, &name.to_string(), qtype), address.to_string(), "{}", name),
                Err(EncodeError::Refused(_)) => prop_assert!(domain.refuses(address)),
                Err(EncodeError::Fixed) => prop_assert!(fixed),
                Err(EncodeError::Family(_)) => prop_assert!(address.is_ipv6()),
                Err(EncodeError::NotCarried(WhyNot::NotLocal(_))) => {}
                Err(error) => prop_assert!(false, "{}: {address}: {error}", domain.suffix()),
            }
        }
    }

    #[test]
    fn what_decodes_is_canonical(front in a_label()) {
        let embedded = all();
        let labels = [front.as_slice(), ID.as_bytes(), b"plex", b"direct"];
        let name = Name::from_labels(labels).unwrap();
        let lower = front.to_ascii_lowercase();
        for qtype in [RecordType::A, RecordType::AAAA] {
            match embedded.decode(&name, qtype) {
                Some(Decoded::Address { address: IpAddr::V4(v4), .. }) => prop_assert_eq!(label::write(v4.into(), Writing::Compressed).into_bytes(), lower.clone()),
                Some(Decoded::Address { address, domain }) => {
                    prop_assert!(lower.iter().all(|octet| octet.is_ascii_hexdigit() || *octet == b'-'));
                    prop_assert_eq!(answer(&embedded, &domain.encode(address, Some(ID)).unwrap().to_string(), qtype), address.to_string());
                }
                _ => {}
            }
        }
    }

    #[test]
    fn nothing_panics_and_no_refused_address_is_answered(labels in prop::collection::vec(a_label(), 0..5), qtype in prop_oneof![Just(1_u16), Just(28), any::<u16>()]) {
        let embedded = all();
        for domain in embedded.domains() {
            let Ok(name) = Name::from_labels(labels.iter().map(Vec::as_slice).chain(domain.suffix().labels())) else { continue };
            prop_assert!(embedded.domain_of(&name).is_some());
            if let Some(why) = embedded.why_not(&name) {
                prop_assert!(!why.to_string().is_empty());
            }
            match embedded.decode(&name, RecordType(qtype)) {
                Some(Decoded::Address { address, .. }) => prop_assert!(!policy::is_refused(address, true) && (qtype == 1) == address.is_ipv4()),
                Some(Decoded::Nothing { why, .. }) => prop_assert!(!why.to_string().is_empty()),
                None => {}
            }
        }
    }
}
