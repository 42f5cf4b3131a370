//! One question to one server, over whatever it takes.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::line::Line;
use super::packet::{Ask, Carrier, Incoming, Manner, Outgoing};
use super::server::Server;
use super::udp;
use crate::wire::{Answer, answer::Unusable};

/// How an exchange ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// With the answer.
    Answer(Answer),
    /// With an answer that cannot be used.
    Unusable(Unusable),
    /// The server does not want EDNS.
    NoEdns,
    /// The answer was cut, or somebody guesses.
    AskOverTcp,
    /// The answer came in other letters than the question.
    Folded,
}

/// What an exchange may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits<'a> {
    /// Until when an answer over UDP is waited for.
    pub(super) udp: Instant,
    /// Until when one over a line is: the time to connect included, and with others asked meanwhile.
    pub(super) line: Instant,
    /// How often a server may be asked, for all exchanges about one question together.
    pub(super) sends: &'a Sends,
}

/// How many questions may still go upstream for one that was asked here. Whatever servers answer, nobody shall make us a hammer
/// (CVE-2020-8616).
#[derive(Debug)]
pub(super) struct Sends(AtomicUsize);

impl Sends {
    pub(super) fn new(most: usize) -> Self {
        Self(AtomicUsize::new(most))
    }

    /// How many are left.
    pub(super) fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes one, if there is one left.
    pub(super) fn take(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }
}

/// Asks `server` until there is an answer or a limit is reached; over its `line` where it is not asked over UDP, or where UDP
/// leads there.
pub(super) async fn exchange(
    server: &Server,
    line: &Line,
    ask: &Ask,
    mut edns: bool,
    limits: Limits<'_>,
) -> io::Result<Result<Answer, Unusable>> {
    let datagrams = server.datagram_address();
    let mut on_line = datagrams.is_none();
    let mut folded = false;
    let mut lower_case = !server.keeps_letters();
    // UDP, TCP, UDP again in lower case, and once more without EDNS: no server leads us further.
    for _ in 0..5 {
        if !limits.sends.take() {
            break;
        }
        let address = datagrams.filter(|_| !on_line);
        let carrier = match address {
            None => Carrier::Line(line.transport()),
            Some(_) if lower_case => Carrier::Datagram { mixed_case: false },
            Some(_) => Carrier::Datagram { mixed_case: true },
        };
        let outgoing = Outgoing::new(ask, Manner { edns, carrier }, &mut rand::rng());
        let outcome = match address {
            None => {
                let answer = line.ask(&outgoing, limits).await;
                answer.and_then(|answer| read(&outgoing, &answer))
            }
            Some(address) => udp::exchange(address, &outgoing, limits.udp).await,
        };
        match outcome {
            Ok(Outcome::Answer(answer)) => {
                match carrier {
                    _ if folded => server.note_folded(),
                    Carrier::Datagram { mixed_case: true } => server.note_kept(),
                    Carrier::Datagram { mixed_case: false } | Carrier::Line(_) => {}
                }
                return Ok(Ok(settled(answer, ask, edns)));
            }
            Ok(Outcome::Unusable(unusable)) => return Ok(Err(unusable)),
            Ok(Outcome::NoEdns) if edns => edns = false,
            Ok(Outcome::AskOverTcp) if !on_line => on_line = true,
            Ok(Outcome::Folded) if !on_line && !folded => (on_line, folded) = (true, true),
            // A server without TCP that writes letters as it likes can still be asked in lower case.
            Err(_) if on_line && folded && !lower_case => (on_line, lower_case) = (false, true),
            Ok(_) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Err(Unusable::Malformed))
}

/// Says what came over a line, where nobody else can speak and a second message will not come.
fn read(question: &Outgoing, answer: &[u8]) -> io::Result<Outcome> {
    Ok(match question.check(answer) {
        Incoming::Answer(answer) => Outcome::Answer(answer),
        Incoming::Unusable(unusable) => Outcome::Unusable(unusable),
        Incoming::NoEdns => Outcome::NoEdns,
        Incoming::Cut => {
            return Err(io::Error::other(
                "the answer is cut although there is room for it",
            ));
        }
        Incoming::Broken | Incoming::Folded | Incoming::NearMiss | Incoming::Noise => {
            return Err(io::Error::other("the answer cannot be read"));
        }
    })
}

/// An answer to a question that had to go without EDNS lacks the signatures that were asked for; to keep it would make the
/// name bogus for all who validate.
fn settled(mut answer: Answer, ask: &Ask, edns: bool) -> Answer {
    if ask.dnssec_ok && !edns {
        answer.lifetime = None;
    }
    answer
}
