//! Each rule of the judge by example, and what must hold for every message that anybody could send.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::svcb::SvcParamValue;
use ipnet::IpNet;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::address::classify;
use crate::config::{Settings, Severity};
use crate::daemon::local::Loaded;
use crate::name::embedded::{Embedded, preset};
use crate::name::special::PROTECTED;
use crate::wire::tests::{answer, question};
use crate::wire::types::class;
use crate::wire::{Answer, Header, Message, Name, Question, RecordType, overwrite};

const PLEX: &str = "192-168-1-10.f1c87d9690af4e0da1c2bfbf34b850fb.plex.direct";
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 50));
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 51));

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

/// What is protected when the configuration file is empty.
fn policy() -> Policy {
    Policy {
        exceptions: builtin(),
        embedded: Arc::new(Embedded::new(preset("plex.direct").unwrap())),
        protected: PROTECTED.iter().map(|text| name(text)).collect(),
        ..Policy::default()
    }
}

fn allow(domain: &str) -> Exception {
    Exception::new(name(domain), PRIVATE.to_vec())
}

fn with(exception: Exception) -> Policy {
    Policy {
        exceptions: vec![exception],
        ..policy()
    }
}

fn findings(asked: &str, lines: &[&str]) -> Findings {
    Findings::scan(&answer(asked, 0, lines).unwrap()).unwrap()
}

fn verdict(judge: &Judge, asked: &str, lines: &[&str], client: IpAddr) -> Verdict {
    judge.judge(&question(asked), &findings(asked, lines), client)
}

fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Report(offence) => format!("report {}", offence.cause),
        Verdict::Block(offence) => format!("block {}", offence.cause),
        Verdict::Sinkhole(offence) => format!("sinkhole {}", offence.cause),
    }
}

fn check(policy: &Policy, asked: &str, lines: &[&str], wanted: &str) {
    let judge = Judge::new(policy.clone());
    let found = word(&verdict(&judge, asked, lines, CLIENT));
    assert_eq!(found, wanted, "{asked} {lines:#?}");
}

#[test]
fn an_address_that_is_not_public_is_blocked_wherever_it_stands() {
    let public = "a.example 60 A 93.184.216.34";
    check(&policy(), "a.example A", &[public], "pass");
    let cases: &[(&str, &[&str], &str)] = &[
        (
            "a.example A",
            &["a.example 60 A 192.168.1.1"],
            "block 192.168.1.1 (rfc1918)",
        ),
        (
            "a.example A",
            &[public, "a.example 60 A 127.0.0.1"],
            "block 127.0.0.1 (loopback)",
        ),
        (
            "a.example A",
            &["a.example 60 CNAME b.example", "b.example 60 A 169.254.1.1"],
            "block 169.254.1.1 (link-local)",
        ),
        (
            "a.example AAAA",
            &["a.example 60 AAAA fd00::1"],
            "block fd00::1 (unique-local)",
        ),
        (
            "a.example AAAA",
            &["a.example 60 AAAA ::ffff:10.0.0.1"],
            "block ::ffff:10.0.0.1 (ipv4-mapped)",
        ),
        (
            "a.example AAAA",
            &["a.example 60 AAAA 64:ff9b::10.0.0.1"],
            "block 64:ff9b::a00:1 (rfc1918)",
        ),
        (
            "a.example TXT",
            &["a.example 60 TXT 0b3139322e3136382e312e31"],
            "pass",
        ),
    ];
    for (asked, lines, wanted) in cases {
        check(&policy(), asked, lines, wanted);
    }
}

#[test]
fn service_records_are_looked_into() {
    let cases: &[(&str, &str)] = &[
        ("1 . 4=5db8d822", "pass"),
        (
            "1 . 1=026832 4=5db8d822c0a80101",
            "block 192.168.1.1 (rfc1918)",
        ),
        ("1 . 4=", "pass"),
        (
            "1 . 6=fd000000000000000000000000000001",
            "block fd00::1 (unique-local)",
        ),
        ("1 . 6=26064700000000000000000000001111", "pass"),
        ("0 cdn.example.net", "pass"),
        ("0 nas.home.arpa", "block alias into home.arpa"),
        ("1 nas.home.arpa", "block alias into home.arpa"),
        ("0 router", "block alias into a single label"),
        ("0 .", "pass"),
        // A client might read the rest in another way than we do.
        ("1 . 4=c0a801", "block service parameters cannot be read"),
        ("1 . 6=c0a80101", "block service parameters cannot be read"),
    ];
    for kind in ["HTTPS", "SVCB"] {
        for (data, wanted) in cases {
            let line = format!("a.example 60 {kind} {data}");
            check(&policy(), &format!("a.example {kind}"), &[&line], wanted);
        }
    }
    for (data, wanted) in [
        ("000100", "pass"),
        ("0001", "block service parameters cannot be read"),
        (
            "00010000040004c0a801",
            "block service parameters cannot be read",
        ),
        ("0001c00c", "block service parameters cannot be read"),
        ("00010000", "block service parameters cannot be read"),
    ] {
        let bytes = crate::wire::tests::hex(data);
        let response = raw("a.example HTTPS", RecordType::HTTPS, &bytes);
        let message = Message::read(&response).unwrap();
        let answer = Answer::read(&message, &message.question).unwrap();
        let verdict = Judge::new(policy()).judge(
            &message.question,
            &Findings::scan(&answer).unwrap(),
            CLIENT,
        );
        assert_eq!(word(&verdict), wanted, "{data}");
    }
}

