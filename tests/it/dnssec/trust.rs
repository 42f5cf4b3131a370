//! Where chains of trust begin and end.

use std::fs;
use std::process::Command;

use super::world::{World, validating};
use super::{OPEN, Verdict, ask, verdict};
use crate::support::lanward::Lanward;
use crate::support::records::{A, DNSKEY};
use crate::support::wire::{AD, NOERROR, NXDOMAIN};

use Verdict::{Bogus, Insecure, Secure};

#[test]
fn a_negative_trust_anchor_ends_the_judging() {
    let Some(world) = World::start("a_negative_trust_anchor_ends_the_judging") else {
        return;
    };
    let lanward = world.lanward(&format!(
        "negative_trust_anchors = [\"forged.net\", \"www.expired.net\"]\n{OPEN}"
    ));
    let cases = [
        ("www.forged.net", Insecure(NOERROR)),
        ("badly.nsec.net", Insecure(NOERROR)),
        ("www.expired.net", Insecure(NOERROR)),
        ("mx.expired.net", Bogus),
        ("www.nsec.net", Secure(NOERROR)),
    ];
    for (name, expected) in cases {
        let reply = ask(lanward.client(), name, A);
        assert_eq!(verdict(&reply), expected, "{name}: {}", reply.summary());
    }
    // Behind a server that judges, too.
    let judge = world.judge();
    let more = format!("negative_trust_anchors = [\"forged.net\"]\n{OPEN}");
    let lanward = world.lanward_of(&[judge.address], &more);
    let cases = [
        ("www.forged.net", Insecure(NOERROR)),
        ("www.expired.net", Bogus),
        ("www.nsec.net", Secure(NOERROR)),
    ];
    for (name, expected) in cases {
        let reply = ask(lanward.client(), name, A);
        assert_eq!(verdict(&reply), expected, "{name}: {}", reply.summary());
        let codes: Vec<u16> = reply.errors().iter().map(|(code, _)| *code).collect();
        assert_eq!(
            codes,
            if expected == Bogus { vec![7] } else { vec![] },
            "our own verdict"
        );
    }
}

/// One server that forges, or drops signatures, does not take away the names that another one has.
#[test]
fn another_server_may_have_what_the_first_one_broke() {
    let Some(world) = World::start("another_server_may_have_what_the_first_one_broke") else {
        return;
    };
    let bad = world.without_signatures();
    let strict = format!("strategy = \"strict\"\n{OPEN}");
    let lanward = world.lanward_of(&[bad.address, world.resolver.address], &strict);
    for (name, expected) in [
        ("www.nsec.net", Secure(NOERROR)),
        ("nothing.nsec3.net", Secure(NXDOMAIN)),
        ("www.plain.net", Insecure(NOERROR)),
        ("www.forged.net", Bogus),
    ] {
        let reply = ask(lanward.client(), name, A);
        assert_eq!(verdict(&reply), expected, "{name}: {}", reply.summary());
    }
    assert!(!bad.seen().is_empty());
}

#[test]
fn a_route_is_judged_only_if_it_says_so() {
    let Some(world) = World::start("a_route_is_judged_only_if_it_says_so") else {
        return;
    };
    let server = world.resolver.address;
    let route = |domain: &str, more: &str| {
        format!("[[route]]\ndomains = [\"{domain}\"]\nservers = [\"{server}\"]\n{more}")
    };
    let routes = [
        route("forged.net", ""),
        route("expired.net", "dnssec = \"validate\"\n"),
        route("nsec3.net", "dnssec = \"validate\"\n"),
    ];
    let lanward = world.lanward(&format!("{}{OPEN}", routes.concat()));
    let cases = [
        ("www.forged.net", Insecure(NOERROR)),
        ("www.expired.net", Bogus),
        ("www.nsec3.net", Secure(NOERROR)),
        ("www.nsec.net", Secure(NOERROR)),
    ];
    for (name, expected) in cases {
        let reply = ask(lanward.client(), name, A);
        assert_eq!(verdict(&reply), expected, "{name}: {}", reply.summary());
    }
}

