//! A household's network at the engine's `eth0`: the host is 192.168.1.2 in it, a router that is its upstream and a TV are at the
//! other end.

use std::fs::File;
use std::net::Ipv4Addr;
use std::sync::LazyLock;
use std::thread;

use nix::sched::{CloneFlags, setns};

use crate::support::client::Client;
use crate::support::network::ip;
use crate::support::records::{A, a};
use crate::support::reply::Reply;
use crate::support::upstream::Upstream;
use crate::support::wire::{Query, Response};

const TV: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 50);
/// A second address of the host, where another program may have port 53.
pub(crate) const OTHER: &str = "192.168.1.4";

/// Makes the network, once.
pub(crate) fn build() {
    static ROUTER: LazyLock<Upstream> = LazyLock::new(|| {
        ip("netns add home");
        ip("link add eth0 type veth peer name lan netns home");
        ip("address add 192.168.1.2/24 dev eth0");
        ip(&format!("address add {OTHER}/24 dev eth0"));
        ip("link set eth0 up");
        ip("-n home address add 192.168.1.1/24 dev lan");
        ip(&format!("-n home address add {TV}/24 dev lan"));
        ip("-n home address add fd00:1::50/64 dev lan nodad");
        ip("-n home link set lan up");
        within(|| {
            let router = Upstream::at(Ipv4Addr::new(192, 168, 1, 1), 53);
            for (name, address) in [
                ("www.example", "93.184.216.34"),
                ("evil.example", "192.168.1.20"),
                ("nas.lan", "192.168.1.20"),
            ] {
                router.on(name, A, Response::new(vec![a(name, address)]));
            }
            router
        })
    });
    LazyLock::force(&ROUTER);
}

/// Does this where router and TV are.
pub(crate) fn within<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let there = scope.spawn(|| {
            let home = File::open("/run/netns/home").unwrap();
            setns(home, CloneFlags::CLONE_NEWNET).unwrap();
            work()
        });
        there.join().unwrap()
    })
}

/// What the TV hears from port 53 of `server` about the IPv4 addresses of a name.
pub(crate) fn ask(server: &str, name: &str) -> Reply {
    let server = (server.parse::<Ipv4Addr>().unwrap(), 53).into();
    within(|| Client::new(server).from(TV).udp(&Query::new(name, A)))
}

/// What everybody wants: the server decodes, forwards, protects, and knows the names of the network.
pub(crate) fn is_served_by(server: &str) {
    for (name, address) in [
        (
            "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct",
            Some("192.168.1.10"),
        ),
        ("www.example", Some("93.184.216.34")),
        ("evil.example", None),
        ("nas.lan", Some("192.168.1.20")),
    ] {
        let found: Vec<String> = ask(server, name)
            .addresses()
            .iter()
            .map(ToString::to_string)
            .collect();
        let wanted: Vec<&str> = address.into_iter().collect();
        assert_eq!(found, wanted, "{name}");
    }
}
