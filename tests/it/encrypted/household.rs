//! The authority and the certificate that lanward makes for itself.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, PublicKeyData, SanType,
};
use ring::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{DECODED, own};
use crate::support::authority::Authority;
use crate::support::command::run;
use crate::support::lanward::Lanward;
use crate::support::peers::installed;
use crate::support::records::A;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::wire::Query;

/// What the log says the last time: the digest of the authority, and the pin of the certificate's key.
fn told(lanward: &Lanward) -> [String; 2] {
    let lines = lanward.lines();
    [
        ("own authority, for devices to trust", "sha256"),
        ("own certificate\"", "pin"),
    ]
    .map(|(words, key)| {
        let line = lines.iter().rfind(|line| line.contains(words));
        let line = line.unwrap_or_else(|| panic!("no line about it in {lines:#?}"));
        let rest = line.split_once(&format!("\"{key}\":\"")).unwrap().1;
        rest.split('"').next().unwrap().to_owned()
    })
}

/// Whether kdig gets an answer at this door from a server with this pin.
fn kdig_believes(lanward: &Lanward, pin: &str) -> bool {
    let address = lanward.door("DNS over TLS");
    let output = Command::new("kdig")
        .arg(format!("@{}", address.ip()))
        .args([
            "-p",
            &address.port().to_string(),
            &format!("+tls-pin={pin}"),
        ])
        .args(["+short", "+retry=0", DECODED])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .contains("192.168.1.10")
}

#[test]
fn a_certificate_is_made_kept_and_made_anew_with_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let upstream = Upstream::start();
    let mut lanward = Lanward::start(&[upstream.address], &own(&state, ""));
    lanward.line(&["own certificate made", "there was none"]);
    let [digest, pin] = told(&lanward);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&state.join("key.pem")), 0o600);
    assert_eq!(mode(&state.join("authority-key.pem")), 0o600);
    if installed("an own authority with openssl", "openssl", "openssl") {
        for (file, all) in [
            (
                "authority.pem",
                [
                    digest.as_str(),
                    "CA:TRUE, pathlen:0",
                    "Certificate Sign",
                    "X509v3 Name Constraints: critical",
                ],
            ),
            (
                "certificate.pem",
                [
                    "CA:FALSE",
                    "IP Address:127.0.0.1",
                    "TLS Web Server Authentication",
                    "X509v3 Authority Key Identifier",
                ],
            ),
        ] {
            let said = Command::new("openssl")
                .args(["x509", "-noout", "-fingerprint", "-sha256", "-text", "-in"])
                .arg(state.join(file))
                .output()
                .unwrap();
            let said = String::from_utf8(said.stdout).unwrap();
            for words in all {
                assert!(said.contains(words), "{words} in {said}");
            }
        }
    }
    if installed(
        "a self-signed certificate with kdig",
        "kdig",
        "knot-dnsutils",
    ) {
        assert!(kdig_believes(&lanward, &pin));
        assert!(!kdig_believes(
            &lanward,
            "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
        ));
    }
    // Another lanward knows it by the pin.
    let server = format!("tls://{}#sha256/{pin}", lanward.door("DNS over TLS"));
    let other = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"{server}\"]\n[embedded]\npresets = []\n[[rebinding.allow]]\ndomain = \"plex.direct\"\n"
    ));
    let reply = other.client().udp(&Query::new(DECODED, A));
    assert_eq!(
        reply.addresses()[0].to_string(),
        "192.168.1.10",
        "{:#?}",
        other.lines()
    );
    lanward.assert_alive();
    lanward.stop();

    let lanward = Lanward::start(&[upstream.address], &own(&state, ""));
    assert_eq!(told(&lanward), [digest.clone(), pin.clone()]);
    for words in ["own certificate made", "own authority made"] {
        assert_eq!(lanward.logged(words), 0, "{words}");
    }
    lanward.stop();
    // Another address: another certificate, and nothing to carry to devices.
    let doors = "quic = [\"127.0.0.9:0\"]\n";
    let lanward = Lanward::start(&[upstream.address], &own(&state, doors));
    lanward.line(&["own certificate made", "127.0.0.9 was missing"]);
    assert_eq!(told(&lanward), [digest.clone(), pin.clone()]);
    assert_eq!(lanward.logged("own authority made"), 0);
    lanward.reload(
        &[upstream.address],
        &own(&state, &format!("name = \"dns.home.example\"\n{doors}")),
    );
    lanward.line(&["own certificate made", "dns.home.example was missing"]);
    lanward.line(&["WARN", "own authority made", "the last one is for no name"]);
    let [new_digest, same_pin] = told(&lanward);
    assert_ne!(new_digest, digest);
    assert_eq!(same_pin, pin);
    for file in ["key.pem", "authority-key.pem"] {
        let key = fs::read_to_string(state.join(file)).unwrap();
        let secret = key.lines().nth(1).unwrap();
        assert_eq!(lanward.logged(secret), 0, "the key is in no log");
    }
}

