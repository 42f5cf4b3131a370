//! The options of DHCP that name encrypted resolvers (RFC 9463), read here and not by the program, as dnsmasq sends them.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::network::{inside, ip};
use crate::support::peers::installed;
use crate::support::until;
use crate::support::wire::text;

use super::snapshots::emit_doors;

/// One resolver, in the words of the option.
fn words(priority: &[u8], name: &[u8], addresses: &str, parameters: &[u8]) -> String {
    let priority = u16::from_be_bytes([priority[0], priority[1]]);
    let mut words = format!("{priority} {} {addresses}", text(name));
    let mut rest = parameters;
    while !rest.is_empty() {
        let [key, length] = [0, 2].map(|at| u16::from_be_bytes([rest[at], rest[at + 1]]));
        let value = &rest[4..4 + usize::from(length)];
        rest = &rest[4 + usize::from(length)..];
        let shown = match key {
            1 => format!(
                "alpn={}",
                String::from_utf8_lossy(value)
                    .replace(['\u{2}', '\u{3}'], ",")
                    .trim_start_matches(',')
            ),
            3 => format!("port={}", u16::from_be_bytes([value[0], value[1]])),
            7 => format!("dohpath={}", String::from_utf8_lossy(value)),
            other => panic!("key {other} in {parameters:02x?}"),
        };
        write!(words, " {shown}").unwrap();
    }
    words
}

/// The instances in the data of the DHCPv4 option (RFC 9463 §5.1).
fn read_v4(data: &[u8]) -> Vec<String> {
    let mut instances = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (length, after) = rest.split_at(2);
        let (instance, after) = after.split_at(u16::from_be_bytes([length[0], length[1]]).into());
        rest = after;
        let (name, behind) = instance[3..].split_at(instance[2].into());
        let (addresses, parameters) = behind[1..].split_at(behind[0].into());
        let shown = addresses
            .chunks(4)
            .map(|four| Ipv4Addr::from(<[u8; 4]>::try_from(four).unwrap()).to_string());
        let shown: Vec<String> = shown.collect();
        instances.push(words(instance, name, &shown.join(","), parameters));
    }
    instances
}

/// The data of the DHCPv6 option (RFC 9463 §4.1).
fn read_v6(data: &[u8]) -> String {
    let number = |at: usize| usize::from(u16::from_be_bytes([data[at], data[at + 1]]));
    let end = 4 + number(2);
    let (addresses, parameters) = data[end + 2..].split_at(number(end));
    let shown = addresses
        .chunks(16)
        .map(|all| Ipv6Addr::from(<[u8; 16]>::try_from(all).unwrap()).to_string());
    let shown: Vec<String> = shown.collect();
    words(data, &data[4..end], &shown.join(","), parameters)
}

/// A value of an option within a list of options with numbers and lengths of so many octets.
fn option(mut options: &[u8], code: u16, wide: bool) -> Option<Vec<u8>> {
    let number = |octets: &[u8]| {
        octets
            .iter()
            .fold(0, |sum, octet| sum << 8 | u16::from(*octet))
    };
    let size = if wide { 2 } else { 1 };
    while options.len() >= 2 * size {
        let (head, rest) = options.split_at(2 * size);
        let (value, rest) = rest.split_at(usize::from(number(&head[size..])).min(rest.len()));
        if number(&head[..size]) == code {
            return Some(value.to_vec());
        }
        options = rest;
    }
    None
}

/// What a question over UDP brings, asked until somebody is there.
fn ask(socket: &UdpSocket, server: SocketAddr, question: &[u8]) -> Vec<u8> {
    socket
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut buffer = [0; 2048];
    let mut length = 0;
    until(Duration::from_secs(10), || {
        // Refused while it is not there yet.
        drop(socket.send_to(question, server));
        length = socket.recv(&mut buffer).unwrap_or(0);
        length > 0
    });
    assert!(length > 0, "an answer from {server}");
    buffer[..length].to_vec()
}

/// A device that has an address and asks for the rest (DHCPINFORM, RFC 2131 §3.4).
fn inform(own: Ipv4Addr, server: Ipv4Addr) -> Vec<u8> {
    let socket = UdpSocket::bind((own, 68)).unwrap();
    let mut question = vec![1, 1, 6, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 0];
    question.extend(own.octets());
    question.extend([0; 12]);
    question.extend([2, 0, 0, 0, 0, 1]);
    question.resize(236, 0);
    question.extend([0x63, 0x82, 0x53, 0x63, 53, 1, 8, 55, 2, 1, 162, 255]);
    ask(&socket, (server, 67).into(), &question)
}

