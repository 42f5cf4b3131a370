//! dnsperf: over TLS with many questions at a time on few connections, over HTTPS with one.
//!
//! Over HTTPS it keeps only the last of the messages that come in together, and waits in vain for the others (its issue 240).

use std::fs;
use std::process::Command;

use super::House;
use crate::support::caller::PATH;
use crate::support::peers::installed;
use crate::support::wire::Response;

/// Has dnsperf ask for twice as many names, some decoded and some that do not exist, so many at a time.
fn ask(test: &str, (half, at_a_time): (usize, usize), more: impl FnOnce(&House) -> Vec<String>) {
    if !installed(test, "dnsperf", "dnsperf") {
        return;
    }
    let house = House::open();
    house.upstream.otherwise(Response::nxdomain("example"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("questions");
    let questions: Vec<String> = (0..half)
        .map(|at| {
            format!(
                "10-0-0-1.{at:032x}.plex.direct A\nn{}.example AAAA\n",
                at % 50
            )
        })
        .collect();
    fs::write(&file, questions.concat()).unwrap();
    let output = Command::new("dnsperf")
        .args("-s 127.0.0.1 -n 1 -c 4 -T 1 -t 5".split(' '))
        .args(["-q", &at_a_time.to_string()])
        .arg("-d")
        .arg(&file)
        .args(more(&house))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    for (key, value) in [
        ("Queries completed:", format!("{} (100.00%)", 2 * half)),
        ("Queries lost:", "0 (0.00%)".to_owned()),
        (
            "Response codes:",
            format!("NOERROR {half} (50.00%), NXDOMAIN {half} (50.00%)"),
        ),
    ] {
        let line = said.lines().find(|line| line.contains(key));
        let told = line
            .and_then(|line| line.split_once(key))
            .map(|(_, rest)| rest.trim());
        assert_eq!(told, Some(&*value), "{key} {said}{complaints}");
    }
}

fn https(house: &House, method: &str) -> Vec<String> {
    let door = house.https();
    [
        "-m",
        "doh",
        "-p",
        &door.port().to_string(),
        "-O",
        &format!("doh-uri=https://{door}{PATH}"),
        "-O",
        &format!("doh-method={method}"),
    ]
    .map(str::to_owned)
    .to_vec()
}

#[test]
fn dnsperf_asks_over_tls() {
    ask("dnsperf_asks_over_tls", (1000, 100), |house| {
        let port = house.tls().port().to_string();
        ["-m", "tls", "-p", &port].map(str::to_owned).to_vec()
    });
}

#[test]
fn dnsperf_asks_over_https_with_get() {
    ask("dnsperf_asks_over_https_with_get", (20, 1), |house| {
        https(house, "GET")
    });
}

#[test]
fn dnsperf_asks_over_https_with_post() {
    ask("dnsperf_asks_over_https_with_post", (20, 1), |house| {
        https(house, "POST")
    });
}
