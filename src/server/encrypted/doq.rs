//! The door for DNS over QUIC (RFC 9250): a stream for each question.

use std::io;
use std::net::UdpSocket;
use std::pin::pin;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use quinn::{Connection, ReadError, RecvStream, SendStream, VarInt};
use tokio::time::timeout;

use super::activity::{Activity, Doing};
use super::quic::Door;
use super::{HOP, IDLE, PATIENCE, Tls};
use crate::server::House;
use crate::server::accept::Guest;
use crate::server::question::NoReply;
use crate::server::udp::PACKET;
use crate::wire::hop::asks_keepalive;

/// The application protocol (RFC 9250 §4.1.1).
const PROTOCOL: &[u8] = b"doq";

/// Why a connection or a stream ends (RFC 9250 §4.3).
const NO_ERROR: VarInt = VarInt::from_u32(0);
const INTERNAL_ERROR: VarInt = VarInt::from_u32(1);
const PROTOCOL_ERROR: VarInt = VarInt::from_u32(2);
const REQUEST_CANCELLED: VarInt = VarInt::from_u32(3);
const EXCESSIVE_LOAD: VarInt = VarInt::from_u32(4);

/// The length in front of a message.
const LENGTH: usize = 2;

/// Makes a door of a socket: the future that serves it until the end. Must be called inside a runtime.
pub fn serve(
    socket: UdpSocket,
    house: House,
    tls: &Tls,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    // Nothing in DNS goes one way.
    let door = Door::new(socket, house, tls, PROTOCOL, 0)?;
    Ok(door.accept(attend))
}

/// What ends a whole connection, by its code.
struct Fatal(VarInt);

/// Serves a connection until the client ends it, nothing went on on it for [`IDLE`], or the end has come; then what is under way
/// is finished.
async fn attend(connection: Connection, guest: Guest) {
    let activity = Activity::new();
    let mut last_call = pin!(guest.house.last_call());
    let (mut transactions, mut stopping) = (FuturesUnordered::new(), false);
    let code = loop {
        if stopping && transactions.is_empty() {
            break NO_ERROR;
        }
        tokio::select! {
            opened = connection.accept_bi(), if !stopping => match opened {
                Ok(stream) => transactions.push(transact(stream, &guest, activity.begin())),
                Err(_) => return,
            },
            Some(done) = transactions.next() => if let Err(Fatal(code)) = done {
                break code;
            },
            () = activity.rests_for(IDLE) => break NO_ERROR,
            () = &mut last_call, if !stopping => stopping = true,
        }
    };
    connection.close(code, b"");
}

/// Answers the question on a stream.
async fn transact(
    (mut send, mut receive): (SendStream, RecvStream),
    guest: &Guest,
    _doing: Doing,
) -> Result<(), Fatal> {
    let given_up = match timeout(PATIENCE, read(&mut receive)).await {
        Ok(Ok(Some(octets))) => {
            let question = question(&octets).ok_or(Fatal(PROTOCOL_ERROR))?.to_vec();
            return reply(&mut send, question, guest).await;
        }
        // The client wants no reply any more; or the connection is over, and there is nobody to tell.
        Ok(Err(ReadError::Reset(_))) => REQUEST_CANCELLED,
        Ok(Err(_)) => return Ok(()),
        Ok(Ok(None)) | Err(_) => EXCESSIVE_LOAD,
    };
    // What is over already needs no end.
    let _over = (receive.stop(given_up), send.reset(given_up));
    Ok(())
}

/// All of a stream; none if that is longer than any question.
///
/// What comes is copied at once: each piece holds the datagram in which it came, so that a client that sends octet by octet would
/// have a thousand times as much kept.
async fn read(receive: &mut RecvStream) -> Result<Option<Vec<u8>>, ReadError> {
    let mut octets = Vec::new();
    while let Some(piece) = receive.read_chunk(usize::MAX, true).await? {
        if octets.len() + piece.bytes.len() > LENGTH + PACKET {
            return Ok(None);
        }
        octets.extend_from_slice(&piece.bytes);
    }
    Ok(Some(octets))
}

/// The message on a stream, if it is as RFC 9250 §4.2 and §4.3.3 want it: whole, alone, with no ID, and without a word about how
/// long the connection stays.
fn question(octets: &[u8]) -> Option<&[u8]> {
    let (length, message) = octets.split_first_chunk::<LENGTH>()?;
    let is_whole = usize::from(u16::from_be_bytes(*length)) == message.len();
    (is_whole && message.starts_with(&[0, 0]) && !asks_keepalive(message)).then_some(message)
}

/// Replies, unless the client takes its question back.
async fn reply(send: &mut SendStream, question: Vec<u8>, guest: &Guest) -> Result<(), Fatal> {
    let reply = tokio::select! {
        reply = guest.answer(question, HOP) => reply,
        _taken_back = send.stopped() => return Ok(()),
    };
    let reply = reply.map_err(|none| match none {
        NoReply::NoQuery => Fatal(PROTOCOL_ERROR),
        NoReply::Untaken => Fatal(EXCESSIVE_LOAD),
        // There is nobody to hear it.
        NoReply::Denied => Fatal(NO_ERROR),
        NoReply::Fault => Fatal(INTERNAL_ERROR),
    })?;
    let length = u16::try_from(reply.len()).map_err(|_| Fatal(INTERNAL_ERROR))?;
    let length = Bytes::copy_from_slice(&length.to_be_bytes());
    let sent = timeout(PATIENCE, async {
        send.write_all_chunks(&mut [length, reply]).await?;
        send.finish()?;
        // Until all of it has come there, the connection must not end.
        let _ended = send.stopped().await;
        Ok::<(), io::Error>(())
    });
    if sent.await.is_err() {
        let _over = send.reset(EXCESSIVE_LOAD);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_whole_message_without_an_id_is_a_question() {
        let bare = b"\0\0\x01\0\0\x01\0\0\0\0\0\0\x01x\0\0\x01\0\x01";
        let frame = |message: &[u8]| {
            let length = u16::try_from(message.len()).unwrap();
            [&length.to_be_bytes(), message].concat()
        };
        assert_eq!(question(&frame(bare)), Some(&bare[..]));
        let mut with_id = *bare;
        with_id[1] = 1;
        let opt = |options: &[u8]| {
            let length = u16::try_from(options.len()).unwrap();
            let mut message = bare.to_vec();
            message[11] = 1;
            message.extend(b"\0\0\x29\x04\xd0\0\0\0\0");
            message.extend(length.to_be_bytes());
            message.extend(options);
            message
        };
        let padded = opt(b"\0\x0c\0\0");
        assert_eq!(question(&frame(&padded)), Some(&padded[..]));
        for wrong in [
            &b""[..],
            b"\0",
            b"\0\0",
            &frame(&with_id),
            &frame(bare)[..20],
            &[frame(bare), frame(bare)].concat(),
            &[frame(bare), vec![0]].concat(),
            &frame(&opt(b"\0\x0b\0\0")),
        ] {
            assert_eq!(question(wrong), None, "{wrong:?}");
        }
    }
}
