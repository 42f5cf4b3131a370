//! One question to one server, over whatever it takes.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::Instant;

use super::packet::{Ask, Manner, Outgoing};
use super::server::Server;
use super::{tcp, udp};
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
    /// Until when one over TCP is, once the server has shown over UDP that it is there.
    pub(super) tcp: Instant,
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

    /// Whether none is left.
    pub(super) fn are_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// Takes one, if there is one left.
    fn take(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }
}

/// Asks `server` until there is an answer or a limit is reached.
pub(super) async fn exchange(
    server: &Server,
    ask: &Ask,
    mut edns: bool,
    limits: Limits<'_>,
) -> io::Result<Result<Answer, Unusable>> {
    let Some(address) = server.plain_address() else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let mut over_tcp = server.is_tcp_only();
    let mut folded = false;
    let mut lower_case = !server.keeps_letters();
    // UDP, TCP, UDP again in lower case, and once more without EDNS: no server leads us further.
    for _ in 0..5 {
        if !limits.sends.take() {
            break;
        }
        let mixed_case = !over_tcp && !lower_case;
        let outgoing = Outgoing::new(ask, Manner { edns, mixed_case }, &mut rand::rng());
        let outcome = if over_tcp {
            tcp::exchange(address, &outgoing, limits.tcp).await
        } else {
            udp::exchange(address, &outgoing, limits.udp).await
        };
        match outcome {
            Ok(Outcome::Answer(answer)) => {
                if folded {
                    server.note_folded();
                }
                return Ok(Ok(settled(answer, ask, edns)));
            }
            Ok(Outcome::Unusable(unusable)) => return Ok(Err(unusable)),
            Ok(Outcome::NoEdns) if edns => edns = false,
            Ok(Outcome::AskOverTcp) if !over_tcp => over_tcp = true,
            Ok(Outcome::Folded) if !over_tcp && !folded => (over_tcp, folded) = (true, true),
            // A server without TCP that writes letters as it likes can still be asked in lower case.
            Err(_) if over_tcp && folded && !lower_case => (over_tcp, lower_case) = (false, true),
            Ok(_) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(Err(Unusable::Malformed))
}

/// An answer to a question that had to go without EDNS lacks the signatures that were asked for; to keep it would make the
/// name bogus for all who validate.
fn settled(mut answer: Answer, ask: &Ask, edns: bool) -> Answer {
    if ask.dnssec_ok && !edns {
        answer.lifetime = None;
    }
    answer
}
