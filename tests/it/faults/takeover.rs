//! An upstream that is there and says nothing, at any stage of a conversation: the second one takes over within a second.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::{TRUE, good, is_right};
use crate::support::lanward::Lanward;
use crate::support::peers::{self, installed};
use crate::support::records::A;
use crate::support::until;
use crate::support::upstream::{Act, Behaviour, Upstream};
use crate::support::wire::{Query, Response, SERVFAIL, TC};

const WITHIN: Duration = Duration::from_secs(1);

fn truth() -> Behaviour {
    Behaviour::new(|seen| vec![Act::Send(good(&seen.name()).to(&seen.query))])
}

fn truncated() -> Behaviour {
    let mut response = Response::new(Vec::new());
    response.flags |= TC;
    response.into()
}

/// With these servers as they are written, asked in this order.
fn with_servers(servers: &[String]) -> Lanward {
    Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = {servers:?}\n[log]\nformat = \"json\"\n"
    ))
}

/// A few questions, one after the other; gives the longest time.
fn worst_of_five(lanward: &Lanward, site: &str) -> Duration {
    let ask = |at| {
        let start = Instant::now();
        let reply = lanward
            .client()
            .udp(&Query::new(&format!("n{at}.{site}"), A));
        assert!(is_right(&reply), "{site}: {}", reply.summary());
        start.elapsed()
    };
    (0..5).map(ask).max().unwrap()
}

/// A port whose queue of connections is full: to whoever connects nobody says yes or no.
struct Full {
    listener: TcpListener,
    waiting: Vec<TcpStream>,
}

impl Full {
    fn new() -> Self {
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket
            .bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())
            .unwrap();
        socket.listen(0).unwrap();
        let listener = TcpListener::from(socket);
        let address = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
        let waiting = (0..10).map_while(connect).collect();
        Self { listener, waiting }
    }

    fn address(&self) -> SocketAddr {
        assert!(self.waiting.len() < 10, "the queue is full");
        self.listener.local_addr().unwrap()
    }
}

#[test]
fn a_silent_upstream_is_taken_over_from() {
    let healthy = Upstream::start();
    healthy.otherwise(truth());
    let silent = Upstream::start();
    silent.otherwise(Behaviour::silent());
    let after_tc = Upstream::start();
    after_tc.otherwise(Behaviour::split(truncated(), Behaviour::silent()));
    let in_the_middle = Upstream::start();
    in_the_middle.otherwise(Behaviour::split(
        truncated(),
        Behaviour::new(|_| vec![Act::Unframed(vec![0, 100, 1, 2, 3])]),
    ));
    let full = Full::new();
    let cases = [
        ("UDP silent", silent.address.to_string()),
        ("TC, then TCP silent", after_tc.address.to_string()),
        (
            "TC, then TCP stops inside",
            in_the_middle.address.to_string(),
        ),
        ("TCP silent", format!("tcp://{}", silent.address)),
        (
            "TCP stops inside",
            format!("tcp://{}", in_the_middle.address),
        ),
        ("TCP does not open", format!("tcp://{}", full.address())),
    ];
    let mut late = Vec::new();
    for (at, (what, server)) in cases.iter().enumerate() {
        let lanward = with_servers(&[server.clone(), healthy.address.to_string()]);
        let worst = worst_of_five(&lanward, &format!("s{at}.example"));
        println!(
            "figure: {what}, a healthy second upstream: worst {} ms",
            worst.as_millis()
        );
        if worst > WITHIN {
            late.push(format!("{what}: {worst:?}"));
        }
    }
    assert!(late.is_empty(), "{late:#?}");
}

/// A real server over TCP that is stopped with its connections open, ended, and started again.
#[test]
fn a_connection_that_is_no_more_is_not_waited_for() {
    let test = "a_connection_that_is_no_more_is_not_waited_for";
    if !installed(test, "knotd", "knot") {
        return;
    }
    let zone =
        format!("@ 300 SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A {TRUE}\n*.far A {TRUE}\n");
    let mut far = peers::knot("example", &zone);
    let healthy = Upstream::start();
    healthy.otherwise(truth());
    let far_server = format!("tcp://{}", far.address);
    let alone = with_servers(std::slice::from_ref(&far_server));
    let helped = with_servers(&[far_server, healthy.address.to_string()]);
    let ask = |name: &str| alone.client().udp(&Query::new(name, A));
    assert!(is_right(&ask("before.far.example")));
    worst_of_five(&helped, "before.far.example");

    far.signal("-STOP");
    let worst = worst_of_five(&helped, "stopped.far.example");
    println!(
        "figure: stopped with its connections open, a healthy second upstream: worst {} ms",
        worst.as_millis()
    );
    assert!(worst <= WITHIN, "{worst:?}");
    far.signal("-CONT");

    far.kill();
    assert_eq!(ask("ended.far.example").rcode(), SERVFAIL);
    far.revive();
    let answers = || {
        let query = Query::new("back.example", A).bytes();
        far.client()
            .try_udp(&query, Duration::from_millis(100))
            .is_some()
    };
    assert!(until(Duration::from_secs(10), answers));
    let mut at = 0;
    let used = until(Duration::from_secs(5), || {
        at += 1;
        is_right(&ask(&format!("back{at}.far.example")))
    });
    assert!(used, "used again within 5 s of its return");
}