/// A response with one record of the question's name.
fn raw(asked: &str, kind: RecordType, data: &[u8]) -> Vec<u8> {
    let mut bytes = crate::wire::tests::response(asked, 0, &[]);
    overwrite(&mut bytes, 6, &[0, 1]);
    crate::wire::reply::push_record(&mut bytes, kind, 60, data);
    bytes
}

#[test]
fn no_alias_leads_from_outside_into_this_network() {
    let alias = |owner: &str, target: &str| format!("{owner} 60 CNAME {target}");
    let cases = [
        ("a.example", PLEX, "block alias into plex.direct"),
        ("a.example", "PLEX.direct", "block alias into plex.direct"),
        ("a.example", "notplex.direct", "pass"),
        ("a.example", "nas.home.arpa", "block alias into home.arpa"),
        ("a.example", "router", "block alias into a single label"),
        ("a.example", "localhost", "block alias into localhost"),
        ("a.example", "x.localhost", "block alias into localhost"),
        // Within one part of this network's names everything may lead on, but to what is decoded here.
        ("x.plex.direct", "relay.plex.direct", "pass"),
        ("plex.direct", PLEX, "block alias into plex.direct"),
        ("x.plex.direct", PLEX, "block alias into plex.direct"),
        ("x.plex.direct", "a.example", "pass"),
        (
            "x.plex.direct",
            "nas.home.arpa",
            "block alias into home.arpa",
        ),
        ("x.home.arpa", "router", "block alias into a single label"),
    ];
    for (owner, target, wanted) in cases {
        check(
            &policy(),
            &format!("{owner} A"),
            &[&alias(owner, target)],
            wanted,
        );
    }
    let long = [
        alias("a.example", "b.example"),
        alias("b.example", PLEX),
        format!("{PLEX} 60 A 93.184.216.34"),
    ];
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    check(
        &policy(),
        "a.example A",
        &long,
        "block alias into plex.direct",
    );
    check(
        &policy(),
        "a.b.example A",
        &[
            "b.example 60 DNAME plex.direct",
            "a.b.example 60 CNAME a.plex.direct",
        ],
        "block alias into plex.direct",
    );
    check(
        &policy(),
        "b.example DNAME",
        &["b.example 60 DNAME plex.direct"],
        "block alias into plex.direct",
    );
}

/// A client that makes the alias of a DNAME record itself would come to a name that nobody judged.
#[test]
fn a_dname_record_stays_only_with_the_alias_that_it_makes() {
    let asked = "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct.evil.example";
    let alias = |target: &str| format!("{asked} 60 CNAME {target}");
    for (maker, target, kept) in [
        ("evil.example 60 DNAME .", None, 0),
        ("evil.example 60 DNAME .", Some("ok.example"), 1),
        ("evil.example 60 DNAME plex.direct", Some("ok.example"), 1),
        ("evil.example 60 DNAME ok.example", None, 0),
    ] {
        let lines: Vec<String> = [Some(maker.to_owned()), target.map(alias)]
            .into_iter()
            .flatten()
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let answer = answer(&format!("{asked} A"), 0, &lines).unwrap();
        assert_eq!(answer.ttls.len(), kept, "{lines:?}");
    }
    let made = alias(PLEX);
    check(
        &policy(),
        &format!("{asked} A"),
        &["evil.example 60 DNAME .", &made],
        "block alias into plex.direct",
    );
}

#[test]
fn an_exception_holds_for_names_inside_it_from_end_to_end() {
    let nas = with(allow("nas.example.com"));
    let inside = "nas.example.com 60 A 192.168.1.20";
    check(&nas, "nas.example.com A", &[inside], "pass");
    check(
        &nas,
        "x.nas.example.com A",
        &["x.nas.example.com 60 A 192.168.1.20"],
        "pass",
    );
    check(
        &nas,
        "example.com A",
        &["example.com 60 A 192.168.1.20"],
        "block 192.168.1.20 (rfc1918)",
    );
    check(
        &nas,
        "xnas.example.com A",
        &["xnas.example.com 60 A 192.168.1.20"],
        "block 192.168.1.20 (rfc1918)",
    );
    // Somebody else's alias makes no use of it, and neither does one of its own that leads elsewhere.
    check(
        &nas,
        "evil.example A",
        &["evil.example 60 CNAME nas.example.com", inside],
        "block alias into nas.example.com",
    );
    let elsewhere = [
        "nas.example.com 60 CNAME dyn.example.net",
        "dyn.example.net 60 A 192.168.1.20",
    ];
    check(
        &nas,
        "nas.example.com A",
        &elsewhere,
        "block 192.168.1.20 (rfc1918)",
    );
    let named = with(Exception {
        alias_to: vec![name("example.net")],
        ..allow("nas.example.com")
    });
    check(&named, "nas.example.com A", &elsewhere, "pass");
    check(
        &named,
        "dyn.example.net A",
        &["dyn.example.net 60 A 192.168.1.20"],
        "block 192.168.1.20 (rfc1918)",
    );
}

