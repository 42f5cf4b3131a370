//! Devices that look for the encrypted doors (RFC 9461, RFC 9462).

use std::fmt::Write;
use std::process::Command;

use super::{House, section};
use crate::support::authority::{Authority, NAME};
use crate::support::client::Client;
use crate::support::command::run;
use crate::support::lanward::Lanward;
use crate::support::network::{inside, ip};
use crate::support::peers::installed;
use crate::support::records::{A, AAAA, Record, SVCB, TXT, a, cname};
use crate::support::reply::Reply;
use crate::support::upstream::Upstream;
use crate::support::wire::{AA, NOERROR, NXDOMAIN, Query, Response, text};

/// Where a client asks that knows only an address.
const DISCOVERY: &str = "_dns.resolver.arpa";

/// The data of an SVCB record in the words of zone files, read here and not by the program; keys must ascend.
fn words(data: &[u8]) -> String {
    let priority = u16::from_be_bytes([data[0], data[1]]);
    let end = 3 + data[2..]
        .iter()
        .scan(0, |left, octet| {
            // Walks label by label.
            if *left == 0 {
                *left = usize::from(*octet);
                (*octet > 0).then_some(())
            } else {
                *left -= 1;
                Some(())
            }
        })
        .count();
    let mut words = format!("{priority} {}", text(&data[2..end]));
    let (mut rest, mut last) = (&data[end..], None);
    while !rest.is_empty() {
        let [key, length] = [0, 2].map(|at| u16::from_be_bytes([rest[at], rest[at + 1]]));
        assert!(last < Some(key), "keys ascend: {data:02x?}");
        last = Some(key);
        let value = &rest[4..4 + usize::from(length)];
        rest = &rest[4 + usize::from(length)..];
        let shown = match key {
            1 => {
                let mut names = Vec::new();
                let mut left = value;
                while let Some((length, after)) = left.split_first() {
                    let (name, after) = after.split_at(usize::from(*length));
                    names.push(String::from_utf8(name.to_vec()).unwrap());
                    left = after;
                }
                format!("alpn={}", names.join(","))
            }
            3 => format!("port={}", u16::from_be_bytes([value[0], value[1]])),
            4 => {
                let of = |octets: &[u8]| <[u8; 4]>::try_from(octets).unwrap();
                let hints = value
                    .chunks(4)
                    .map(|hint| std::net::Ipv4Addr::from(of(hint)).to_string());
                format!("ipv4hint={}", hints.collect::<Vec<_>>().join(","))
            }
            6 => {
                let of = |octets: &[u8]| <[u8; 16]>::try_from(octets).unwrap();
                let hints = value
                    .chunks(16)
                    .map(|hint| std::net::Ipv6Addr::from(of(hint)).to_string());
                format!("ipv6hint={}", hints.collect::<Vec<_>>().join(","))
            }
            7 => format!("dohpath={}", String::from_utf8(value.to_vec()).unwrap()),
            other => panic!("key {other} in {data:02x?}"),
        };
        write!(words, " {shown}").unwrap();
    }
    words
}

/// The doors in an answer.
fn doors(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.rcode(), NOERROR, "{}", reply.summary());
    assert!(reply.has(AA), "{}", reply.summary());
    let records = reply.answer.iter().filter(|record| record.rtype == SVCB);
    records.map(|record| words(&record.rdata)).collect()
}

fn discover(client: Client) -> Vec<String> {
    doors(&client.udp(&Query::new(DISCOVERY, SVCB)))
}

/// NODATA that may be kept.
fn assert_nothing(client: Client, name: &str, rtype: u16) {
    let reply = client.udp(&Query::new(name, rtype));
    let summary = format!("{name}/{rtype}: {}", reply.summary());
    assert_eq!(reply.rcode(), NOERROR, "{summary}");
    assert!(reply.answer.is_empty() && reply.has(AA), "{summary}");
    assert_eq!(reply.authority.len(), 1, "{summary}");
}

