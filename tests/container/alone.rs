//! A container as it is started with nothing but a command line.

use std::net::SocketAddr;
use std::thread;

use crate::engine::{Network, docker, gateway, until};
use crate::image::start;
use crate::question::{over_tcp, over_udp, send};
use crate::support::client::{PATIENCE, check, receive};
use crate::support::records::{A, AAAA, a};
use crate::support::upstream::{Act, Behaviour, Gate, Upstream};
use crate::support::wire::{Query, Response};

const ID: &str = "0123456789abcdef0123456789abcdef";

/// Its network leads nowhere, it may write nowhere and has no right; it still plays the film.
#[test]
fn plex_names_are_answered_without_a_way_to_an_upstream() {
    let network = Network::create(
        "cut",
        &[
            "--internal",
            "--ipv6",
            "--subnet",
            "10.77.0.0/24",
            "--subnet",
            "fd77::/64",
        ],
    );
    let lanward = start(&["--network", "cut"]);
    lanward.wait_ready();
    lanward.wait_v6(53);
    for (name, kind, address) in [
        ("192-168-1-10", A, "192.168.1.10"),
        ("fd00-0000-0000-0000-0000-0000-0000-0010", AAAA, "fd00::10"),
    ] {
        let query = Query::new(&format!("{name}.{ID}.plex.direct"), kind);
        for server in [lanward.address(53), lanward.address_v6(53)] {
            for ask in [over_udp, over_tcp] {
                let reply = ask(server, &query).unwrap();
                assert_eq!(
                    reply.addresses(),
                    [address.parse::<std::net::IpAddr>().unwrap()]
                );
            }
        }
    }
    lanward.wait_health("healthy");
    assert_eq!(lanward.order(&["diff"]), "", "it wrote something");
    let [log, complaints] = lanward.streams();
    assert!(log.contains("ready"), "{log}");
    assert_eq!(complaints, "");
    drop(lanward);
    drop(network);
}

#[test]
fn it_is_ill_while_it_does_not_answer_and_well_again() {
    let lanward = start(&[
        "--env",
        "LANWARD_UPSTREAM=127.0.0.1:5300",
        "--health-interval=200ms",
        "--health-timeout=500ms",
        "--health-start-period=0s",
        "--health-retries=2",
    ]);
    lanward.wait_health("healthy");
    lanward.signal("-STOP");
    lanward.wait_health("unhealthy");
    lanward.signal("-CONT");
    lanward.wait_health("healthy");
}

/// After the two seconds the engine would kill it, and the exit code would be 137.
#[test]
fn questions_under_way_are_answered_when_it_is_stopped() {
    /// As many connections as one client may have.
    const QUESTIONS: usize = 16;
    let upstream = Upstream::at(gateway(), 0);
    let gate = Gate::default();
    let answer = Behaviour::new(|seen| {
        let response = Response::new(vec![a(&seen.name(), "93.184.216.34")]);
        vec![Act::Send(response.to(&seen.query))]
    });
    upstream.otherwise(answer.behind(&gate));
    let lanward = start(&["--env", &format!("LANWARD_UPSTREAM={}", upstream.address)]);
    lanward.wait_ready();
    let server: SocketAddr = lanward.address(53);
    let asked: Vec<_> = (0..QUESTIONS)
        .map(|number| Query::new(&format!("u{number}.example"), A))
        .map(|query| (send(server, &query), query))
        .collect();
    thread::scope(|scope| {
        let streams = (0..QUESTIONS).map(|number| {
            let query = Query::new(&format!("t{number}.example"), A);
            scope.spawn(move || over_tcp(server, &query))
        });
        let streams: Vec<_> = streams.collect();
        let arrived = |letter, number| upstream.count(&format!("{letter}{number}.example")) > 0;
        until("the questions on their way", || {
            (0..QUESTIONS).all(|number| arrived('u', number) && arrived('t', number))
        });
        let stopping = scope.spawn(|| lanward.order(&["stop", "--time", "2"]));
        until("the end is called for", || {
            lanward.log().contains("counted since the start")
        });
        gate.open();
        stopping.join().unwrap();
        for (socket, query) in &asked {
            let bytes = receive(socket, PATIENCE).unwrap_or_else(|| panic!("no reply to {query}"));
            let reply = check(query, &bytes);
            assert_eq!(
                reply.addresses().len(),
                1,
                "{query}: {} {:?} {}",
                reply.summary(),
                reply.errors(),
                lanward.log()
            );
        }
        for stream in streams {
            let reply = stream.join().unwrap().expect("a reply over TCP");
            assert_eq!(reply.addresses().len(), 1, "{}", reply.summary());
        }
    });
    assert_eq!(
        lanward.fact("{{.State.ExitCode}}"),
        "0",
        "{}",
        lanward.log()
    );
    assert!(lanward.log().contains("stopped"));
}

/// Also the first process of a container hears Ctrl-C.
#[test]
fn it_ends_at_an_interrupt() {
    let lanward = start(&["--env", "LANWARD_UPSTREAM=127.0.0.1:5300"]);
    lanward.wait_ready();
    docker(&["kill", "--signal", "INT", lanward.id()]);
    assert_eq!(lanward.wait_end(), "0");
}
