//! The network's own names: hosts, overlays, leases, and what happens when their files change.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::client::{PATIENCE, receive};
use crate::support::lanward::Lanward;
use crate::support::records::{A, AAAA, PTR, TXT, a, cname};
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::wire::{AA, NOERROR, NXDOMAIN, Query, Response, SERVFAIL};

const ZONE: &str =
    "$TTL 300\n@ SOA ns host 1 3600 600 86400 60\n@ NS ns\nns A 192.168.1.2\nnas A 192.168.1.10\n";

/// A folder with files of these names and texts.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The text, with `FOLDER/` made the folder's path.
fn inside(folder: &TempDir, text: &str) -> String {
    text.replace("FOLDER", folder.path().to_str().unwrap())
}

fn addresses(lanward: &Lanward, name: &str) -> Vec<String> {
    let reply = lanward.client().udp(&Query::new(name, A));
    reply.addresses().iter().map(ToString::to_string).collect()
}

/// Writes a file as servers do: beside it first, then in its place.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
}

#[test]
fn a_host_leads_inside_and_its_neighbours_go_on() {
    let upstream = Upstream::start();
    upstream.on(
        "www.example.com",
        A,
        Response::new(vec![a("www.example.com", "93.184.216.34")]),
    );
    let host =
        "[[host]]\nname = \"jellyfin.example.com\"\naddresses = [\"192.168.1.20\", \"fd00::20\"]\n";
    let lanward = Lanward::start(&[upstream.address], host);
    assert_eq!(
        addresses(&lanward, "jellyfin.example.com"),
        ["192.168.1.20"]
    );
    assert_eq!(addresses(&lanward, "www.example.com"), ["93.184.216.34"]);
    let other = lanward
        .client()
        .udp(&Query::new("jellyfin.example.com", TXT));
    assert_eq!(
        (other.rcode(), other.answer.len(), other.has(AA)),
        (NOERROR, 0, true)
    );
    assert_eq!(
        lanward
            .client()
            .udp(&Query::new("jellyfin.example.com", AAAA))
            .answer
            .len(),
        1
    );
    let back = lanward
        .client()
        .udp(&Query::new("20.1.168.192.in-addr.arpa", PTR));
    assert_eq!(back.answer.len(), 1, "{}", back.summary());
    assert_eq!(upstream.count("jellyfin.example.com"), 0);
}

#[test]
fn the_overlay_that_ships_leaves_the_rest_of_the_domain_alone() {
    let upstream = Upstream::start();
    for name in ["www.example.com", "example.com"] {
        upstream.on(name, A, Response::new(vec![a(name, "93.184.216.34")]));
    }
    let zones = concat!(env!("CARGO_MANIFEST_DIR"), "/zones");
    let overlay = format!(
        "[[zone]]\norigin = \"example.com\"\nfile = \"{zones}/example.com.overlay.zone\"\nmode = \"overlay\"\n"
    );
    let lanward = Lanward::start(&[upstream.address], &overlay);
    assert_eq!(
        addresses(&lanward, "jellyfin.example.com"),
        ["192.168.1.10"]
    );
    assert_eq!(addresses(&lanward, "www.example.com"), ["93.184.216.34"]);
    assert_eq!(addresses(&lanward, "example.com"), ["93.184.216.34"]);
}

