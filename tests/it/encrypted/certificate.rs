//! The certificate of the encrypted doors: which are refused, and how a new one is taken over.

use std::fs::{self, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, date_time_ymd};
use rustls::version::{TLS12, TLS13};

use super::{DECODED, House, section};
use crate::support::authority::{Authority, NAME};
use crate::support::command::run;
use crate::support::dot::{Dot, believing, forgetful};
use crate::support::lanward::Lanward;
use crate::support::peers::installed;
use crate::support::records::A;
use crate::support::until;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::{Query, Response, SERVFAIL};
use crate::support::{records, wire};

/// What is told when a new certificate is not taken over.
const REFUSED: &str = "not reloaded: the certificate from before holds";

/// What `check` says about doors with these files, whose place in it is `{dir}`.
fn checked(authority: &Authority, more: &str) -> (Option<i32>, String) {
    let [certificate, _] = authority.files();
    let folder = Path::new(&certificate).parent().unwrap();
    let file = folder.join("lanward.toml");
    fs::write(&file, section(authority) + more).unwrap();
    let ran = run(&["check", "--config", file.to_str().unwrap()]);
    let said = ran.out.replace(folder.to_str().unwrap(), "{dir}");
    (ran.code, said)
}

/// Certificate and key that nobody else may read.
fn closed(authority: Authority) -> Authority {
    let [_, key] = authority.files();
    fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
    authority
}