/// Whether openssl believes this certificate when it trusts the authority in this folder; what it says.
fn openssl_believes(state: &Path, certificate: &Path) -> (bool, String) {
    let output = Command::new("openssl")
        .args(["verify", "-purpose", "sslserver", "-x509_strict", "-CAfile"])
        .arg(state.join("authority.pem"))
        .arg(certificate)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// A server's certificate that the authority in this folder has signed, for one name.
fn signed_by_the_authority(state: &Path, name: SanType) -> String {
    let key = KeyPair::from_pem(&fs::read_to_string(state.join("authority-key.pem")).unwrap());
    let key = key.unwrap();
    let text = fs::read(state.join("authority.pem")).unwrap();
    let authority = CertificateDer::from_pem_slice(&text).unwrap();
    let (_, read) = X509Certificate::from_der(&authority).unwrap();
    let title = read.subject().iter_common_name().next().unwrap();
    let mut issuer = CertificateParams::default();
    issuer.distinguished_name = DistinguishedName::new();
    (issuer.distinguished_name).push(DnType::CommonName, title.as_str().unwrap());
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.subject_alt_names = vec![name];
    params.use_authority_key_identifier_extension = true;
    let leaf = params.signed_by(
        &KeyPair::generate().unwrap(),
        &Issuer::from_params(&issuer, &key),
    );
    leaf.unwrap().pem()
}

#[test]
fn the_authority_speaks_for_one_name_alone() {
    if !installed("an own authority with openssl", "openssl", "openssl") {
        return;
    }
    for (name, own_name) in [("", None), ("name = \"dns.home.example\"\n", Some(()))] {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        let upstream = Upstream::start();
        let _lanward = Lanward::start(&[upstream.address], &own(&state.join("s"), name));
        let state = state.join("s");
        let (believed, said) = openssl_believes(&state, &state.join("certificate.pem"));
        assert!(believed, "{said}");
        let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
        let mail = |name: &str| SanType::Rfc822Name(name.try_into().unwrap());
        let address = SanType::IpAddress([192, 0, 2, 1].into());
        for (other, may) in [
            (dns("dns.home.example"), own_name.is_some()),
            (dns("home.example"), false),
            (dns("www.bank.example"), false),
            (mail("me@bank.example"), false),
            (address, true),
        ] {
            let file = folder.path().join("other.pem");
            fs::write(&file, signed_by_the_authority(&state, other.clone())).unwrap();
            let (believed, said) = openssl_believes(&state, &file);
            assert_eq!(believed, may, "{other:?} with {name:?}: {said}");
            assert!(believed || said.contains("subtree violation"), "{said}");
        }
    }
}

#[test]
fn clients_that_are_given_the_authority_believe() {
    let folder = tempfile::tempdir().unwrap();
    let (named, nameless) = (folder.path().join("named"), folder.path().join("nameless"));
    let upstream = Upstream::start();
    let more = "name = \"dns.home.example\"\nhttps = [\"127.0.0.1:0\"]\n";
    for (state, more, host) in [
        (&named, more, Some("dns.home.example")),
        (&nameless, "https = [\"127.0.0.1:0\"]\n", None),
    ] {
        let lanward = Lanward::start(&[upstream.address], &own(state, more));
        let authority = state.join("authority.pem");
        let authority = authority.to_str().unwrap();
        // GnuTLS.
        if installed("an own authority with kdig", "kdig", "knot-dnsutils") {
            let door = lanward.door("DNS over TLS");
            let output = Command::new("kdig")
                .arg(format!("@{}", door.ip()))
                .args(["-p", &door.port().to_string()])
                .arg(format!("+tls-ca={authority}"))
                .args(host.map(|host| format!("+tls-hostname={host}")))
                .args(["+short", "+retry=0", DECODED])
                .output()
                .unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(said.contains("192.168.1.10"), "{host:?}: {said}");
        }
        // OpenSSL, by name and by address.
        if installed("an own authority with curl", "curl", "curl") {
            let door = lanward.door("DNS over HTTPS");
            let hosts = [host, Some("127.0.0.1")];
            for host in hosts.into_iter().flatten() {
                let output = Command::new("curl")
                    .args(["--silent", "--show-error", "--max-time", "10"])
                    .args(["--cacert", authority, "--resolve"])
                    .arg(format!("{host}:{}:{}", door.port(), door.ip()))
                    .args(["--output", "/dev/null", "--write-out", "%{http_code}"])
                    .arg(format!(
                        "https://{host}:{}/dns-query?dns=AAABAAABAAAAAAAACWxvY2FsaG9zdAAAAQAB",
                        door.port()
                    ))
                    .output()
                    .unwrap();
                let said = [output.stdout, output.stderr].concat();
                assert_eq!(String::from_utf8(said).unwrap(), "200", "{host}");
            }
        }
    }
}

#[test]
fn a_folder_from_before_there_were_authorities_goes_over_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let before = params.self_signed(&key).unwrap();
    fs::write(folder.path().join("certificate.pem"), before.pem()).unwrap();
    let key_file = folder.path().join("key.pem");
    fs::write(&key_file, key.serialize_pem()).unwrap();
    fs::set_permissions(&key_file, Permissions::from_mode(0o600)).unwrap();
    let upstream = Upstream::start();
    let lanward = Lanward::start(&[upstream.address], &own(folder.path(), ""));
    lanward.line(&[
        "WARN",
        "own authority made: devices that trust what was shown before",
        "there was none",
    ]);
    let pin = digest(&SHA256, &key.subject_public_key_info());
    assert_eq!(told(&lanward)[1], BASE64.encode(pin.as_ref()));
    assert_eq!(fs::read_to_string(key_file).unwrap(), key.serialize_pem());
}