#[test]
fn an_exception_allows_its_ranges_and_nothing_else() {
    let cases = [
        ("192.168.1.20", "pass"),
        ("10.0.0.1", "pass"),
        ("127.0.0.1", "block 127.0.0.1 (loopback)"),
        ("169.254.1.1", "block 169.254.1.1 (link-local)"),
    ];
    for (address, wanted) in cases {
        let line = format!("nas.example.com 60 A {address}");
        check(
            &with(allow("nas.example.com")),
            "nas.example.com A",
            &[&line],
            wanted,
        );
    }
    let one = with(Exception::new(
        name("nas.example.com"),
        vec![net("192.168.1.20/32")],
    ));
    let lines = [
        "nas.example.com 60 A 192.168.1.20",
        "nas.example.com 60 A 192.168.1.21",
    ];
    check(&one, "nas.example.com A", &lines[..1], "pass");
    check(
        &one,
        "nas.example.com A",
        &lines,
        "block 192.168.1.21 (rfc1918)",
    );
    let exact = with(Exception {
        subdomains: false,
        ..allow("nas.example.com")
    });
    check(&exact, "nas.example.com A", &lines, "pass");
    check(
        &exact,
        "x.nas.example.com A",
        &["x.nas.example.com 60 A 192.168.1.20"],
        "block 192.168.1.20 (rfc1918)",
    );
}

#[test]
fn a_name_of_the_internets_own_machinery_may_lead_where_it_must() {
    check(
        &policy(),
        "ipv4only.arpa A",
        &["ipv4only.arpa 60 A 192.0.0.170"],
        "pass",
    );
    check(
        &policy(),
        "ipv4only.arpa A",
        &["ipv4only.arpa 60 A 192.168.0.170"],
        "block 192.168.0.170 (rfc1918)",
    );
    check(
        &policy(),
        "x.ipv4only.arpa A",
        &["x.ipv4only.arpa 60 A 192.0.0.170"],
        "block 192.0.0.170 (nat64-discovery)",
    );
}

#[test]
fn no_verdict_for_one_client_is_remembered_for_another() {
    let judge = Judge::new(with(Exception {
        clients: vec![IpNet::from(CLIENT)],
        ..allow("nas.example.com")
    }));
    let asked = question("nas.example.com A");
    let found = findings("nas.example.com A", &["nas.example.com 60 A 192.168.1.20"]);
    for _ in 0..2 {
        assert_eq!(judge.judge(&asked, &found, CLIENT), Verdict::Pass);
        assert_eq!(
            word(&judge.judge(&asked, &found, OTHER)),
            "block 192.168.1.20 (rfc1918)"
        );
    }
    let bypass = Judge::new(Policy {
        bypass_clients: vec![IpNet::from(CLIENT)],
        ..policy()
    });
    for _ in 0..2 {
        assert_eq!(
            word(&bypass.judge(&asked, &found, CLIENT)),
            "report 192.168.1.20 (rfc1918)"
        );
        assert_eq!(
            word(&bypass.judge(&asked, &found, OTHER)),
            "block 192.168.1.20 (rfc1918)"
        );
    }
}

#[test]
fn no_verdict_of_one_policy_is_remembered_for_another() {
    let asked = question("nas.example.com A");
    let found = findings("nas.example.com A", &["nas.example.com 60 A 192.168.1.20"]);
    let (open, shut) = (
        Judge::new(with(allow("nas.example.com"))),
        Judge::new(policy()),
    );
    for _ in 0..2 {
        assert_eq!(open.judge(&asked, &found, CLIENT), Verdict::Pass);
        assert_eq!(
            word(&shut.judge(&asked, &found, CLIENT)),
            "block 192.168.1.20 (rfc1918)"
        );
    }
    let off = Judge::new(Policy {
        action: Action::Off,
        ..policy()
    });
    assert_eq!(off.judge(&asked, &found, CLIENT), Verdict::Pass);
    assert_eq!(
        word(&shut.judge(&asked, &found, CLIENT)),
        "block 192.168.1.20 (rfc1918)"
    );
}

#[test]
fn the_action_says_what_becomes_of_an_offence() {
    let inside = ["a.example 60 A 192.168.1.1"];
    let acting = |action| Policy { action, ..policy() };
    check(
        &acting(Action::Report),
        "a.example A",
        &inside,
        "report 192.168.1.1 (rfc1918)",
    );
    check(&acting(Action::Off), "a.example A", &inside, "pass");
    check(
        &acting(Action::Report),
        "a.example A",
        &["a.example 60 CNAME router"],
        "report alias into a single label",
    );
}

