//! A far end that speaks TLS and does with it what a test wants.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};

use super::authority::{Authority, NAME};
use super::client::frame;

/// A connection on which TLS is spoken.
pub(crate) type Sealed = StreamOwned<ServerConnection, TcpStream>;

/// A server inside TLS; each connection is handed to a script. Its thread lives as long as the test.
#[derive(Debug)]
pub(crate) struct SealedServer {
    pub(crate) port: u16,
    /// As it stands in the configuration, if it speaks DNS.
    pub(crate) server: String,
    connections: Arc<AtomicUsize>,
}

impl SealedServer {
    /// For DNS over TLS.
    pub(crate) fn start(
        authority: &Authority,
        serve: impl Fn(&mut Sealed) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::speaking(b"dot", authority, serve)
    }

    /// For this application protocol.
    pub(crate) fn speaking(
        protocol: &[u8],
        authority: &Authority,
        serve: impl Fn(&mut Sealed) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (config, counted) = (authority.server(protocol), Arc::clone(&connections));
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                let (config, serve) = (Arc::clone(&config), Arc::clone(&serve));
                thread::spawn(move || {
                    let limit = Some(Duration::from_secs(20));
                    stream.set_read_timeout(limit).unwrap();
                    let session = ServerConnection::new(config).unwrap();
                    // Who is cut off says so by ending.
                    drop(serve(&mut StreamOwned::new(session, stream)));
                });
            }
        });
        Self {
            port,
            server: format!("tls://{NAME}@127.0.0.1:{port}"),
            connections,
        }
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The next message.
pub(crate) fn receive(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.read_exact(&mut message)?;
    Ok(message)
}

/// Sends a message.
pub(crate) fn send(stream: &mut impl Write, message: &[u8]) -> io::Result<()> {
    stream.write_all(&frame(message))?;
    stream.flush()
}
