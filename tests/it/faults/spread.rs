//! How hard a question is to guess: the ports, IDs and letters of thousands look drawn by lot.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use super::{good, is_right};
use crate::support::client::{PATIENCE, check, receive};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::wire::{Query, text};

/// Of so many, 9,258 ports of 64,512 are distinct if they are drawn by lot.
const SAMPLE: usize = 10_000;
/// Three samples: a correlation of 0.03 comes by chance in one of two hundred single ones, in one of a million of these.
const QUESTIONS: usize = 3 * SAMPLE;
/// So many are open at once.
const BLOCK: usize = 200;

/// A question as it reached the upstream.
struct Asked {
    port: u16,
    query: Query,
}

#[test]
fn questions_are_hard_to_guess() {
    let upstream = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let receive_buffer = socket2::SockRef::from(&upstream).set_recv_buffer_size(4 << 20);
    receive_buffer.unwrap();
    let lanward = Lanward::start(&[upstream.local_addr().unwrap()], "");
    let client = lanward.client().socket();
    let mut asked = Vec::new();
    for block in 0..QUESTIONS / BLOCK {
        let queries: BTreeMap<u16, Query> = (0..BLOCK)
            .map(|at| Query::new(&format!("abcdefghijklmnop-{block}-{at}.example"), A))
            .map(|query| (query.id, query))
            .collect();
        for query in queries.values() {
            client.send(&query.bytes()).unwrap();
        }
        let open = all_of_a_block(&upstream);
        let ports: BTreeSet<u16> = open.iter().map(|(from, _)| from.port()).collect();
        assert_eq!(
            ports.len(),
            open.len(),
            "each open question has its own port"
        );
        for (from, query) in open {
            let truth = good(&text(&query.name)).to(&query);
            upstream.send_to(&truth, from).unwrap();
            asked.push(Asked {
                port: from.port(),
                query,
            });
        }
        for _ in 0..BLOCK {
            let bytes = receive(&client, PATIENCE).expect("a reply to each");
            let id = u16::from_be_bytes([bytes[0], bytes[1]]);
            assert!(is_right(&check(&queries[&id], &bytes)));
        }
    }
    ports_and_ids(&asked);
    let letters: BTreeSet<&[u8]> = asked[..2000]
        .iter()
        .map(|asked| &asked.query.name[1..17])
        .collect();
    assert!(
        letters.len() > 1800,
        "{} ways to write sixteen letters",
        letters.len()
    );
    let small = asked.iter().all(|asked| {
        let edns = asked.query.edns.as_ref();
        edns.is_none_or(|edns| edns.payload <= 1232)
    });
    assert!(small, "no question asks for more than 1232 bytes");
}

/// The questions of one block, none answered before all are there.
fn all_of_a_block(upstream: &UdpSocket) -> Vec<(SocketAddr, Query)> {
    upstream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut open = Vec::new();
    let mut names = BTreeSet::new();
    let mut buffer = [0; 4096];
    while names.len() < BLOCK {
        let (length, from) = upstream
            .recv_from(&mut buffer)
            .expect("every question comes");
        let query = Query::parse(&buffer[..length]).expect("a query");
        names.insert(text(&query.name));
        open.push((from, query));
    }
    open
}

fn ports_and_ids(asked: &[Asked]) {
    let ports: Vec<f64> = asked.iter().map(|asked| f64::from(asked.port)).collect();
    let ids: Vec<f64> = asked
        .iter()
        .map(|asked| f64::from(asked.query.id))
        .collect();
    let distinct: Vec<usize> = asked
        .chunks_exact(SAMPLE)
        .map(|sample| {
            let ports: BTreeSet<u16> = sample.iter().map(|asked| asked.port).collect();
            ports.len()
        })
        .collect();
    let [port_spread, id_spread] = [&ports, &ids].map(|values| deviation(values));
    let [port_lag, id_lag] = [&ports, &ids].map(|values| correlation(values));
    println!(
        "figure: {SAMPLE} misses: {distinct:?} distinct ports in {} samples; ports deviate by {port_spread:.0}, IDs by \
         {id_spread:.0}; correlation of neighbours {port_lag:.4} and {id_lag:.4}",
        distinct.len()
    );
    assert!(distinct.iter().all(|count| *count >= 9000), "{distinct:?}");
    // What numbers drawn from 1024..=65535 and 0..=65535 deviate by.
    for (what, spread, fair) in [
        ("ports", port_spread, 18_623.0),
        ("IDs", id_spread, 18_918.0),
    ] {
        assert!(
            (spread / fair - 1.0).abs() < 0.03,
            "{what} deviate by {spread}, not by {fair}"
        );
    }
    for (what, lag) in [("ports", port_lag), ("IDs", id_lag)] {
        assert!(lag.abs() < 0.03, "neighbouring {what} correlate by {lag}");
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: Vec<f64> = values
        .iter()
        .map(|value| (value - middle).powi(2))
        .collect();
    mean(&squares).sqrt()
}

/// Between each value and the next one.
fn correlation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let products: Vec<f64> = values
        .windows(2)
        .map(|pair| (pair[0] - middle) * (pair[1] - middle))
        .collect();
    mean(&products) / deviation(values).powi(2)
}
