//! A server that has nothing to do but answer: what its answers are late by is the doing of the machine, and of the test itself.
//!
//! A busy machine makes every answer late, so a time alone says nothing of lanward. A figure therefore asks an echo, too: with the
//! same generator, at the same pace, on the same processors. What lanward takes longer than the echo is lanward's own.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use socket2::{Domain, Socket, Type};

use crate::load::{Asked, ask};

/// Sends every question back as a reply without records; it stops when dropped.
#[derive(Debug)]
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Echo {
    /// Answers at once.
    pub(crate) fn start() -> Self {
        Self::working(1, Duration::ZERO)
    }

    /// Has so many threads, each with a socket of its own on the one port, and uses a processor for `each` before every answer.
    ///
    /// Where processors are scarce, whoever needs little of them gets it at once, and whoever needs much has to wait. Beside a
    /// server that works hard an idle echo would be no measure; this one needs as much as that server, and waits for nothing else.
    pub(crate) fn working(threads: usize, each: Duration) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let mut address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        for _ in 0..threads {
            let socket = bind(address);
            address = socket.local_addr().unwrap();
            let end = Arc::clone(&stopped);
            thread::spawn(move || serve(&socket, each, &end));
        }
        Self { address, stopped }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
    }
}

fn bind(address: SocketAddr) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    socket.set_reuse_port(true).unwrap();
    // As lanward has it.
    socket.set_recv_buffer_size(4 << 20).unwrap();
    socket.bind(&address.into()).unwrap();
    let timeout = Some(Duration::from_millis(100));
    socket.set_read_timeout(timeout).unwrap();
    socket.into()
}

fn serve(socket: &UdpSocket, each: Duration, end: &AtomicBool) {
    let mut buffer = [0; 4096];
    // What receiving and sending cost is part of the work.
    let mut due = used();
    while !end.load(Ordering::SeqCst) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        due += each;
        while used() < due {}
        // QR.
        buffer[2] |= 0x80;
        drop(socket.send_to(&buffer[..length], from));
    }
}

/// The time for which this thread has had a processor.
fn used() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .unwrap()
        .into()
}

/// Does `work`, and asks an echo so many questions a second meanwhile; gives how long its answers took, too.
///
/// The echo is a thread that sleeps but for its answers, as lanward's threads do at the pace of these figures: both wait alike for a
/// processor. It hides nothing of lanward's own, since it does none of lanward's work.
pub(crate) fn beside<T>(rate: u32, work: impl FnOnce() -> T) -> (T, Vec<Duration>) {
    let echo = Echo::start();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let asked = scope.spawn(|| {
            ask(echo.address, rate, |at| {
                (!done.load(Ordering::SeqCst)).then(|| format!("n{at}.echo.example"))
            })
        });
        let result = panic::catch_unwind(AssertUnwindSafe(work));
        // Also when the work has failed: the scope waits for the questions to end.
        done.store(true, Ordering::SeqCst);
        let times = times(&asked.join().unwrap());
        match result {
            Ok(result) => (result, times),
            Err(panic) => panic::resume_unwind(panic),
        }
    })
}

/// How long the answers took; a question without one does not count here.
pub(crate) fn times(asked: &[Asked]) -> Vec<Duration> {
    let answered = asked.iter().filter(|asked| asked.reply.is_some());
    answered.map(|asked| asked.took).collect()
}
