//! The twenty-four ways in which an upstream misbehaves, b01 to b24, each as a behaviour that the script can take.

use std::time::Duration;

use super::records::{NS, Record, a, cname, raw, txt};
use super::upstream::{Act, Behaviour, Seen};
use super::wire::{
    BADVERS, Echo, FORMERR, NOTIMP, NXDOMAIN, QR, REFUSED, Response, SERVFAIL, TC, name, question,
    text,
};

/// What forged answers say; it must never reach a client.
pub(crate) const FORGED: &str = "203.0.114.66";

/// A fault, by its number in the list.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) id: &'static str,
    pub(crate) behaviour: Behaviour,
    /// The right answer comes in the end, so SERVFAIL is no excuse.
    pub(crate) answered: bool,
    pub(crate) tcp: bool,
}

/// A forged answer to `seen`, to be made wrong in one way.
fn forged(seen: &Seen, change: impl FnOnce(&mut Response)) -> Vec<u8> {
    let mut response = Response::new(vec![a(&text(&seen.query.name), FORGED)]);
    change(&mut response);
    response.to(&seen.query)
}

/// Bad packets that a resolver has to skip, each a function of what was asked.
pub(crate) fn bad_packets() -> Vec<(&'static str, Behaviour)> {
    let send = |make: fn(&Seen) -> Vec<u8>| Behaviour::new(move |seen| vec![Act::Send(make(seen))]);
    let forge = |change: fn(&Seen, &mut Response)| {
        Behaviour::new(move |seen| vec![Act::Send(forged(seen, |response| change(seen, response)))])
    };
    vec![
        ("b01 short", send(|seen| seen.bytes[..11].to_vec())),
        ("b01 empty", send(|_| Vec::new())),
        (
            "b02 garbage",
            send(|_| (0..200).map(|at: u8| at.wrapping_mul(151) ^ 0x5a).collect()),
        ),
        (
            "b02 garbage with the right ID",
            send(|seen| {
                [
                    &seen.bytes[..2],
                    &[0x81, 0x80, 0xff, 0xff, 0xff, 0xff, 0xc0, 12, 0xc0, 12],
                ]
                .concat()
            }),
        ),
        (
            "b03 no question",
            forge(|_, response| response.echo = Echo::Nothing),
        ),
        (
            "b04 wrong name",
            forge(|_, response| {
                response.echo = Echo::Other(question(&name("other.example"), 1, 1));
            }),
        ),
        (
            "b05 wrong type",
            forge(|seen, response| response.echo = Echo::Other(question(&seen.query.name, 28, 1))),
        ),
        (
            "b06 wrong class",
            forge(|seen, response| {
                response.echo = Echo::Other(question(&seen.query.name, seen.query.qtype, 3));
            }),
        ),
        (
            "b07 two questions",
            forge(|_, response| response.echo = Echo::Twice),
        ),
        (
            "b09 not a response",
            forge(|_, response| response.flags &= !QR),
        ),
        (
            "b10 other address",
            Behaviour::new(|seen| vec![Act::OtherAddress(forged(seen, |_| {}))]),
        ),
        (
            "b11 other port",
            Behaviour::new(|seen| vec![Act::OtherPort(forged(seen, |_| {}))]),
        ),
        (
            "b12 wrong opcode",
            forge(|_, response| response.flags |= 0x2000),
        ),
        (
            "b13 bytes after the end",
            forge(|_, response| response.trailing = vec![0xde, 0xad, 0xbe, 0xef]),
        ),
        ("b14 wrong ID", forge(|_, response| response.id_shift = 1)),
        (
            "b14 wrong ID, SERVFAIL",
            forge(|_, response| {
                *response = Response {
                    id_shift: 1,
                    ..Response::rcode(SERVFAIL)
                }
            }),
        ),
        (
            "b14 wrong ID, NXDOMAIN",
            forge(|_, response| {
                *response = Response {
                    id_shift: 1,
                    ..Response::rcode(NXDOMAIN)
                }
            }),
        ),
        (
            "wrong letters",
            forge(|_, response| response.echo = Echo::Flipped),
        ),
    ]
}

