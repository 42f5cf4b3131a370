//! What systemd-resolved needs to run beside that of the system: its configuration has one place, and its package replaces
//! /etc/resolv.conf, which no test may do to the system that it runs on.

use std::fs;
use std::process::Command;

use super::network::{inside_with_users, ip};

/// The user that it becomes.
const USER: &str = "systemd-resolve";

/// Whether the caller is where it can run: in a network with folders of its own. Outside, runs the test of this whole name there.
pub(crate) fn is_there(test: &str) -> bool {
    if !inside_with_users(test) {
        return false;
    }
    for folder in ["/run", "/etc/systemd", "/etc/dnssec-trust-anchors.d"] {
        fs::create_dir_all(folder).unwrap();
        mount(&["-t", "tmpfs", "tmpfs", folder]);
    }
    fs::create_dir("/run/systemd").unwrap();
    know_user();
    // It asks nobody while there is no network but loopback.
    ip("link set lo up");
    ip("link add here type veth peer name there");
    ip("address add 192.168.77.1/24 dev here");
    ip("link set here up");
    ip("link set there up");
    true
}

/// The package makes the user; where it is only unpacked there is none.
fn know_user() {
    let mut users = fs::read_to_string("/etc/passwd").unwrap();
    if users.lines().any(|line| line.starts_with(USER)) {
        return;
    }
    users += &[USER, ":x:65533:65534::/:/usr/sbin/nologin\n"].concat();
    fs::write("/run/passwd", users).unwrap();
    mount(&["--bind", "/run/passwd", "/etc/passwd"]);
}

fn mount(arguments: &[&str]) {
    let mut mount = Command::new("mount");
    assert!(mount.args(arguments).status().unwrap().success());
}
