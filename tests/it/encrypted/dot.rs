//! DNS over TLS (RFC 7858).

use rustls::version::TLS13;

use super::{DECODED, House, answered};
use crate::support::client::{PATIENCE, check};
use crate::support::dot::{Dot, believing, forgetful};
use crate::support::peers::installed;
use crate::support::records::{A, TXT, txt};
use crate::support::until;
use crate::support::upstream::{Behaviour, Gate};
use crate::support::wire::{QR, Query, RA, Response, TC};

#[test]
fn kdig_gets_the_address_in_the_name_padded() {
    if !installed("kdig over TLS", "kdig", "knot-dnsutils") {
        return;
    }
    let house = House::open();
    let said = house.kdig(house.tls(), &["+tls", DECODED]);
    assert!(said.contains("192.168.1.10"), "{said}");
    assert!(said.contains("The certificate is trusted"), "{said}");
    assert!(said.contains("Received 468 B"), "{said}");
}

/// As many as over the other encrypted ways.
#[test]
fn fifty_slow_names_do_not_hold_a_local_one() {
    let house = House::open();
    let gate = house.gate();
    let config = forgetful(believing(&[&house.authority], &[&TLS13]));
    let mut connection = Dot::connect(house.tls(), &config).unwrap();
    let slow: Vec<Query> = (0..50)
        .map(|at| Query::new(&format!("slow{at}.example"), A).id(at))
        .collect();
    let fast = Query::new(DECODED, A).id(999);
    for query in slow.iter().chain([&fast]) {
        connection.send(query).unwrap();
    }
    answered(&fast, &connection.receive().unwrap());
    gate.open();
    for _ in &slow {
        let reply = connection.receive().unwrap();
        let id = u16::from_be_bytes([reply[0], reply[1]]);
        answered(&slow[usize::from(id)], &reply);
    }
}

/// Each is nearly as long as all that may wait together; those that do not fit are answered when there is room.
#[test]
fn long_answers_that_come_together_all_arrive() {
    let house = House::open();
    let gate = Gate::default();
    let config = forgetful(believing(&[&house.authority], &[&TLS13]));
    let mut connection = Dot::connect(house.tls(), &config).unwrap();
    let names: Vec<String> = (0..8).map(|at| format!("big{at}.example")).collect();
    for (at, name) in (0..).zip(&names) {
        let records = (0..280).map(|_| txt(name, &[&[b'x'; 200]])).collect();
        let cut = Response {
            flags: QR | RA | TC,
            ..Response::new(Vec::new())
        };
        let long = Behaviour::split(cut.into(), Response::new(records).into());
        house.upstream.on(name, TXT, long.behind(&gate));
        connection.send(&Query::new(name, TXT).id(at)).unwrap();
    }
    let asked = || names.iter().all(|name| house.upstream.count(name) > 0);
    assert!(until(PATIENCE, asked));
    gate.open();
    for _ in &names {
        let reply = connection.receive().unwrap();
        let name = &names[usize::from(reply[1])];
        let query = Query::new(name, TXT).id(reply[1].into());
        assert_eq!(check(&query, &reply).answer.len(), 280);
    }
}