#[test]
fn a_device_that_knows_the_address_learns_all_doors() {
    let house = House::open();
    let client = house.lanward.client();
    let [tls, https, quic, h3] =
        [house.tls(), house.https(), house.quic(), house.h3()].map(|door| door.port());
    let expected = [
        format!("1 {NAME} alpn=dot port={tls} ipv4hint=127.0.0.1"),
        format!("2 {NAME} alpn=doq port={quic} ipv4hint=127.0.0.1"),
        format!("3 {NAME} alpn=h3 port={h3} ipv4hint=127.0.0.1 dohpath=/dns-query{{?dns}}"),
        format!("4 {NAME} alpn=h2 port={https} ipv4hint=127.0.0.1 dohpath=/dns-query{{?dns}}"),
    ];
    for tcp in [false, true] {
        let reply = client.ask(&Query::new(DISCOVERY, SVCB), tcp);
        let mut found = doors(&reply);
        found.sort();
        assert_eq!(found, expected);
        let addresses = [a(NAME, "127.0.0.1").essence()];
        let additional: Vec<_> = (reply.additional.iter()).map(Record::essence).collect();
        assert_eq!(additional, addresses, "{}", reply.summary());
    }
    // Below the name the port of the plain door is part of the question.
    let port = house.lanward.address.port();
    let below = format!("_{port}._dns.{NAME}");
    let mut found = doors(&client.udp(&Query::new(&below, SVCB)));
    found.sort();
    assert_eq!(found, expected);
    // The name is this machine, and nothing else.
    let reply = client.udp(&Query::new(NAME, A));
    assert_eq!(reply.essence(), [a(NAME, "127.0.0.1").essence()]);
    assert!(reply.has(AA));
    for (name, rtype) in [(NAME, AAAA), (NAME, TXT), (&below, A), (DISCOVERY, A)] {
        assert_nothing(client, name, rtype);
    }
    assert_nothing(client, "resolver.arpa", SVCB);
    // A client of 1987 gets what fits, and no word of a longer answer.
    let reply = client.udp(&Query::new(DISCOVERY, SVCB).plain());
    assert_eq!(doors(&reply).len(), 4);
    assert!(house.upstream.seen().is_empty(), "nobody was asked");
}

#[test]
fn others_read_the_same() {
    if !installed("others_read_the_same", "kdig", "knot-dnsutils") {
        return;
    }
    let house = House::open();
    let address = house.lanward.address;
    let kdig = Command::new("kdig")
        .args([
            &format!("@{}", address.ip()),
            "-p",
            &address.port().to_string(),
        ])
        .args(["+short", "SVCB", DISCOVERY])
        .output()
        .unwrap();
    let said = String::from_utf8(kdig.stdout).unwrap();
    let tls = house.tls().port();
    let line = format!("1 {NAME}. alpn=dot port={tls} ipv4hint=127.0.0.1");
    assert!(
        said.lines().any(|said| said.replace('"', "") == line),
        "{said}"
    );
    let https = house.https().port();
    let line =
        format!("4 {NAME}. alpn=h2 port={https} ipv4hint=127.0.0.1 dohpath=/dns-query{{?dns}}");
    let read = said.replace("key7", "dohpath").replace('"', "");
    assert!(read.lines().any(|said| said == line), "{said}");
}

#[test]
fn without_a_name_or_doors_there_is_nothing_to_find() {
    let upstream = Upstream::start();
    let bare = Lanward::start(&[upstream.address], "");
    let authority = Authority::new();
    let nameless = section(&authority).replace("name = ", "#name = ");
    let nameless = Lanward::start(&[upstream.address], &nameless);
    let closed: String = (section(&authority).lines())
        .filter(|line| !line.ends_with(":0\"]"))
        .fold(String::new(), |lines, line| lines + line + "\n");
    let closed = Lanward::start(&[upstream.address], &closed);
    for lanward in [bare, nameless, closed] {
        assert_nothing(lanward.client(), DISCOVERY, SVCB);
        assert!(upstream.seen().is_empty(), "nobody was asked");
        lanward.stop();
    }
}

