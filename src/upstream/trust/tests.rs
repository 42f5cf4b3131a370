//! Who is believed to be the server, in whole handshakes without a network.

use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PublicKeyData,
    date_time_ymd,
};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS12;
use rustls::{
    ClientConnection, Connection, ServerConfig, ServerConnection, SupportedProtocolVersion,
};

use super::*;
use crate::upstream::server::Digest;

type Ca = CertifiedIssuer<'static, KeyPair>;

/// A certificate authority that signs others, itself signed by `issuer` or by nobody.
fn authority(name: &str, issuer: Option<&Ca>) -> Ca {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    let common = rcgen::DnType::CommonName;
    params.distinguished_name.push(common, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    match issuer {
        Some(issuer) => Ca::signed_by(params, key, issuer).unwrap(),
        None => Ca::self_signed(params, key).unwrap(),
    }
}

/// A server that shows `chain`, of which it has the key of the first.
struct Shown {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    version: &'static SupportedProtocolVersion,
}

impl Shown {
    /// With a certificate of `issuer` for `names`; `years` are its first and the one after its last.
    fn new(names: &[&str], years: (i32, i32), issuer: &Ca) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(years.0, 1, 1);
        params.not_after = date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, issuer).unwrap();
        Self {
            chain: vec![certificate.der().clone()],
            key,
            version: &TLS13,
        }
    }

    fn with(mut self, intermediate: &Ca) -> Self {
        self.chain.push(intermediate.der().clone());
        self
    }

    fn config(&self, transport: Transport) -> ServerConfig {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let key = provider.key_provider.load_private_key(key).unwrap();
        let certified = CertifiedKey::new(self.chain.clone(), key);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = protocol(transport)
            .map(<[u8]>::to_vec)
            .into_iter()
            .collect();
        config
    }
}

/// A trust in these authorities alone.
fn trust(authorities: &[&Ca]) -> Trust {
    let certificates = authorities.iter().map(|one| one.der().clone());
    Trust::new(Some(certificates.collect()))
}

/// A server that must prove itself in this way.
fn server(transport: Transport, proof: &Proof) -> Server {
    let (word, digests) = match proof {
        Proof::Chain => ("", &[][..]),
        Proof::Certificate(digests) => ("certificate", digests.as_slice()),
        Proof::Key(digests) => ("sha256", digests.as_slice()),
    };
    let proofs = digests.iter().map(|digest| format!("{word}/{digest}"));
    let proofs = proofs.collect::<Vec<_>>().join(",");
    let mark = if proofs.is_empty() { "" } else { "#" };
    format!("{transport}://192.0.2.1{mark}{proofs}")
        .parse()
        .unwrap()
}

/// Lets a client that trusts in this way shake hands with a server; what it says of it.
fn meet(trust: &Trust, proof: &Proof, name: &str, shown: &Shown) -> Result<(), String> {
    let transport = Transport::Tls;
    let told = trust.client(&server(transport, proof)).unwrap();
    let client = Arc::clone(&told.config);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = Connection::from(ClientConnection::new(client, name).unwrap());
    let server = Arc::new(shown.config(transport));
    let mut server = Connection::from(ServerConnection::new(server).unwrap());
    for _ in 0..10 {
        let carried =
            carry(&mut client, &mut server).and_then(|()| carry(&mut server, &mut client));
        if let Err(error) = carried {
            let doubt = told.witness.take_doubt();
            assert_eq!(doubt.as_deref(), Some(explain(&error).as_str()));
            return Err(doubt.unwrap());
        }
        if !client.is_handshaking() && !server.is_handshaking() {
            assert_eq!(client.alpn_protocol(), Some(&b"dot"[..]));
            return Ok(());
        }
    }
    panic!("the handshake does not end");
}

fn carry(from: &mut Connection, to: &mut Connection) -> Result<(), rustls::Error> {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire).unwrap();
    }
    let mut wire = wire.as_slice();
    while !wire.is_empty() {
        to.read_tls(&mut wire).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}

fn contains(result: Result<(), String>, words: &[&str]) {
    let error = result.expect_err("nobody may believe this");
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
}

const NOW: (i32, i32) = (2000, 4000);

