//! The program in a system that is not as one would wish: without resolvers, asking itself, out of descriptors.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddrV6, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::client::Client;
use crate::support::lanward::Lanward;
use crate::support::network;
use crate::support::peers::installed;
use crate::support::records::{A, a};
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::wire::{Query, Response, SERVFAIL};

/// Runs a shell script as root of namespaces of its own; `None` where that is not possible.
fn in_namespace(test: &str, script: &str) -> Option<String> {
    if !installed(test, "dig", "bind9-dnsutils") {
        return None;
    }
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", script])
        .env("LANWARD", env!("CARGO_BIN_EXE_lanward"));
    let output = network::run(test, &shell)?;
    let [said, complaints] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    Some(format!("{said}{complaints}"))
}

/// Starts the program with what the system says in `resolv.conf`, asks a local name and another one, and prints all.
fn with_resolv_conf(test: &str, resolv_conf: &str, arguments: &str) -> Option<String> {
    let script = format!(
        r#"
ip link set lo up
file=$(mktemp)
printf '{resolv_conf}' >"$file"
mount --bind "$file" /etc/resolv.conf
"$LANWARD" serve {arguments} >"$file.log" 2>&1 &
server=$!
for _ in $(seq 250); do grep -q ready "$file.log" && break; sleep 0.02; done
ask() {{ dig +tries=1 +time=6 @127.0.0.1 -p 5335 "$@"; }}
echo "local: $(ask +short 10-0-0-1.0123456789abcdef0123456789abcdef.plex.direct)"
ask x.example | grep -E 'status|EDE'
kill $server
wait $server || true
cat "$file.log"
rm -f "$file" "$file.log"
"#
    );
    in_namespace(test, &script)
}

#[test]
fn without_resolvers_local_names_are_answered() {
    let test = "without_resolvers_local_names_are_answered";
    for resolv_conf in ["", "nameserver 127.0.0.1\\n"] {
        // The second names the program itself, which must not be asked.
        let arguments = if resolv_conf.is_empty() {
            ""
        } else {
            "--listen 127.0.0.1:5335 --listen 127.0.0.1:53"
        };
        let Some(said) = with_resolv_conf(test, resolv_conf, arguments) else {
            return;
        };
        for words in [
            "local: 10.0.0.1",
            "status: SERVFAIL",
            "EDE: 23",
            "set servers in [upstream]",
        ] {
            assert!(said.contains(words), "{words:?} is missing in:\n{said}");
        }
    }
}

#[test]
fn the_systems_resolvers_are_asked() {
    let test = "the_systems_resolvers_are_asked";
    let Some(said) = with_resolv_conf(test, "nameserver 127.0.0.9\\noptions edns0\\n", "") else {
        return;
    };
    for words in [
        "asking the system's resolvers: 127.0.0.9:53",
        "status: SERVFAIL",
        "127.0.0.9:53: Connection refused",
    ] {
        assert!(said.contains(words), "{words:?} is missing in:\n{said}");
    }
}

/// Many a router has only a link-local address that never changes.
#[test]
fn an_address_of_one_link_is_asked_on_that_link() {
    if !network::inside("system::an_address_of_one_link_is_asked_on_that_link") {
        return;
    }
    network::ip("link set lo up");
    network::ip("link add link0 type veth peer name link1");
    for link in ["link0", "link1"] {
        network::ip(&format!("link set {link} up"));
    }
    network::ip("addr add fe80::53/64 dev link0 nodad");
    let index = nix::net::if_::if_nametoindex("link0").unwrap();
    let address = SocketAddrV6::new("fe80::53".parse().unwrap(), 0, 0, index);
    let socket = UdpSocket::bind(address).unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut packet = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let query = Query::parse(&packet[..length]).unwrap();
            let answer = Response::new(vec![a("x.example", "93.184.216.34")]);
            socket.send_to(&answer.to(&query), from).unwrap();
        }
    });
    let lanward = Lanward::configured(&format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = [\"[fe80::53%link0]:{port}\"]\n"
    ));
    let reply = lanward.client().udp(&Query::new("x.example", A));
    assert_eq!(reply.addresses().len(), 1, "{}", reply.summary());
}

