//! The real program: started with a configuration on free ports, its log read line by line, ended by its own id.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

use tempfile::TempDir;

use super::client::Client;
use super::until;
use super::wire::Query;

/// A running program; killed when dropped.
#[derive(Debug)]
pub(crate) struct Lanward {
    pub(crate) address: SocketAddr,
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    folder: TempDir,
}

impl Lanward {
    /// Starts with `[server]` and `[upstream]` as given, a JSON log, and `more` as the rest of the configuration.
    pub(crate) fn start(upstreams: &[SocketAddr], more: &str) -> Self {
        Self::configured(&configuration(upstreams, more))
    }

    /// Starts with this configuration as it stands.
    pub(crate) fn configured(toml: &str) -> Self {
        Self::in_environment(toml, &[])
    }

    /// Starts with this configuration, and with these variables, which are all that there are.
    pub(crate) fn in_environment(toml: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lanward.toml");
        fs::write(&file, toml).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_lanward"))
            .arg("serve")
            .arg("--config")
            .arg(&file)
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::default();
        keep_lines(child.stdout.take().unwrap(), &log);
        // What is said before the log begins, such as why there is no start.
        keep_lines(child.stderr.take().unwrap(), &log);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut started = Self {
            address,
            child,
            log,
            folder,
        };
        started.address = started.wait_ready();
        started
    }

    fn wait_ready(&mut self) -> SocketAddr {
        let ready = until(Duration::from_secs(15), || {
            self.exit().is_some()
                || ["UDP on", "TCP on", "ready"]
                    .iter()
                    .all(|word| self.logged(word) > 0)
        });
        assert!(
            ready && self.exit().is_none(),
            "the program is not ready; its log: {:#?}",
            self.lines()
        );
        let [udp, tcp] = ["UDP", "TCP"].map(|spoken| self.door(spoken));
        assert_eq!(udp, tcp, "UDP and TCP share one port");
        udp
    }

    /// Where the first door is at which this is spoken, such as "UDP" or "DNS over TLS", as the log says.
    pub(crate) fn door(&self, spoken: &str) -> SocketAddr {
        let words = format!("listening for {spoken} on ");
        let lines = self.lines();
        let rest = lines
            .iter()
            .find_map(|line| line.split_once(&words))
            .unwrap_or_else(|| panic!("no line for {spoken}: {lines:#?}"))
            .1;
        let end = rest
            .find(|c: char| c != '.' && c != ':' && !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].trim_end_matches(['.', ':']).parse().unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// The file with its configuration.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("lanward.toml")
    }

    /// All lines of the log so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// How many lines contain `words`.
    pub(crate) fn logged(&self, words: &str) -> usize {
        self.log
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.contains(words))
            .count()
    }

    /// The first line with all of `words`, waited for.
    pub(crate) fn line(&self, words: &[&str]) -> String {
        let find = || {
            self.lines()
                .into_iter()
                .find(|line| words.iter().all(|word| line.contains(word)))
        };
        until(Duration::from_secs(5), || find().is_some());
        find().unwrap_or_else(|| panic!("no line with {words:?} in {:#?}", self.lines()))
    }

    /// Resident memory in bytes.
    pub(crate) fn rss(&self) -> usize {
        self.memory("VmRSS")
    }

    /// What the kernel says of its memory under `key` (`proc_pid_status(5)`), in bytes.
    pub(crate) fn memory(&self, key: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<usize>()
            .unwrap()
            * 1024
    }

    /// The time of the processor that it has used so far, in steps of 10 ms.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // User and system time, fields 14 and 15; the name in field 2 ends with the last parenthesis.
        let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
        let ticks: u64 = fields
            .skip(11)
            .take(2)
            .map(|field| field.parse::<u64>().unwrap())
            .sum();
        Duration::from_millis(ticks * 10)
    }

    /// Writes a new configuration and lets the program read it.
    pub(crate) fn reload(&self, upstreams: &[SocketAddr], more: &str) {
        let before = self.logged("reload");
        fs::write(self.file(), configuration(upstreams, more)).unwrap();
        self.signal("-HUP");
        assert!(
            until(Duration::from_secs(5), || self.logged("reload") > before),
            "a line about the reload in {:#?}",
            self.lines()
        );
    }

    /// Asks it to stop, and waits until it did so properly.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        let status = self.ended();
        assert!(status.success(), "SIGTERM ends the program with {status}");
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        until(Duration::from_secs(10), || {
            status = self.exit();
            status.is_some()
        });
        status.expect("the program ends")
    }

    /// Panics unless a name that needs nobody else is answered at once.
    pub(crate) fn assert_alive(&mut self) {
        assert_eq!(
            self.exit(),
            None,
            "the program runs; its log: {:#?}",
            self.lines()
        );
        let reply = self
            .client()
            .udp(&Query::new("localhost", super::records::A));
        assert_eq!(reply.answer.len(), 1, "{}", reply.summary());
    }

    /// Its process ID.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn exit(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Sends it a signal, such as "-HUP".
    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .arg(signal)
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Lanward {
    /// It may have ended by itself; then there is nothing to end.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn keep_lines(stream: impl Read + Send + 'static, log: &Arc<Mutex<Vec<String>>>) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            log.lock().unwrap().push(line);
        }
    });
}

fn configuration(upstreams: &[SocketAddr], more: &str) -> String {
    let servers: Vec<String> = upstreams
        .iter()
        .map(|server| format!("\"{server}\""))
        .collect();
    let log = if more.contains("[log]") {
        ""
    } else {
        "[log]\nformat = \"json\"\nlevel = \"info\"\n"
    };
    format!(
        "[server]\nlisten = [\"127.0.0.1:0\"]\nallow = [\"loopback\"]\n[upstream]\nservers = [{}]\n{log}{more}\n",
        servers.join(", ")
    )
}
