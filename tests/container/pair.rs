//! Two of them behind dnsdist, by the compose file of the example, at two thousand questions a second.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::engine::{docker, image, said, until};
use crate::patient::{PUBLIC, ask};
use crate::support::client::Client;
use crate::support::records::A;
use crate::support::reply::Reply;
use crate::support::upstream::{Behaviour, Upstream};
use crate::support::wire::Query;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/compose/pair");
const RATE: u32 = 2000;
/// The machine as the containers see it.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 53, 57, 1);

/// The example, which ends when dropped.
struct Pair {
    upstream: SocketAddr,
}

impl Pair {
    /// Runs `docker compose` with it, and with this image of lanward.
    fn attempt(&self, image: &str, arguments: &[&str]) -> Output {
        let mut compose = Command::new("docker");
        compose
            .args(["compose", "--progress", "plain"])
            .args(arguments)
            .current_dir(FOLDER)
            .env("ROUTER", self.upstream.to_string())
            .env("ADDRESS", "127.0.0.1")
            .env("LANWARD_IMAGE", image)
            .stdin(Stdio::null());
        compose.output().unwrap()
    }

    fn compose(&self, image: &str, arguments: &[&str]) -> String {
        let output = self.attempt(image, arguments);
        let said = said(&output);
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }

    /// Where a service has its door inside the network.
    fn door(&self, service: &str) -> SocketAddr {
        let template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let id = self.compose("lanward", &["ps", "--quiet", service]);
        let address = docker(&["inspect", "--format", template, id.trim()]);
        let address: IpAddr = address.trim().parse().unwrap();
        (address, 53).into()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        drop(self.attempt("lanward", &["down", "--timeout", "3", "--volumes"]));
    }
}

/// An image that differs from this one, as the next version would.
fn next(image: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("next");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("Dockerfile");
    fs::write(&file, format!("FROM {image}\nLABEL version=next\n")).unwrap();
    let tag = format!("{image}:next");
    let (file, folder) = (file.display().to_string(), folder.display().to_string());
    docker(&["buildx", "build", "--file", &file, "--tag", &tag, &folder]);
    tag
}

/// Whether there is an answer to what only the upstream knows.
fn answers(door: SocketAddr) -> bool {
    let query = Query::new("known.example", A).bytes();
    let limit = Duration::from_millis(200);
    let client = Client::new(door).from(Ipv4Addr::UNSPECIFIED);
    let reply = client.try_udp(&query, limit);
    reply.is_some_and(|reply| !Reply::parse(&reply).unwrap().addresses().is_empty())
}

#[test]
fn one_of_two_is_killed_and_the_other_upgraded() {
    let image = image();
    let next = next(image);
    // At every address: the one by which containers reach it is not there yet.
    let upstream = Upstream::at(Ipv4Addr::UNSPECIFIED, 0);
    upstream.quiet();
    upstream.otherwise(Behaviour::everywhere(PUBLIC));
    let pair = Pair {
        upstream: (GATEWAY, upstream.address.port()).into(),
    };
    pair.compose(image, &["up", "--wait"]);
    let dnsdist = pair.door("dnsdist");
    for door in [dnsdist, pair.door("first"), pair.door("second")] {
        until(&format!("an answer from {door}"), || answers(door));
    }
    let (sent, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let asking = scope.spawn(|| ask(dnsdist, RATE, (&sent, &ended)));
        let wait = |seconds: usize| {
            let goal = sent.load(Ordering::SeqCst) + seconds * RATE as usize;
            until("questions", || sent.load(Ordering::SeqCst) >= goal);
        };
        wait(1);
        pair.compose(image, &["kill", "first"]);
        wait(1);
        pair.compose(image, &["start", "first"]);
        wait(2);
        let killed = sent.load(Ordering::SeqCst);
        pair.compose(&next, &["up", "--wait", "--no-deps", "second"]);
        wait(2);
        ended.store(true, Ordering::SeqCst);
        let asked = asking.join().unwrap();
        let again = |from: usize, to: usize| {
            let asked = &asked[from..to];
            asked.iter().filter(|one| one.again).count()
        };
        let lost = asked.iter().filter(|one| one.took.is_none()).count();
        println!(
            "figure: two containers behind dnsdist at {RATE}/s, one killed: {} asked again; one upgraded: {}; {lost} of {} in vain",
            again(0, killed),
            again(killed, asked.len()),
            asked.len(),
        );
        assert_eq!(lost, 0, "questions without an answer after the first retry");
    });
    let id = pair.compose(&next, &["ps", "--quiet", "second"]);
    let label = docker(&[
        "inspect",
        "--format",
        "{{.Config.Labels.version}}",
        id.trim(),
    ]);
    assert_eq!(label.trim(), "next");
}
