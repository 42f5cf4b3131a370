//! Lines before far ends that keep, cut, forget and lie.

mod far_end;
mod http;
mod proof;
mod quic;
mod stream;

use std::time::Duration;

use tokio::time::Instant;

use super::{Line, Transport};
use crate::upstream::Ask;
use crate::upstream::Server;
use crate::upstream::exchange::{Limits, Sends};
use crate::upstream::packet::{Carrier, Incoming, Manner, Outgoing};
use crate::upstream::reach::{Gear, Reach};
use crate::wire::types::class;
use crate::wire::{Question, RecordType};

/// As long as the servers of a group may take together.
const DEADLINE: Duration = Duration::from_secs(4);

/// A line to this server, of which nothing is known but what is written.
fn line(server: &str) -> Line {
    let server: Server = server.parse().unwrap();
    Line::new(Reach::new(&server, &[], &Gear::default()))
}

/// A question for the address of a name as it goes over such a line.
fn question(name: &str, transport: Transport) -> Outgoing {
    let ask = Ask {
        question: Question {
            name: name.parse().unwrap(),
            kind: RecordType::A,
            class: class::IN,
        },
        dnssec_ok: false,
        checking_disabled: false,
        options: Vec::new(),
    };
    let carrier = Carrier::Line(transport);
    let manner = Manner {
        edns: true,
        carrier,
    };
    Outgoing::new(&ask, manner, &mut rand::rng())
}

/// What an exchange may take.
fn within(time: Duration, sends: &Sends) -> Limits<'_> {
    let end = Instant::now() + time;
    Limits {
        udp: end,
        line: end,
        sends,
    }
}

/// Asks for a name, and says what became of it: nothing if the answer is right.
async fn ask(line: &Line, name: &str) -> Result<(), String> {
    let question = question(name, line.transport());
    let answer = line.ask(&question, within(DEADLINE, &Sends::new(6))).await;
    let answer = answer.map_err(|error| format!("{name}: {:?}: {error}", error.kind()))?;
    match question.check(&answer) {
        Incoming::Answer(_) => Ok(()),
        other => Err(format!("{name}: {other:?}")),
    }
}

/// Asks for so many names at the same time.
async fn ask_all(line: &Line, count: usize) -> Result<(), String> {
    let names: Vec<String> = (0..count).map(|at| format!("n{at}.example")).collect();
    let asked = names.iter().map(|name| ask(line, name));
    let ended = futures_util::future::join_all(asked).await;
    ended.into_iter().collect()
}
