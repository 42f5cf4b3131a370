//! Attacks on the encrypted doors, by the thousand: what is asked over UDP meanwhile is answered as ever, and memory stays.
//!
//! Each attack is made again and again for two seconds, or `LANWARD_SIEGE_SECONDS`, while an echo is asked as well: the attackers
//! work on this very machine, and what they take from lanward's answers they take from those of the echo.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::echo::{beside, times};
use crate::load::{Asked, ask};
use crate::machine::alone;
use crate::support::authority::Authority;
use crate::support::caller::{Door, section};
use crate::support::lanward::Lanward;
use crate::support::records::A;
use crate::support::siege::{
    CONTINUATION, END_STREAM, HEADERS, PING, RST_STREAM, Sealed, besiege, fields, flood, frame,
    garbage, hello, initials, preface, request, sealed, source,
};
use crate::support::upstream::Upstream;
use crate::support::wire::Query;
use crate::{number, percentile};

const CONNECTIONS: usize = 1000;
/// Questions a second over UDP.
const KNOWN: u32 = 200;
/// How much later than at the echo 99 of 100 answers may be.
const MORE: Duration = Duration::from_millis(5);
/// How much more memory an attack may take.
const MEMORY: usize = 64 << 20;

/// A program with all doors, and who vouches for it.
struct Besieged {
    authority: Authority,
    lanward: Lanward,
}

impl Besieged {
    fn of(&self, door: Door) -> std::net::SocketAddr {
        door.of(&self.lanward)
    }

    fn http2(&self, at: usize) -> Option<Sealed> {
        let stream = sealed(self.of(Door::Https), source(at), &self.authority, b"h2");
        // It may be over already, to make room.
        let mut stream = stream.ok()?;
        stream.write_all(&preface()).ok().map(|()| stream)
    }

    /// Connections to both doors of streams that say this and no more, open for a moment.
    fn connect(&self, words: &[u8]) {
        let held = [Door::Tls, Door::Https].map(|door| besiege(self.of(door), CONNECTIONS, words));
        thread::sleep(Duration::from_millis(200));
        drop(held);
    }

    /// What a client floods the door for HTTPS with.
    fn flood(&self, octets: impl Fn(u32) -> Vec<u8>) {
        if let Some(mut stream) = self.http2(0) {
            flood(&mut stream, 4 << 20, octets);
        }
    }
}

type Attack = fn(&Besieged, &[Vec<u8>]);

/// What is done, given the beginnings of many connections over QUIC.
const ATTACKS: &[(&str, Attack)] = &[
    ("silent connections", |besieged, _| besieged.connect(&[])),
    ("half handshakes", |besieged, _| {
        let hello = hello(&besieged.authority);
        besieged.connect(&hello[..hello.len() / 2]);
    }),
    ("garbage instead of TLS", |besieged, _| {
        besieged.connect(&[0x15, 3, 3, 0, 2, 1, 90].repeat(100));
    }),
    ("beginnings of QUIC", |besieged, beginnings| {
        for (at, octets) in beginnings.iter().enumerate() {
            for door in [Door::Quic, Door::H3] {
                let socket = std::net::UdpSocket::bind((source(at), 0)).unwrap();
                // A full queue loses it.
                drop(socket.send_to(octets, besieged.of(door)));
            }
        }
    }),
    ("garbage instead of QUIC", |besieged, _| {
        garbage(besieged.of(Door::Quic), 10_000);
        garbage(besieged.of(Door::H3), 10_000);
    }),
    ("heads without an end", |besieged, _| {
        let field = [&[0x10, 1, b'x', 0x7f, 0x81, 0x7f][..], &[b'y'; 16_378]].concat();
        besieged.flood(|at| match at {
            0 => frame(HEADERS, END_STREAM, 1, &fields()),
            _ => frame(CONTINUATION, 0, 1, &field),
        });
    }),
    ("requests that are taken back", |besieged, _| {
        besieged.flood(|at| {
            let (number, question) = (2 * at + 1, Query::new("localhost", A).bytes());
            let reset = frame(RST_STREAM, 0, number, &8_u32.to_be_bytes());
            [request(number, &question), reset].concat()
        });
    }),
    ("pings", |besieged, _| {
        let pings = frame(PING, 0, 0, b"12345678").repeat(100);
        besieged.flood(|_| pings.clone());
    }),
];

/// What became of the questions, how long the echo's answers took, and how much more memory was taken.
struct Siege {
    asked: Vec<Asked>,
    echo: Vec<Duration>,
    grown: usize,
}

fn lay_siege(attack: Attack, beginnings: &[Vec<u8>], count: usize) -> Siege {
    let (authority, upstream) = (Authority::new(), Upstream::start());
    upstream.quiet();
    let doors = section(&authority, &Door::ALL);
    let lanward = Lanward::start(&[upstream.address], &doors);
    let mut besieged = Besieged { authority, lanward };
    let before = besieged.lanward.rss();
    let done = AtomicBool::new(false);
    let (asked, echo) = thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                attack(&besieged, beginnings);
            }
        });
        let address = besieged.lanward.address;
        let result = beside(KNOWN, || {
            ask(address, KNOWN, |at| {
                (at < count).then(|| format!("10-0-0-1.{at:032x}.plex.direct"))
            })
        });
        done.store(true, Ordering::SeqCst);
        result
    });
    let grown = besieged.lanward.memory("VmHWM").saturating_sub(before);
    besieged.lanward.assert_alive();
    Siege { asked, echo, grown }
}

#[test]
fn sieges_of_the_encrypted_doors() {
    let beginnings = initials(&Authority::new(), CONNECTIONS);
    let count = KNOWN as usize * number("LANWARD_SIEGE_SECONDS", 2);
    for (name, attack) in ATTACKS {
        let mut siege = alone(|| lay_siege(*attack, &beginnings, count));
        let lost = siege.asked.iter().filter(|asked| !asked.says("10.0.0.1"));
        let lost: Vec<String> = lost.map(Asked::summary).collect();
        let [lanward, echo] =
            [&mut times(&siege.asked), &mut siege.echo].map(|times| percentile(times, 99));
        println!(
            "figure: {name}: {} lost of {} answers over UDP, p99 {lanward:.1?}, of an echo {echo:.1?}; {:.1} MiB more",
            lost.len(),
            siege.asked.len(),
            siege.grown as f64 / f64::from(1 << 20),
        );
        let some: Vec<_> = lost.iter().take(5).collect();
        assert!(lost.is_empty(), "{name}: {some:#?}");
        assert!(lanward <= echo + MORE, "{name}: {lanward:?}, echo {echo:?}");
        assert!(siege.grown <= MEMORY, "{name}: {} octets more", siege.grown);
    }
}
