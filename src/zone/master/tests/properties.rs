//! What holds for every text.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::rdata::svcb::{Alpn, IpHint, SvcParamKey, SvcParamValue};
use hickory_proto::rr::rdata::{
    A, AAAA, CNAME, CSYNC, HINFO, HTTPS, MX, NAPTR, NS, OPENPGPKEY, PTR, SOA, SRV, SSHFP, SVCB,
    TLSA, TXT,
};
use hickory_proto::rr::{Name, RData, RecordType};
use proptest::prelude::*;

use super::super::{LIMITS, Limits, Source, read_within};
use super::read;
use super::types::hickory_wire;

fn name() -> impl Strategy<Value = Name> {
    let label = "[a-zA-Z0-9_][a-zA-Z0-9_-]{0,20}";
    prop::collection::vec(label, 1..6)
        .prop_map(|labels| Name::from_ascii(format!("{}.", labels.join("."))).unwrap())
}

fn service() -> impl Strategy<Value = SVCB> {
    let addresses = prop::collection::vec(any::<Ipv4Addr>().prop_map(A), 1..4);
    let protocols = prop::collection::vec("[a-z0-9/.]{1,10}", 1..4);
    (any::<u16>(), name(), protocols, any::<u16>(), addresses).prop_map(
        |(priority, target, protocols, port, addresses)| {
            let parameters = vec![
                (SvcParamKey::Alpn, SvcParamValue::Alpn(Alpn(protocols))),
                (SvcParamKey::Port, SvcParamValue::Port(port)),
                (
                    SvcParamKey::Ipv4Hint,
                    SvcParamValue::Ipv4Hint(IpHint(addresses)),
                ),
            ];
            SVCB::new(priority, target, parameters)
        },
    )
}

fn data() -> impl Strategy<Value = RData> {
    let word = "[a-zA-Z0-9+_-]{1,60}";
    let octets = prop::collection::vec(any::<u8>(), 1..80);
    let number = any::<u16>;
    let time = 0..i32::MAX;
    prop_oneof![
        any::<Ipv4Addr>().prop_map(|address| RData::A(A(address))),
        any::<Ipv6Addr>().prop_map(|address| RData::AAAA(AAAA(address))),
        name().prop_map(|name| RData::NS(NS(name))),
        name().prop_map(|name| RData::CNAME(CNAME(name))),
        name().prop_map(|name| RData::PTR(PTR(name))),
        (number(), name()).prop_map(|(rank, name)| RData::MX(MX::new(rank, name))),
        (number(), number(), number(), name())
            .prop_map(|(a, b, c, name)| RData::SRV(SRV::new(a, b, c, name))),
        (
            name(),
            name(),
            any::<u32>(),
            time.clone(),
            time,
            any::<u32>()
        )
            .prop_map(|(a, b, c, d, e, f)| RData::SOA(SOA::new(a, b, c, d, e, d, f))),
        word.prop_map(|word| RData::TXT(TXT::new(vec![word]))),
        (word, word).prop_map(|(a, b)| RData::HINFO(HINFO::new(a, b))),
        (number(), number(), word, word, name()).prop_map(|(a, b, c, d, name)| {
            let bytes = |text: String| text.into_bytes().into_boxed_slice();
            RData::NAPTR(NAPTR::new(a, b, bytes(c), bytes(d.clone()), bytes(d), name))
        }),
        octets
            .clone()
            .prop_map(|key| RData::OPENPGPKEY(OPENPGPKEY::new(key))),
        (any::<[u8; 3]>(), octets.clone()).prop_map(|([a, b, c], octets)| {
            RData::TLSA(TLSA::new(a.into(), b.into(), c.into(), octets))
        }),
        (any::<[u8; 2]>(), octets).prop_map(|([a, b], octets)| RData::SSHFP(SSHFP::new(
            a.into(),
            b.into(),
            octets
        ))),
        (any::<u32>(), prop::collection::vec(0..64_u16, 0..5)).prop_map(|(serial, kinds)| {
            let known = kinds.into_iter().map(RecordType::from);
            let known =
                known.filter(|kind| !matches!(kind, RecordType::Unknown(_) | RecordType::ZERO));
            RData::CSYNC(CSYNC::new(serial, true, false, known))
        }),
        service().prop_map(RData::SVCB),
        service().prop_map(|service| RData::HTTPS(HTTPS(service))),
    ]
}

/// What a zone file may hold, more often than chance would have it.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|octet| vec![octet]),
        prop::sample::select(vec![
            "\n",
            " ",
            "\t",
            "\"",
            "\\",
            "(",
            ")",
            ";",
            "@",
            "$",
            "$TTL 1\n",
            "$ORIGIN ",
            "$INCLUDE x\n",
            "$GENERATE 0-9 ",
            "${",
            "0,9,n}",
            "IN ",
            "1h ",
            "A ",
            "SOA ",
            "TXT ",
            "HTTPS ",
            "alpn=",
            "NSEC ",
            "\\# ",
            "TYPE1 ",
            "a. ",
            "192.0.2.1",
            "*",
            "CAA ",
            "\\1",
            "\\300",
            "NAPTR ",
            "DS ",
            "1 ",
            "\r\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_panics_and_faults_mean_no_records(bytes in pieces()) {
        let origin = "home.arpa".parse().unwrap();
        let source = Source { path: "zone".into(), bytes };
        let limits = Limits { records: 100, octets: 10_000, ..LIMITS };
        let mut open = |_: &str| Ok(source.clone());
        match read_within(&source, (&origin, None), &mut open, limits) {
            Ok(records) => prop_assert!(records.len() <= 100),
            Err(findings) => prop_assert!((1..=20).contains(&findings.len())),
        }
    }

    #[test]
    fn what_hickory_writes_reads_back(data in data()) {
        let text = format!("a 1 IN {} {data}\n", data.record_type());
        let records = read(&text);
        prop_assert!(records.is_ok(), "{text} {records:?}");
        let wire = hickory_wire(&data);
        prop_assert_eq!(&*records.unwrap()[0].data, &*wire, "{}", text);
    }

    #[test]
    fn octets_read_back_from_their_general_form(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let digits = data_encoding::HEXUPPER.encode(&octets);
        let records = read(&format!("a 1 TYPE65281 \\# {} {digits}\n", octets.len())).unwrap();
        prop_assert_eq!(&*records[0].data, &*octets);
    }
}
