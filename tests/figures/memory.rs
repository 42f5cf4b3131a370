//! The size of the cache, held: a million names, and twenty thousand answers of 60 KB.
//!
//! The most that the program ever had in memory may be `[cache] size` and a fifth: its own code included at 64 MiB, without what
//! it has before the first question at 32 MiB.
//! `LANWARD_NAMES` and `LANWARD_LARGE` say how many, in place of the usual numbers.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::machine::take;
use crate::number;
use crate::support::client::{PATIENCE, frame, unframe};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::wire::Query;

const MIB: usize = 1 << 20;
/// Sockets of the client: enough for every thread of the program to get questions.
const SOCKETS: usize = 8;
/// Questions under way: fewer than would be one too busy client.
const WINDOW: usize = 32;
/// An address, for the name of the question.
const ADDRESS: [u8; 16] = [
    0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 93, 184, 216, 34,
];
/// A text of 255 octets, but for these.
const TEXT: [u8; 13] = [0xc0, 12, 0, 16, 0, 1, 0, 0, 0x0e, 0x10, 1, 0, 255];

/// An upstream that does little else than copy, over UDP and TCP; it stops when dropped.
struct Copier {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Copier {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let socket = UdpSocket::bind(address).unwrap();
        let timeout = Some(Duration::from_millis(100));
        socket.set_read_timeout(timeout).unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        for tcp in [false, true] {
            let (socket, listener) = (socket.try_clone().unwrap(), listener.try_clone().unwrap());
            let end = Arc::clone(&stopped);
            thread::spawn(move || {
                if tcp {
                    serve_tcp(&listener, &end);
                } else {
                    serve_udp(&socket, &end);
                }
            });
        }
        Self { address, stopped }
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

/// Four addresses for any name; those of large answers must be asked for over TCP.
fn serve_udp(socket: &UdpSocket, end: &AtomicBool) {
    let few = ADDRESS.repeat(4);
    let mut buffer = [0; 1024];
    while !end.load(Ordering::SeqCst) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let query = &buffer[..length];
        let mut reply = answer(query, &few, 4);
        if query[12..].to_ascii_lowercase().starts_with(b"\x05large") {
            reply = answer(query, &[], 0);
            reply[2] |= 2;
        }
        drop(socket.send_to(&reply, from));
    }
}

/// Answers the questions of each connection, for as long as it is open.
fn serve_tcp(listener: &TcpListener, end: &AtomicBool) {
    for stream in listener.incoming() {
        if end.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        thread::spawn(move || converse(stream));
    }
}

/// In turn thousands of addresses, and few long texts behind one.
fn converse(mut stream: TcpStream) {
    let text = [&TEXT[..], &[b'x'; 255]].concat();
    let many = [
        (ADDRESS.repeat(3750), 3750),
        ([ADDRESS.to_vec(), text.repeat(224)].concat(), 225),
    ];
    let (mut pending, mut buffer, mut asked) = (Vec::new(), [0; 1024], 0);
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        pending.extend(&buffer[..length]);
        while let Some(query) = unframe(&mut pending) {
            let (records, count) = &many[asked % 2];
            asked += 1;
            let reply = frame(&answer(&query, records, *count));
            if stream.write_all(&reply).is_err() {
                return;
            }
        }
    }
}

/// Header and question of a query as they came, made a response, with records behind them.
fn answer(query: &[u8], records: &[u8], count: u16) -> Vec<u8> {
    let name = 12 + query[12..].iter().position(|octet| *octet == 0).unwrap();
    let mut reply = query[..name + 5].to_vec();
    reply[2..4].copy_from_slice(&[0x81, 0x80]);
    reply[6..8].copy_from_slice(&count.to_be_bytes());
    reply[8..12].fill(0);
    reply.extend(records);
    reply
}

