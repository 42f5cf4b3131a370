//! A reply leaves from the address that was asked, on a machine with several: two network namespaces with a cable between them.

use std::process::{Command, Stdio};

use crate::support::peers::installed;

/// Sets up the server's namespace, with two addresses of each family on one interface, and the client's; starts the program on
/// the unspecified addresses and asks each address from the client's side, by name servers that are known, asked upstream and
/// asked over TCP. A reply from another address is none for dig.
const SCRIPT: &str = r#"
set -eu
unshare --net sleep 60 &
client=$!
trap 'kill $client ${server:-} 2>/dev/null || true' EXIT
own=$(readlink /proc/self/ns/net)
for _ in $(seq 200); do
    [ "$(readlink /proc/$client/ns/net)" != "$own" ] && break
    sleep 0.02
done
ip link set lo up
ip link add s0 type veth peer name c0
ip link set c0 netns $client
ip addr add 192.0.2.1/24 dev s0
ip addr add 192.0.2.2/24 dev s0
ip -6 addr add 2001:db8::1/64 dev s0 nodad
ip -6 addr add 2001:db8::2/64 dev s0 nodad
ip link set s0 up
there() { nsenter --target $client --net "$@"; }
there ip link set lo up
there ip addr add 192.0.2.100/24 dev c0
there ip -6 addr add 2001:db8::100/64 dev c0 nodad
there ip link set c0 up
"$LANWARD" serve --listen 0.0.0.0:5353 --listen '[::]:5353' --upstream 127.0.0.1:9 >"$LOG" 2>&1 &
server=$!
for _ in $(seq 250); do
    grep -q ready "$LOG" && break
    sleep 0.02
done
for address in 192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2; do
    for how in +notcp +tcp; do
        ask() { there dig +tries=1 +time=3 +noall "$@" "$how" @"$address" -p 5353; }
        echo "$address $how $(ask +answer +short 10-0-0-1.0123456789abcdef0123456789abcdef.plex.direct)"
        echo "$address $how $(ask +comments x.example | grep -o 'status: [A-Z]*')"
    done
done
"#;

#[test]
fn replies_leave_from_the_address_that_was_asked() {
    const TEST: &str = "replies_leave_from_the_address_that_was_asked";
    for (program, package) in [
        ("ip", "iproute2"),
        ("dig", "bind9-dnsutils"),
        ("nsenter", "util-linux"),
    ] {
        if !installed(TEST, program, package) {
            return;
        }
    }
    let possible = Command::new("unshare")
        .args(["--map-root-user", "--net", "ip", "link"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        assert!(
            std::env::var_os("LANWARD_NO_SKIP").is_none(),
            "network namespaces cannot be made here: run as root, or allow user namespaces"
        );
        println!("skipped: {TEST}: network namespaces cannot be made here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args(["--map-root-user", "--net", "sh", "-c", SCRIPT])
        .env("LANWARD", env!("CARGO_BIN_EXE_lanward"))
        .env("LOG", folder.path().join("log"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"] {
        for how in ["+notcp", "+tcp"] {
            for answer in ["10.0.0.1", "status: SERVFAIL"] {
                let line = format!("{address} {how} {answer}");
                assert!(
                    said.lines().any(|said| said == line),
                    "{line:?} is missing in:\n{said}\n{}\n{log}",
                    String::from_utf8_lossy(&output.stderr)
                );
            }
        }
    }
}
