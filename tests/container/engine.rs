//! The Docker engine in which these tests run, through its own command line.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

/// How long something in a container may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `docker` with these arguments said, both streams; it must succeed.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = attempt(arguments);
    let said = said(&output);
    assert!(
        output.status.success(),
        "docker {}: {said}",
        arguments.join(" ")
    );
    said
}

/// The same where it may fail.
pub(crate) fn attempt(arguments: &[&str]) -> Output {
    let mut docker = Command::new("docker");
    docker
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null());
    docker.output().expect("docker")
}

/// Both streams of a command.
pub(crate) fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    streams.concat()
}

/// The image with the binary that these tests belong to, made once.
pub(crate) fn image() -> &'static str {
    static IMAGE: LazyLock<&'static str> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("binary");
        let architecture = match env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => panic!("no image for {other}"),
        };
        let place = folder.join(architecture);
        fs::create_dir_all(&place).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_lanward"), place.join("lanward")).unwrap();
        let context = format!("binary={}", folder.display());
        docker(&[
            "buildx",
            "build",
            "--file",
            "packaging/Dockerfile",
            "--build-context",
            &context,
            "--tag",
            "lanward",
            ".",
        ]);
        "lanward"
    });
    *IMAGE
}

/// Waits until it is so.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(
            begin.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}

/// A container, removed when dropped.
#[derive(Debug)]
pub(crate) struct Container {
    id: String,
}

impl Container {
    /// Runs what `docker run --detach` takes.
    pub(crate) fn run(arguments: &[&str]) -> Self {
        let mut all = vec!["run", "--detach"];
        all.extend(arguments);
        Self {
            id: docker(&all).trim().to_owned(),
        }
    }

    /// One of its facts, as a template of `docker inspect`.
    pub(crate) fn fact(&self, template: &str) -> String {
        docker(&["inspect", "--format", template, &self.id])
            .trim()
            .to_owned()
    }

    /// What it wrote so far.
    pub(crate) fn log(&self) -> String {
        docker(&["logs", &self.id])
    }

    /// `docker COMMAND` with this container.
    pub(crate) fn order(&self, command: &[&str]) -> String {
        let mut all = command.to_vec();
        all.push(&self.id);
        docker(&all)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(attempt(&["rm", "--force", "--volumes", &self.id]));
    }
}