#[test]
fn what_cannot_be_used_is_refused_with_file_and_reason() {
    let stranger = Authority::new();
    let [other_certificate, other_key] = stranger.files();
    let other_certificate = fs::read_to_string(other_certificate).unwrap();
    let other_key = fs::read_to_string(other_key).unwrap();
    // Each case: what stands in the files (none: as it should), and what is said.
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old_encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let nonsense = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    for (certificate, key, said) in [
        (
            Some(""),
            None,
            "2:15: error: certificate: {dir}/certificate.pem holds no certificate: it is empty; allowed: ",
        ),
        (
            Some("text"),
            None,
            "2:15: error: certificate: {dir}/certificate.pem holds no certificate; allowed: ",
        ),
        (
            Some(other_key.as_str()),
            None,
            "2:15: error: certificate: {dir}/certificate.pem holds no certificate but a private key; allowed: ",
        ),
        (
            Some(broken),
            None,
            "2:15: error: certificate: {dir}/certificate.pem: certificate 1 cannot be read: ",
        ),
        (
            Some(cut),
            None,
            "2:15: error: certificate: {dir}/certificate.pem cannot be read: ",
        ),
        (
            Some(other_certificate.as_str()),
            None,
            "3:7: error: key: {dir}/key.pem is not the key of the certificate in {dir}/certificate.pem",
        ),
        (
            None,
            Some(""),
            "3:7: error: key: {dir}/key.pem holds no private key: it is empty; allowed: ",
        ),
        (
            None,
            Some(other_certificate.as_str()),
            "3:7: error: key: {dir}/key.pem holds no private key but a certificate; allowed: ",
        ),
        (
            None,
            Some(other_key.as_str()),
            "3:7: error: key: {dir}/key.pem is not the key of the certificate in {dir}/certificate.pem",
        ),
        (
            None,
            Some(encrypted),
            "3:7: error: key: {dir}/key.pem is encrypted, and nobody can type its password here",
        ),
        (
            None,
            Some(old_encrypted),
            "3:7: error: key: {dir}/key.pem is encrypted, and nobody can type its password here",
        ),
        (
            None,
            Some(nonsense),
            "3:7: error: key: {dir}/key.pem cannot be used: ",
        ),
    ] {
        let authority = closed(Authority::new());
        let [certificate_file, key_file] = authority.files();
        for (file, text) in [(certificate_file, certificate), (key_file, key)] {
            if let Some(text) = text {
                fs::write(file, text).unwrap();
            }
        }
        let (code, out) = checked(&authority, "");
        let words = format!("lanward.toml:{said}");
        assert!(out.contains(&words) && code == Some(1), "{words}\n{out}");
    }
    let authority = closed(Authority::new());
    let [certificate, key] = authority.files();
    // The authority's certificate first, as some programs write it.
    let own = fs::read_to_string(&certificate).unwrap();
    let root = fs::read_to_string(authority.ca()).unwrap();
    fs::write(&certificate, format!("{root}{own}")).unwrap();
    let (_, out) = checked(&authority, "");
    assert!(out.contains("{dir}/key.pem is the key of certificate 2 in {dir}/certificate.pem; the server's own certificate must come first"), "{out}");
    fs::write(&certificate, root).unwrap();
    let (_, out) = checked(&authority, "");
    assert!(
        out.contains("is not the key of the certificate in {dir}/certificate.pem, which is that of an authority"),
        "{out}"
    );
    fs::remove_file(key).unwrap();
    let (_, out) = checked(&authority, "");
    assert!(
        out.contains("3:7: error: key: {dir}/key.pem cannot be read: No such file"),
        "{out}"
    );
    // Who reads a pipe waits for somebody who writes.
    let [_, key] = authority.files();
    assert!(Command::new("mkfifo").arg(&key).status().unwrap().success());
    let (_, out) = checked(&authority, "");
    assert!(
        out.contains("3:7: error: key: {dir}/key.pem cannot be read: it is no file"),
        "{out}"
    );
    // The same words where it is to be served, and nothing is.
    let file = Path::new(&certificate).with_file_name("lanward.toml");
    let ran = run(&[
        "serve",
        "--upstream",
        "127.0.0.1:9",
        "--config",
        file.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, Some(2), "{}", ran.complaints);
    assert!(
        ran.complaints.contains("3:7: error: key: "),
        "{}",
        ran.complaints
    );
    assert!(!ran.complaints.contains("listening"), "{}", ran.complaints);
}

#[test]
fn a_certificate_must_have_the_name_by_which_devices_know_the_server() {
    let authority = closed(Authority::with(|params| {
        params.subject_alt_names.remove(0);
    }));
    let (code, out) = checked(&authority, "");
    assert_eq!(code, Some(1));
    assert!(out.contains("4:8: error: name: dns.example is not in the certificate in {dir}/certificate.pem, so devices would refuse it; it is for: 127.0.0.1\n"), "{out}");
}

#[test]
fn what_devices_will_not_like_is_a_warning() {
    let (code, out) = checked(&closed(Authority::new()), "");
    assert!(
        code == Some(0) && out.contains("0 errors, 0 warnings"),
        "{out}"
    );
    let changed = |change: fn(&mut CertificateParams)| closed(Authority::with(change));
    let ended = changed(|params| params.not_after = date_time_ymd(2020, 2, 29));
    let early = changed(|params| params.not_before = date_time_ymd(4000, 1, 2));
    let for_signing = changed(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let for_clients = changed(|params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    let open = Authority::new();
    let [certificate, key] = open.files();
    fs::set_permissions(key, Permissions::from_mode(0o644)).unwrap();
    let misplaced = closed(Authority::new());
    let [chain, _] = misplaced.files();
    let stranger = fs::read_to_string(&certificate).unwrap();
    let own = fs::read_to_string(&chain).unwrap();
    fs::write(chain, own + &stranger).unwrap();
    for (authority, said) in [
        (
            ended,
            "2:15: warning: certificate: the certificate in {dir}/certificate.pem ended on 2020-02-29, devices refuse it",
        ),
        (
            early,
            "2:15: warning: certificate: the certificate in {dir}/certificate.pem begins on 4000-01-02, until then devices refuse it",
        ),
        (
            for_signing,
            "2:15: warning: certificate: the certificate in {dir}/certificate.pem is that of an authority, and none for a server",
        ),
        (
            for_clients,
            "2:15: warning: certificate: the certificate in {dir}/certificate.pem is not for servers",
        ),
        (
            open,
            "3:7: warning: key: everybody on this machine may read {dir}/key.pem",
        ),
        (
            misplaced,
            "2:15: warning: certificate: the certificate in {dir}/certificate.pem is in the wrong order: certificate 2 did not issue certificate 1",
        ),
    ] {
        let (code, out) = checked(&authority, "");
        assert!(out.contains(said) && code == Some(0), "{said}\n{out}");
        assert!(out.contains("0 errors, 1 warning\n"), "{said}\n{out}");
    }
}

/// Questions over connections that stay, and over ones of their own, until the end is said; and what became of them.
struct Load {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    threads: Vec<thread::JoinHandle<std::io::Result<()>>>,
}

impl Load {
    /// About a thousand questions a second.
    fn start(house: &House, authorities: &[&Authority]) -> Self {
        let (stop, asked) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let (address, fresh) = (house.tls(), believing(authorities, &[&TLS13]));
        let fresh = forgetful(fresh);
        let threads = (0..5).map(|number| {
            let (stop, asked) = (Arc::clone(&stop), Arc::clone(&asked));
            let config = Arc::clone(&fresh);
            let query = Query::new(DECODED, A);
            // A client each, as one alone may not have many connections.
            let source = Ipv4Addr::new(127, 0, 0, 10 + number);
            thread::spawn(move || {
                let mut kept = Dot::connect_from(source, address, &config)?;
                while !stop.load(Ordering::Relaxed) {
                    if number == 0 {
                        let reply = Dot::connect_from(source, address, &config)?.ask(&query)?;
                        assert_eq!(reply.answer.len(), 1);
                        asked.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    for _ in 0..5 {
                        kept.send(&query)?;
                    }
                    for _ in 0..5 {
                        kept.receive()?;
                    }
                    asked.fetch_add(5, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(18));
                }
                Ok(())
            })
        });
        Self {
            threads: threads.collect(),
            stop,
            asked,
        }
    }

    /// Ends it. Every question was answered, on every connection.
    fn end(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap().expect("every question is answered");
        }
        self.asked.load(Ordering::Relaxed)
    }
}

/// Waits until new connections see this authority's certificate.
#[track_caller]
fn comes_to_show(house: &House, authority: &Authority, believed: &[&Authority]) {
    let config = forgetful(believing(believed, &[&TLS13]));
    let shown = || {
        let shown = Dot::connect(house.tls(), &config).unwrap().shown();
        shown == *authority.certificate()
    };
    assert!(
        until(Duration::from_secs(10), shown),
        "{:#?}",
        house.lanward.lines()
    );
}

/// Puts the files of one authority in the place of another's, each whole.
fn replace(old: &Authority, new: &Authority) {
    for (to, from) in old.files().into_iter().zip(new.files()) {
        let beside = format!("{to}.new");
        fs::copy(from, &beside).unwrap();
        fs::rename(beside, to).unwrap();
    }
}

#[test]
fn a_certificate_is_replaced_while_a_thousand_questions_a_second_are_answered() {
    let house = House::open();
    let (second, third) = (Authority::new(), Authority::new());
    let believed = [&house.authority, &second, &third];
    comes_to_show(&house, &house.authority, &believed);
    let load = Load::start(&house, &believed);
    let going = |more: usize| {
        let before = load.asked.load(Ordering::Relaxed);
        let after = || load.asked.load(Ordering::Relaxed) >= before + more;
        assert!(
            until(Duration::from_secs(10), after),
            "questions are answered"
        );
    };
    going(200);
    replace(&house.authority, &second);
    comes_to_show(&house, &second, &believed);
    going(200);
    // In place, one after the other: for a second they do not fit together.
    let [certificate, key] = house.authority.files();
    let [new_certificate, new_key] = third.files();
    fs::write(certificate, fs::read(new_certificate).unwrap()).unwrap();
    thread::sleep(Duration::from_secs(1));
    fs::write(key, fs::read(new_key).unwrap()).unwrap();
    comes_to_show(&house, &third, &believed);
    going(200);
    assert!(load.end() >= 600);
    assert_eq!(house.lanward.logged("certificate reloaded"), 2);
    assert_eq!(
        house.lanward.logged(REFUSED),
        0,
        "{:#?}",
        house.lanward.lines()
    );
}

#[test]
fn a_broken_certificate_changes_nothing_and_is_told_once() {
    let house = House::open();
    let [certificate, _] = house.authority.files();
    let believed = [&house.authority];
    fs::write(&certificate, "nonsense").unwrap();
    house
        .lanward
        .line(&[REFUSED, "certificate.pem holds no certificate"]);
    comes_to_show(&house, &house.authority, &believed);
    // Another one that devices would refuse.
    let nameless = Authority::with(|params| {
        params.subject_alt_names.remove(0);
    });
    replace(&house.authority, &nameless);
    house
        .lanward
        .line(&[REFUSED, "dns.example is not in the certificate"]);
    let second = Authority::new();
    replace(&house.authority, &second);
    comes_to_show(&house, &second, &[&house.authority, &second]);
    assert_eq!(
        house.lanward.logged(REFUSED),
        2,
        "{:#?}",
        house.lanward.lines()
    );
    // One that has ended is shown, for its key may be what devices know it by; and it is told.
    let ended = Authority::with(|params| params.not_after = date_time_ymd(2020, 2, 29));
    replace(&house.authority, &ended);
    house
        .lanward
        .line(&["WARN", "certificate.pem ended on 2020-02-29"]);
}

#[test]
fn sessions_are_taken_up_again_and_outlive_the_certificate() {
    let house = House::open();
    let second = Authority::new();
    let query = Query::new(DECODED, A);
    let configs = [&TLS12, &TLS13].map(|version| {
        let config = Arc::new(believing(&[&house.authority, &second], &[version]));
        let mut first = Dot::connect(house.tls(), &config).unwrap();
        first.ask(&query).unwrap();
        assert!(!first.is_resumed());
        config
    });
    let resumed = |config| {
        let mut next = Dot::connect(house.tls(), config).unwrap();
        next.ask(&query).unwrap();
        next.is_resumed()
    };
    assert!(configs.iter().all(resumed));
    replace(&house.authority, &second);
    comes_to_show(&house, &second, &[&house.authority, &second]);
    assert!(configs.iter().all(resumed));
}

/// What `openssl s_client` says when it has a ticket or has failed, and what it knows of the ticket.
fn openssl(house: &House, version: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ticket = folder.path().join("ticket");
    let mut child = Command::new("openssl")
        .args(["s_client", "-connect", &house.tls().to_string(), version])
        .args(["-cipher", "DEFAULT@SECLEVEL=0", "-verify_return_error"])
        .args(["-verify_hostname", NAME, "-CAfile"])
        .arg(house.authority.ca())
        .arg("-sess_out")
        .arg(&ticket)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let is_there = || fs::metadata(&ticket).is_ok_and(|file| file.len() > 0);
    until(Duration::from_secs(10), || {
        is_there() || child.try_wait().unwrap().is_some()
    });
    // It goes when nobody types any more, and says then what it knows.
    let mut said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    if is_there() {
        let known = Command::new("openssl")
            .args(["sess_id", "-noout", "-text", "-in"])
            .arg(&ticket)
            .output()
            .unwrap();
        said += &String::from_utf8(known.stdout).unwrap();
    }
    said
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_nothing_older_and_no_early_data_taken() {
    if !installed("TLS with openssl", "openssl", "openssl") {
        return;
    }
    let house = House::open();
    for (version, protocol) in [("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")] {
        let said = openssl(&house, version);
        for words in [
            &format!("Protocol  : {protocol}\n"),
            "Verification: OK\n",
            "TLS session ticket:\n",
        ] {
            assert!(said.contains(words), "{words} in {said}");
        }
        // Only TLS 1.3 has them.
        let early = said.contains("Max Early Data: 0\n");
        assert_eq!(early, version == "-tls1_3", "{said}");
    }
    let said = openssl(&house, "-tls1_1");
    assert!(said.contains("Cipher is (NONE)"), "{said}");
}

#[test]
fn a_server_whose_name_leads_to_lanward_itself_is_not_asked() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let door = free.local_addr().unwrap();
    drop(free);
    let bootstrap = Upstream::start();
    bootstrap.otherwise(Behaviour::new(|seen| {
        let answer = Response::new(vec![records::a(&wire::text(&seen.query.name), "127.0.0.1")]);
        Behaviour::from(answer).acts(seen)
    }));
    let authority = Authority::new();
    let [certificate, key] = authority.files();
    let lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[server.tls]\ncertificate = {certificate:?}\nkey = {key:?}\ntls = [\"{door}\"]\n[upstream]\nservers = [\"tls://dns.example:{}#sha256/{}\"]\nbootstrap = [\"{}\"]\n",
        door.port(),
        authority.pin(),
        bootstrap.address,
    ));
    for name in ["one.example", "two.example"] {
        let reply = lanward.client().udp(&Query::new(name, A));
        assert_eq!(reply.rcode(), SERVFAIL, "{}", reply.summary());
    }
    let words =
        format!("is said to be at {door}, where lanward itself listens; it is not asked there");
    lanward.line(&["WARN", &words]);
    assert_eq!(lanward.logged(&words), 1);
}
