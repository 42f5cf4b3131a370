//! The door for DNS over HTTPS with HTTP/3 (RFC 9114).

mod bounded;

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use h3::error::{Code, ConnectionError, StreamError};
use h3::server::{RequestResolver, RequestStream, builder};
use http::header::DATE;
use http::{HeaderValue, Response};
use httpdate::fmt_http_date;
use quinn::VarInt;
use tokio::time::timeout;

use super::activity::{Activity, Doing};
use super::exchange::{Body, Exchange, HEAD, Refusal};
use super::quic::Door;
use super::{FAREWELL, HANDSHAKE, IDLE, PATIENCE, Tls};
use crate::server::House;
use crate::server::accept::Guest;
use crate::upstream::clock;
use bounded::{Both, Bounded};

/// The application protocol (RFC 9114 §3.1).
const PROTOCOL: &[u8] = b"h3";
/// Streams that a client opens beside its requests: control and two for QPACK (RFC 9114 §6.2), and a few of kinds that nobody
/// knows, which clients open to see that it does no harm.
const ONE_WAY: u32 = 8;
/// Requests that may break off before there is a head, as long as the connection lives: h3 remembers each of them.
const HEADLESS: usize = 1000;
/// The connection is closed as it should be (`H3_NO_ERROR`, RFC 9114 §8.1).
const NO_ERROR: VarInt = VarInt::from_u32(0x100);

/// A connection, and the streams on it.
type Connection = h3::server::Connection<Bounded<h3_quinn::Connection>, Bytes>;
type Resolver = RequestResolver<Bounded<h3_quinn::Connection>, Bytes>;
type Stream = RequestStream<Both<Bytes>, Bytes>;

/// Makes a door of a socket: the future that serves DNS at `path` until the end. Must be called inside a runtime.
pub fn serve(
    socket: UdpSocket,
    house: House,
    tls: &Tls,
    path: String,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let door = Door::new(socket, house, tls, PROTOCOL, ONE_WAY)?;
    let exchange = Arc::new(Exchange::new(path, None));
    Ok(door.accept(move |connection, guest| {
        let exchange = Arc::clone(&exchange);
        async move { attend(connection, &guest, &exchange).await }
    }))
}

/// Serves a connection until the client ends it, nothing went on on it for [`IDLE`], or the end has come; then what is under way
/// is finished, and the client told to begin nothing more.
async fn attend(quic: quinn::Connection, guest: &Guest, exchange: &Exchange) {
    let (activity, stop) = (Activity::new(), guest.house.stop.clone());
    // Who lets us open no streams, or say nothing on them, would hold us here for ever.
    let begun = tokio::select! {
        begun = timeout(HANDSHAKE, begin(quic.clone())) => begun,
        () = stop.cancelled() => return quic.close(NO_ERROR, b""),
    };
    let Ok(Ok(mut connection)) = begun else {
        return;
    };
    let mut requests = FuturesUnordered::new();
    let (mut leaving, mut headless) = (false, 0);
    loop {
        let patience = if leaving { FAREWELL } else { IDLE };
        let leave = tokio::select! {
            accepted = connection.accept() => match accepted {
                Ok(Some(resolver)) => {
                    requests.push(respond(resolver, guest, exchange, activity.begin()));
                    false
                }
                // The client has said that it begins nothing more, or the connection is over.
                Ok(None) | Err(_) => break,
            },
            Some(done) = requests.next() => {
                headless += usize::from(done == Done::Headless);
                headless >= HEADLESS && !leaving
            }
            () = activity.rests_for(patience) => if leaving { break } else { true },
            () = stop.cancelled(), if !leaving => true,
        };
        if leave {
            leaving = true;
            // What h3 would say with 0 names the last request that it serves, and clients would take it for the first that it does
            // not (RFC 9114 §5.2).
            let Ok(Ok(())) = timeout(FAREWELL, connection.shutdown(1)).await else {
                break;
            };
        }
    }
    drop(requests);
    // The last response has to come there before the connection ends.
    tokio::select! {
        _ended = quic.closed() => {}
        () = activity.rests_for(FAREWELL) => quic.close(NO_ERROR, b""),
    }
}

/// Begins HTTP/3 on a connection.
async fn begin(quic: quinn::Connection) -> Result<Connection, ConnectionError> {
    builder()
        .max_field_section_size(HEAD.into())
        .send_grease(false)
        .build(Bounded::new(h3_quinn::Connection::new(quic)))
        .await
}

/// How a request has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    /// Before it said anything.
    Headless,
    /// With a response, if the client took it.
    Served,
}

/// Does what one request asks. What goes wrong on its stream ends it, and only the client could do something about it.
async fn respond(resolver: Resolver, guest: &Guest, exchange: &Exchange, _doing: Doing) -> Done {
    let Ok(Ok((request, mut stream))) = timeout(PATIENCE, resolver.resolve_request()).await else {
        return Done::Headless;
    };
    let (head, ()) = request.into_parts();
    let response = exchange.serve(head, take(&mut stream), guest).await;
    match timeout(PATIENCE, send(&mut stream, response)).await {
        Ok(_sent) => {}
        Err(_) => stream.stop_stream(Code::H3_REQUEST_CANCELLED),
    }
    Done::Served
}

/// All of a body.
async fn take(stream: &mut Stream) -> Result<Vec<u8>, Refusal> {
    let mut body = Body::default();
    while let Some(mut piece) = stream.recv_data().await.map_err(|_| Refusal::Broken)? {
        while piece.has_remaining() {
            let chunk = piece.chunk();
            body.push(chunk)?;
            let length = chunk.len();
            piece.advance(length);
        }
    }
    body.end()
}

async fn send(stream: &mut Stream, response: Response<Bytes>) -> Result<(), StreamError> {
    let (mut head, body) = response.into_parts();
    // As the other versions have it, by hyper (RFC 9110 §6.6.1).
    let now = UNIX_EPOCH + Duration::from_secs(clock::of_day());
    if let Ok(now) = HeaderValue::try_from(fmt_http_date(now)) {
        head.headers.insert(DATE, now);
    }
    stream.send_response(Response::from_parts(head, ())).await?;
    if !body.is_empty() {
        stream.send_data(body).await?;
    }
    stream.finish().await
}
