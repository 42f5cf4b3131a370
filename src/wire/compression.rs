//! How a compressed name is strung together (RFC 1035 §4.1.4).

use std::ops::Range;

use super::name::MAX_NAME;
use super::{Malformed, read_u16};

/// Appends the name at `at` of `message` without compression, its letters as they stand there.
pub(super) fn write_expanded(
    out: &mut Vec<u8>,
    message: &[u8],
    at: usize,
) -> Result<(), Malformed> {
    for run in Runs::new(message, at) {
        out.extend_from_slice(message.get(run?.labels).ok_or(Malformed)?);
    }
    out.push(0);
    Ok(())
}

/// More pointers than labels serve nobody but those who want a message of 64 KiB to cost 100,000,000 steps.
const MAX_HOPS: usize = 127;

/// The pieces of a possibly compressed name: labels that stand in a row, up to a pointer or to the root label.
pub(super) struct Runs<'a> {
    message: &'a [u8],
    next: Option<usize>,
    limit: usize,
    hops: usize,
}

pub(super) struct Run {
    /// Where the labels stand.
    pub(super) labels: Range<usize>,
    /// Just behind the pointer or the root label.
    pub(super) end: usize,
}

impl<'a> Runs<'a> {
    pub(super) fn new(message: &'a [u8], at: usize) -> Self {
        Self {
            message,
            next: Some(at),
            limit: usize::MAX,
            hops: 0,
        }
    }

    fn run(&mut self, start: usize) -> Result<Run, Malformed> {
        // A run must start before the run that led to it.
        if start >= self.limit || self.hops > MAX_HOPS {
            return Err(Malformed);
        }
        self.hops += 1;
        self.limit = start;
        let mut position = start;
        loop {
            let length = *self.message.get(position).ok_or(Malformed)?;
            match length {
                0 => {
                    return Ok(Run {
                        labels: start..position,
                        end: position + 1,
                    });
                }
                1..=63 => position += 1 + usize::from(length),
                0xc0..=0xff => {
                    let pointer = read_u16(self.message, position)?;
                    self.next = Some(usize::from(pointer & 0x3fff));
                    return Ok(Run {
                        labels: start..position,
                        end: position + 2,
                    });
                }
                _ => return Err(Malformed),
            }
            if position - start >= MAX_NAME {
                return Err(Malformed);
            }
        }
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.next.take()?;
        let run = self.run(start);
        if run.is_err() {
            self.next = None;
        }
        Some(run)
    }
}
