//! A network that comes late, goes, and comes back changed, a hundred times (`LANWARD_NETWORK_CYCLES`).
//!
//! The network is one cable between two namespaces of the test's own; the upstream stands behind the router at the far end.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

use crate::echo::beside;
use crate::machine::take;
use crate::support::client::receive;
use crate::support::crowd::{Crowd, client};
use crate::support::lanward::Lanward;
use crate::support::network::{inside, ip};
use crate::support::records::{A, a};
use crate::support::reply::Reply;
use crate::support::upstream::{Act, Behaviour, Upstream};
use crate::support::wire::{Query, Response, SERVFAIL};
use crate::{number, percentile};

const TRUE: &str = "93.184.216.34";
/// The upstream's address, outside of the network that lanward is in.
const UPSTREAM: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 53);
/// Within so long of the network's return questions must be answered.
const WITHIN: Duration = Duration::from_secs(2);
const ROUTE: &str = "route add default via 192.0.2.1";
/// Questions to an echo in a second.
const ECHO_RATE: u32 = 200;
/// Time between two questions.
const GAP: Duration = Duration::from_millis(20);

/// The other end of the cable: a namespace that a thread of its own holds.
struct Far {
    upstream: SocketAddr,
    orders: Sender<String>,
    done: Receiver<()>,
}

impl Far {
    fn start() -> Self {
        let (orders, todo) = channel::<String>();
        let (say, upstream) = channel();
        let (finished, done) = channel();
        thread::spawn(move || {
            // Only this thread and those that it starts move; the others stay where they are.
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            ip("link set lo up");
            ip(&format!("address add {UPSTREAM}/32 dev lo"));
            let upstream = Upstream::at(UPSTREAM, 0);
            upstream.quiet();
            upstream.otherwise(Behaviour::new(|seen| {
                let answer = Response::new(vec![a(&seen.name(), TRUE)]);
                vec![Act::Send(answer.to(&seen.query))]
            }));
            say.send(upstream.address).unwrap();
            for order in todo {
                ip(&order);
                finished.send(()).unwrap();
            }
        });
        let upstream = upstream.recv().unwrap();
        Self {
            upstream,
            orders,
            done,
        }
    }

    /// Runs `ip` there.
    fn ip(&self, arguments: &str) {
        self.orders.send(arguments.to_owned()).unwrap();
        self.done.recv().unwrap();
    }

    /// Lays the cable, from `near` here to `far` there.
    fn lay_cable(&self) {
        let here = std::process::id();
        self.ip(&format!(
            "link add far type veth peer name near netns {here}"
        ));
        self.ip("address add 192.0.2.1/24 dev far");
        self.ip("link set far up");
        ip("address add 192.0.2.2/24 dev near");
        ip("link set near up");
        ip(ROUTE);
    }

    /// Takes the network away, in one of four ways.
    fn take_away(&self, cycle: usize) {
        match cycle % 4 {
            0 => ip("link set near down"),
            1 => self.ip("link set far down"),
            2 => ip("address flush dev near"),
            _ => ip("route del default"),
        }
    }

    /// Gives it back; a link that was down has lost its route, and an address may be another one now.
    fn give_back(&self, cycle: usize) {
        match cycle % 4 {
            0 => {
                ip("link set near up");
                ip(ROUTE);
            }
            1 => self.ip("link set far up"),
            2 => {
                ip(&format!(
                    "address add 192.0.2.{}/24 dev near",
                    10 + cycle % 200
                ));
                ip(ROUTE);
            }
            _ => ip(ROUTE),
        }
    }
}

fn is_right(reply: &Reply) -> bool {
    let addresses = reply.addresses();
    addresses.len() == 1 && addresses[0].to_string() == TRUE
}

/// Asks for one new name after the other until one is answered; gives how long that takes.
fn back_in_service(lanward: &Lanward, cycle: usize) -> Duration {
    let start = Instant::now();
    let socket = lanward.client().socket();
    for at in 0.. {
        let query = Query::new(&format!("n{at}.back{cycle}.example"), A);
        socket.send(&query.bytes()).unwrap();
        let reply = receive(&socket, GAP).map(|bytes| Reply::parse(&bytes).unwrap());
        if reply.as_ref().is_some_and(is_right) || start.elapsed() > 5 * WITHIN {
            break;
        }
        if reply.is_some() {
            thread::sleep(GAP);
        }
    }
    let took = start.elapsed();
    let next = Query::new(&format!("next.back{cycle}.example"), A);
    let reply = lanward.client().udp(&next);
    assert!(is_right(&reply), "cycle {cycle}: {}", reply.summary());
    took
}

#[test]
fn a_network_that_goes_and_comes_back() {
    let _machine = take();
    if inside("network::a_network_that_goes_and_comes_back") {
        come_and_go("udp", number("LANWARD_NETWORK_CYCLES", 100));
    }
}

/// Connections that were open before lead nowhere, and nobody says so.
#[test]
fn a_network_that_goes_with_connections_open() {
    let _machine = take();
    if inside("network::a_network_that_goes_with_connections_open") {
        come_and_go("tcp", number("LANWARD_NETWORK_CYCLES", 20));
    }
}

fn come_and_go(transport: &str, cycles: usize) {
    let far = Far::start();
    // There is no network at all yet, not even loopback is up.
    let mut lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nallow = [\"loopback\"]\n[upstream]\nservers = [\"{transport}://{}\"]\n",
        far.upstream
    ));
    ip("link set lo up");
    lanward.assert_alive();
    let start = Instant::now();
    let reply = lanward.client().udp(&Query::new("early.example", A));
    let early = start.elapsed();
    assert_eq!(reply.rcode(), SERVFAIL, "{}", reply.summary());
    assert!(early <= Duration::from_secs(5), "it took {early:?}");
    far.lay_cable();
    let first = back_in_service(&lanward, 0);
    assert!(first <= WITHIN, "{first:?} after the first network came");

    let crowd = Crowd::new(lanward.address);
    let cycle = |cycle| {
        far.take_away(cycle);
        // From a moment to half a second, with questions that nobody can answer.
        for at in 0..=5 * (cycle % 5) {
            let query = Query::new(&format!("n{at}.away{cycle}.example"), A);
            crowd.send(client(at), &query.bytes());
            thread::sleep(GAP);
        }
        far.give_back(cycle);
        back_in_service(&lanward, cycle)
    };
    let (mut times, mut echo): (Vec<_>, _) =
        beside(ECHO_RATE, || (1..=cycles).map(cycle).collect());
    let [median, worst] = [50, 100].map(|part| percentile(&mut times, part));
    let machine = percentile(&mut echo, 100);
    println!(
        "figure: {transport}: started without a network, served {first:.1?} after it came; {cycles} cycles of link down, cable pulled, address \
         changed, route gone: 0 exits, service after {median:.1?} (median), {worst:.1?} (worst); answers of an echo \
         {machine:.1?} (worst)"
    );
    assert!(
        worst <= WITHIN + machine,
        "{worst:?}, of an echo {machine:?}"
    );
    lanward.assert_alive();
}
