//! Where chains of trust begin and end.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::world::{World, validating};
use super::{OPEN, Verdict, ask, verdict};
use crate::support::lanward::Lanward;
use crate::support::records::{A, DNSKEY, a, rrsig};
use crate::support::wire::{AD, NOERROR, NXDOMAIN, Response};

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

/// A configuration in which the key of `zone` is an anchor, beside the root's own keys, which are not those of this root.
fn anchored(world: &World, zone: &str, folder: &TempDir) -> String {
    let keys = ask(world.resolver.client(), zone, DNSKEY);
    let key = keys.answer.iter().find(|record| record.rtype == DNSKEY);
    let text = data_encoding::BASE64.encode(&key.unwrap().rdata[4..]);
    let anchor = folder.path().join("anchor");
    let root = fs::read_to_string(world.anchor()).unwrap();
    fs::write(
        &anchor,
        format!("{zone}. IN DNSKEY 257 3 13 {text}\n{root}"),
    )
    .unwrap();
    validating(&format!("trust_anchor = \"{}\"\n{OPEN}", anchor.display()))
}

#[test]
fn a_zone_with_an_anchor_of_its_own_needs_no_parent() {
    let Some(world) = World::start("a_zone_with_an_anchor_of_its_own_needs_no_parent") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let relay = world.relay(|answer| answer);
    let section = anchored(&world, "corp.plain.net", &folder);
    let lanward = Lanward::start(&[relay.address], &section);
    for (name, rcode) in [
        ("www.corp.plain.net", NOERROR),
        ("nothing.corp.plain.net", NXDOMAIN),
    ] {
        assert_eq!(
            verdict(&ask(lanward.client(), name, A)),
            Secure(rcode),
            "{name}"
        );
    }
    assert_eq!(relay.count("net") + relay.count(""), 0);
    // Neither the zones above it, one of which is not signed, nor the root have a say in it.
    let stolen = ask(world.resolver.client(), "nothing", A);
    relay.on(
        "mx.corp.plain.net",
        A,
        Response {
            authority: stolen.authority,
            ..Response::rcode(NXDOMAIN)
        },
    );
    let signed = |signer| {
        vec![
            a("inside.corp.plain.net", "198.51.100.66"),
            rrsig("inside.corp.plain.net", A, signer),
        ]
    };
    relay.on(
        "inside.corp.plain.net",
        A,
        Response::new(signed("plain.net")),
    );
    for name in ["mx.corp.plain.net", "inside.corp.plain.net"] {
        let reply = ask(lanward.client(), name, A);
        assert_eq!(verdict(&reply), Bogus, "{name}: {}", reply.summary());
        assert!(
            [10, 12].contains(&reply.errors()[0].0),
            "{}",
            reply.summary()
        );
    }
}

/// The root's own keys are built in, and not those of this root.
#[test]
fn another_root_is_another_root() {
    let Some(world) = World::start("another_root_is_another_root") else {
        return;
    };
    let lanward = Lanward::start(&[world.resolver.address], &validating(OPEN));
    let reply = ask(lanward.client(), "www.nsec3.net", A);
    assert_eq!(
        (verdict(&reply), reply.errors()[0].0),
        (Bogus, 9),
        "{}",
        reply.summary()
    );
    assert!(
        reply.errors()[0].1.contains("zone .: . DNSKEY"),
        "{}",
        reply.summary()
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