#[test]
fn an_upstreams_own_block_is_no_attack() {
    check(
        &policy(),
        "a.example A",
        &["a.example 60 A 0.0.0.0"],
        "sinkhole 0.0.0.0 (unspecified)",
    );
    check(
        &policy(),
        "a.example AAAA",
        &["a.example 60 AAAA ::"],
        "sinkhole :: (unspecified)",
    );
    for lines in [
        &["a.example 60 A 0.0.0.0", "a.example 60 A 93.184.216.34"][..],
        &["a.example 60 CNAME b.example", "b.example 60 A 0.0.0.0"],
    ] {
        check(
            &policy(),
            "a.example A",
            lines,
            "block 0.0.0.0 (unspecified)",
        );
    }
}

#[test]
fn own_public_networks_are_reported_unless_the_operator_says_otherwise() {
    let own = |own_action| Policy {
        own: vec![net("2606:4700::/32")],
        own_action,
        ..policy()
    };
    let line = ["a.example 60 AAAA 2606:4700::1111"];
    let both = [line[0], "a.example 60 AAAA fd00::1"];
    for (action, wanted) in [
        (None, "report 2606:4700::1111 (own-network)"),
        (Some(Action::Block), "block 2606:4700::1111 (own-network)"),
        (Some(Action::Off), "pass"),
    ] {
        check(&own(action), "a.example AAAA", &line, wanted);
        // What is no public address is worse, wherever it stands.
        check(
            &own(action),
            "a.example AAAA",
            &both,
            "block fd00::1 (unique-local)",
        );
    }
    let mut excepted = own(Some(Action::Block));
    excepted.exceptions.push(allow("a.example"));
    check(&excepted, "a.example AAAA", &line, "pass");
}

#[test]
fn an_own_nat64_prefix_is_judged_by_what_its_addresses_carry() {
    // RFC 6052 §2.4, with a public prefix; 192.0.2.33 is for examples, 8.0.2.33 is public.
    let cases = [
        ("2a00:db8::/32", "2a00:db8:c000:221::", "2a00:db8:800:221::"),
        (
            "2a00:db8:100::/40",
            "2a00:db8:1c0:2:21::",
            "2a00:db8:108:2:21::",
        ),
        (
            "2a00:db8:122::/48",
            "2a00:db8:122:c000:2:2100::",
            "2a00:db8:122:800:2:2100::",
        ),
        (
            "2a00:db8:122:300::/56",
            "2a00:db8:122:3c0:0:221::",
            "2a00:db8:122:308:0:221::",
        ),
        (
            "2a00:db8:122:344::/64",
            "2a00:db8:122:344:c0:2:2100::",
            "2a00:db8:122:344:8:2:2100::",
        ),
        (
            "2a00:db8:122:344::/96",
            "2a00:db8:122:344::192.0.2.33",
            "2a00:db8:122:344::8.0.2.33",
        ),
        ("fd00:64::/96", "fd00:64::192.0.2.33", "fd00:64::8.0.2.33"),
    ];
    for (prefix, special, public) in cases {
        let nat64 = Policy {
            nat64: vec![prefix.parse().unwrap()],
            ..policy()
        };
        let judge = Judge::new(nat64);
        let line = |address| format!("a.example 60 AAAA {address}");
        let found = verdict(&judge, "a.example AAAA", &[&line(special)], CLIENT);
        assert!(
            word(&found).ends_with("(documentation)"),
            "{prefix}: {found:?}"
        );
        let found = verdict(&judge, "a.example AAAA", &[&line(public)], CLIENT);
        assert_eq!(found, Verdict::Pass, "{prefix} {public}");
    }
}

#[test]
fn a_block_list_answers_in_codes() {
    let listed = Policy {
        dnsbl: vec![name("zen.example.org")],
        ..policy()
    };
    let v6 = format!("{}zen.example.org", "1.".repeat(32));
    let cases = [
        ("4.3.2.1.zen.example.org", "127.0.0.2", "pass"),
        ("4.3.2.1.zen.example.org", "127.0.1.4", "pass"),
        (v6.as_str(), "127.0.0.2", "pass"),
        (
            "4.3.2.1.zen.example.org",
            "127.0.0.1",
            "block 127.0.0.1 (loopback)",
        ),
        (
            "4.3.2.1.zen.example.org",
            "192.168.0.2",
            "block 192.168.0.2 (rfc1918)",
        ),
        (
            "4.3.2.256.zen.example.org",
            "127.0.0.2",
            "block 127.0.0.2 (loopback)",
        ),
        (
            "3.2.1.zen.example.org",
            "127.0.0.2",
            "block 127.0.0.2 (loopback)",
        ),
        (
            "www.zen.example.org",
            "127.0.0.2",
            "block 127.0.0.2 (loopback)",
        ),
        (
            "4.3.2.1.evil.example",
            "127.0.0.2",
            "block 127.0.0.2 (loopback)",
        ),
    ];
    for (owner, address, wanted) in cases {
        let line = format!("{owner} 60 A {address}");
        check(&listed, &format!("{owner} A"), &[&line], wanted);
    }
    check(
        &listed,
        "4.3.2.1.zen.example.org A",
        &[
            "4.3.2.1.zen.example.org 60 CNAME a.example",
            "a.example 60 A 127.0.0.2",
        ],
        "block 127.0.0.2 (loopback)",
    );
}

