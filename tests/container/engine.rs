//! The Docker engine in which these tests run, through its own command line.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use tempfile::TempDir;

use crate::support::authority::Authority;

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

/// The authority that stands in the image for all public ones.
pub(crate) static PUBLIC: LazyLock<Authority> = LazyLock::new(Authority::new);

/// The image with the binary that these tests belong to, made once.
pub(crate) fn image() -> &'static str {
    static IMAGE: LazyLock<&'static str> = LazyLock::new(|| {
        build(binary().path(), &["--tag", "lanward"]);
        "lanward"
    });
    *IMAGE
}

/// What the image is made of where the binary is there already: a folder with that and the roots.
pub(crate) fn binary() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let architecture = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => panic!("no image for {other}"),
    };
    fs::create_dir(folder.path().join(architecture)).unwrap();
    let binary = folder.path().join(architecture).join("lanward");
    fs::copy(env!("CARGO_BIN_EXE_lanward"), &binary).unwrap();
    if cfg!(debug_assertions) {
        // The engine copies the whole of it for each container.
        let strip = Command::new("strip").arg(&binary).status();
        drop(strip);
    }
    fs::copy(PUBLIC.ca(), folder.path().join("ca-certificates.crt")).unwrap();
    folder
}

/// Makes an image of the binaries in this folder.
pub(crate) fn build(binaries: &Path, more: &[&str]) {
    fs::copy(PUBLIC.ca(), binaries.join("ca-certificates.crt")).unwrap();
    let context = format!("binary={}", binaries.display());
    let mut all = vec!["buildx", "build", "--file", "packaging/Dockerfile"];
    all.extend(["--build-context", &context]);
    all.extend(more);
    all.push(".");
    docker(&all);
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

    /// Its name for the engine.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// One of its facts, as a template of `docker inspect`.
    pub(crate) fn fact(&self, template: &str) -> String {
        docker(&["inspect", "--format", template, &self.id])
            .trim()
            .to_owned()
    }

    /// Where it is in its network.
    pub(crate) fn address(&self, port: u16) -> SocketAddr {
        let address = self.fact("{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}");
        SocketAddr::new(address.parse().unwrap(), port)
    }

    /// The same over IPv6.
    pub(crate) fn address_v6(&self, port: u16) -> SocketAddr {
        let address = self.fact("{{range .NetworkSettings.Networks}}{{.GlobalIPv6Address}}{{end}}");
        SocketAddr::new(address.parse().unwrap(), port)
    }

    /// What the kernel says of its first process under this key (`proc_pid_status(5)`).
    pub(crate) fn status(&self, key: &str) -> String {
        let path = format!("/proc/{}/status", self.fact("{{.State.Pid}}"));
        let status = fs::read_to_string(path).unwrap();
        let line = (status.lines()).find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        line.unwrap().trim().to_owned()
    }

    /// Sends its first process a signal past the engine.
    pub(crate) fn signal(&self, signal: &str) {
        let process = self.fact("{{.State.Pid}}");
        // The shell's own; Debian's small systems have no other.
        let mut kill = Command::new("sh");
        let status = kill
            .args(["-c", "kill \"$@\"", "sh", signal, &process])
            .status();
        assert!(status.unwrap().success());
    }

    /// What it wrote so far, both streams.
    pub(crate) fn log(&self) -> String {
        docker(&["logs", &self.id])
    }

    /// The same, each by itself.
    pub(crate) fn streams(&self) -> [String; 2] {
        let output = attempt(&["logs", &self.id]);
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap())
    }

    /// Waits until it says that it is ready.
    pub(crate) fn wait_ready(&self) {
        until("ready", || {
            let running = self.fact("{{.State.Running}}") == "true";
            assert!(running, "it ended: {}", self.log());
            self.log().contains("ready")
        });
    }

    /// Waits until this machine reaches it over IPv6: the bridge between them first makes sure that nobody else has its address.
    pub(crate) fn wait_v6(&self, port: u16) {
        let (server, limit) = (self.address_v6(port), Duration::from_millis(500));
        until("a way over IPv6", || {
            TcpStream::connect_timeout(&server, limit).is_ok()
        });
    }

    /// Waits until its check says this.
    pub(crate) fn wait_health(&self, word: &str) {
        until(word, || self.fact("{{.State.Health.Status}}") == word);
    }

    /// Waits for its end; its exit code.
    pub(crate) fn wait_end(&self) -> String {
        self.order(&["wait"]).trim().to_owned()
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

/// A network of a test's own, removed when dropped. Containers in it must be dropped before.
#[derive(Debug)]
pub(crate) struct Network(&'static str);

impl Network {
    /// With what `docker network create` takes.
    pub(crate) fn create(name: &'static str, arguments: &[&str]) -> Self {
        let mut all = vec!["network", "create"];
        all.extend(arguments);
        all.push(name);
        docker(&all);
        Self(name)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        drop(attempt(&["network", "rm", self.0]));
    }
}

/// This machine's address in the network that containers are in unless they are told otherwise.
pub(crate) fn gateway() -> Ipv4Addr {
    let template = "{{(index .IPAM.Config 0).Gateway}}";
    let address = docker(&["network", "inspect", "--format", template, "bridge"]);
    address.trim().parse().unwrap()
}
