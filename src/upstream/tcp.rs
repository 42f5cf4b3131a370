//! One question over TCP.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::exchange::Outcome;
use super::packet::{Incoming, Outgoing};

/// Frames that are not the answer, after which the connection is given up.
const MAX_NOISE: usize = 16;

/// Sends a question over a connection of its own and waits for its answer until `deadline`.
pub(super) async fn exchange(
    server: SocketAddr,
    question: &Outgoing,
    deadline: Instant,
) -> io::Result<Outcome> {
    timeout_at(deadline, converse(server, question))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

async fn converse(server: SocketAddr, question: &Outgoing) -> io::Result<Outcome> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let length = u16::try_from(question.bytes.len()).map_err(io::Error::other)?;
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend_from_slice(&question.bytes);
    stream.write_all(&frame).await?;
    for _ in 0..MAX_NOISE {
        let length = stream.read_u16().await?;
        frame.resize(length.into(), 0);
        stream.read_exact(&mut frame).await?;
        match question.check(&frame) {
            Incoming::Answer(answer) => return Ok(Outcome::Answer(answer)),
            Incoming::Unusable(unusable) => return Ok(Outcome::Unusable(unusable)),
            Incoming::NoEdns => return Ok(Outcome::NoEdns),
            Incoming::Cut => return Err(io::Error::other("the answer is cut over TCP too")),
            Incoming::Broken | Incoming::Folded => {
                return Err(io::Error::other("the answer cannot be read"));
            }
            Incoming::NearMiss | Incoming::Noise => {}
        }
    }
    Err(io::Error::other("nothing but answers to other questions"))
}