#[test]
fn the_words_name_what_was_found() {
    let judge = Judge::new(policy());
    let found = findings("a.example A", &["a.example 60 A 192.168.1.1"]);
    let Verdict::Block(offence) = judge.judge(&question("a.example A"), &found, CLIENT) else {
        panic!("not blocked")
    };
    assert_eq!(offence.text(false), "rebinding: 192.168.1.1 (rfc1918)");
    assert_eq!(offence.text(true), "sinkhole: 192.168.1.1 (rfc1918)");
    assert_eq!(offence.record(), "a.example A 192.168.1.1");
}

/// The lines that an offence proposes, or none. With them in the configuration the same answer must pass.
fn allowed_by_its_own_lines(configuration: &str, asked: &str, lines: &[&str]) {
    let judge = |text: &str| {
        let (settings, problems) = Settings::prove(Path::new("lanward.toml"), text);
        let settings = settings.unwrap_or_else(|| panic!("{text}\n{problems:?}"));
        assert!(
            problems
                .iter()
                .all(|problem| problem.severity == Severity::Warning)
        );
        crate::daemon::build(&settings, &[], &Loaded::default())
            .state
            .judge
    };
    let base = format!("upstream.servers = []\n{configuration}\n");
    let (asked, found) = (question(asked), findings(asked, lines));
    let Verdict::Block(offence) = judge(&base).judge(&asked, &found, CLIENT) else {
        panic!("{lines:?} is not blocked")
    };
    let proposed = offence.allow(&asked, &found).unwrap();
    let verdict = judge(&format!("{base}{proposed}\n")).judge(&asked, &found, CLIENT);
    assert_eq!(verdict, Verdict::Pass, "{lines:?}\n{proposed}");
}

#[test]
fn the_lines_that_allow_an_answer_do() {
    let cases: &[(&str, &[&str])] = &[
        ("nas.example.com A", &["nas.example.com 60 A 192.168.1.20"]),
        (
            "nas.example.com A",
            &[
                "nas.example.com 60 A 127.0.0.1",
                "nas.example.com 60 A 10.0.0.1",
            ],
        ),
        ("nas.example.com AAAA", &["nas.example.com 60 AAAA fe80::1"]),
        (
            "nas.example.com AAAA",
            &["nas.example.com 60 AAAA ::ffff:10.0.0.1"],
        ),
        (
            "nas.example.com A",
            &[
                "nas.example.com 60 CNAME x.dyn.example.net",
                "x.dyn.example.net 60 CNAME y.example.org",
                "y.example.org 60 A 192.168.1.20",
            ],
        ),
        (
            "nas.example.com A",
            &["nas.example.com 60 CNAME nas.home.arpa"],
        ),
        (
            "nas.example.com HTTPS",
            &["nas.example.com 60 HTTPS 1 router 4=c0a80101"],
        ),
        (
            r"a\\b\.c\032.example.com A",
            &[r"a\\b\.c\032.example.com 60 A 192.168.1.20"],
        ),
    ];
    for (asked, lines) in cases {
        allowed_by_its_own_lines("", asked, lines);
    }
}

#[test]
fn the_lines_that_allow_an_answer_can_be_read_whatever_the_name_holds() {
    let asked = "a\\\"b.example.com";
    let address = format!("{asked} 60 A 192.168.1.20");
    allowed_by_its_own_lines("", &format!("{asked} A"), &[&address]);
    let (alias, address) = (
        "nas.example.com 60 CNAME a\\\"],b.example.net",
        "a\\\"],b.example.net 60 A 192.168.1.20",
    );
    allowed_by_its_own_lines("", "nas.example.com A", &[alias, address]);
}

#[test]
fn the_lines_that_allow_an_answer_know_of_dname() {
    allowed_by_its_own_lines(
        "",
        "nas.example.com A",
        &[
            "example.com 60 DNAME example.net",
            "nas.example.com 60 CNAME nas.example.net",
            "nas.example.net 60 A 192.168.1.20",
        ],
    );
}

#[test]
fn the_lines_that_allow_an_answer_know_of_nat64() {
    allowed_by_its_own_lines(
        "rebinding.nat64 = [\"2a00:db8:64::/96\"]",
        "nas.example.com AAAA",
        &["nas.example.com 60 AAAA 2a00:db8:64::192.168.1.20"],
    );
}

/// Names on and off the chain, outside and inside this network.
const NAMES: &[&str] = &[
    "www.evil.example",
    "cdn.example.net",
    "b.cdn.example.net",
    "evil.example",
    "deep.www.evil.example",
    "example.net",
    PLEX,
    "plex.direct",
    "nas.home.arpa",
    "router",
    "x.localhost",
    ".",
];

/// A record as it is drawn; names are numbers into [`NAMES`].
#[derive(Debug, Clone)]
struct Drawn {
    section: usize,
    owner: usize,
    class: u16,
    ttl: u32,
    data: Data,
}