#[test]
fn a_chain_that_leaves_is_completed_and_its_local_part_is_not_judged() {
    let upstream = Upstream::start();
    upstream.on(
        "cdn.example",
        A,
        Response::new(vec![
            cname("cdn.example", "b.cdn.example"),
            a("b.cdn.example", "93.184.216.34"),
        ]),
    );
    upstream.on(
        "evil.example",
        A,
        Response::new(vec![a("evil.example", "192.168.1.1")]),
    );
    upstream.on("broken.example", A, Response::rcode(SERVFAIL));
    let plex = "10-0-0-7.0123456789abcdef0123456789abcdef.plex.direct.";
    let folder = folder(&[(
        "zone",
        &format!(
            "{ZONE}out CNAME cdn.example.\nin CNAME nas\nplex CNAME {plex}\nevil CNAME evil.example.\nbroken CNAME broken.example.\ngone CNAME gone.example.\n"
        ),
    )]);
    upstream.on("gone.example", A, Response::nxdomain("example"));
    let zone = inside(
        &folder,
        "[[zone]]\norigin = \"home.arpa\"\nfile = \"FOLDER/zone\"\n",
    );
    let lanward = Lanward::start(&[upstream.address], &zone);
    for tcp in [false, true] {
        let ask = |name: &str| {
            lanward
                .client()
                .ask(&Query::new(&format!("{name}.home.arpa"), A), tcp)
        };
        let shape = |reply: &Reply| {
            (
                reply.rcode(),
                reply.answer.len(),
                reply
                    .addresses()
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>(),
            )
        };
        let one = |address: &str| vec![address.to_owned()];
        assert_eq!(shape(&ask("out")), (NOERROR, 3, one("93.184.216.34")));
        assert_eq!(shape(&ask("in")), (NOERROR, 2, one("192.168.1.10")));
        assert_eq!(shape(&ask("plex")), (NOERROR, 2, one("10.0.0.7")));
        assert_eq!(
            shape(&ask("evil")),
            (NOERROR, 1, vec![]),
            "what it leads to is judged"
        );
        assert_eq!(shape(&ask("broken")), (SERVFAIL, 0, vec![]));
        assert_eq!(shape(&ask("gone")), (NXDOMAIN, 1, vec![]));
        assert!(ask("out").has(AA));
    }
}

/// V55: what is local is nothing that a name from outside may lead to.
#[test]
fn no_alias_from_outside_leads_to_local_names() {
    let upstream = Upstream::start();
    let folder = folder(&[
        ("zone", ZONE),
        ("overlay", "tv 300 A 192.168.1.30\n"),
        ("leases", "0 aa:bb:cc:dd:ee:01 192.168.1.40 printer *\n"),
    ]);
    let local = inside(
        &folder,
        "[[zone]]\norigin = \"home.lan\"\nfile = \"FOLDER/zone\"\n[[zone]]\norigin = \"example.com\"\nfile = \"FOLDER/overlay\"\nmode = \"overlay\"\n\
         [[host]]\nname = \"host.example.net\"\naddresses = [\"192.168.1.50\"]\n[[leases]]\nfile = \"FOLDER/leases\"\nformat = \"dnsmasq\"\ndomain = \"lan\"\n",
    );
    let lanward = Lanward::start(&[upstream.address], &local);
    for (number, target) in [
        "nas.home.lan",
        "not-there.home.lan",
        "tv.example.com",
        "host.example.net",
        "printer.lan",
    ]
    .iter()
    .enumerate()
    {
        let name = format!("evil{number}.example");
        upstream.on(&name, A, Response::new(vec![cname(&name, target)]));
        let reply = lanward.client().udp(&Query::new(&name, A));
        assert!(reply.answer.is_empty(), "{target}: {}", reply.summary());
        assert!(
            reply.errors().iter().any(|(code, _)| *code == 15),
            "{target}"
        );
    }
    // What is not in the overlay is everybody's.
    upstream.on(
        "friend.example",
        A,
        Response::new(vec![
            cname("friend.example", "www.example.com"),
            a("www.example.com", "93.184.216.34"),
        ]),
    );
    assert_eq!(addresses(&lanward, "friend.example"), ["93.184.216.34"]);
}

