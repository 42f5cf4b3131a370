//! The far end of a stream: every question is handed to a script, one connection at a time or many.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use super::Line;

/// A listener and what it saw; ends when dropped.
pub(super) struct FarEnd {
    pub(super) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    _task: AbortOnDropHandle<()>,
}

impl FarEnd {
    /// Serves each connection with `serve`, which is told how many there were before.
    pub(super) async fn start<F>(serve: impl Fn(TcpStream, usize) -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let tasks = tokio_util::task::TaskTracker::new();
        let task = async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let serving = serve(stream, number);
                // Who is cut off says so by ending.
                drop(tasks.spawn(async move { drop(serving.await) }));
            }
        };
        Self {
            address,
            connections,
            _task: AbortOnDropHandle::new(tokio::runtime::Handle::current().spawn(task)),
        }
    }

    /// A line to it.
    pub(super) fn line(&self) -> Line {
        super::line(&format!("tcp://{}", self.address))
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The next question.
pub(super) async fn question(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut question = vec![0; length.into()];
    stream.read_exact(&mut question).await?;
    Ok(question)
}

/// Sends a message with its length in front.
pub(super) async fn send(stream: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).unwrap();
    let frame = [&length.to_be_bytes()[..], message].concat();
    stream.write_all(&frame).await?;
    stream.flush().await
}

/// An address for whatever is asked, with these options in an OPT record.
pub(super) fn answer(question: &[u8], options: &[u8]) -> Vec<u8> {
    let name_end = 12 + question[12..].iter().position(|octet| *octet == 0).unwrap() + 1;
    let mut answer = question[..name_end + 4].to_vec();
    answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 1]);
    answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 198, 51, 100, 1]);
    answer.extend_from_slice(&[0, 0, 41, 4, 208, 0, 0, 0, 0, 0]);
    answer.push(u8::try_from(options.len()).unwrap());
    answer.extend_from_slice(options);
    answer
}

/// Answers everything.
pub(super) async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    loop {
        let question = question(&mut stream).await?;
        send(&mut stream, &answer(&question, &[])).await?;
    }
}

/// Answers so many questions, and closes.
pub(super) async fn serve_some(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    count: usize,
) -> io::Result<()> {
    for _ in 0..count {
        let question = question(&mut stream).await?;
        send(&mut stream, &answer(&question, &[])).await?;
    }
    stream.shutdown().await
}