/// The same over IPv6 (Information-request, RFC 8415 §18.2.6).
fn request_information(server: Ipv6Addr) -> Vec<u8> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 546)).unwrap();
    let mut question = vec![11, 0, 0, 1];
    question.extend([0, 1, 0, 10, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1]);
    question.extend([0, 6, 0, 2, 0, 144, 0, 8, 0, 2, 0, 0]);
    ask(&socket, (server, 547).into(), &question)
}

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn dnsmasq_tells_devices_of_the_doors() {
    let test = "emit::dnr::dnsmasq_tells_devices_of_the_doors";
    if !installed(test, "dnsmasq", "dnsmasq-base") || !inside(test) {
        return;
    }
    ip("link set lo up");
    ip("link add near type veth peer name far");
    for link in ["near", "far"] {
        ip(&format!("link set {link} up"));
    }
    ip("addr add 192.168.77.1/24 dev near");
    ip("addr add fd77::1/64 dev near nodad");
    ip("addr add 192.168.77.9/24 dev lo");
    let servers = ["--server", "192.168.77.1", "--server", "fd77::1"];
    let snippet = emit_doors(&[&["dnr", "--part", "dnsmasq"], &servers[..]].concat());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dnsmasq.conf");
    let leases = folder.path().join("leases");
    let lines = format!(
        "port=0\nuser=\ngroup=\npid-file=\nlog-facility=-\nno-ping\ndhcp-leasefile={}\n\
         dhcp-range=192.168.77.100,192.168.77.200,255.255.255.0,1h\ndhcp-range=fd77::100,fd77::200,64,1h\n{snippet}",
        leases.display()
    );
    std::fs::write(&file, lines).unwrap();
    let check = Command::new("dnsmasq")
        .arg("--test")
        .arg("-C")
        .arg(&file)
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");
    let mut dnsmasq = Command::new("dnsmasq");
    dnsmasq
        .arg("-k")
        .arg("-C")
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _running = Running(dnsmasq.spawn().unwrap());

    let answer = inform([192, 168, 77, 9].into(), [192, 168, 77, 1].into());
    let data = option(&answer[240..], 162, false).unwrap();
    assert_eq!(
        read_v4(&data),
        [
            "1 dns.home.example 192.168.77.1 alpn=dot port=853",
            "2 dns.home.example 192.168.77.1 alpn=doq port=853",
            "3 dns.home.example 192.168.77.1 alpn=h3,h2 port=443 dohpath=/dns-query{?dns}",
        ]
    );
    let answer = request_information("fd77::1".parse().unwrap());
    let data = option(&answer[4..], 144, true).unwrap();
    assert_eq!(
        read_v6(&data),
        "1 dns.home.example fd77::1 alpn=dot port=853"
    );
}

/// What other programs are given is the same, octet for octet.
#[test]
fn all_programs_send_the_same() {
    let servers = ["--server", "192.168.1.2", "--server", "fd00::2"];
    let part = |name| emit_doors(&[&["dnr", "--part", name], &servers[..]].concat());
    let octets = |hex: &str| -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pair = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    };
    let between = |text: &str, before: &str, after: &str| -> Vec<u8> {
        let rest = text
            .split(before)
            .nth(1)
            .unwrap_or_else(|| panic!("{before} in {text}"));
        octets(rest.split(after).next().unwrap())
    };
    let v4 = between(&part("dnsmasq"), "dhcp-option=162,", "\n");
    assert_eq!(read_v4(&v4).len(), 3);
    let v6 = between(&part("dnsmasq"), "option6:144,", "\n");
    for (name, before, after, expected) in [
        (
            "kea4",
            "\"code\": 162, \"csv-format\": false, \"data\": \"",
            "\"",
            &v4,
        ),
        (
            "kea6",
            "\"code\": 144, \"csv-format\": false, \"data\": \"",
            "\"",
            &v6,
        ),
        ("dhcpd4", "option dnr 0", ";", &v4),
        ("dhcpd6", "option dhcp6.dnr 0", ";", &v6),
        ("openwrt", "dhcp_option='162,", "'", &v4),
        ("networkd", "SendOption=162:string:", "\n", &v4),
    ] {
        let text = part(name);
        let found = if name.starts_with("dhcpd") {
            let rest = text.rsplit_once(before).unwrap().1;
            octets(&format!("0{}", rest.split(after).next().unwrap()))
        } else {
            between(&text, before, after)
        };
        assert_eq!(found, *expected, "{name}");
    }
    // odhcpd is told in words, and writes the octets.
    let line = "uci add_list dhcp.lan.dnr='3 dns.home.example 192.168.1.2,fd00::2 alpn=h3,h2 port=443 dohpath=/dns-query{?dns}'";
    let text = part("openwrt");
    assert!(text.contains(line), "{text}");
    // A router advertisement is padded to eight octets, and says its length in them (RFC 9463 §6.1).
    for line in part("advertisements")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let option = octets(line);
        assert_eq!((option[0], usize::from(option[1]) * 8), (144, option.len()));
        let name = usize::from(option[9]);
        let mut as_dhcp = option[2..4].to_vec();
        as_dhcp.extend(&option[8..12 + name + 16]);
        let parameters = usize::from(option[13 + name + 16]);
        as_dhcp.extend(&option[14 + name + 16..14 + name + 16 + parameters]);
        assert!(
            read_v6(&as_dhcp).contains(" dns.home.example fd00::2 alpn="),
            "{option:02x?}"
        );
    }
}
