//! The TCP door (RFC 7766): many questions on one connection, answered in the order in which their answers come.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;

use super::House;
use super::seats::{Seat, Seats};
use crate::metrics::Counter;
use crate::resolver::{Carrier, Client, Outcome, Silent};
use crate::upstream::clock;

/// Questions under way on one connection; who sends more waits until one is answered.
const IN_FLIGHT: usize = 16;
/// How long a connection may lie idle, a message may take to come in, or a reply to be taken.
const IDLE: Duration = Duration::from_secs(10);
/// How long to rest when the system has no more descriptors.
const REST: Duration = Duration::from_millis(50);

/// Accepts connections until the end.
pub async fn serve(listener: TcpListener, house: House) {
    let seats = Arc::clone(&house.seats);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = house.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => welcome(stream, peer, &seats, &house),
            // A client that reset before it was accepted is no news (ECONNABORTED and its kin).
            Err(error) if is_clients_fault(&error) => {}
            // Out of descriptors or memory: without a rest this loop would take all of the processor.
            Err(error) => {
                tracing::debug!(%error, "accepting a TCP connection failed");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

fn is_clients_fault(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::WouldBlock
    )
}

fn welcome(stream: TcpStream, peer: SocketAddr, seats: &Arc<Seats>, house: &House) {
    let client = peer.ip().to_canonical();
    if !house.access.load().allows(client, peer.port()) {
        house.metrics.shard(0).count(Counter::Denied);
        return;
    }
    let Some(seat) = seats.take(client, clock::now()) else {
        house.metrics.shard(0).count(Counter::Crowded);
        return;
    };
    let connection = Connection {
        house: house.clone(),
        client: Client {
            address: client,
            carrier: Carrier::Stream,
        },
    };
    // Whoever waits for the end waits for the tracker, not for the handle.
    drop(house.tasks.spawn(async move {
        tokio::select! {
            // Who lost the seat gets no answer more, also if a question lies there already.
            biased;
            () = seat.revoked() => {}
            () = connection.serve(stream, &seat) => {}
        }
    }));
}

/// A reply, and the place among the questions under way that it holds until it is written.
type Ready = (Vec<u8>, OwnedSemaphorePermit);

#[derive(Clone)]
struct Connection {
    house: House,
    client: Client,
}

impl Connection {
    /// Reads questions until the client has no more; a writer of its own sends the replies, so that a reply is never held up by
    /// the next question, and a client that does not read holds up nobody but itself.
    async fn serve(self, stream: TcpStream, seat: &Seat) {
        // Without it, small replies would wait for each other.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let (reader, writer) = stream.into_split();
        let (sender, receiver) = mpsc::channel(IN_FLIGHT);
        let read = self.read(reader, sender, seat);
        let write = write(writer, receiver);
        tokio::pin!(read, write);
        tokio::select! {
            () = &mut write => {}
            () = &mut read => write.await,
        }
    }

    async fn read(&self, mut reader: OwnedReadHalf, replies: mpsc::Sender<Ready>, seat: &Seat) {
        let room = Arc::new(Semaphore::new(IN_FLIGHT));
        loop {
            let packet = tokio::select! {
                packet = read_message(&mut reader, &room) => packet,
                () = self.house.stop.cancelled() => return,
            };
            let Some(packet) = packet else { return };
            seat.touch(clock::now());
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let mut out = Vec::with_capacity(512);
            let outcome = self.house.resolver.session(clock::now()).answer(
                &packet,
                self.client,
                &mut out,
                &mut Silent,
            );
            match outcome {
                Outcome::Reply(counter) => {
                    self.house.metrics.shard(0).count(counter);
                    if replies.send((out, place)).await.is_err() {
                        return;
                    }
                }
                Outcome::Ask(permit) => {
                    let (connection, replies) = (self.clone(), replies.clone());
                    let busy = seat.busy();
                    // Boxed as in the UDP door.
                    drop(self.house.tasks.spawn(Box::pin(async move {
                        if let Outcome::Reply(counter) = connection
                            .house
                            .resolver
                            .complete(&packet, connection.client, permit, &mut out)
                            .await
                        {
                            connection.house.metrics.shard(0).count(counter);
                            // A client that is gone needs no reply.
                            let _gone = replies.send((out, place)).await;
                        }
                        drop(busy);
                    })));
                }
                // A client that sends what is no query does not speak DNS.
                Outcome::Drop => {
                    self.house.metrics.shard(0).count(Counter::Dropped);
                    return;
                }
            }
        }
    }
}

/// Reads a message. None at the end, on trouble, or when nothing came for so long that the connection is idle; while questions
/// are under way it is not.
async fn read_message(reader: &mut OwnedReadHalf, room: &Semaphore) -> Option<Vec<u8>> {
    loop {
        match timeout(IDLE, reader.readable()).await {
            Ok(ready) => {
                ready.ok()?;
                break;
            }
            Err(_) if room.available_permits() < IN_FLIGHT => {}
            Err(_) => return None,
        }
    }
    let message = async {
        let length = reader.read_u16().await?;
        let mut packet = vec![0; length.into()];
        reader.read_exact(&mut packet).await?;
        io::Result::Ok(packet)
    };
    timeout(IDLE, message).await.ok()?.ok()
}

/// Writes replies until there are no more senders, or the client does not take them.
async fn write(mut writer: OwnedWriteHalf, mut replies: mpsc::Receiver<Ready>) {
    let mut frame = Vec::new();
    while let Some((reply, _place)) = replies.recv().await {
        let Ok(length) = u16::try_from(reply.len()) else {
            return;
        };
        frame.clear();
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&reply);
        if !matches!(timeout(IDLE, writer.write_all(&frame)).await, Ok(Ok(()))) {
            return;
        }
    }
}