#[test]
fn a_server_needs_a_certificate_from_somebody_trusted() {
    let (ca, stranger) = (authority("ours", None), authority("theirs", None));
    let shown = Shown::new(&["dns.example"], NOW, &ca);
    let meet = |trust: &Trust, shown: &Shown| meet(trust, &Proof::Chain, "dns.example", shown);
    assert_eq!(meet(&trust(&[&ca]), &shown), Ok(()));
    assert_eq!(meet(&trust(&[&stranger, &ca]), &shown), Ok(()));
    contains(
        meet(&trust(&[&stranger]), &shown),
        &["issuer that is not trusted"],
    );
    let between = authority("between", Some(&ca));
    let shown = Shown::new(&["dns.example"], NOW, &between);
    contains(
        meet(&trust(&[&ca]), &shown),
        &["issuer that is not trusted"],
    );
    assert_eq!(meet(&trust(&[&ca]), &shown.with(&between)), Ok(()));
}

/// Many a home server shows a certificate that it signed itself as an authority.
#[test]
fn an_authority_is_no_server() {
    let ca = authority("ours", None);
    let shown = Shown {
        chain: vec![ca.der().clone()],
        key: KeyPair::try_from(ca.key().serialized_der()).unwrap(),
        version: &TLS13,
    };
    let key = sha256_of_key(ca.key());
    let trust = trust(&[&ca]);
    contains(
        meet(&trust, &Proof::Chain, "dns.example", &shown),
        &["that of an authority", "#sha256/"],
    );
    let proof = Proof::Key(vec![key]);
    assert_eq!(meet(&trust, &proof, "dns.example", &shown), Ok(()));
}

#[test]
fn the_certificate_must_be_for_the_server_and_for_today() {
    let ca = authority("ours", None);
    let trust = trust(&[&ca]);
    let meet = |name: &str, shown: &Shown| meet(&trust, &Proof::Chain, name, shown);
    let shown = Shown::new(&["dns.example", "*.any.example", "192.0.2.1"], NOW, &ca);
    for name in ["dns.example", "a.any.example", "192.0.2.1"] {
        assert_eq!(meet(name, &shown), Ok(()), "{name}");
    }
    for name in ["other.example", "a.b.any.example", "any.example"] {
        contains(meet(name, &shown), &[name, "dns.example"]);
    }
    contains(meet("192.0.2.2", &shown), &["192.0.2.2", "dns.example"]);
    let ended = Shown::new(&["dns.example"], (2000, 2001), &ca);
    contains(meet("dns.example", &ended), &["ended on 2001-01-01"]);
    let early = Shown::new(&["dns.example"], (3000, 3001), &ca);
    contains(meet("dns.example", &early), &["begins on 3000-01-01"]);
}

#[test]
fn a_known_key_is_enough_and_needed() {
    let ca = authority("nobody's", None);
    let shown = Shown::new(&["old.example"], (2000, 2001), &ca);
    let key = sha256_of_key(&shown.key);
    let other = Digest([7; 32]);
    let nobody = Trust::new(Some(Vec::new()));
    let meet = |digests: &[Digest], shown: &Shown| {
        let proof = Proof::Key(digests.to_vec());
        meet(&nobody, &proof, "192.0.2.1", shown)
    };
    assert_eq!(meet(&[key], &shown), Ok(()));
    assert_eq!(meet(&[other, key], &shown), Ok(()));
    contains(
        meet(&[other], &shown),
        &[&format!("sha256/{key}"), &other.to_string()],
    );
    // Only the server's own key counts, not one of a certificate that it shows beside.
    let fake = Shown::new(&["dns.example"], NOW, &ca).with(&ca);
    contains(
        meet(&[sha256_of_key(ca.key()), key], &fake),
        &["the server's key has the digest"],
    );
    // Nor is it enough to show the certificate: its key must sign.
    let mut thief = Shown {
        key: KeyPair::generate().unwrap(),
        ..shown
    };
    for version in [&TLS13, &TLS12] {
        thief.version = version;
        contains(meet(&[key], &thief), &["has not the key"]);
    }
}

fn sha256_of_key(key: &KeyPair) -> Digest {
    pinned::sha256(&key.subject_public_key_info())
}

fn sha256_of_signed_part(certificate: &CertificateDer<'_>) -> Digest {
    pinned::sha256(pinned::signed_part(certificate).unwrap())
}