#[test]
fn leases_and_hosts_files_are_followed() {
    let upstream = Upstream::start();
    let folder = folder(&[
        ("hosts", "192.168.1.3 router.lan\n"),
        (
            "leases",
            "0 aa:01 192.168.1.40 tv *\n0 aa:02 192.168.1.41 router *\n0 aa:03 192.168.1.42 tv *\n",
        ),
    ]);
    let local = inside(
        &folder,
        "[hosts]\nfiles = [\"FOLDER/hosts\"]\n[[leases]]\nfile = \"FOLDER/leases\"\nformat = \"dnsmasq\"\ndomain = \"lan\"\n",
    );
    let lanward = Lanward::start(&[upstream.address], &local);
    assert_eq!(addresses(&lanward, "tv.lan"), ["192.168.1.40"]);
    assert_eq!(
        addresses(&lanward, "router.lan"),
        ["192.168.1.3"],
        "no lease takes a configured name"
    );
    let refused =
        |address: &str| lanward.logged(&format!("the lease of {address} does not get the name"));
    assert_eq!((refused("192.168.1.41"), refused("192.168.1.42")), (1, 1));

    replace(
        &folder.path().join("leases"),
        "0 aa:03 192.168.1.42 tv *\n0 aa:01 192.168.1.40 tv *\n0 aa:02 192.168.1.41 router *\n0 aa:04 192.168.1.43 phone *\n",
    );
    assert!(until(Duration::from_secs(3), || addresses(
        &lanward,
        "phone.lan"
    ) == ["192.168.1.43"]));
    assert_eq!(
        addresses(&lanward, "tv.lan"),
        ["192.168.1.40"],
        "who has a name keeps it"
    );
    assert_eq!(
        (refused("192.168.1.41"), refused("192.168.1.42")),
        (1, 1),
        "told once"
    );

    replace(&folder.path().join("hosts"), "192.168.1.4 router.lan\n");
    assert!(until(Duration::from_secs(3), || addresses(
        &lanward,
        "router.lan"
    ) == ["192.168.1.4"]));
}

#[test]
fn a_broken_zone_never_replaces_a_good_one() {
    let upstream = Upstream::start();
    let folder = folder(&[("zone", ZONE), ("leases", "")]);
    let config = inside(
        &folder,
        "[[zone]]\norigin = \"home.arpa\"\nfile = \"FOLDER/zone\"\n[[leases]]\nfile = \"FOLDER/leases\"\nformat = \"dnsmasq\"\ndomain = \"lan\"\n",
    );
    let lanward = Lanward::start(&[upstream.address], &config);
    let zone = folder.path().join("zone");
    replace(&zone, &format!("{ZONE}tv A 192.168.1\n"));
    let line = lanward.line(&["not reloaded", "zone:6"]);
    assert!(line.contains("192.168.1"), "{line}");
    assert_eq!(addresses(&lanward, "nas.home.arpa"), ["192.168.1.10"]);
    // The leases go on meanwhile.
    replace(&folder.path().join("leases"), "0 aa:01 192.168.1.40 tv *\n");
    assert!(until(Duration::from_secs(3), || addresses(
        &lanward, "tv.lan"
    ) == ["192.168.1.40"]));
    assert_eq!(addresses(&lanward, "nas.home.arpa"), ["192.168.1.10"]);
    replace(&zone, &format!("{ZONE}tv A 192.168.1.11\n"));
    assert!(until(Duration::from_secs(3), || addresses(
        &lanward,
        "tv.home.arpa"
    ) == ["192.168.1.11"]));

    // The same words from `check`, and no start with it.
    replace(&zone, "$TTL 300\nnas A 192.168.1.10\nnas CNAME tv\n");
    let file = folder.path().join("lanward.toml");
    fs::write(&file, config).unwrap();
    let check = |command: &str| {
        Command::new(env!("CARGO_BIN_EXE_lanward"))
            .args([command, "--config"])
            .arg(&file)
            .output()
            .unwrap()
    };
    let checked = check("check");
    let said = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(1), "{said}");
    for words in ["error: ", "SOA", "CNAME"] {
        assert!(said.contains(words), "{words} in {said}");
    }
    assert_eq!(check("serve").status.code(), Some(2));
}