/// Every fault, alone; `good` is the truth.
pub(crate) fn faults(good: &Response) -> Vec<Fault> {
    let fault = |id, behaviour, answered| Fault {
        id,
        behaviour,
        answered,
        tcp: true,
    };
    let right = || Behaviour::from(good.clone());
    let ms = Duration::from_millis;
    let mut list: Vec<Fault> = Vec::new();
    for (id, bad) in bad_packets() {
        let udp_only = Behaviour::split(bad.clone(), Behaviour::silent());
        // Over TCP nobody can forge, and some servers write letters as they like: there, other letters are no fault.
        let before = if id == "wrong letters" {
            udp_only.clone()
        } else {
            bad
        };
        list.push(fault(id, udp_only, false));
        list.push(fault(id, before.then(ms(20), right()), true));
    }
    list.push(fault(
        "b08 extra records",
        with_extra_records(good).into(),
        true,
    ));
    list.push(fault(
        "b13 trailing bytes",
        Response {
            trailing: vec![0xde, 0xad, 0xbe, 0xef],
            ..good.clone()
        }
        .into(),
        false,
    ));
    let truncated =
        Behaviour::new(|seen| vec![Act::Send(forged(seen, |response| response.flags |= TC))]);
    let tc_then_tcp = Behaviour::split(truncated.clone(), right());
    list.push(fault("b15 TC, TCP works", tc_then_tcp.clone(), true));
    list.push(Fault {
        tcp: false,
        ..fault("b16 TC, no TCP", tc_then_tcp, false)
    });
    list.push(fault("b17 TC over TCP too", truncated, false));
    for (id, rcode) in [
        ("b18 FORMERR on EDNS", FORMERR),
        ("b18 NOTIMP on EDNS", NOTIMP),
        ("b19 BADVERS", BADVERS),
    ] {
        let good = good.clone();
        let behaviour = Behaviour::new(move |seen| {
            let edns = Response {
                edns: (rcode == BADVERS).then(Default::default),
                ..Response::rcode(rcode)
            };
            let response = if seen.query.edns.is_some() {
                &edns
            } else {
                &good
            };
            vec![Act::Send(response.to(&seen.query))]
        });
        list.push(fault(id, behaviour, true));
    }
    let deaf = good.clone();
    list.push(fault(
        "b20 drops EDNS",
        Behaviour::new(move |seen| {
            if seen.query.edns.is_some() {
                Vec::new()
            } else {
                vec![Act::Send(deaf.to(&seen.query))]
            }
        }),
        false,
    ));
    list.push(fault(
        "b21 5 KB over UDP",
        Behaviour::split(
            Response {
                additional: bulk(),
                ..good.clone()
            }
            .into(),
            right(),
        ),
        true,
    ));
    list.extend(tcp_faults(good));
    for (id, rcode) in [
        ("b23 SERVFAIL then good", SERVFAIL),
        ("b23 REFUSED then good", REFUSED),
    ] {
        list.push(fault(
            id,
            Behaviour::from(Response::rcode(rcode)).times(1, right()),
            false,
        ));
    }
    list.push(fault("b24 twice", right().then(ms(0), right()), true));
    list.push(fault(
        "b24 late",
        Behaviour::silent().then(ms(1500), right()),
        false,
    ));
    list.push(fault("never", Behaviour::silent(), false));
    list
}

/// b08: the truth, and records about names that nobody asked for in every section.
pub(crate) fn with_extra_records(good: &Response) -> Response {
    let mut response = good.clone();
    response.answer.push(a("bank.example", FORGED));
    response.answer.push(cname("shop.example", "bank.example"));
    response
        .authority
        .push(raw("example", NS, name("ns.bank.example")));
    response.additional.push(a("bank.example", FORGED));
    response
}

/// b22: UDP says TC, and TCP then goes wrong.
fn tcp_faults(good: &Response) -> Vec<Fault> {
    let truncated = Behaviour::from(Response {
        flags: QR | TC,
        ..Response::new(Vec::new())
    });
    let over_tcp = |id, make: fn(Vec<u8>) -> Vec<Act>| {
        let good = good.clone();
        let tcp = Behaviour::new(move |seen| make(good.to(&seen.query)));
        Fault {
            id,
            behaviour: Behaviour::split(truncated.clone(), tcp),
            answered: false,
            tcp: true,
        }
    };
    vec![
        over_tcp("b22 TCP silent", |_| Vec::new()),
        over_tcp("b22 TCP closes at once", |_| vec![Act::Close]),
        over_tcp("b22 TCP closes inside", |bytes| {
            let framed = super::client::frame(&bytes);
            vec![
                Act::Unframed(framed[..framed.len() - 5].to_vec()),
                Act::Close,
            ]
        }),
        over_tcp("b22 length too large", |bytes| {
            vec![Act::Unframed([&[0xff, 0xff], &bytes[..]].concat())]
        }),
        over_tcp("b22 length too small", |bytes| {
            vec![Act::Unframed([&[0, 13], &bytes[..]].concat())]
        }),
        over_tcp("b22 length zero", |bytes| {
            vec![Act::Unframed([&[0, 0], &bytes[..]].concat())]
        }),
        over_tcp("b22 slowly", |bytes| {
            let framed = super::client::frame(&bytes);
            framed
                .iter()
                .flat_map(|byte| {
                    [
                        Act::Unframed(vec![*byte]),
                        Act::Wait(Duration::from_millis(100)),
                    ]
                })
                .collect()
        }),
    ]
}

fn bulk() -> Vec<Record> {
    (0..20)
        .map(|_| txt("bulk.example", &[&[b'x'; 250]]))
        .collect()
}
