//! How servers may be written, and what is said of what they may not.

use std::net::IpAddr;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use proptest::prelude::*;

use super::*;

fn server(text: &str) -> Server {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn identity(text: &str) -> Option<String> {
    let identity = server(text).identity()?;
    Some(identity.to_str().into_owned())
}

/// A digest of the same octet throughout.
fn digest(octet: u8) -> String {
    BASE64.encode(&[octet; 32])
}

#[test]
fn plain_servers_are_written_as_addresses() {
    let cases = [
        ("9.9.9.9", "9.9.9.9:53"),
        ("udp://192.168.1.1:5353", "192.168.1.1:5353"),
        ("tcp://[2620:fe::fe]:54", "tcp://[2620:fe::fe]:54"),
        ("2620:fe::fe", "[2620:fe::fe]:53"),
        ("[2620:fe::fe]", "[2620:fe::fe]:53"),
        ("[fe80::1%7]:54", "[fe80::1%7]:54"),
        ("fe80::1%7", "[fe80::1%7]:53"),
    ];
    for (text, shown) in cases {
        let server = server(text);
        assert_eq!(server.to_string(), shown, "{text}");
        let over_udp = !text.starts_with("tcp://");
        let address = over_udp.then(|| server.addresses()[0]);
        assert_eq!(server.datagram_address(), address);
        assert_eq!(server.identity(), None);
    }
}

#[test]
fn encrypted_servers_have_names_or_addresses() {
    let cases = [
        (
            "tls://dns.quad9.net@9.9.9.9",
            "tls://dns.quad9.net@9.9.9.9",
            853,
        ),
        (
            "TLS://DNS.Quad9.net.@9.9.9.9:8853",
            "tls://dns.quad9.net@9.9.9.9:8853",
            8853,
        ),
        ("tls://dns.quad9.net", "tls://dns.quad9.net", 853),
        ("tls://dns.quad9.net:853", "tls://dns.quad9.net", 853),
        ("tls://9.9.9.9", "tls://9.9.9.9", 853),
        ("tls://2620:fe::fe", "tls://[2620:fe::fe]", 853),
        (
            "quic://router@[fe80::1%7]:8853",
            "quic://router@[fe80::1%7]:8853",
            8853,
        ),
        (
            "https://dns.quad9.net",
            "https://dns.quad9.net/dns-query",
            443,
        ),
        (
            "https://dns.quad9.net:8443/path?a=b{?dns}",
            "https://dns.quad9.net:8443/path?a=b",
            8443,
        ),
        (
            "h3://dns.quad9.net@9.9.9.9,[2620:fe::fe]:8443/",
            "h3://dns.quad9.net@9.9.9.9,[2620:fe::fe]:8443/",
            8443,
        ),
    ];
    for (text, shown, port) in cases {
        let server = server(text);
        assert_eq!((server.to_string().as_str(), server.port()), (shown, port));
        assert_eq!(server.datagram_address(), None, "{text}");
        let ports = server.addresses().iter().map(SocketAddr::port);
        assert!(ports.into_iter().all(|each| each == port), "{text}");
    }
}

#[test]
fn a_certificate_must_bear_the_name_or_the_address() {
    let cases = [
        ("tls://Dns.Example@192.0.2.1", Some("dns.example")),
        ("tls://192.0.2.1", Some("192.0.2.1")),
        ("quic://[fe80::1%7]", Some("fe80::1")),
        ("tcp://192.0.2.1", None),
    ];
    for (text, expected) in cases {
        assert_eq!(identity(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn requests_over_http_name_their_server() {
    let cases = [
        ("https://dns.example@192.0.2.1", "dns.example"),
        ("https://dns.example:8443", "dns.example:8443"),
        ("h3://192.0.2.1:8443", "192.0.2.1:8443"),
        ("https://[fe80::1%7]/x", "[fe80::1]"),
    ];
    for (text, expected) in cases {
        assert_eq!(server(text).authority(), expected, "{text}");
    }
    assert_eq!(server("https://dns.example").path(), "/dns-query");
}

#[test]
fn what_proves_a_server_stands_behind_it() {
    let (one, two) = (digest(1), digest(2));
    let keys = server(&format!("tls://192.168.1.1#sha256/{one},sha256/{two}"));
    assert_eq!(
        keys.proof(),
        &Proof::Key(vec![Digest([1; 32]), Digest([2; 32])])
    );
    let text =
        format!("https://dns.example/x#certificate/{one},bootstrap/9.9.9.9:53,bootstrap/[::1]:54");
    let certificate = server(&text);
    assert_eq!(
        certificate.proof(),
        &Proof::Certificate(vec![Digest([1; 32])])
    );
    assert_eq!(certificate.bootstrap().len(), 2);
    assert_eq!(certificate.to_string(), text);
    assert_ne!(
        keys,
        server(&format!("tls://192.168.1.1#sha256/{one}")),
        "another proof makes it another server"
    );
}

#[test]
fn what_is_no_server_is_told_with_what_is_allowed() {
    let cases = [
        ("", "is no server"),
        ("9.9.9.9:", "is no server"),
        ("9.9.9.9:0", "is no server"),
        ("9.9.9.9:70000", "is no server"),
        ("9.9.9.9:+53", "is no server"),
        ("[::1", "is no server"),
        ("[::1]x", "is no server"),
        ("[::1]:0", "is no server"),
        ("9.9.9.999", "is no server"),
        ("dns.example", "proves nothing over udp://"),
        ("tcp://router.lan:53", "proves nothing over udp://"),
        ("udp://router.lan@192.168.1.1", "proves nothing over udp://"),
        ("doh://dns.example", "doh:// is not supported; allowed: udp"),
        ("fe80::1%no-such-interface", "there is no interface"),
        ("tls://", "neither a name nor an address"),
        ("tls://@9.9.9.9", "neither a name nor an address"),
        ("tls://dns.example:0", "neither a name nor an address"),
        (
            "tls://dns.example:853@9.9.9.9",
            "neither a name nor an address",
        ),
        ("tls://büro.example", "neither a name nor an address"),
        ("tls://9.9.9.999", "neither a name nor an address"),
        ("tls://dns.example@", "is no address; allowed behind @"),
        ("tls://dns.example@x", "is no address; allowed behind @"),
        (
            "tls://dns.example@9.9.9.9:1,9.9.9.10:1",
            "is no address; allowed behind @",
        ),
        ("tls://9.9.9.9,9.9.9.10", "a server for each"),
        ("tls://dns.example/dns-query", "only https:// and h3://"),
        ("https://dns.example/{dns}", "is no path"),
        ("https://dns.example/a b", "is no path"),
        ("9.9.9.9#sha256/x", "have a certificate"),
        ("tls://dns.example#sha256/x", "is no SHA-256 digest"),
        ("tls://dns.example#sha1/x", "is not known behind #"),
        ("tls://dns.example#", "is not known behind #"),
        ("tls://dns.example#bootstrap/x", "is not known behind #"),
        ("sdns://!", "not followed by base 64"),
    ];
    for (text, words) in cases {
        let error = text.parse::<Server>().expect_err(text).to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
    let both = format!(
        "tls://dns.example#sha256/{},certificate/{0}",
        BASE64.encode(&[1; 32])
    );
    assert_eq!(both.parse::<Server>(), Err(ServerError::TwoProofs));
}

/// A stamp of these parts, each with its length in front.
fn stamp(protocol: u8, parts: &[&[u8]]) -> String {
    let mut octets = vec![protocol];
    octets.extend([0; 8]);
    for part in parts {
        octets.push(u8::try_from(part.len()).unwrap());
        octets.extend_from_slice(part);
    }
    format!("sdns://{}", BASE64URL_NOPAD.encode(&octets))
}

#[test]
fn stamps_name_servers() {
    let hashed = format!(
        "https://94.140.14.14/dns-query#certificate/{}",
        "mjo09yfeubylEAPZzpw5+PJ92cUkKQHCurGkTmNaAhk="
    );
    let cases = [
        // As they are published.
        (
            "sdns://AAcAAAAAAAAABzguOC44Ljg".to_owned(),
            "8.8.8.8:53",
        ),
        (
            "sdns://AgMAAAAAAAAABzkuOS45LjkADWRucy5xdWFkOS5uZXQKL2Rucy1xdWVyeQ".to_owned(),
            "https://dns.quad9.net@9.9.9.9/dns-query",
        ),
        (
            "sdns://AgMAAAAAAAAADDk0LjE0MC4xNC4xNCCaOjT3J965vKUQA9nOnDn48n3ZxSQpAcK6saROY1oCGQw5NC4xNDAuMTQuMTQKL2Rucy1xdWVyeQ".to_owned(),
            hashed.as_str(),
        ),
        (
            "sdns://AwAAAAAAAAAAAAAPZG5zLmFkZ3VhcmQuY29t".to_owned(),
            "tls://dns.adguard.com",
        ),
        // Ports, and resolvers that know the address.
        (
            stamp(3, &[b":8853", b"", b"dns.example"]),
            "tls://dns.example:8853",
        ),
        (
            stamp(4, &[b"[2001:db8::1]:8853", b"", b"dns.example"]),
            "quic://dns.example@[2001:db8::1]:8853",
        ),
        (
            stamp(2, &[b"", b"", b"dns.example:8443", b"/x", b"9.9.9.9"]),
            "https://dns.example:8443/x#bootstrap/9.9.9.9:53",
        ),
        (stamp(3, &[b"192.0.2.1", b"", b""]), "tls://192.0.2.1"),
        (stamp(3, &[b"", b"", b"192.0.2.1"]), "tls://192.0.2.1"),
        (
            stamp(3, &[b"", b"", b"2001:db8::2:1"]),
            "tls://[2001:db8::2:1]",
        ),
    ];
    for (text, shown) in cases {
        assert_eq!(server(&text).to_string(), shown, "{text}");
        assert_eq!(server(&text), server(shown), "{text}");
    }
}

#[test]
fn stamps_that_cannot_be_used_say_why() {
    let cases = [
        (stamp(1, &[b"9.9.9.9"]), "is of DNSCrypt, which is not"),
        (stamp(5, &[b"dns.example"]), "is of Oblivious DoH"),
        (stamp(0x81, &[b"9.9.9.9"]), "is of a DNSCrypt relay"),
        (stamp(0x85, &[b"9.9.9.9"]), "is of an Oblivious DoH relay"),
        (stamp(9, &[b"9.9.9.9"]), "is of an unknown protocol"),
        ("sdns://".to_owned(), "at the protocol"),
        ("sdns://AAcA".to_owned(), "at the properties"),
        (stamp(3, &[b"9.9.9.9"]), "at its hashes"),
        (stamp(0, &[b"dns.example"]), "as address, which is none"),
        (
            stamp(3, &[b"", b"short", b"a.b"]),
            "at a hash, which must have 32 octets",
        ),
        (stamp(3, &[b"", b"", b""]), "as name, which is none"),
        (
            stamp(3, &[b"9.9.9.9", b"", b"9.9.9.10"]),
            "as name, which is none",
        ),
        (stamp(3, &[b":x", b"", b"a.b"]), "as port, which is none"),
        (
            stamp(2, &[b"", b"", b"a.b", b"x"]),
            "as path, which is none",
        ),
        (
            stamp(3, &[b"", b"", b"a.b", b"x"]),
            "as address of a resolver",
        ),
        (
            stamp(3, &[b"", b"", b"a.b", b"9.9.9.9", b"more"]),
            "at what stands behind its end",
        ),
    ];
    for (text, words) in cases {
        let error = text.parse::<Server>().expect_err(&text).to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

fn any_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(IpAddr::from)
    ]
}

/// Servers as they can come from a text.
fn any_server() -> impl Strategy<Value = Server> {
    let transport = prop::sample::select(Transport::ALL.to_vec());
    let name = prop::option::of("[a-z_]([a-z0-9-]{0,8}[a-z])?(\\.[a-z][a-z0-9]{0,6}){0,3}");
    let addresses = prop::collection::vec(any_address(), 0..4);
    let digests = prop::collection::vec(any::<[u8; 32]>().prop_map(Digest), 1..3);
    let proof = prop_oneof![
        Just(Proof::Chain),
        digests.clone().prop_map(Proof::Key),
        digests.prop_map(Proof::Certificate)
    ];
    let path = "/[!$&-;=?-Z_a-z~]{0,12}";
    let bootstrap = prop::collection::vec((any_address(), 1..=u16::MAX), 0..2);
    (
        (transport, name, addresses),
        (1..=u16::MAX, path, proof, bootstrap),
    )
        .prop_map(
            |((transport, name, mut ips), (port, path, proof, bootstrap))| {
                let plain = !transport.is_encrypted();
                if ips.is_empty() && (plain || name.is_none()) {
                    ips.push([192, 0, 2, 1].into());
                }
                if plain || name.is_none() {
                    ips.truncate(1);
                }
                let addresses = ips.into_iter().map(|ip| SocketAddr::new(ip, port));
                let mut written = Server::new((IpAddr::from([0; 4]), port).into()).written;
                written.transport = transport;
                written.addresses = addresses.collect();
                if transport.is_http() {
                    written.path = path;
                }
                if !plain {
                    written.name = name.map(|name| DnsName::try_from(name).unwrap());
                    written.proof = proof;
                    written.bootstrap = bootstrap.into_iter().map(SocketAddr::from).collect();
                }
                written.into()
            },
        )
}

proptest! {
    #[test]
    fn what_is_shown_means_the_same_server(server in any_server()) {
        let text = server.to_string();
        prop_assert_eq!(text.parse::<Server>(), Ok(server), "{}", text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(sdns://|tls://|https://|)[ -~]{0,40}") {
        if let Ok(server) = text.parse::<Server>() {
            prop_assert_eq!(server.to_string().parse::<Server>(), Ok(server));
        }
    }

    #[test]
    fn no_stamp_makes_it_panic(octets in prop::collection::vec(any::<u8>(), 0..60)) {
        let text = format!("sdns://{}", BASE64URL_NOPAD.encode(&octets));
        if let Ok(server) = text.parse::<Server>() {
            prop_assert_eq!(server.to_string().parse::<Server>(), Ok(server));
        }
    }
}
