//! Lines on their way to standard output. Whoever reads them may stop and not say so: a terminal that is held, a pipe to a program that
//! hangs, a disk that is slow. Then lines wait here, and are left out once there are too many: nobody's question waits for a log.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Octets of lines that may wait: some thousand lines.
const ROOM: usize = 1 << 20;

/// How long the end waits for the last lines.
const PATIENCE: Duration = Duration::from_millis(100);

/// The lines of the program.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
    empty: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    octets: usize,
    /// Lines that were left out since the start.
    lost: u64,
    /// One was taken out, and is not yet written.
    writing: bool,
}

impl Lines {
    /// Has them written, in a thread of its own.
    pub(super) fn to_stdout() -> io::Result<Self> {
        let lines = Self::default();
        let writer = lines.clone();
        // It ends with the program.
        drop(
            thread::Builder::new()
                .name("log".to_owned())
                .spawn(move || writer.write_on())?,
        );
        Ok(lines)
    }

    /// Waits until all are written, but not for a reader that takes none.
    pub(super) fn finish(&self) {
        let unwritten = |waiting: &mut Waiting| waiting.writing || !waiting.lines.is_empty();
        let _in_time = self
            .0
            .empty
            .wait_timeout_while(self.lock(), PATIENCE, unwritten);
    }

    /// Writes them, for good.
    fn write_on(&self) {
        let mut told = 0;
        loop {
            let (line, lost) = self.take();
            // When nobody reads any more, nothing else changes.
            let _closed = io::stdout().write_all(&line);
            if lost != told {
                told = lost;
                tracing::warn!(
                    lines = lost,
                    "so many lines of the log were left out since the start: nobody read them in time"
                );
            }
        }
    }

    /// Waits for the next line, and says how many were left out.
    fn take(&self) -> (Vec<u8>, u64) {
        let mut waiting = self.lock();
        loop {
            if let Some(line) = waiting.lines.pop_front() {
                waiting.octets -= line.len();
                waiting.writing = true;
                return (line, waiting.lost);
            }
            waiting.writing = false;
            self.0.empty.notify_all();
            let woken = self.0.filled.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The queue is whole after every statement, so a panic elsewhere does not make it wrong.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Lines {
    /// Takes one line, which comes in one piece.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.lock();
        if waiting.octets + line.len() > ROOM {
            waiting.lost += 1;
        } else {
            waiting.octets += line.len();
            waiting.lines.push_back(line.to_vec());
            self.0.filled.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_in_time_is_left_out_and_counted() {
        let lines = Lines::default();
        let line = [b'x'; 1000];
        for _ in 0..ROOM / line.len() + 5 {
            (&lines).write_all(&line).unwrap();
        }
        (&lines).write_all(b"short").unwrap();
        let kept = ROOM / line.len();
        for _ in 0..kept {
            assert_eq!(lines.take(), (line.to_vec(), 5));
        }
        assert_eq!(lines.take(), (b"short".to_vec(), 5));
        assert_eq!(lines.lock().octets, 0);
    }

    #[test]
    fn the_end_waits_for_the_last_line_but_not_for_ever() {
        let lines = Lines::default();
        (&lines).write_all(b"last").unwrap();
        lines.finish();
        assert_eq!(lines.take().0, b"last");
        let reader = lines.clone();
        thread::spawn(move || reader.take());
        lines.finish();
        assert!(!lines.lock().writing);
    }
}