#[test]
fn what_the_operator_writes_stands_before_it() {
    let host = format!("[[host]]\nname = \"{NAME}\"\naddresses = [\"192.168.1.9\"]\n");
    let house = House::with(&host);
    let reply = house.lanward.client().udp(&Query::new(NAME, A));
    assert_eq!(reply.essence()[0].2, [192, 168, 1, 9]);
    let reply = house.lanward.client().udp(&Query::new(DISCOVERY, SVCB));
    let told = doors(&reply);
    assert_eq!(told.len(), 4);
    let hinted = told.iter().find(|door| door.contains("hint="));
    assert_eq!(hinted, None, "that would be another address");
    assert_eq!(reply.additional[0].rdata, [192, 168, 1, 9]);

    let folder = tempfile::tempdir().unwrap();
    let zone = |origin: &str, records: &str| {
        let file = folder.path().join(origin);
        let text = format!(
            "$ORIGIN {origin}.\n$TTL 300\n@ SOA ns host 1 3600 600 86400 300\n@ NS ns\nns A 192.168.1.2\n{records}\n"
        );
        std::fs::write(&file, text).unwrap();
        format!(
            "[[zone]]\norigin = \"{origin}\"\nfile = {:?}\n",
            file.to_str().unwrap()
        )
    };
    // That a zone has not the name, or only a wildcard above it, is no word about it; an alias of the zone leads there.
    let example = zone("example", "* A 192.168.1.3\nresolver CNAME dns");
    let arpa = zone("resolver.arpa", "_dns SVCB 1 other.example. alpn=dot");
    let house = House::with(&(example + &arpa));
    let client = house.lanward.client();
    for asked in [NAME, "resolver.example"] {
        let reply = client.udp(&Query::new(asked, A));
        assert_eq!(
            reply.answer.last().unwrap().rdata,
            [127, 0, 0, 1],
            "{asked}"
        );
    }
    assert_eq!(discover(client), ["1 other.example alpn=dot"]);
}

#[test]
fn no_alias_from_outside_leads_to_the_name() {
    let house = House::open();
    let records = vec![cname("evil.example", NAME), a(NAME, "93.184.216.34")];
    house.upstream.on("evil.example", A, Response::new(records));
    let reply = house.lanward.client().udp(&Query::new("evil.example", A));
    assert!(reply.answer.is_empty(), "{}", reply.summary());
    assert_eq!(reply.errors()[0].0, 15, "{}", reply.summary());
}

#[test]
fn firefox_is_told_unless_the_operator_says_otherwise() {
    const CANARY: &str = "use-application-dns.net";
    let upstream = Upstream::start();
    upstream.on(CANARY, A, Response::new(vec![a(CANARY, "93.184.216.34")]));
    let ask = |more: &str| {
        let lanward = Lanward::configured(&format!(
            "[server]\nlisten = [\"127.0.0.1:0\"]\n{more}\n[upstream]\nservers = [\"{}\"]\n[log]\nformat = \"json\"\n",
            upstream.address
        ));
        lanward.client().udp(&Query::new(CANARY, A))
    };
    for told in ["", "firefox_canary = true"] {
        assert_eq!(ask(told).rcode(), NXDOMAIN, "{told}");
    }
    assert_eq!(upstream.count(CANARY), 0);
    let reply = ask("firefox_canary = false");
    assert_eq!(reply.addresses().len(), 1, "{}", reply.summary());
    assert_eq!(upstream.count(CANARY), 1);
}

/// What hickory-proto writes, without its quotes and its comma behind each list.
fn in_words_of_zone_files(data: &str) -> String {
    let data = data.replace('"', "").replace(", ", " ");
    data.trim_end_matches(',').to_owned()
}