/// When a link goes, whoever writes `resolv.conf` leaves it empty; and who hands the whole machine to lanward writes lanward's own
/// address there. Neither names anybody else to ask.
#[test]
fn resolvers_are_not_forgotten_when_the_system_names_none() {
    let test = "resolvers_are_not_forgotten_when_the_system_names_none";
    let script = r#"
ip link set lo up
folder=$(mktemp -d)
printf 'nameserver 127.0.0.9\n' >"$folder/resolv.conf"
mount --bind "$folder/resolv.conf" /etc/resolv.conf
printf '[server]\nlisten = ["127.0.0.9:53"]\n[upstream]\nservers = []\n[[host]]\nname = "n.example"\naddresses = ["93.184.216.1"]\n' >"$folder/far.toml"
"$LANWARD" serve --config "$folder/far.toml" >"$folder/far.log" 2>&1 &
far=$!
printf '[server]\nlisten = ["127.0.0.1:5335"]\n' >"$folder/near.toml"
"$LANWARD" serve --config "$folder/near.toml" >"$folder/log" 2>&1 &
near=$!
for file in far.log log; do for _ in $(seq 250); do grep -q ready "$folder/$file" && break; sleep 0.02; done; done
: >"$folder/resolv.conf"
kill -HUP $near
for _ in $(seq 250); do grep -q reloaded "$folder/log" && break; sleep 0.02; done
echo "still: $(dig +short +tries=1 +time=6 @127.0.0.1 -p 5335 n.example)"
kill $near $far
wait || true
cat "$folder/log"
rm -rf "$folder"
"#;
    let Some(said) = in_namespace(test, script) else {
        return;
    };
    assert!(said.contains("still: 93.184.216.1"), "{said}");
}

/// A program that may open only few files; ended when dropped.
struct Starved(Child);

impl Drop for Starved {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn without_descriptors_it_goes_on_and_recovers() {
    let upstream = Upstream::start();
    let script =
        r#"ulimit -n 40; exec "$LANWARD" serve --listen 127.0.0.1:0 --upstream "$UPSTREAM""#;
    let mut starved = Starved(
        Command::new("sh")
            .args(["-c", script])
            .env("LANWARD", env!("CARGO_BIN_EXE_lanward"))
            .env("UPSTREAM", upstream.address.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut log = BufReader::new(starved.0.stdout.take().unwrap());
    let mut address = None;
    while address.is_none() {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
        address = line
            .trim()
            .split_once("TCP on ")
            .map(|(_, address)| address.parse().unwrap());
    }
    let address = address.unwrap();
    std::thread::spawn(move || drop(log.read_to_end(&mut Vec::new())));
    let client = Client::new(address);
    let local = Query::new("localhost", A);
    let connections: Vec<TcpStream> = (0..100)
        .filter_map(|_| TcpStream::connect(address).ok())
        .collect();
    assert!(connections.len() > 40);
    for number in 0..50 {
        assert_eq!(
            client.udp(&local).answer.len(),
            1,
            "UDP needs no descriptor"
        );
        let miss = client.try_udp(
            &Query::new(&format!("n{number}.example"), A).bytes(),
            Duration::from_secs(5),
        );
        assert!(
            miss.is_some(),
            "a question that cannot be asked is answered, too"
        );
    }
    let cpu = |id: u32| -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .unwrap()
            .1
            .split_whitespace()
            .collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let before = cpu(starved.0.id());
    until(Duration::from_secs(1), || false);
    let spent = cpu(starved.0.id()) - before;
    assert!(
        spent < 50,
        "{spent} hundredths of a second in one: it spins"
    );
    drop(connections);
    let served = until(Duration::from_secs(5), || {
        client.try_connect().is_some_and(|mut stream| {
            stream.try_send(&local.bytes()) && stream.receive(Duration::from_secs(1)).is_some()
        })
    });
    assert!(served, "TCP is back");
    let later = client.udp(&Query::new("later.example", A));
    assert_ne!(later.rcode(), SERVFAIL, "and so is the upstream");
}

/// Shells begin with a limit from times of fewer sockets, and let programs raise it.
#[test]
fn the_limit_of_open_files_is_raised_as_far_as_allowed() {
    for (hard, expected) in [("1024", "1024"), ("4096", "4096")] {
        let script = r#"ulimit -Sn 256; ulimit -Hn "$HARD"; exec "$LANWARD" serve --listen 127.0.0.1:0 --upstream 127.0.0.1:9"#;
        let mut program = Starved(
            Command::new("sh")
                .args(["-c", script])
                .env("LANWARD", env!("CARGO_BIN_EXE_lanward"))
                .env("HARD", hard)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let mut log = BufReader::new(program.0.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("TCP on ") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
        }
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", program.0.id())).unwrap();
        let files = limits
            .lines()
            .find(|line| line.starts_with("Max open files"));
        let soft = files.unwrap().split_whitespace().nth(3).unwrap();
        assert_eq!(soft, expected, "{limits}");
    }
}
