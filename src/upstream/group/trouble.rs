//! What went wrong on the way to an answer.

use std::fmt::{Display, Write};

use crate::upstream::{Failure, Server};
use crate::wire::Answer;
use crate::wire::answer::Kind;

/// What went wrong, server by server.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// The last answer after which another server was asked; one that names no failure rather than one that does.
    answer: Option<Box<Answer>>,
    unusable: String,
    unreachable: String,
    /// What kept this machine from asking at all.
    own: String,
}

impl Trouble {
    pub(super) fn answered(&mut self, answer: Answer) {
        let good = |answer: &Answer| answer.kind != Kind::Failure;
        if good(&answer) || !self.answer.as_deref().is_some_and(good) {
            self.answer = Some(Box::new(answer));
        }
    }

    pub(super) fn unusable(&mut self, server: &Server, why: &dyn Display) {
        note(&mut self.unusable, server, why);
    }

    pub(super) fn unreachable(&mut self, server: &Server, why: &dyn Display) {
        note(&mut self.unreachable, server, why);
    }

    pub(super) fn unasked(&mut self, server: &Server, why: &dyn Display) {
        note(&mut self.own, server, why);
    }

    /// An answer says most, silence least. One that names no failure is good, if nobody knew better.
    pub(super) fn end(self) -> Result<Answer, Failure> {
        match self.answer {
            Some(answer) if answer.kind == Kind::Failure => Err(Failure::Refused(answer)),
            Some(answer) => Ok(*answer),
            None if !self.unusable.is_empty() => Err(Failure::Unusable(self.unusable)),
            None if !self.unreachable.is_empty() || self.own.is_empty() => {
                Err(Failure::Unreachable(self.unreachable))
            }
            None => Err(Failure::Unasked(self.own)),
        }
    }
}

fn note(list: &mut String, server: &Server, why: &dyn Display) {
    let text = format!("{server}: {why}");
    if !list.contains(&text) {
        let separator = if list.is_empty() { "" } else { "; " };
        // Writing to a string cannot fail.
        let _written = write!(list, "{separator}{text}");
    }
}
