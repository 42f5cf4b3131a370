//! The examples for a whole network: at the host's own address, and at one of lanward's own.

use std::fs;
use std::net::UdpSocket;
use std::time::Duration;

use crate::engine::{Container, attempt, docker, image, said};
use crate::home;
use crate::project::Project;
use crate::support::client::{Client, check, receive};
use crate::support::network::ip;
use crate::support::records::A;
use crate::support::wire::Query;

const PLEX: &str = "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct";

#[test]
fn a_host_answers_its_network_with_one_right() {
    home::build();
    let project = Project::new("lan-host", &[]);
    project.up();
    home::is_served_by("192.168.1.2");
    let process = project.fact("lanward", "{{.State.Pid}}");
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    for set in ["CapEff", "CapPrm", "CapBnd"] {
        // CAP_NET_BIND_SERVICE is number 10.
        let line = format!("{set}:\t{:016x}\n", 1 << 10);
        assert!(status.contains(&line), "{line}{status}");
    }
}

/// A container sees the sockets of the host, but not whose they are.
#[test]
fn systemd_resolved_is_known_by_the_address_of_its_socket() {
    let _stub = UdpSocket::bind("127.0.0.53:53").unwrap();
    let host = ["run", "--rm", "--network", "host", "--user", "0", image()];
    let said = said(&attempt(&host));
    let remedy = "systemd-resolved has it: set DNSStubListener=no";
    assert!(said.contains(remedy), "{said}");
}

#[test]
fn an_address_of_its_own_serves_the_network_and_by_a_detour_the_host() {
    home::build();
    let example = "packaging/compose/lan-macvlan/compose.yaml";
    let example = fs::read_to_string(format!("{}/{example}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    // With the lines for IPv6, which are remarks there.
    let mut project = Project::new("lan-macvlan", &[]);
    let both = ["ipv6_address", "enable_ipv6", "- subnet: fd"].iter().fold(
        example.clone(),
        |text, line| {
            assert!(text.contains(&format!("#{line}")), "{line}");
            text.replace(&format!("#{line}"), line)
        },
    );
    project.replace(&both);
    project.up();
    home::is_served_by("192.168.1.3");
    let query = Query::new(PLEX, A);
    let reply = home::within(|| {
        let socket = UdpSocket::bind("[fd00:1::50]:0").unwrap();
        socket.connect("[fd00:1::3]:53").unwrap();
        socket.send(&query.bytes()).unwrap();
        receive(&socket, Duration::from_secs(5)).expect("a reply over IPv6")
    });
    assert_eq!(check(&query, &reply).addresses().len(), 1);

    let host = Client::new("192.168.1.3:53".parse().unwrap()).from([192, 168, 1, 2].into());
    let silence = Duration::from_millis(500);
    assert_eq!(host.try_udp(&query.bytes(), silence), None, "macvlan");
    let commands = example
        .lines()
        .filter_map(|line| line.strip_prefix("#   ip "));
    for command in commands {
        ip(command);
    }
    assert_eq!(host.udp(&query).addresses().len(), 1);
}

/// The README says so: what is asked of the host at a published port comes from Docker's gateway.
#[test]
fn through_a_published_port_the_host_looks_like_the_gateway() {
    let gateway = docker(&[
        "network",
        "inspect",
        "bridge",
        "--format",
        "{{(index .IPAM.Config 0).Gateway}}",
    ]);
    let allowed = format!("LANWARD_ALLOW_CLIENTS={}", gateway.trim());
    let port = ["--publish", "127.0.0.1:5353:53/udp", "--env", &allowed];
    let lanward = Container::run(&[&port[..], &[image()]].concat());
    lanward.wait_ready();
    let host = Client::new("127.0.0.1:5353".parse().unwrap());
    assert_eq!(host.udp(&Query::new(PLEX, A)).addresses().len(), 1);
}
