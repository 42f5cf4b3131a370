//! The program run as a command, with nothing of this environment.

use std::process::{Command, Stdio};

/// What a command printed on both channels, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) complaints: String,
    pub(crate) code: Option<i32>,
}

/// Runs `lanward` with these arguments to its end.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_lanward"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        out: String::from_utf8(output.stdout).unwrap(),
        complaints: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}
