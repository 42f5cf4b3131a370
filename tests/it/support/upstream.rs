//! The hostile upstream: UDP and TCP on one port, answering from a script and writing down what it was asked.

use std::collections::HashMap;
use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::records::a;
use super::wire::{Query, Response, text};

/// One question that reached the upstream.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) query: Query,
    pub(crate) bytes: Vec<u8>,
    pub(crate) tcp: bool,
    pub(crate) from: SocketAddr,
    pub(crate) at: Instant,
}

impl Seen {
    /// Lower case, no last dot.
    pub(crate) fn name(&self) -> String {
        text(&self.query.name)
    }
}

/// One thing that the upstream does about a question, in order.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// A datagram from the address that was asked, or one frame over TCP.
    Send(Vec<u8>),
    /// A datagram from another port of the same address. Nothing over TCP.
    OtherPort(Vec<u8>),
    /// A datagram from 127.0.0.9 with the right port. Nothing over TCP.
    OtherAddress(Vec<u8>),
    Wait(Duration),
    WaitFor(Gate),
    /// Bytes over TCP without a length before them.
    Unframed(Vec<u8>),
    /// Ends the TCP connection.
    Close,
}

/// Holds answers back until the test opens it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let open = self.0.0.lock().unwrap();
        drop(
            self.0
                .1
                .wait_timeout_while(open, Duration::from_secs(20), |open| !*open)
                .unwrap(),
        );
    }
}

/// What the upstream does about one name and type.
#[derive(Clone)]
pub(crate) struct Behaviour(Arc<Script>);

/// From what was asked to what is done about it.
type Script = dyn Fn(&Seen) -> Vec<Act> + Send + Sync;

impl fmt::Debug for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Behaviour")
    }
}

impl Behaviour {
    pub(crate) fn new(act: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self(Arc::new(act))
    }

    /// Answers as asked.
    pub(crate) fn answer(response: Response) -> Self {
        Self::new(move |seen| vec![Act::Send(response.to(&seen.query))])
    }

    /// Every name has this address.
    pub(crate) fn everywhere(address: &'static str) -> Self {
        Self::new(move |seen| {
            let answer = Response::new(vec![a(&seen.name(), address)]);
            vec![Act::Send(answer.to(&seen.query))]
        })
    }

    /// Says nothing.
    pub(crate) fn silent() -> Self {
        Self::new(|_| Vec::new())
    }

    /// One behaviour over UDP, another over TCP.
    pub(crate) fn split(udp: Self, tcp: Self) -> Self {
        Self::new(move |seen| {
            if seen.tcp {
                tcp.acts(seen)
            } else {
                udp.acts(seen)
            }
        })
    }

    /// This, then `wait`, then `next`.
    pub(crate) fn then(self, wait: Duration, next: Self) -> Self {
        Self::new(move |seen| [self.acts(seen), vec![Act::Wait(wait)], next.acts(seen)].concat())
    }

    /// Nothing until `gate` opens, then this.
    pub(crate) fn behind(self, gate: &Gate) -> Self {
        let gate = gate.clone();
        Self::new(move |seen| [vec![Act::WaitFor(gate.clone())], self.acts(seen)].concat())
    }

    /// The first `count` questions get this, the later ones `next`.
    pub(crate) fn times(self, count: usize, next: Self) -> Self {
        let asked = AtomicUsize::new(0);
        Self::new(move |seen| {
            if asked.fetch_add(1, Ordering::SeqCst) < count {
                self.acts(seen)
            } else {
                next.acts(seen)
            }
        })
    }

    pub(crate) fn acts(&self, seen: &Seen) -> Vec<Act> {
        (self.0)(seen)
    }
}

impl From<Response> for Behaviour {
    fn from(response: Response) -> Self {
        Self::answer(response)
    }
}

/// A running upstream; it stops when dropped.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    tcp: bool,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<HashMap<(String, u16), Behaviour>>,
    otherwise: Mutex<Behaviour>,
    seen: Mutex<Vec<Seen>>,
    quiet: AtomicBool,
    stopped: AtomicBool,
    /// 127.0.0.9 with the upstream's port, from the first time on that it is needed.
    stranger: Mutex<Option<UdpSocket>>,
}

impl Upstream {
    /// UDP and TCP on a free port; names that are not in the script do not exist.
    pub(crate) fn start() -> Self {
        Self::at(Ipv4Addr::LOCALHOST, 0)
    }

    /// The same at another address, in the network that the calling thread is in, and on another port, unless that is 0.
    pub(crate) fn at(address: Ipv4Addr, port: u16) -> Self {
        Self::bind((address, port), true)
    }

    /// Connections to its TCP port are refused.
    pub(crate) fn without_tcp() -> Self {
        Self::bind((Ipv4Addr::LOCALHOST, 0), false)
    }