/// Asks as fast as agreed while the configuration and the zone are written and read again, well and badly: every question gets
/// its answer.
#[test]
fn no_question_is_lost_over_a_hundred_reloads() {
    let upstream = Upstream::start();
    let folder = folder(&[("zone", ZONE)]);
    let zone = inside(
        &folder,
        "[[zone]]\norigin = \"home.arpa\"\nfile = \"FOLDER/zone\"\n",
    );
    let lanward = Lanward::start(&[upstream.address], &zone);
    let done = AtomicBool::new(false);
    let (asked, lost) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| ask_steadily(lanward.address, &done, &asked, &lost));
        let start = Instant::now();
        for number in 0..100 {
            // So many questions fall to each reload that all of them together make 5,000 a second.
            let before = asked.load(Ordering::Relaxed);
            until(PATIENCE, || asked.load(Ordering::Relaxed) >= before + 100);
            if number % 2 == 0 {
                lanward.reload(&[upstream.address], &zone);
            } else {
                let broken = [
                    "[server",
                    "[[zone]]\norigin = \"x\"\nfile = \"/nowhere\"\n",
                    "[rebinding]\naction = 7\n",
                ];
                lanward.reload(&[upstream.address], broken[number / 2 % broken.len()]);
            }
        }
        done.store(true, Ordering::Relaxed);
        let rate = asked.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
        println!("reload: {rate:.0} questions a second");
    });
    let (asked, lost) = (asked.into_inner(), lost.into_inner());
    println!("reload: {asked} questions, {lost} lost");
    assert!(asked > 10_000, "{asked}");
    assert_eq!(lost, 0, "of {asked}");
    assert_eq!(lanward.logged("not reloaded"), 50);
}

/// Eight questions at a time, each waited for, then a short rest.
fn ask_steadily(server: SocketAddr, done: &AtomicBool, asked: &AtomicUsize, lost: &AtomicUsize) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server).unwrap();
    let mut id = 0_u16;
    while !done.load(Ordering::Relaxed) {
        for _ in 0..8 {
            id = id.wrapping_add(1);
            socket
                .send(&Query::new("nas.home.arpa", A).id(id).bytes())
                .unwrap();
        }
        for _ in 0..8 {
            asked.fetch_add(1, Ordering::Relaxed);
            let reply = receive(&socket, PATIENCE).and_then(|bytes| Reply::parse(&bytes).ok());
            if reply.is_none_or(|reply| reply.answer.len() != 1) {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        }
        thread::sleep(Duration::from_micros(500));
    }
}

/// NOTIFY, UPDATE and zone transfers are for others.
#[test]
fn it_is_nobodys_secondary() {
    let upstream = Upstream::start();
    let folder = folder(&[("zone", ZONE)]);
    let zone = inside(
        &folder,
        "[[zone]]\norigin = \"home.arpa\"\nfile = \"FOLDER/zone\"\n",
    );
    let lanward = Lanward::start(&[upstream.address], &zone);
    for opcode in [4_u16, 5] {
        let query = Query::new("home.arpa", 6).flags(opcode << 11);
        let reply = lanward.client().try_udp(&query.bytes(), PATIENCE).unwrap();
        assert_eq!(reply[3] & 15, 4, "NOTIMP to opcode {opcode}");
    }
    for kind in [251, 252] {
        assert_eq!(
            lanward.client().udp(&Query::new("home.arpa", kind)).rcode(),
            5,
            "REFUSED"
        );
    }
}

#[test]
fn a_pipe_in_place_of_a_file_is_told_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, file) = (folder.path().join("pipe"), folder.path().join("l.toml"));
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for section in [
        format!("[hosts]\nfiles = [{pipe:?}]\n"),
        format!("[[leases]]\nfile = {pipe:?}\nformat = \"dnsmasq\"\ndomain = \"home.arpa\"\n"),
    ] {
        fs::write(&file, section).unwrap();
        let ran = crate::support::command::run(&["check", "--config", file.to_str().unwrap()]);
        assert!(ran.out.contains("cannot be read: it is no file"), "{ran:?}");
    }
}
