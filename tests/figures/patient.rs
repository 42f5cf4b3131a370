//! Clients that ask once more when they hear nothing, as all do, and questions that leave at their time, whatever became of those before.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::records::A;
use crate::support::reply::Reply;
use crate::support::until;
use crate::support::wire::Query;

/// When a client asks again: the shortest time in use, that of Windows ("DNS client resolution timeouts", Microsoft Learn). musl has
/// 2.5 s, glibc and dig 5 s.
const RETRY: Duration = Duration::from_secs(1);

/// The address of every name for which the upstream is asked.
pub(crate) const PUBLIC: &str = "93.184.216.34";

/// The name that is asked about, and its address: half are decoded, a quarter kept, a quarter new.
fn question(at: usize) -> (String, &'static str) {
    let plex = "192-168-1-10.0123456789abcdef0123456789abcdef.plex.direct";
    match at % 4 {
        0 | 2 => (plex.to_owned(), "192.168.1.10"),
        1 => (format!("kept{}.example", at % 100), PUBLIC),
        _ => (format!("n{at}.example"), PUBLIC),
    }
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    sent: Instant,
    /// Whether it was asked once more.
    pub(crate) again: bool,
    /// Until the right answer, from the first time that it was asked.
    pub(crate) took: Option<Duration>,
}

/// Asks so many questions a second until `ended`, at most 65,536; `sent` says how many there are so far. Gives what became of each.
pub(crate) fn ask(
    server: SocketAddr,
    rate: u32,
    (sent, ended): (&AtomicUsize, &AtomicBool),
) -> Vec<Asked> {
    let socket = UdpSocket::bind(("0.0.0.0", 0)).unwrap();
    // Replies come faster than one thread takes them.
    socket2::SockRef::from(&socket)
        .set_recv_buffer_size(4 << 20)
        .unwrap();
    let limit = Some(Duration::from_millis(50));
    socket.set_read_timeout(limit).unwrap();
    let asked: Mutex<Vec<Asked>> = Mutex::default();
    let heard = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !heard.load(Ordering::SeqCst) {
                hear(&socket, &asked);
            }
        });
        let send = |at: usize| {
            let query = Query::new(&question(at).0, A).id(u16::try_from(at).unwrap());
            match socket.send_to(&query.bytes(), server) {
                // News of a server that is away.
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                sent => drop(sent.unwrap()),
            }
        };
        let mut looked_at = 0;
        pace(rate, |at| {
            let going_on = !ended.load(Ordering::SeqCst);
            overdue(&mut asked.lock().unwrap(), &mut looked_at)
                .into_iter()
                .for_each(send);
            if !going_on {
                return looked_at < asked.lock().unwrap().len();
            }
            asked.lock().unwrap().push(Asked {
                sent: Instant::now(),
                again: false,
                took: None,
            });
            send(at);
            sent.store(at + 1, Ordering::SeqCst);
            true
        });
        // The last who asked again have as long for their answer.
        until(RETRY, || {
            asked.lock().unwrap().iter().all(|one| one.took.is_some())
        });
        heard.store(true, Ordering::SeqCst);
    });
    asked.into_inner().unwrap()
}

/// Takes a reply, if one comes, and notes whether it is right.
fn hear(socket: &UdpSocket, asked: &Mutex<Vec<Asked>>) {
    let mut buffer = [0; 4096];
    let Ok((length, _)) = socket.recv_from(&mut buffer) else {
        return;
    };
    let now = Instant::now();
    let reply = Reply::parse(&buffer[..length]).unwrap();
    let at = usize::from(reply.id);
    let addresses = reply.addresses();
    if addresses.len() == 1 && addresses[0].to_string() == question(at).1 {
        let one = &mut asked.lock().unwrap()[at];
        one.took.get_or_insert(now - one.sent);
    }
}

/// Those that have waited for their answer for too long now.
fn overdue(asked: &mut [Asked], looked_at: &mut usize) -> Vec<usize> {
    let mut due = Vec::new();
    while let Some(one) = asked.get_mut(*looked_at)
        && one.sent.elapsed() >= RETRY
    {
        if one.took.is_none() {
            one.again = true;
            due.push(*looked_at);
        }
        *looked_at += 1;
    }
    due
}

/// Calls `send` with 0, 1, 2 and so on, `rate` times a second, until it says no. What is late is sent at once.
pub(crate) fn pace(rate: u32, mut send: impl FnMut(usize) -> bool) {
    let start = Instant::now();
    let mut sent = 0;
    loop {
        let due = start.elapsed().as_micros() as usize * rate as usize / 1_000_000;
        while sent <= due {
            if !send(sent) {
                return;
            }
            sent += 1;
        }
        thread::sleep(Duration::from_millis(1).min(Duration::from_secs(1) / rate));
    }
}
