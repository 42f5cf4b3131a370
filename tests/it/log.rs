//! The log: on standard output, one line for each event, for people or for programs.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nix::libc::O_NONBLOCK;
use serde_json::Value;

use crate::support::client::Client;
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::until;
use crate::support::wire::{Query, SERVFAIL};

/// A program that is ended with its test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn terminate(program: &Program) {
    let mut kill = Command::new("kill");
    assert!(
        kill.arg(program.0.id().to_string())
            .status()
            .unwrap()
            .success()
    );
}

fn serve(arguments: &[&str]) -> Command {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_lanward"));
    let always = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--upstream",
        "127.0.0.1:9",
    ];
    serve.args(always).args(arguments).env_clear();
    serve.stdin(Stdio::null());
    serve
}

/// From the start to the end, whatever stands in the names of files.
fn all_that_is_logged(format: &[&str]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanward.toml");
    fs::write(
        &file,
        "[cache]\nfile = \"two\\nlines\\r\\u001b[31m\\u009b31m\"\n",
    )
    .unwrap();
    let arguments = [&["--config", file.to_str().unwrap()], format].concat();
    let mut serve = serve(&arguments);
    let (out, said) = (folder.path().join("out"), folder.path().join("said"));
    serve.stdout(fs::File::create(&out).unwrap());
    serve.stderr(fs::File::create(&said).unwrap());
    let mut program = Program(serve.spawn().unwrap());
    let read = || fs::read_to_string(&out).unwrap();
    assert!(
        until(Duration::from_secs(10), || read().contains("ready")),
        "{}",
        read()
    );
    terminate(&program);
    assert!(program.0.wait().unwrap().success());
    (read(), fs::read_to_string(said).unwrap())
}

#[test]
fn it_is_a_line_for_each_event_on_standard_output() {
    let (log, complaints) = all_that_is_logged(&[]);
    assert_eq!(complaints, "");
    for line in log.lines() {
        let level = line.split_whitespace().nth(1);
        assert!(matches!(level, Some("INFO" | "WARN")), "{line:?}");
    }
    assert!(!log.contains(['\r', '\x1b', '\u{9b}']), "{log:?}");
    assert!(log.contains(r"two\nlines\r\u{1b}[31m"), "{log}");
    assert!(log.ends_with("stopped\n"), "{log}");
}

#[test]
fn programs_get_an_object_in_each_line() {
    let (log, complaints) = all_that_is_logged(&["--log-format", "json"]);
    assert_eq!(complaints, "");
    let events: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for event in &events {
        for key in ["timestamp", "level", "message"] {
            assert!(event[key].is_string(), "{key} in {event}");
        }
    }
    let is_named = |event: &Value| {
        event["file"]
            .as_str()
            .is_some_and(|file| file.contains("two\nlines\r"))
    };
    assert!(events.iter().any(is_named), "{log}");
}

#[test]
fn the_format_in_a_variable_or_flag_wins_over_the_file() {
    let toml = "[server]\nlisten = [\"127.0.0.1:0\"]\n[upstream]\nservers = []\n";
    let lanward = Lanward::in_environment(toml, &[("LANWARD_LOG_FORMAT", "json")]);
    assert!(lanward.line(&["ready"]).starts_with('{'));
    let toml = format!("{toml}[log]\nformat = \"json\"\n");
    let lanward = Lanward::in_environment(&toml, &[("LANWARD_LOG_FORMAT", "text")]);
    assert!(!lanward.line(&["ready"]).starts_with('{'));
}

/// `lanward serve | head -n 1`
#[test]
fn it_serves_on_when_nobody_reads_the_log_any_more() {
    let mut program = Program(
        serve(&[])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let mut log = BufReader::new(program.0.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("ready") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
    }
    drop(log);
    // Each of these logs a line: what was counted.
    for _ in 0..3 {
        let mut kill = Command::new("kill");
        assert!(
            kill.args(["-USR1", &program.0.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        assert!(
            !until(Duration::from_millis(50), || program
                .0
                .try_wait()
                .unwrap()
                .is_some()),
            "it ended"
        );
    }
    terminate(&program);
    assert!(program.0.wait().unwrap().success());
}

/// A terminal that is held, a pipe to a program that hangs: nobody reads, and nobody says so.
#[test]
fn it_serves_on_when_the_reader_of_the_log_hangs() {
    let mut program = Program(
        serve(&[])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let mut log = BufReader::new(program.0.stdout.take().unwrap());
    let (mut line, mut door) = (String::new(), None);
    while !line.contains("ready") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
        if let Some((_, address)) = line.split_once("listening for UDP on ") {
            door = address.trim().parse().ok();
        }
    }
    fill(log.get_ref());
    // Each fails, of which a line is logged.
    for number in 0..4 {
        let query = Query::new(&format!("n{number}.example"), A);
        let reply = Client::new(door.unwrap()).udp(&query);
        assert_eq!(reply.rcode(), SERVFAIL);
    }
    terminate(&program);
    let ended = || program.0.try_wait().unwrap().is_some();
    assert!(until(Duration::from_secs(10), ended), "it does not end");
    assert!(program.0.wait().unwrap().success());
}

/// Fills a pipe, of which this is the end to read from.
fn fill(pipe: &ChildStdout) {
    let path = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    // Opened anew, so that the other end goes on waiting for room.
    let mut options = fs::OpenOptions::new();
    options.write(true).custom_flags(O_NONBLOCK);
    let mut pipe = options.open(path).unwrap();
    for size in [4096, 1] {
        while pipe.write(&vec![b'\n'; size]).is_ok() {}
    }
}