#[derive(Debug, Clone)]
enum Data {
    V4(Ipv4Addr),
    V6([u8; 16]),
    Name(RecordType, usize),
    Service(RecordType, u16, usize, Vec<(u16, Vec<u8>)>),
    Signature(u16, usize),
    Soa(usize, u32),
    Other(u16, Vec<u8>),
}

#[derive(Debug, Clone)]
struct Response {
    asked: usize,
    kind: u16,
    rcode: u16,
    records: Vec<Drawn>,
    compress: Vec<bool>,
    flips: Vec<(usize, u8)>,
}

fn a_name() -> impl Strategy<Value = usize> {
    prop_oneof![6 => Just(0_usize), 3 => 1..3_usize, 2 => 0..NAMES.len()]
}

fn a_v4() -> impl Strategy<Value = Ipv4Addr> {
    let public = Just(Ipv4Addr::new(93, 184, 216, 34));
    prop_oneof![8 => public, 1 => Just(Ipv4Addr::new(192, 168, 1, 1)), 1 => any::<u32>().prop_map(Ipv4Addr::from)]
}

fn a_v6() -> impl Strategy<Value = [u8; 16]> {
    let octets = |text: &str| text.parse::<std::net::Ipv6Addr>().unwrap().octets();
    prop_oneof![
        8 => Just(octets("2606:4700::1111")),
        1 => Just(octets("fd00::1")),
        1 => Just(octets("::ffff:10.0.0.1")),
        1 => any::<[u8; 16]>(),
    ]
}

fn a_parameter() -> impl Strategy<Value = (u16, Vec<u8>)> {
    prop_oneof![
        prop::collection::vec(a_v4(), 0..3)
            .prop_map(|list| (4, list.iter().flat_map(Ipv4Addr::octets).collect())),
        prop::collection::vec(a_v6(), 0..3).prop_map(|list| (6, list.concat())),
        (0..9_u16, prop::collection::vec(any::<u8>(), 0..9)),
    ]
}

/// Data of any type, most of them such as a question for `kind` gets.
fn some_data(kind: u16) -> impl Strategy<Value = Data> {
    let service = move |kind| {
        let parameters = prop::collection::vec(a_parameter(), 0..3);
        let target = prop_oneof![a_name(), Just(NAMES.len() - 1)];
        (0..2_u16, target, parameters).prop_map(move |(priority, target, list)| {
            Data::Service(RecordType(kind), priority, target, list)
        })
    };
    let named = prop_oneof![
        4 => Just(RecordType::CNAME),
        1 => Just(RecordType::DNAME),
        1 => Just(RecordType::NS),
    ];
    let other = (
        prop_oneof![Just(16_u16), Just(47), Just(65280), any::<u16>()],
        prop::collection::vec(any::<u8>(), 0..20),
    );
    let weight = |wanted: u16| if kind == wanted { 12 } else { 1 };
    prop_oneof![
        weight(1) => a_v4().prop_map(Data::V4),
        weight(28) => a_v6().prop_map(Data::V6),
        weight(64) => service(64),
        weight(65) => service(65),
        4 => (named, a_name()).prop_map(|(kind, target)| Data::Name(kind, target)),
        1 => (prop_oneof![Just(1_u16), Just(5), Just(65)], a_name())
            .prop_map(|(covers, signer)| Data::Signature(covers, signer)),
        1 => (a_name(), any::<u32>()).prop_map(|(server, minimum)| Data::Soa(server, minimum)),
        1 => other.prop_map(|(kind, data)| Data::Other(kind, data)),
    ]
}

fn a_record(kind: u16) -> impl Strategy<Value = Drawn> {
    let section = prop_oneof![6 => Just(0_usize), 1 => Just(1), 1 => Just(2)];
    let class = prop_oneof![12 => Just(class::IN), 1 => any::<u16>()];
    let ttl = prop_oneof![Just(60_u32), any::<u32>()];
    (section, a_name(), class, ttl, some_data(kind)).prop_map(
        |(section, owner, class, ttl, data)| Drawn {
            section,
            owner,
            class,
            ttl,
            data,
        },
    )
}

fn a_response() -> impl Strategy<Value = Response> {
    let kind = prop_oneof![3 => Just(1_u16), 2 => Just(28), 2 => Just(65), 1 => Just(64), 1 => Just(5), 1 => any::<u16>()];
    let rcode = prop_oneof![8 => Just(0_u16), 1 => Just(3), 1 => 0..16_u16];
    let flips = prop_oneof![
        1 => Just(Vec::new()),
        1 => prop::collection::vec((any::<usize>(), any::<u8>()), 0..6),
    ];
    let records =
        kind.prop_flat_map(|kind| (Just(kind), prop::collection::vec(a_record(kind), 1..7)));
    (
        prop_oneof![6 => Just(0_usize), 1 => 0..NAMES.len()],
        rcode,
        records,
        prop::collection::vec(any::<bool>(), 1..8),
        flips,
    )
        .prop_map(
            |(asked, rcode, (kind, records), compress, flips)| Response {
                asked,
                kind,
                rcode,
                records,
                compress,
                flips,
            },
        )
}

