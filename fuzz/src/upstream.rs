//! Whatever an upstream sends: what reaches the client points to no address inside.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;
use std::time::Duration;

use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::svcb::SvcParamValue;
use lanward::address::classify;
use lanward::cache::{Entry, Lifetimes};
use lanward::name::special::PROTECTED;
use lanward::rebinding::{Findings, Judge, Policy, Verdict};
use lanward::wire::{Answer, Header, Message, Name, Query, Question, types::class};

/// The client for which is judged.
pub const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 50));

/// What is protected when the configuration file is empty.
pub static INSIDE: LazyLock<Vec<Name>> = LazyLock::new(|| {
    let names = PROTECTED.iter().copied().chain(["plex.direct"]);
    names.filter_map(|name| name.parse().ok()).collect()
});

/// The protection when the configuration file is empty.
pub static JUDGE: LazyLock<Judge> = LazyLock::new(|| {
    Judge::new(Policy {
        protected: INSIDE.clone(),
        ..Policy::default()
    })
});

/// Reads a response, judges it, and delivers what passes.
pub fn upstream_packet(packet: &[u8]) {
    let Some((question, answer, findings)) = read(packet) else {
        return;
    };
    if JUDGE.judge(&question, &findings, CLIENT) != Verdict::Pass {
        return;
    }
    for limit in [512, 1232, 65535] {
        deliver(&question, answer.clone(), limit);
    }
}

/// Reads a response as the resolver does, and checks that what is kept is whole.
pub fn read(packet: &[u8]) -> Option<(Question, Answer, Findings)> {
    let message = Message::read(packet).ok()?;
    if message.question.class != class::IN {
        return None;
    }
    let answer = Answer::read(&message, &message.question).ok()?;
    let again = Message::read(&answer.bytes).expect("what is kept can be read");
    assert_eq!(again.question_bytes, message.question_bytes);
    assert!(
        again
            .records
            .iter()
            .map(|record| record.ttl_at())
            .eq(answer.ttls.iter().map(|at| usize::from(*at)))
    );
    let findings = Findings::scan(&answer).ok()?;
    Some((message.question, answer, findings))
}

/// Delivers an answer that passed, in three ages, and checks what clients get.
pub fn deliver(question: &Question, answer: Answer, limit: usize) {
    let header = Header {
        id: 7,
        flags: 0x0100,
        questions: 1,
        answers: 0,
        authorities: 0,
        additionals: 0,
    };
    let mut packet = header.to_bytes().to_vec();
    packet.extend_from_slice(
        answer
            .bytes
            .get(12..12 + question.name.as_wire().len() + 4)
            .unwrap_or_default(),
    );
    let Ok(query) = Query::read(&packet) else {
        return;
    };
    let entry = Entry::new(answer, (), Lifetimes::default(), Duration::ZERO);
    for now in [0, 1, 100_000] {
        let mut out = Vec::new();
        entry.write(&mut out, &query, Duration::from_secs(now), limit);
        assert!(out.len() <= limit);
        Message::read(&out).expect("a well-formed reply");
        is_outside(question, &out);
    }
}

/// Fails if another reader finds an address or an alias in a message that points inside.
pub fn is_outside(question: &Question, bytes: &[u8]) {
    let Ok(message) = hickory_proto::op::Message::from_vec(bytes) else {
        return;
    };
    for record in message.all_sections() {
        match &record.data {
            RData::A(address) => public(address.0.into()),
            RData::AAAA(address) => public(address.0.into()),
            RData::CNAME(target) => leads_out(question, &target.0),
            RData::SVCB(service) | RData::HTTPS(hickory_proto::rr::rdata::HTTPS(service)) => {
                leads_out(question, &service.target_name);
                for (_, value) in &service.svc_params {
                    match value {
                        SvcParamValue::Ipv4Hint(hints) => {
                            hints.0.iter().for_each(|hint| public(hint.0.into()))
                        }
                        SvcParamValue::Ipv6Hint(hints) => {
                            hints.0.iter().for_each(|hint| public(hint.0.into()))
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

fn public(address: IpAddr) {
    let inside = match address {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.to_ipv4_mapped().is_some()
        }
    };
    assert!(!inside && classify(address).is_none(), "{address} passed");
}

fn leads_out(question: &Question, target: &hickory_proto::rr::Name) {
    let target = Name::from_labels(target.iter()).expect("a name");
    let enters = |inside: &&Name| target.is_within(inside) && !question.name.is_within(inside);
    assert!(
        target.label_count() != 1 && !INSIDE.iter().any(|inside| enters(&inside)),
        "{} leads to {target}",
        question.name
    );
}
