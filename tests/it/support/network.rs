//! A network of a test's own: the test runs itself once more, as root of new namespaces, where nobody else has a port open.

use std::env;
use std::process::{Command, Output, Stdio};

use super::peers::installed;

/// Set for the run inside.
const INSIDE: &str = "LANWARD_TEST_INSIDE";

/// Whether the caller is inside its own network. Outside, runs the test of this whole name (`faults::probing::…`) inside, fails
/// if that fails, and says no.
pub(crate) fn inside(test: &str) -> bool {
    enter(test, &["--map-root-user", "--net", "--mount"])
}

/// The same for a caller that is root and for programs that become another user, for which there must be other users.
pub(crate) fn inside_with_users(test: &str) -> bool {
    enter(test, &["--net", "--mount"])
}

fn enter(test: &str, namespaces: &[&str]) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let mut again = Command::new(env::current_exe().unwrap());
    again
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1");
    if let Some(output) = run_in(test, &again, namespaces) {
        let [said, complaints] =
            [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        for figure in said.lines().filter(|line| line.contains("figure: ")) {
            println!("{figure}");
        }
        assert!(
            output.status.success() && said.contains(" 1 passed"),
            "{test}, in a network of its own:\n{said}{complaints}"
        );
    }
    false
}

/// Runs a command as root of a network and mounts of its own; `None` where that is not possible.
pub(crate) fn run(test: &str, command: &Command) -> Option<Output> {
    run_in(test, command, &["--map-root-user", "--net", "--mount"])
}

fn run_in(test: &str, command: &Command, namespaces: &[&str]) -> Option<Output> {
    if !installed(test, "unshare", "util-linux") || !installed(test, "ip", "iproute2") {
        return None;
    }
    let mut unshare = Command::new("unshare");
    unshare
        .args(namespaces)
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    for (key, value) in command.get_envs() {
        unshare.env(key, value.unwrap_or_default());
    }
    let output = unshare.output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    if complaints.contains("unshare failed") {
        assert!(
            env::var_os("LANWARD_NO_SKIP").is_none(),
            "namespaces cannot be made here: {complaints}"
        );
        println!("skipped: {test}: namespaces cannot be made here");
        return None;
    }
    Some(output)
}

/// `ip` with these arguments, in the network of the calling thread.
pub(crate) fn ip(arguments: &str) {
    let output = Command::new("ip")
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {complaints}");
}