/// Writes names compressed or not, as the choices say.
struct Writer<'a> {
    bytes: Vec<u8>,
    seen: Vec<(Vec<u8>, usize)>,
    choices: std::iter::Cycle<std::slice::Iter<'a, bool>>,
}

impl Writer<'_> {
    fn name(&mut self, index: usize, never: bool) {
        let whole = name(NAMES[index]);
        let compress = !never && *self.choices.next().unwrap();
        for suffix in whole.suffixes() {
            if suffix == [0] {
                break;
            }
            let before = self.seen.iter().find(|(seen, _)| seen == suffix);
            if let (true, Some((_, at))) = (compress, before) {
                let pointer = 0xc000 | u16::try_from(*at).unwrap();
                self.bytes.extend_from_slice(&pointer.to_be_bytes());
                return;
            }
            self.seen.push((suffix.to_vec(), self.bytes.len()));
            self.bytes
                .extend_from_slice(&suffix[..=usize::from(suffix[0])]);
        }
        self.bytes.push(0);
    }

    fn number(&mut self, number: u16) {
        self.bytes.extend_from_slice(&number.to_be_bytes());
    }

    fn record(&mut self, record: &Drawn) {
        self.name(record.owner, false);
        let kind = match &record.data {
            Data::V4(_) => 1,
            Data::V6(_) => 28,
            Data::Name(kind, _) | Data::Service(kind, ..) => kind.0,
            Data::Signature(..) => 46,
            Data::Soa(..) => 6,
            Data::Other(kind, _) => *kind,
        };
        self.number(kind);
        self.number(record.class);
        self.bytes.extend_from_slice(&record.ttl.to_be_bytes());
        let at = self.bytes.len();
        self.number(0);
        self.data(&record.data);
        let length = u16::try_from(self.bytes.len() - at - 2).unwrap();
        overwrite(&mut self.bytes, at, &length.to_be_bytes());
    }

    fn data(&mut self, data: &Data) {
        match data {
            Data::V4(address) => self.bytes.extend(address.octets()),
            Data::V6(octets) => self.bytes.extend(octets),
            Data::Name(_, target) => self.name(*target, false),
            Data::Service(_, priority, target, parameters) => {
                self.number(*priority);
                self.name(*target, true);
                for (key, value) in parameters {
                    self.number(*key);
                    self.number(u16::try_from(value.len()).unwrap());
                    self.bytes.extend(value);
                }
            }
            Data::Signature(covers, signer) => {
                self.number(*covers);
                self.bytes
                    .extend([13, 2, 0, 0, 1, 44, 0, 0, 0, 2, 0, 0, 0, 1, 0, 7]);
                self.name(*signer, false);
                self.bytes.extend([0xab; 8]);
            }
            Data::Soa(server, minimum) => {
                self.name(*server, false);
                self.name(*server, false);
                self.bytes.extend([0; 16]);
                self.bytes.extend(minimum.to_be_bytes());
            }
            Data::Other(_, data) => self.bytes.extend(data),
        }
    }
}

fn written(response: &Response) -> Vec<u8> {
    let mut records: Vec<&Drawn> = response.records.iter().collect();
    records.sort_by_key(|record| record.section);
    let count = |section| {
        let number = records
            .iter()
            .filter(|record| record.section == section)
            .count();
        u16::try_from(number).unwrap()
    };
    let header = Header {
        id: 7,
        flags: 0x8180 | response.rcode,
        questions: 1,
        answers: count(0),
        authorities: count(1),
        additionals: count(2),
    };
    let mut writer = Writer {
        bytes: header.to_bytes().to_vec(),
        seen: Vec::new(),
        choices: response.compress.iter().cycle(),
    };
    writer.name(response.asked, true);
    writer.number(response.kind);
    writer.number(class::IN);
    for record in records {
        writer.record(record);
    }
    let mut bytes = writer.bytes;
    for (at, octet) in &response.flips {
        let at = at % bytes.len();
        bytes[at] = *octet;
    }
    bytes
}

/// Reads a message the way the resolver does; the verdict of a judge without exceptions, where it comes to one.
fn judged(bytes: &[u8]) -> Option<(Question, Answer, Verdict)> {
    let message = Message::read(bytes).ok()?;
    if message.question.class != class::IN {
        return None;
    }
    let answer = Answer::read(&message, &message.question).ok()?;
    is_whole(&message, &answer);
    let findings = Findings::scan(&answer).ok()?;
    let verdict = Judge::new(policy()).judge(&message.question, &findings, CLIENT);
    ages_alike(&answer, &findings);
    Some((message.question, answer, verdict))
}

