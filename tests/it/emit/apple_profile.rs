//! Configuration profiles for Apple devices, read as XML.

use rcgen::{CertificateParams, KeyPair, SanType};
use roxmltree::{Document, Node, ParsingOptions};

use super::snapshots::{emit_doors, emit_doors_with};
use crate::support::authority::Authority;

fn parse(text: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The value behind a key, wherever it stands; the first of them.
fn value<'a>(document: &'a Document<'_>, key: &str) -> Option<Node<'a, 'a>> {
    let mut keys = document.descendants();
    let key = keys.find(|node| node.has_tag_name("key") && node.text() == Some(key))?;
    key.next_sibling_element()
}

fn texts(document: &Document<'_>, key: &str) -> Vec<String> {
    let value = value(document, key).unwrap();
    let texts = value
        .descendants()
        .filter(|node| node.has_tag_name("string"));
    texts.map(|node| node.text().unwrap().to_owned()).collect()
}

/// The file, without what is said above it.
fn profile(part: &str, servers: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.mobileconfig");
    let output = ["--part", part, "--output", file.to_str().unwrap()];
    emit_doors(&[&["apple-profile"], &output[..], servers].concat());
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn a_profile_says_where_to_ask_and_in_which_network() {
    let servers = ["--server", "192.168.1.2", "--server", "fd00::2"];
    for (part, protocol, key, place) in [
        ("tls", "TLS", "ServerName", "dns.home.example"),
        (
            "https",
            "HTTPS",
            "ServerURL",
            "https://dns.home.example/dns-query",
        ),
    ] {
        let text = profile(part, &servers);
        assert!(
            text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
            "{text}"
        );
        let document = parse(&text);
        assert_eq!(texts(&document, "DNSProtocol"), [protocol]);
        assert_eq!(texts(&document, key), [place]);
        assert_eq!(
            texts(&document, "ServerAddresses"),
            ["192.168.1.2", "fd00::2"]
        );
        assert_eq!(
            texts(&document, "DNSServerAddressMatch"),
            ["192.168.1.2", "fd00::2"]
        );
        assert!(!text.contains("com.apple.security.root"), "{text}");
        // The same settings give the same file; other settings other UUIDs, of the form that RFC 9562 has.
        assert_eq!(profile(part, &servers), text);
        let uuid = texts(&document, "PayloadUUID").remove(0);
        let other = profile(part, &servers[..2]);
        assert_ne!(texts(&parse(&other), "PayloadUUID")[0], uuid);
        let parts: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12], "{uuid}");
        assert!(
            uuid[14..15] == *"8" && "89AB".contains(&uuid[19..20]),
            "{uuid}"
        );
    }
    // Elsewhere a public address is the same server.
    let text = profile("tls", &["--server", "9.9.9.9"]);
    assert!(value(&parse(&text), "OnDemandRules").is_none(), "{text}");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_in_the_profile() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["dns.home.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let [certificate_file, key_file] = [
        ("certificate.pem", certificate.pem()),
        ("key.pem", key.serialize_pem()),
    ]
    .map(|(name, content)| {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        file.to_str().unwrap().to_owned()
    });
    let output = folder.path().join("lanward.mobileconfig");
    let arguments = [
        "apple-profile",
        "--part",
        "https",
        "--output",
        output.to_str().unwrap(),
        "--server",
        "192.168.1.2",
    ];
    let doors = format!(
        "[server.tls]\ncertificate = {certificate_file:?}\nkey = {key_file:?}\nname = \"dns.home.example\"\nhttps = [\"0.0.0.0:8443\"]\npath = \"/a~b\"\n"
    );
    emit_doors_with(&arguments, &doors);
    let text = std::fs::read_to_string(output).unwrap();
    let document = parse(&text);
    assert_eq!(
        texts(&document, "ServerURL"),
        ["https://dns.home.example:8443/a~b"]
    );
    assert!(
        text.contains("<string>com.apple.security.root</string>"),
        "{text}"
    );
    let data = document
        .descendants()
        .find(|node| node.has_tag_name("data"));
    let data = data_encoding::BASE64.decode(data.unwrap().text().unwrap().as_bytes());
    assert_eq!(data.unwrap(), certificate.der().to_vec());
}

#[test]
fn the_network_names_the_plain_door_and_the_root_of_a_chain_is_in_the_profile() {
    let authority = Authority::with(|params| {
        let name = "dns.home.example".to_owned().try_into().unwrap();
        params.subject_alt_names.push(SanType::DnsName(name));
    });
    let [certificate, key] = authority.files();
    let root = std::fs::read_to_string(authority.ca()).unwrap();
    let own = std::fs::read_to_string(&certificate).unwrap();
    std::fs::write(&certificate, own + &root).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("lanward.mobileconfig");
    let doors = format!(
        "[server]\nlisten = [\"192.168.1.3:53\"]\n[server.tls]\ncertificate = {certificate:?}\nkey = {key:?}\nname = \"dns.home.example\"\ntls = [\"192.168.1.2:853\"]\n"
    );
    let said = emit_doors_with(
        &["apple-profile", "--output", output.to_str().unwrap()],
        &doors,
    );
    let text = std::fs::read_to_string(output).unwrap();
    let document = parse(&text);
    assert_eq!(texts(&document, "ServerAddresses"), ["192.168.1.2"]);
    assert_eq!(
        texts(&document, "DNSServerAddressMatch"),
        ["192.168.1.2", "192.168.1.3"],
        "{said}"
    );
    let root = data_encoding::BASE64.encode(&authority.root());
    assert!(text.contains(&format!("<data>{root}</data>")), "{text}");
}