#[test]
fn older_servers_speak_tls_1_2() {
    let ca = authority("ours", None);
    let mut shown = Shown::new(&["dns.example"], NOW, &ca);
    shown.version = &TLS12;
    let known = Proof::Key(vec![sha256_of_key(&shown.key)]);
    let certificate = Proof::Certificate(vec![sha256_of_signed_part(&shown.chain[0])]);
    for proof in [Proof::Chain, known, certificate] {
        assert_eq!(meet(&trust(&[&ca]), &proof, "dns.example", &shown), Ok(()));
    }
}

#[test]
fn a_known_certificate_must_lie_on_the_way_to_a_root() {
    let ca = authority("ours", None);
    let between = authority("between", Some(&ca));
    let trust = trust(&[&ca]);
    let meet = |digest: Digest, name: &str, shown: &Shown| {
        let proof = Proof::Certificate(vec![Digest([7; 32]), digest]);
        meet(&trust, &proof, name, shown)
    };
    let shown = Shown::new(&["dns.example"], NOW, &between).with(&between);
    let own = sha256_of_signed_part(&shown.chain[0]);
    let issuer = sha256_of_signed_part(between.der());
    assert_eq!(meet(own, "dns.example", &shown), Ok(()));
    assert_eq!(meet(issuer, "dns.example", &shown), Ok(()));
    // All else must be right, too.
    contains(meet(issuer, "other.example", &shown), &["other.example"]);
    contains(
        meet(Digest([8; 32]), "dns.example", &shown),
        &[
            "no certificate in the server's chain",
            &Digest([8; 32]).to_string(),
        ],
    );
    // A copy of a known certificate that signs nothing here proves nothing.
    let copied = Shown::new(&["dns.example"], NOW, &ca).with(&between);
    contains(
        meet(issuer, "dns.example", &copied),
        &["no certificate in the server's chain"],
    );
}

#[test]
fn a_machine_without_roots_says_what_to_do() {
    let nobody = Trust::new(Some(Vec::new()));
    let error = nobody
        .client(&server(Transport::Tls, &Proof::Chain))
        .unwrap_err();
    assert_eq!(error, TrustError::NoRoots);
    assert_eq!(nobody.prove(), Err(TrustError::NoRoots));
    let pinned = Proof::Key(vec![Digest([7; 32])]);
    assert!(nobody.client(&server(Transport::Tls, &pinned)).is_ok());
}

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn root_certificates_are_read_from_a_file() {
    let (one, two) = (authority("one", None), authority("two", None));
    let text = format!("# ours\n{}\nmore\n{}", one.pem(), two.pem());
    let (_folder, path) = written(&text);
    let read = Trust::read(&path).unwrap();
    assert_eq!(read, trust(&[&one, &two]));
    assert_ne!(read, trust(&[&one]));
    assert_eq!(read.prove(), Ok(()));
}

#[test]
fn a_file_without_root_certificates_says_what_is_wrong() {
    let wrong = |text: &str| {
        let (_folder, path) = written(text);
        Trust::read(&path).unwrap_err().to_string()
    };
    assert!(wrong("").contains("holds no certificate; allowed: "));
    let key = KeyPair::generate().unwrap().serialize_pem();
    assert!(wrong(&key).contains("holds no certificate"));
    let good = authority("good", None).pem();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let error = wrong(&format!("{good}{broken}"));
    assert!(error.contains("certificate 2 cannot be read: "), "{error}");
    let missing = PathBuf::from("/no/such/ca.pem");
    let error = Trust::read(&missing).unwrap_err().to_string();
    assert!(
        error.starts_with("/no/such/ca.pem cannot be read: No such file"),
        "{error}"
    );
}

#[test]
fn quic_is_spoken_with_tls_1_3_and_nothing_is_sent_early() {
    let ca = authority("ours", None);
    for (transport, name) in [
        (Transport::Tls, &b"dot"[..]),
        (Transport::Https, b"h2"),
        (Transport::Quic, b"doq"),
        (Transport::H3, b"h3"),
    ] {
        let client = trust(&[&ca]).client(&server(transport, &Proof::Chain));
        let config = client.unwrap().config;
        assert_eq!(config.alpn_protocols, [name]);
        assert!(!config.enable_early_data);
    }
}
