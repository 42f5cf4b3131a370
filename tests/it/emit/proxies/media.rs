//! A media server, as far as a proxy can tell: HTTP/1.1 with or without TLS, a `WebSocket`, an answer that takes its time, and none.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use data_encoding::BASE64;
use ring::digest;
use rustls::{ServerConnection, StreamOwned};

use crate::support::authority::Authority;
use crate::support::until;

/// The path of a `WebSocket`.
pub(super) const SOCKET: &str = "/:/websockets/notifications";
/// The path of an answer whose second half comes when the test says so.
pub(super) const SLOW: &str = "/video/:/transcode/universal/start";
/// The path on which the server hangs up.
pub(super) const ABORT: &str = "/photo/:/transcode";
/// What the server says of itself to browsers.
pub(super) const POLICY: &str = "img-src https:";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The name that the proxy named in TLS.
    pub(super) name: Option<String>,
    /// Path and query.
    pub(super) target: String,
    headers: Vec<(String, String)>,
    /// How many octets came behind the head.
    pub(super) body: usize,
}

impl Seen {
    /// All values of a header, in order.
    pub(super) fn all(&self, header: &str) -> Vec<&str> {
        let headers = self.headers.iter();
        headers
            .filter(|(name, _)| name.eq_ignore_ascii_case(header))
            .map(|(_, value)| value.as_str())
            .collect()
    }
}

/// The server. Its threads live as long as the test.
#[derive(Debug)]
pub(super) struct Media {
    seen: Arc<Mutex<Vec<Seen>>>,
    go: Arc<AtomicBool>,
}

impl Media {
    /// Listens at this address; encrypted, if it has a certificate.
    pub(super) fn start(address: SocketAddr, authority: Option<&Authority>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let media = Self {
            seen: Arc::default(),
            go: Arc::default(),
        };
        let config = authority.map(|authority| authority.server(b"http/1.1"));
        let (seen, go) = (Arc::clone(&media.seen), Arc::clone(&media.go));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let limit = Some(Duration::from_secs(20));
                stream.set_read_timeout(limit).unwrap();
                let (config, seen, go) = (config.clone(), Arc::clone(&seen), Arc::clone(&go));
                // Who is cut off, or finds the certificate wrong, says so by ending.
                thread::spawn(move || match config {
                    None => drop(serve(stream, |_| None, &seen, &go)),
                    Some(config) => {
                        let session = ServerConnection::new(config).unwrap();
                        let stream = StreamOwned::new(session, stream);
                        let name = |stream: &StreamOwned<ServerConnection, _>| {
                            stream.conn.server_name().map(str::to_owned)
                        };
                        drop(serve(stream, name, &seen, &go));
                    }
                });
            }
        });
        media
    }

    /// The requests with this path, so far.
    pub(super) fn seen(&self, path: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        let wanted = seen.iter().filter(|seen| seen.target.starts_with(path));
        wanted.cloned().collect()
    }

    /// How many requests there were.
    pub(super) fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// Lets the second half of slow answers go.
    pub(super) fn go(&self) {
        self.go.store(true, Ordering::SeqCst);
    }
}

/// One request on each connection.
fn serve<S: Read + Write>(
    mut stream: S,
    name: impl Fn(&S) -> Option<String>,
    seen: &Mutex<Vec<Seen>>,
    go: &AtomicBool,
) -> io::Result<()> {
    let head = head(&mut stream)?;
    let mut lines = head.lines();
    let target = lines.next().and_then(|line| line.split(' ').nth(1));
    let target = target.unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut request = Seen {
        name: name(&stream),
        target: target.clone(),
        headers,
        body: 0,
    };
    let length = request
        .all("content-length")
        .first()
        .and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    request.body = body.len();
    seen.lock().unwrap().push(request.clone());
    let path = target.split('?').next().unwrap_or_default();
    match path {
        SOCKET => socket(&mut stream, &request),
        ABORT => Ok(()),
        SLOW => {
            answer(&mut stream, "Transfer-Encoding: chunked")?;
            stream.write_all(b"5\r\nfirst\r\n")?;
            stream.flush()?;
            if until(Duration::from_secs(10), || go.load(Ordering::SeqCst)) {
                stream.write_all(b"5\r\nlater\r\n0\r\n\r\n")?;
            }
            stream.flush()
        }
        _ => {
            answer(&mut stream, "Content-Length: 5")?;
            stream.write_all(b"hello")?;
            stream.flush()
        }
    }
}

fn answer(stream: &mut impl Write, length: &str) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Security-Policy: {POLICY}\r\n{length}\r\n\
         Connection: close\r\n\r\n"
    )
}

/// Opens the `WebSocket` (RFC 6455, section 4.2.2), speaks first, and says everything that comes back in capitals. The frames mean
/// nothing to a proxy, so these are none.
fn socket(stream: &mut (impl Read + Write), request: &Seen) -> io::Result<()> {
    let key = request.all("sec-websocket-key").concat();
    let joined = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, joined.as_bytes());
    let accept = BASE64.encode(hash.as_ref());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    stream.write_all(b"playing")?;
    stream.flush()?;
    let mut heard = [0; 64];
    loop {
        let count = stream.read(&mut heard)?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&heard[..count].to_ascii_uppercase())?;
        stream.flush()?;
    }
}

/// Reads up to the empty line, and no octet more.
pub(super) fn head(stream: &mut impl Read) -> io::Result<String> {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < 64 * 1024 {
        stream.read_exact(&mut octet)?;
        head.push(octet[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
