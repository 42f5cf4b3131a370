//! The image by itself.

use crate::engine::{Container, image, until};

/// As a sidecar should run: nothing writable, no right, none to be had.
const BOUND: [&str; 5] = [
    "--read-only",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
];

fn start(more: &[&str]) -> Container {
    let mut arguments = BOUND.to_vec();
    arguments.extend(more);
    arguments.push(image());
    Container::run(&arguments)
}

#[test]
fn it_answers_without_a_way_to_its_upstream() {
    let lanward = start(&["--env", "LANWARD_UPSTREAM=127.0.0.1:5300"]);
    until("ready", || lanward.log().contains("ready"));
    until("healthy", || {
        lanward.fact("{{.State.Health.Status}}") == "healthy"
    });
    lanward.order(&["stop"]);
    assert_eq!(
        lanward.fact("{{.State.ExitCode}}"),
        "0",
        "{}",
        lanward.log()
    );
}
