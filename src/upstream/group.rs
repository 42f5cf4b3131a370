//! Servers that stand in for each other.

use std::fmt::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::exchange::{Deadlines, exchange};
use super::{Ask, Failure, Server};
use crate::wire::Answer;
use crate::wire::answer::Kind;

/// How long all attempts for one question may take together.
const DEADLINE: Duration = Duration::from_secs(4);
/// How long one server may take in the first, second and later rounds.
const ATTEMPTS: [Duration; 3] = [
    Duration::from_millis(750),
    Duration::from_secs(1),
    Duration::from_millis(1500),
];
/// From this round on questions go without EDNS: some middle boxes drop what has it (RFC 6891 §6.2.2).
const ROUND_WITHOUT_EDNS: usize = 2;

/// A list of servers; the one that answered last is asked first.
#[derive(Debug)]
pub struct Group {
    servers: Vec<Server>,
    first: AtomicUsize,
}

impl Group {
    /// A group of these servers, in this order at first.
    pub fn new(servers: Vec<Server>) -> Self {
        Self {
            servers,
            first: AtomicUsize::new(0),
        }
    }

    /// Its servers.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// Asks the servers, one after the other, until one gives an answer or the time is up.
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, Failure> {
        if self.servers.is_empty() {
            return Err(Failure::NoServer);
        }
        let end = Instant::now() + DEADLINE;
        let mut trouble = Trouble::default();
        for (round, patience) in ATTEMPTS.into_iter().enumerate() {
            let first = self.first.load(Ordering::Relaxed);
            let mut silent = false;
            for index in (first..first + self.servers.len()).map(|index| index % self.servers.len())
            {
                let Some(server) = self.servers.get(index) else {
                    continue;
                };
                let udp = end.min(Instant::now() + patience);
                // A server that is there gets all the time for TCP, unless another one may be quicker.
                let alone = self.servers.len() == 1 || round > 0;
                let tcp = if alone { end } else { udp };
                let deadlines = Deadlines { udp, tcp };
                match exchange(server, ask, round < ROUND_WITHOUT_EDNS, deadlines).await {
                    Ok(Ok(answer)) if answer.kind == Kind::Failure => {
                        trouble.refused = Some(Box::new(answer));
                    }
                    Ok(Ok(answer)) => {
                        self.first.store(index, Ordering::Relaxed);
                        return Ok(answer);
                    }
                    Ok(Err(unusable)) => trouble.unusable(server, &unusable),
                    Err(error) => {
                        silent |= error.kind() == std::io::ErrorKind::TimedOut;
                        trouble.unreachable(server, &error);
                    }
                }
            }
            // Servers that gave a clear answer give it again; only silence is worth another round.
            if !silent || Instant::now() >= end {
                break;
            }
        }
        Err(trouble.into_failure())
    }
}

/// What went wrong, server by server.
#[derive(Default)]
struct Trouble {
    refused: Option<Box<Answer>>,
    unusable: String,
    unreachable: String,
}

impl Trouble {
    fn unusable(&mut self, server: &Server, why: &dyn std::fmt::Display) {
        note(&mut self.unusable, server, why);
    }

    fn unreachable(&mut self, server: &Server, why: &dyn std::fmt::Display) {
        note(&mut self.unreachable, server, why);
    }

    /// A refusal says most, silence least.
    fn into_failure(self) -> Failure {
        match self.refused {
            Some(answer) => Failure::Refused(answer),
            None if !self.unusable.is_empty() => Failure::Unusable(self.unusable),
            None => Failure::Unreachable(self.unreachable),
        }
    }
}

fn note(list: &mut String, server: &Server, why: &dyn std::fmt::Display) {
    let text = format!("{server}: {why}");
    if !list.contains(&text) {
        let separator = if list.is_empty() { "" } else { "; " };
        // Writing to a string cannot fail.
        let _written = write!(list, "{separator}{text}");
    }
}