/// What is kept can be read again, has the question, and its TTLs stand where it says.
fn is_whole(message: &Message<'_>, answer: &Answer) {
    let again = Message::read(&answer.bytes).unwrap();
    assert_eq!(again.question_bytes, message.question_bytes);
    assert!(again.edns.is_none() && again.header.additionals == 0);
    let ttls: Vec<usize> = again
        .records
        .iter()
        .map(crate::wire::Record::ttl_at)
        .collect();
    let said: Vec<usize> = answer.ttls.iter().map(|at| usize::from(*at)).collect();
    assert_eq!(ttls, said);
    for record in &again.records {
        let same = |other: &&crate::wire::Record| {
            let owners = (message.owner(other), again.owner(record));
            owners.0 == owners.1 && (other.kind, other.ttl) == (record.kind, record.ttl)
        };
        assert!(
            message.records.iter().any(|other| same(&other)),
            "{record:?}"
        );
        assert_eq!(record.class, class::IN);
    }
}

/// What is found in an answer does not change with the octets that are patched on delivery.
fn ages_alike(answer: &Answer, findings: &Findings) {
    let mut aged = answer.clone();
    overwrite(&mut aged.bytes, 0, b"\x03www\x04evil"[..4].as_ref());
    for at in &answer.ttls {
        overwrite(&mut aged.bytes, usize::from(*at), b"\x01x\0\0");
    }
    let found = Findings::scan(&aged).unwrap();
    assert_eq!(found.addresses, findings.addresses);
    assert_eq!(found.aliases, findings.aliases);
}

/// Whether an address is inside, by the standard library's own words beside our table.
fn is_inside(address: IpAddr) -> bool {
    let by_std = match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_documentation()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.to_ipv4_mapped().is_some()
        }
    };
    by_std || classify(address).is_some()
}

/// What another reader finds in an answer: addresses, and where its aliases lead.
fn read_by_hickory(bytes: &[u8]) -> Option<(Vec<IpAddr>, Vec<Name>)> {
    let message = hickory_proto::op::Message::from_vec(bytes).ok()?;
    let (mut addresses, mut targets) = (Vec::new(), Vec::new());
    let mut lead = |target: &hickory_proto::rr::Name| {
        targets.push(Name::from_labels(target.iter()).unwrap());
    };
    for record in message.all_sections() {
        match &record.data {
            RData::A(address) => addresses.push(IpAddr::V4(address.0)),
            RData::AAAA(address) => addresses.push(IpAddr::V6(address.0)),
            RData::CNAME(target) => lead(&target.0),
            RData::SVCB(service) | RData::HTTPS(hickory_proto::rr::rdata::HTTPS(service)) => {
                lead(&service.target_name);
                for (_, value) in &service.svc_params {
                    match value {
                        SvcParamValue::Ipv4Hint(hints) => {
                            addresses.extend(hints.0.iter().map(|hint| IpAddr::V4(hint.0)));
                        }
                        SvcParamValue::Ipv6Hint(hints) => {
                            addresses.extend(hints.0.iter().map(|hint| IpAddr::V6(hint.0)));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Some((addresses, targets))
}

/// Fails if an answer that passes points inside. Says what became of the message.
fn prove(bytes: &[u8]) -> &'static str {
    let Some((question, answer, verdict)) = judged(bytes) else {
        return "unusable";
    };
    if verdict != Verdict::Pass {
        return "blocked";
    }
    let Some((addresses, targets)) = read_by_hickory(&answer.bytes) else {
        return "passed, other reader fails";
    };
    assert_eq!(addresses.iter().find(|address| is_inside(**address)), None);
    for target in &targets {
        for protected in policy().protected {
            let enters = target.is_within(&protected) && !question.name.is_within(&protected);
            assert!(!enters, "{} leads to {target}", question.name);
        }
        assert_ne!(
            target.label_count(),
            1,
            "{} leads to {target}",
            question.name
        );
    }
    if addresses.is_empty() && targets.is_empty() {
        "passed empty"
    } else {
        "passed"
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_answer_that_passes_points_inside(response in a_response()) {
        prove(&written(&response));
    }

    #[test]
    fn no_answer_that_passes_points_inside_wherever_a_real_one_is_bent(
        flips in prop::collection::vec((12..400_usize, any::<u8>()), 0..4),
        inside in 0..8_usize,
    ) {
        let line = ["A 192.168.1.1", "A 93.184.216.34"][inside % 2];
        let lines = [
            "www.evil.example 60 CNAME cdn.example.net".to_owned(),
            format!("cdn.example.net 60 {line}"),
            "authority: example.net 60 SOA 30".to_owned(),
            "additional: cdn.example.net 60 A 10.0.0.1".to_owned(),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut bytes = crate::wire::tests::response("www.evil.example A", 0, &lines);
        for (at, octet) in flips {
            let at = at % bytes.len();
            bytes[at] = octet;
        }
        prove(&bytes);
    }
}

#[test]
fn the_property_is_about_messages_of_every_kind() {
    let mut runner = TestRunner::deterministic();
    let mut counts = std::collections::BTreeMap::<&str, u32>::new();
    let strategy = a_response();
    for _ in 0..4000 {
        let response = strategy.new_tree(&mut runner).unwrap().current();
        *counts.entry(prove(&written(&response))).or_default() += 1;
    }
    for kind in ["unusable", "blocked", "passed", "passed empty"] {
        assert!(
            counts.get(kind).is_some_and(|count| *count > 100),
            "{counts:?}"
        );
    }
}