#[test]
fn check_makes_nothing_and_a_folder_of_others_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let file = folder.path().join("lanward.toml");
    let configuration = own(&state, "");
    fs::write(
        &file,
        format!("[server]\nlisten = [\"127.0.0.1:0\"]\n{configuration}"),
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let ran = run(&["check", "--config", file]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(!state.exists());
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o777)).unwrap();
    let ran = run(&["serve", "--config", file, "--upstream", "127.0.0.1:9"]);
    assert_eq!(ran.code, Some(2), "{}", ran.complaints);
    assert!(
        ran.complaints
            .contains("everybody may write into this folder"),
        "{}",
        ran.complaints
    );
    let ran = run(&["check", "--config", file]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(
        ran.out.contains("lanward.toml: error: ") && ran.out.contains("everybody may write"),
        "{}",
        ran.out
    );
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
}

#[test]
fn devices_are_given_the_authority() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.toml");
    let doors = "name = \"dns.example\"\nhttps = [\"0.0.0.0:443\"]\n";
    fs::write(&file, own(folder.path(), doors)).unwrap();
    let emit = || {
        let file = file.to_str().unwrap();
        run(&[
            "emit",
            "apple-profile",
            "--part",
            "https",
            "--server",
            "192.168.1.2",
            "--config",
            file,
        ])
    };
    let ran = emit();
    assert_ne!(ran.code, Some(0));
    assert!(
        ran.complaints
            .contains("Start lanward with this configuration once"),
        "{}",
        ran.complaints
    );
    // What needs no certificate asks for none.
    for target in ["dnr", "windows-doh"] {
        let file = file.to_str().unwrap();
        let ran = run(&["emit", target, "--server", "192.168.1.2", "--config", file]);
        assert_eq!(ran.code, Some(0), "{}", ran.complaints);
    }
    // No key is there, and none is needed.
    let authority = Authority::new();
    fs::copy(authority.ca(), folder.path().join("authority.pem")).unwrap();
    let ran = emit();
    assert_eq!(ran.code, Some(0), "{}", ran.complaints);
    let said = ran.out.split_whitespace().collect::<String>();
    assert!(
        said.contains(&BASE64.encode(&authority.root())),
        "{}",
        ran.out
    );
}

#[test]
fn the_system_says_where_the_certificate_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.toml");
    fs::write(&file, "[server]\nlisten = [\"127.0.0.1:0\"]\n[server.tls]\nself_signed = true\ntls = [\"127.0.0.1:0\"]\n").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lanward"))
        .args(["serve", "--upstream", "127.0.0.1:9", "--config"])
        .arg(&file)
        .env_clear()
        .env("STATE_DIRECTORY", folder.path().join("state"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let made = folder.path().join("state/certificate.pem");
    let found = until(Duration::from_secs(10), || made.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found);
}