/// With an anchor for one zone its parents are not asked for; the root's own keys are built in, and not those of this root.
#[test]
fn an_anchor_can_be_any_key() {
    let Some(world) = World::start("an_anchor_can_be_any_key") else {
        return;
    };
    let keys = ask(world.resolver.client(), "nsec.net", DNSKEY);
    let key = keys
        .answer
        .iter()
        .find(|record| record.rtype == DNSKEY)
        .unwrap();
    let text = data_encoding::BASE64.encode(&key.rdata[4..]);
    let folder = tempfile::tempdir().unwrap();
    let anchor = folder.path().join("anchor");
    fs::write(&anchor, format!("nsec.net. IN DNSKEY 257 3 13 {text}\n")).unwrap();
    let relay = world.relay(|answer| answer);
    let section = validating(&format!("trust_anchor = \"{}\"\n{OPEN}", anchor.display()));
    let lanward = Lanward::start(&[relay.address], &section);
    assert_eq!(
        verdict(&ask(lanward.client(), "www.nsec.net", A)),
        Secure(NOERROR)
    );
    assert_eq!(relay.count("net") + relay.count(""), 0);
    let other = ask(lanward.client(), "www.nsec3.net", A);
    assert_eq!(
        (verdict(&other), other.errors()[0].0),
        (Bogus, 9),
        "{}",
        other.summary()
    );
}

/// The servers' own verdict is not taken for ours, and servers that drop signatures are told apart from broken zones.
#[test]
fn upstream_servers_are_not_believed() {
    let Some(world) = World::start("upstream_servers_are_not_believed") else {
        return;
    };
    let boast = world.relay(|mut answer| {
        answer[3] |= AD as u8;
        answer
    });
    let lanward = world.lanward_of(
        &[boast.address],
        &format!("negative_trust_anchors = [\"nsec3.net\"]\n{OPEN}"),
    );
    for name in ["www.plain.net", "www.nsec3.net"] {
        assert_eq!(
            verdict(&ask(lanward.client(), name, A)),
            Insecure(NOERROR),
            "{name}"
        );
    }
    // All that is asked wants signatures, and data whose own judge said no.
    for seen in boast.seen() {
        let wants = seen.query.edns.as_ref().is_some_and(|edns| edns.dnssec);
        assert!(wants || seen.name() == "www.nsec3.net", "{}", seen.query);
    }

    let old = world.without_signatures();
    let lanward = world.lanward_of(&[old.address], OPEN);
    let reply = ask(lanward.client(), "www.nsec.net", A);
    assert_eq!(
        (verdict(&reply), reply.errors()[0].0),
        (Bogus, 10),
        "{}",
        reply.summary()
    );
    lanward.line(&["bogus", "there is no signature"]);
}

#[test]
fn explain_says_what_was_judged() {
    let Some(world) = World::start("explain_says_what_was_judged") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.toml");
    let text = format!(
        "[upstream]\nservers = [\"{}\"]\ndnssec = \"validate\"\ntrust_anchor = \"{}\"\nnegative_trust_anchors = [\"forged.net\"]\n",
        world.resolver.address,
        world.anchor().display()
    );
    fs::write(&file, text).unwrap();
    let cases = [
        ("www.nsec.net", "dnssec       secure"),
        ("www.plain.net", "dnssec       insecure"),
        ("www.forged.net", "dnssec       not judged"),
        ("www.expired.net", "dnssec       bogus: zone expired.net"),
    ];
    for (name, words) in cases {
        let run = Command::new(env!("CARGO_BIN_EXE_lanward"))
            .args(["explain", name, "--config"])
            .arg(&file)
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(out.contains(words), "{words:?} is missing in:\n{out}");
    }
}