/// In a network of its own, where the ports are the usual ones and there are two links.
#[test]
fn each_client_is_told_of_what_it_can_reach() {
    if !inside("encrypted::discovery::each_client_is_told_of_what_it_can_reach") {
        return;
    }
    ip("link set lo up");
    for (link, addresses) in [
        ("home", &["192.168.1.2/24", "fd00:1::2/64"][..]),
        ("guests", &["10.9.0.1/16"]),
    ] {
        ip(&format!("link add {link} type veth peer name {link}-far"));
        ip(&format!("link set {link} up"));
        for address in addresses {
            ip(&format!("addr add {address} dev {link} nodad"));
        }
    }
    let authority = Authority::new();
    let [certificate, key] = authority.files();
    let configuration = format!(
        "[server]\nlisten = [\"0.0.0.0:53\", \"[::]:53\"]\n[upstream]\nservers = []\n[log]\nformat = \"json\"\n\
         [server.tls]\ncertificate = {certificate:?}\nkey = {key:?}\nname = \"{NAME}\"\npath = \"/dns\"\n\
         tls = [\"0.0.0.0:853\", \"[::]:853\"]\nhttps = [\"0.0.0.0:443\", \"127.0.0.1:8443\"]\nh3 = [\"0.0.0.0:443\"]\nquic = [\"192.168.1.2:853\"]\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.toml");
    std::fs::write(&file, &configuration).unwrap();
    let told = |client: &str, name: &str, kind: &str| -> Vec<String> {
        let config = ["--config", file.to_str().unwrap()];
        let ran = run(&[&["explain", name, kind, "--client", client], &config[..]].concat());
        let answer = ran
            .out
            .split("NOERROR")
            .nth(1)
            .unwrap_or_else(|| panic!("{ran:?}"));
        let kind = format!(" IN {kind} ");
        let data = answer.lines().filter_map(|line| line.split_once(&kind));
        let mut data: Vec<String> = data.map(|(_, data)| in_words_of_zone_files(data)).collect();
        data.sort();
        data
    };
    // A device at home, over either family; the door on one address has that.
    for client in ["192.168.1.77", "fd00:1::77"] {
        assert_eq!(told(client, NAME, "A"), ["192.168.1.2"], "{client}");
        assert_eq!(told(client, NAME, "AAAA"), ["fd00:1::2"], "{client}");
    }
    // A guest; and somebody behind a router, who may reach each of them.
    assert_eq!(told("10.9.3.3", NAME, "A"), ["10.9.0.1", "192.168.1.2"]);
    assert!(told("10.9.3.3", NAME, "AAAA").is_empty());
    assert_eq!(told("172.16.0.1", NAME, "A"), ["10.9.0.1", "192.168.1.2"]);
    assert_eq!(told("fe80::1", NAME, "AAAA"), ["fd00:1::2"]);

    let doors = |v4: &str, v6: &str| {
        let hints = [v4, v6].concat();
        vec![
            format!("1 {NAME}. alpn=dot port=853 {hints}"),
            format!("2 {NAME}. alpn=doq port=853 ipv4hint=192.168.1.2"),
            format!("3 {NAME}. alpn=h3,h2 port=443 {v4} dohpath=/dns{{?dns}}"),
        ]
    };
    let home = doors("ipv4hint=192.168.1.2", " ipv6hint=fd00:1::2");
    assert_eq!(told("192.168.1.77", DISCOVERY, "SVCB"), home);
    assert_eq!(told("192.168.1.77", &format!("_dns.{NAME}"), "SVCB"), home);
    let guest = doors("ipv4hint=10.9.0.1", "");
    assert_eq!(told("10.9.3.3", DISCOVERY, "SVCB"), guest);
    // On this machine there may be a resolver that passes answers on to the network.
    let mut here = doors("ipv4hint=10.9.0.1,192.168.1.2", " ipv6hint=fd00:1::2");
    here.push(format!(
        "4 {NAME}. alpn=h2 port=8443 ipv4hint=127.0.0.1 dohpath=/dns{{?dns}}"
    ));
    assert_eq!(told("127.0.0.1", DISCOVERY, "SVCB"), here);

    // The same in a running server, by the address that a question comes from.
    let lanward = Lanward::configured(&configuration);
    for (own, hints) in [
        ([192, 168, 1, 2], "ipv4hint=192.168.1.2 ipv6hint=fd00:1::2"),
        ([10, 9, 0, 1], "ipv4hint=10.9.0.1"),
        (
            [127, 0, 0, 1],
            "ipv4hint=10.9.0.1,192.168.1.2 ipv6hint=fd00:1::2",
        ),
    ] {
        let client = Client::new((own, 53).into()).from(own.into());
        assert_eq!(
            discover(client)[0],
            format!("1 {NAME} alpn=dot port=853 {hints}")
        );
    }
    lanward.stop();
}

#[test]
fn explain_tells_who_answers() {
    let house = House::open();
    let file = house.lanward.file();
    let ran = run(&[
        "explain",
        DISCOVERY,
        "SVCB",
        "--config",
        file.to_str().unwrap(),
    ]);
    let words =
        "zone         answered by what [server.tls] says of this server, as this client sees it\n";
    assert!(ran.out.contains(words), "{ran:?}");
    assert!(
        ran.out.contains(&format!("SVCB 1 {NAME}. alpn=")),
        "{ran:?}"
    );
    let ran = run(&[
        "explain",
        "other.resolver.arpa",
        "--upstream",
        "127.0.0.1:9",
    ]);
    assert!(
        ran.out.contains("resolver.arpa never leaves the network"),
        "{ran:?}"
    );
}