    fn bind(address: (Ipv4Addr, u16), tcp: bool) -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            otherwise: Mutex::new(Response::nxdomain("example").into()),
            seen: Mutex::default(),
            quiet: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            stranger: Mutex::default(),
        });
        let (socket, listener) = pair(address);
        let address = socket.local_addr().unwrap();
        let serving = Arc::clone(&shared);
        thread::spawn(move || serve_udp(&socket, &serving));
        if tcp {
            let serving = Arc::clone(&shared);
            thread::spawn(move || serve_tcp(&listener, &serving));
        }
        Self {
            address,
            shared,
            tcp,
        }
    }

    /// What to do about this name and type from now on.
    pub(crate) fn on(&self, name: &str, rtype: u16, behaviour: impl Into<Behaviour>) {
        let key = text(&super::wire::name(name));
        self.shared
            .script
            .lock()
            .unwrap()
            .insert((key, rtype), behaviour.into());
    }

    /// What to do about names that are not in the script.
    pub(crate) fn otherwise(&self, behaviour: impl Into<Behaviour>) {
        *self.shared.otherwise.lock().unwrap() = behaviour.into();
    }

    /// Stops writing down what is asked, for floods.
    pub(crate) fn quiet(&self) {
        self.shared.quiet.store(true, Ordering::SeqCst);
    }

    /// Stops it, and waits until nobody listens on its port any more.
    pub(crate) fn end(self) {
        let address = self.address;
        drop(self);
        let free = || UdpSocket::bind(address).is_ok() && TcpListener::bind(address).is_ok();
        assert!(super::until(Duration::from_secs(5), free));
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// How often this name was asked for, in any type.
    pub(crate) fn count(&self, name: &str) -> usize {
        let name = text(&super::wire::name(name));
        self.shared
            .seen
            .lock()
            .unwrap()
            .iter()
            .filter(|seen| seen.name() == name)
            .count()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        if self.tcp {
            drop(TcpStream::connect(self.address));
        }
    }
}

/// A UDP and a TCP socket on the same port: a free one for 0.
fn pair(address: (Ipv4Addr, u16)) -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let listener = TcpListener::bind(address).unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
            // Many questions may come at once while a test holds the processor.
            socket2::SockRef::from(&socket)
                .set_recv_buffer_size(4 << 20)
                .unwrap();
            socket
                .set_read_timeout(Some(Duration::from_millis(100)))
                .unwrap();
            return (socket, listener);
        }
    }
    panic!("no port is free for both UDP and TCP");
}

impl Shared {
    /// Notes the question and says what to do about it.
    fn acts(&self, bytes: &[u8], tcp: bool, from: SocketAddr) -> Vec<Act> {
        let Some(query) = Query::parse(bytes) else {
            return Vec::new();
        };
        let seen = Seen {
            query,
            bytes: bytes.to_vec(),
            tcp,
            from,
            at: Instant::now(),
        };
        let scripted = self
            .script
            .lock()
            .unwrap()
            .get(&(seen.name(), seen.query.qtype))
            .cloned();
        let behaviour = scripted.unwrap_or_else(|| self.otherwise.lock().unwrap().clone());
        let acts = behaviour.acts(&seen);
        if !self.quiet.load(Ordering::SeqCst) {
            self.seen.lock().unwrap().push(seen);
        }
        acts
    }

    /// Send errors are the reader's: it may have closed its socket.
    fn send_udp(&self, socket: &UdpSocket, client: SocketAddr, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Send(bytes) => drop(socket.send_to(&bytes, client)),
                Act::OtherPort(bytes) => drop(
                    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
                        .unwrap()
                        .send_to(&bytes, client),
                ),
                Act::OtherAddress(bytes) => {
                    let address = (
                        Ipv4Addr::new(127, 0, 0, 9),
                        socket.local_addr().unwrap().port(),
                    );
                    let mut stranger = self.stranger.lock().unwrap();
                    if stranger.is_none() {
                        *stranger = UdpSocket::bind(address).ok();
                    }
                    if let Some(stranger) = &*stranger {
                        drop(stranger.send_to(&bytes, client));
                    }
                }
                Act::Wait(time) => thread::sleep(time),
                Act::WaitFor(gate) => gate.wait(),
                Act::Unframed(_) | Act::Close => {}
            }
        }
    }
}

fn serve_udp(socket: &UdpSocket, shared: &Arc<Shared>) {
    let mut buffer = vec![0; 65535];
    while !shared.stopped.load(Ordering::SeqCst) {
        let Ok((length, client)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let acts = shared.acts(&buffer[..length], false, client);
        if acts
            .iter()
            .any(|act| matches!(act, Act::Wait(_) | Act::WaitFor(_)))
        {
            let socket = socket.try_clone().unwrap();
            let shared = Arc::clone(shared);
            thread::spawn(move || shared.send_udp(&socket, client, acts));
        } else {
            shared.send_udp(socket, client, acts);
        }
    }
}

fn serve_tcp(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || converse(stream, &shared));
    }
}

/// Answers the frames of one connection; what has to wait lets others pass, as with every resolver (RFC 7766 §7).
fn converse(mut stream: TcpStream, shared: &Shared) {
    let Ok(client) = stream.peer_addr() else {
        return;
    };
    stream.set_nodelay(true).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let mut pending = Vec::new();
    let mut buffer = [0; 4096];
    while !shared.stopped.load(Ordering::SeqCst) {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(length) => pending.extend(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                continue;
            }
            Err(_) => return,
        }
        while let Some(frame) = super::client::unframe(&mut pending) {
            let acts = shared.acts(&frame, true, client);
            let waits = |act: &Act| matches!(act, Act::Wait(_) | Act::WaitFor(_));
            if acts.iter().any(waits) {
                let stream = stream.try_clone().unwrap();
                thread::spawn(move || send_tcp(stream, acts));
            } else if !send_tcp(stream.try_clone().unwrap(), acts) {
                return;
            }
        }
    }
}

/// False: the connection has ended.
fn send_tcp(mut stream: TcpStream, acts: Vec<Act>) -> bool {
    for act in acts {
        let written = match act {
            Act::Send(bytes) => stream.write_all(&super::client::frame(&bytes)),
            Act::Unframed(bytes) => stream.write_all(&bytes),
            Act::Close => {
                drop(stream.shutdown(Shutdown::Both));
                return false;
            }
            Act::Wait(time) => {
                thread::sleep(time);
                Ok(())
            }
            Act::WaitFor(gate) => {
                gate.wait();
                Ok(())
            }
            Act::OtherPort(_) | Act::OtherAddress(_) => Ok(()),
        };
        if written.is_err() {
            return false;
        }
    }
    true
}
