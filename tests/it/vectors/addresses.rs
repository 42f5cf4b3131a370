//! V01 to V46, V88 to V90: one answer with addresses in it.

use crate::support::records::{A, AAAA, Record, a, aaaa};

use super::row::Expect::{self, Block, Pass, Report, Sinkhole};
use super::row::{Row, Setup};

/// Id, verdict, and answers: each inner list is the whole answer of a name of its own.
const ANSWERS: &[(&str, Expect, &[&[&str]])] = &[
    ("V01", Pass, &[&["93.184.216.34"]]),
    ("V02", Block, &[&["192.168.1.1"]]),
    ("V03", Block, &[&["10.0.0.0"], &["10.255.255.255"]]),
    ("V04", Pass, &[&["9.255.255.255"], &["11.0.0.0"]]),
    ("V05", Pass, &[&["172.15.255.255"], &["172.32.0.0"]]),
    ("V06", Block, &[&["172.16.0.0"], &["172.31.255.255"]]),
    ("V07", Block, &[&["127.0.0.1"], &["127.255.255.254"]]),
    ("V08", Sinkhole, &[&["0.0.0.0"]]),
    ("V09", Block, &[&["0.1.2.3"]]),
    ("V10", Block, &[&["100.64.0.1"], &["100.127.255.255"]]),
    ("V11", Pass, &[&["100.63.255.255"], &["100.128.0.0"]]),
    ("V12", Block, &[&["169.254.169.254"]]),
    ("V13", Block, &[&["192.0.0.192"], &["192.0.0.1"]]),
    ("V15", Block, &[&["192.0.0.170"]]),
    ("V16", Block, &[&["198.18.0.1"]]),
    ("V17", Block, &[&["224.0.0.251"], &["239.255.255.250"]]),
    ("V18", Block, &[&["240.0.0.1"], &["255.255.255.255"]]),
    ("V19", Block, &[&["192.0.2.1"]]),
    ("V20", Pass, &[&["168.63.129.16"]]),
    ("V21", Block, &[&["::1"]]),
    ("V22", Sinkhole, &[&["::"]]),
    ("V23", Block, &[&["::ffff:192.168.1.1"]]),
    ("V24", Block, &[&["::ffff:127.0.0.1"]]),
    // The page leaves it open. Mapped addresses have no place in DNS (RFC 4291, RFC 6890), so this is a block.
    ("V25", Block, &[&["::ffff:8.8.8.8"]]),
    ("V26", Block, &[&["::192.168.1.1"]]),
    ("V27", Block, &[&["::ffff:0:192.168.1.1"]]),
    ("V28", Block, &[&["fc00::1"]]),
    ("V29", Block, &[&["fd00::1"]]),
    ("V30", Block, &[&["fe80::1"], &["febf::1"]]),
    ("V31", Block, &[&["fec0::1"]]),
    ("V32", Block, &[&["64:ff9b::c0a8:101"]]),
    ("V33", Pass, &[&["64:ff9b::808:808"]]),
    (
        "V34",
        Block,
        &[&["64:ff9b:1:abcd::c0a8:101"], &["64:ff9b:1:abcd::808:808"]],
    ),
    ("V35", Block, &[&["2002:c0a8:101::1"]]),
    // The page leaves it open. 6to4 of a public address is reachable by nobody any more, but leads to nothing inside either.
    ("V36", Pass, &[&["2002:808:808::1"]]),
    ("V37", Block, &[&["2001:0:4136:e378:8000:63bf:3f57:fefe"]]),
    ("V38", Block, &[&["2001:db8::1"], &["3fff::1"]]),
    ("V39", Block, &[&["100::1"], &["100:0:0:1::1"]]),
    ("V40", Block, &[&["5f00::1"], &["4000::1"], &["200::1"]]),
    ("V41", Block, &[&["ff02::fb"]]),
    ("V42", Pass, &[&["2606:4700::1111"]]),
    // Own public addresses are reported by default: people publish them under names of their own.
    ("V43", Report, &[&["2a0e:aaaa:1::5"]]),
    ("V44", Report, &[&["185.199.7.1"]]),
    (
        "V45",
        Block,
        &[
            &["93.184.216.34", "192.168.1.1"],
            &["192.168.1.1", "93.184.216.34"],
        ],
    ),
    ("V88", Sinkhole, &[&["0.0.0.0"], &["0.0.0.0", "0.0.0.0"]]),
    ("V90", Block, &[&["fd3e:4f5a:5b81::1"]]),
];

/// The same, in configurations of their own.
const CONFIGURED: &[(&str, Setup, Expect, &str)] = &[
    ("V34", Setup::Nat64, Block, "64:ff9b:1:abcd::c0a8:101"),
    ("V34", Setup::Nat64, Pass, "64:ff9b:1:abcd::808:808"),
    ("V43", Setup::OwnBlocked, Block, "2a0e:aaaa:1::5"),
    ("V44", Setup::OwnBlocked, Block, "185.199.7.1"),
];

pub(super) fn rows() -> Vec<Row> {
    let plain = ANSWERS.iter().flat_map(|(id, expect, answers)| {
        answers.iter().enumerate().map(move |(at, addresses)| {
            addressed(id, *expect, &format!("{id}-{at}.evil.example"), addresses)
        })
    });
    let configured = CONFIGURED
        .iter()
        .enumerate()
        .map(|(at, (id, setup, expect, address))| {
            addressed(id, *expect, &format!("{id}-s{at}.evil.example"), &[address]).setup(*setup)
        });
    let mut rows: Vec<Row> = plain.chain(configured).collect();
    rows.push(addressed(
        "V14",
        Pass,
        "ipv4only.arpa",
        &["192.0.0.170", "192.0.0.171"],
    ));
    rows.push(addressed(
        "V89",
        Pass,
        "dns.msftncsi.com",
        &["fd3e:4f5a:5b81::1"],
    ));
    let mut many: Vec<String> = (1..=100).map(|host| format!("93.184.216.{host}")).collect();
    many.push("192.168.1.1".to_owned());
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    rows.push(truncated_first(addressed(
        "V46",
        Block,
        "v46.evil.example",
        &many,
    )));
    rows
}

/// A hundred and one addresses do not fit into a datagram of 1232 bytes: a real upstream truncates and is asked over TCP.
fn truncated_first(row: Row) -> Row {
    use crate::support::upstream::Behaviour;
    use crate::support::wire::{QR, Response, TC};
    let whole = Response::new(row.want.clone());
    let cut = Response {
        flags: QR | TC,
        ..Response::new(Vec::new())
    };
    row.says(Behaviour::split(cut.into(), whole.into()))
}

fn addressed(id: &'static str, expect: Expect, name: &str, addresses: &[&str]) -> Row {
    let six = addresses[0].contains(':');
    let records: Vec<Record> = addresses
        .iter()
        .map(|address| {
            if six {
                aaaa(name, address)
            } else {
                a(name, address)
            }
        })
        .collect();
    Row::new(id, expect, name, if six { AAAA } else { A }, records)
}