/// Asks for so many names of a kind, each once.
fn ask_all(lanward: &Lanward, kind: &str, count: usize) {
    let sockets: Vec<UdpSocket> = (0..SOCKETS).map(|_| lanward.client().socket()).collect();
    let mut buffer = [0; 2048];
    for at in 0..count + WINDOW {
        let socket = &sockets[at % SOCKETS];
        if at >= WINDOW {
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            let length = socket.recv(&mut buffer).expect("a reply to every question");
            let reply = &buffer[..length];
            assert!(length > 12 && reply[3] & 15 < 1, "an answer: {reply:02x?}");
        }
        if at < count {
            let name = format!("{kind}.n{at}.a-name-of-usual-length.example");
            socket.send(&Query::new(&name, A).plain().bytes()).unwrap();
        }
    }
}

/// Asks for names of some kinds, and looks at the memory after each.
fn hold(size: usize, kinds: &[(&str, usize)]) {
    let _machine = take();
    let upstream = Copier::start();
    let cache = format!("[cache]\nsize = \"{size}MiB\"\n");
    let mut lanward = Lanward::start(&[upstream.address], &cache);
    let empty = lanward.memory("VmRSS");
    // Beside the default cache the program itself, some 8 MiB, is more than the fifth; one made for debugging always is.
    let program = if size < 64 || cfg!(debug_assertions) {
        empty
    } else {
        0
    };
    for (kind, count) in kinds {
        let start = Instant::now();
        ask_all(&lanward, kind, *count);
        let took = start.elapsed();
        let most = lanward.memory("VmHWM");
        let mib = |bytes: usize| bytes as f64 / MIB as f64;
        println!(
            "figure: a cache of {size} MiB, after {count} answers ({kind}): at most {:.1} MiB resident, {:.1} MiB before the first, \
             {took:.1?}",
            mib(most),
            mib(empty)
        );
        let limit = size * MIB * 6 / 5 + program;
        assert!(most <= limit, "{most} octets; allowed: {limit}");
    }
    lanward.assert_alive();
}

#[test]
fn a_million_names_and_then_large_answers() {
    let [names, large] = numbers();
    hold(64, &[("small", names), ("large", large)]);
}

#[test]
fn large_answers_and_then_a_million_names() {
    let [names, large] = numbers();
    hold(32, &[("large", large), ("small", names)]);
}

fn numbers() -> [usize; 2] {
    [
        number("LANWARD_NAMES", 1_000_000),
        number("LANWARD_LARGE", 20_000),
    ]
}

/// A restart with a file of ten thousand answers: how long they are read before the first question. The quickest of some
/// restarts counts: whatever else the machine does can only make it longer.
#[test]
fn ten_thousand_names_over_a_restart() {
    const COUNT: usize = 10_000;
    const RESTARTS: usize = 5;
    let _machine = take();
    let upstream = Copier::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache");
    let more = format!("[cache]\nfile = \"{}\"\n", file.display());
    let lanward = Lanward::start(&[upstream.address], &more);
    ask_all(&lanward, "small", COUNT);
    let start = Instant::now();
    lanward.stop();
    let stopped = start.elapsed();
    let size = std::fs::metadata(&file).unwrap().len();
    let read = |_| {
        let lanward = Lanward::start(&[upstream.address], &more);
        let line = lanward.line(&["cache restored", &format!("\"kept\":{COUNT},")]);
        let took = line.split("\"took\":\"").nth(1).unwrap();
        lanward.stop();
        millis(took.split('"').next().unwrap())
    };
    let took = (0..RESTARTS).map(read).fold(f64::INFINITY, f64::min);
    println!(
        "figure: {COUNT} answers, {size} octets in the file: read in {took:.1} ms at best; stopped, with the file written, in {stopped:.1?}"
    );
    assert!(took <= 50.0 || cfg!(debug_assertions), "{took:.1} ms");
}

/// A time as Rust shows it.
fn millis(text: &str) -> f64 {
    let units = [("ms", 1.0), ("µs", 0.001), ("s", 1000.0)];
    let read = |(unit, factor): (&str, f64)| {
        let number = text.strip_suffix(unit)?.parse::<f64>().ok()?;
        Some(number * factor)
    };
    units.into_iter().find_map(read).unwrap()
}
