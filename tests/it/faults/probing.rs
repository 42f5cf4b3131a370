//! Somebody who looks for the port of an open question (SAD DNS, CVE-2020-25705): a port that does not refuse is one to flood.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::Duration;

use super::{good, is_right};
use crate::support::client::{PATIENCE, check, receive};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::upstream::{Act, Behaviour, Gate, Seen, Upstream};
use crate::support::wire::Query;
use crate::support::{network, until};

const OPEN: usize = 200;

/// Whoever may be found out must be alone with the program: in a network of its own nobody else has a port.
#[test]
fn nobody_finds_the_port_of_an_open_question() {
    if !network::inside("faults::probing::nobody_finds_the_port_of_an_open_question") {
        return;
    }
    network::ip("link set lo up");
    let upstream = Upstream::start();
    let gate = Gate::default();
    let truth = Behaviour::new(|seen| vec![Act::Send(good(&seen.name()).to(&seen.query))]);
    upstream.otherwise(truth.behind(&gate));
    let lanward = Lanward::start(&[upstream.address], "");
    let client = lanward.client().socket();
    let queries: Vec<Query> = (0..OPEN)
        .map(|at| Query::new(&format!("open{at}.example"), A))
        .collect();
    for query in &queries {
        client.send(&query.bytes()).unwrap();
    }
    let names = || {
        let seen = upstream.seen();
        let names: BTreeSet<String> = seen.iter().map(Seen::name).collect();
        names.len()
    };
    assert!(until(PATIENCE, || names() == OPEN), "{} open", names());

    let found = ports_that_do_not_refuse();

    client.set_nonblocking(true).unwrap();
    let early = client.recv(&mut [0; 512]);
    assert!(
        early.is_err_and(|error| error.kind() == ErrorKind::WouldBlock),
        "the questions are still open"
    );
    client.set_nonblocking(false).unwrap();
    // The two that wait for datagrams from anybody must be found, or the probe would prove nothing.
    let known = BTreeSet::from([lanward.address.port(), upstream.address.port()]);
    let strange: Vec<_> = found.difference(&known).collect();
    println!(
        "figure: ports that a third address finds while {OPEN} questions are open: {} of 64,512",
        strange.len()
    );
    assert!(found.is_superset(&known), "the probe finds what is open");
    assert!(strange.is_empty(), "found: {strange:?}");
    gate.open();
    for _ in &queries {
        let bytes = receive(&client, PATIENCE).expect("a reply to each");
        let query = queries
            .iter()
            .find(|query| query.id.to_be_bytes() == bytes[..2])
            .expect("our ID");
        assert!(is_right(&check(query, &bytes)));
    }
}

/// The ports of 127.0.0.1 at which a datagram from 127.0.0.9 is not refused (ICMP port unreachable), each asked again and waited
/// for before it counts.
fn ports_that_do_not_refuse() -> BTreeSet<u16> {
    let attacker = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 9), 0)).unwrap();
    let own = attacker.local_addr().unwrap().port();
    let refuses = |port: u16| {
        attacker.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let refused = |error: std::io::Error| error.kind() == ErrorKind::ConnectionRefused;
        attacker.send(&[0]).is_err_and(refused) || attacker.recv(&mut [0; 512]).is_err_and(refused)
    };
    attacker.set_nonblocking(true).unwrap();
    let mut quiet: Vec<u16> = (1024..=u16::MAX).filter(|port| !refuses(*port)).collect();
    attacker.set_nonblocking(false).unwrap();
    attacker
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    for _ in 0..3 {
        quiet.retain(|port| !refuses(*port));
    }
    assert!(
        !quiet.contains(&own),
        "nothing of the attacker's is at 127.0.0.1"
    );
    quiet.into_iter().collect()
}
