//! A container in the networks that people give it.

use std::fs;

use crate::image::{start, start_with};
use crate::question::{over_tcp, over_udp};
use crate::support::records::A;
use crate::support::wire::Query;

const NOBODY: [&str; 2] = ["--env", "LANWARD_UPSTREAM=127.0.0.1:5300"];

/// Who asks there comes from the gateway's address, which is a private one.
#[test]
fn a_published_port_answers() {
    let more = [
        "--publish",
        "127.0.0.1::53/udp",
        "--publish",
        "127.0.0.1::53/tcp",
    ];
    let lanward = start(&[&NOBODY[..], &more].concat());
    lanward.wait_ready();
    let local = Query::new("localhost", A);
    let door = |protocol: &str| {
        let port =
            format!("{{{{(index (index .NetworkSettings.Ports \"53/{protocol}\") 0).HostPort}}}}");
        format!("127.0.0.1:{}", lanward.fact(&port))
            .parse()
            .unwrap()
    };
    assert_eq!(over_udp(door("udp"), &local).unwrap().answer.len(), 1);
    assert_eq!(over_tcp(door("tcp"), &local).unwrap().answer.len(), 1);
}

/// Such kernels refuse sockets for it (`ipv6.disable=1`), which a filter of system calls does here.
#[test]
fn without_ipv6_it_serves_ipv4() {
    let folder = tempfile::tempdir().unwrap();
    let filter = folder.path().join("filter.json");
    // EAFNOSUPPORT for AF_INET6.
    let rules = r#"{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["socket"], "action": "SCMP_ACT_ERRNO",
        "errnoRet": 97, "args": [{"index": 0, "value": 10, "op": "SCMP_CMP_EQ"}]}]}"#;
    fs::write(&filter, rules).unwrap();
    let filter = format!("seccomp={}", filter.display());
    let bound = [&NOBODY[..], &["--security-opt", &filter]].concat();
    let lanward = start(&bound);
    lanward.wait_ready();
    lanward.wait_health("healthy");
    let log = lanward.log();
    assert!(
        log.contains("WARN") && log.contains("this machine has no IPv6"),
        "{log}"
    );
    let reply = over_udp(lanward.address(53), &Query::new("localhost", A));
    assert_eq!(reply.unwrap().answer.len(), 1);
    // Who wants IPv6 alone, or one address of it, is not served by less.
    for door in ["[::]:53", "[fd00::53]:53"] {
        let lanward = start_with(
            &bound,
            &["serve", "--listen", door, "--upstream", "127.0.0.1:5300"],
        );
        assert_eq!(lanward.wait_end(), "2");
        assert!(lanward.log().contains(door), "{}", lanward.log());
    }
}
