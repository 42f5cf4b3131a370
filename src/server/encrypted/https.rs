//! The door for DNS over HTTPS with HTTP/1.1 and HTTP/2.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::activity::Activity;
use super::exchange::{Body, Exchange, HEAD, Refusal};
use super::patient::Patient;
use super::{FAREWELL, IDLE, PATIENCE, STREAMS, Tls, TlsError, shake};
use crate::server::accept::{Guest, accept};
use crate::server::{GRACE, House, LAST_WORDS};

/// The application protocols, the better one first. Clients that name none speak HTTP/1.1 (RFC 9112 §2.1).
const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// How much a client may send ahead on one stream, and on all of them.
const WINDOW: u32 = 16 << 10;
const ALL_WINDOWS: u32 = 64 << 10;
/// How much is kept of a response while the client does not take it; the rest waits in the reply itself.
const SEND_BUFFER: usize = 64 << 10;
/// Requests that a client may begin and take back before they were looked at, and that we may take back for it
/// (CVE-2023-44487, RUSTSEC-2024-0003).
const RESETS: usize = 20;
const OWN_RESETS: usize = 100;

/// Makes a door of a listener: the future that serves DNS at `path` until the end, and tells clients of the port `h3` where the
/// same is to be had with HTTP/3.
pub fn serve(
    listener: TcpListener,
    house: House,
    tls: &Tls,
    (path, h3): (String, Option<u16>),
) -> Result<impl Future<Output = ()> + Send + use<>, TlsError> {
    let acceptor = TlsAcceptor::from(Arc::new(tls.for_streams(&[HTTP2, HTTP1])?));
    let exchange = Arc::new(Exchange::new(path, h3));
    Ok(accept(listener, house, move |stream, guest| {
        let shaken = shake(&acceptor, stream, guest.house.stop.clone());
        let visit = Visit {
            exchange: Arc::clone(&exchange),
            guest: Arc::new(guest),
            activity: Activity::new(),
        };
        async move {
            // Who cannot agree with us on TLS has been told so by an alert.
            let Some(stream) = shaken.await else {
                return;
            };
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
            let stream = TokioIo::new(Patient::new(stream, PATIENCE));
            let (serving, tasks) = (visit.clone(), visit.guest.house.tasks.clone());
            let service = service_fn(move |request| respond(serving.clone(), request));
            let (activity, stop) = (&visit.activity, &visit.guest.house.stop);
            if is_http2 {
                let connection = http2(tasks).serve_connection(stream, service);
                attend(
                    connection,
                    http2::Connection::graceful_shutdown,
                    activity,
                    stop,
                )
                .await;
            } else {
                let connection = http1().serve_connection(stream, service);
                attend(
                    connection,
                    http1::Connection::graceful_shutdown,
                    activity,
                    stop,
                )
                .await;
            }
        }
    }))
}

fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // How long a head takes to come in is idle time as any other, and `attend` ends it.
        .header_read_timeout(None)
        .max_header_size(usize::try_from(HEAD).unwrap_or(usize::MAX))
        .max_buf_size(2 * usize::try_from(HEAD).unwrap_or(usize::MAX));
    builder
}

fn http2(tasks: TaskTracker) -> http2::Builder<Tracked> {
    let mut builder = http2::Builder::new(Tracked(tasks));
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(ALL_WINDOWS)
        .max_header_list_size(HEAD)
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(OWN_RESETS);
    builder
}

/// One client's connection, as its requests see it.
#[derive(Debug, Clone)]
struct Visit {
    exchange: Arc<Exchange>,
    guest: Arc<Guest>,
    activity: Arc<Activity>,
}

/// Serves a connection until it ends, or nothing went on on it for [`IDLE`], or the end has come; then it finishes what is under
/// way, and `leave` tells the client to begin nothing more.
async fn attend<C: Future>(
    connection: C,
    leave: impl FnOnce(Pin<&mut C>),
    activity: &Activity,
    stop: &CancellationToken,
) {
    let mut connection = pin!(connection);
    tokio::select! {
        // What goes wrong on a connection ends it, and only its client could do something about it.
        _over = connection.as_mut() => return,
        () = activity.rests_for(IDLE) => {}
        () = stop.cancelled() => {}
    }
    leave(connection.as_mut());
    let resting = async {
        sleep(FAREWELL).await;
        activity.rests_for(FAREWELL).await;
    };
    tokio::select! {
        _over = connection => {}
        () = resting => {}
        () = sleep(GRACE + LAST_WORDS) => {}
    }
}

async fn respond(
    visit: Visit,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let _doing = visit.activity.begin();
    let (head, body) = request.into_parts();
    let response = visit.exchange.serve(head, take(body), &visit.guest);
    Ok(response.await.map(Full::new))
}

/// All of a body.
async fn take(mut incoming: Incoming) -> Result<Vec<u8>, Refusal> {
    let mut body = Body::default();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_| Refusal::Broken)?;
        if let Some(octets) = frame.data_ref() {
            body.push(octets)?;
        }
    }
    body.end()
}

/// Runs what a connection's requests need in tasks that the end waits for.
#[derive(Debug, Clone)]
struct Tracked(TaskTracker);

impl<F> Executor<F> for Tracked
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        // Whoever waits for the end waits for the tracker, not for the handle.
        drop(self.0.spawn(future));
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use std::time::Duration;

    use super::*;
    use tokio::time::Instant;

    /// How long a connection lives that would go on for ever, and whether its client was told that it ends.
    async fn lives(activity: &Activity, stop: &CancellationToken) -> (Duration, bool) {
        let (start, mut told) = (Instant::now(), false);
        attend(pending::<()>(), |_| told = true, activity, stop).await;
        (start.elapsed(), told)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_ends_when_nothing_goes_on() {
        let (activity, stop) = (Activity::new(), CancellationToken::new());
        assert_eq!(lives(&activity, &stop).await, (IDLE + FAREWELL, true));

        let activity = Activity::new();
        let request = async {
            let doing = activity.begin();
            sleep(2 * IDLE).await;
            drop(doing);
        };
        let ((lived, _), ()) = tokio::join!(lives(&activity, &stop), request);
        assert_eq!(lived, 3 * IDLE + FAREWELL);
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_end_what_is_under_way_is_finished() {
        let (activity, stop) = (Activity::new(), CancellationToken::new());
        stop.cancel();
        assert_eq!(lives(&activity, &stop).await, (FAREWELL, true));
        let doing = activity.begin();
        assert_eq!(lives(&activity, &stop).await, (GRACE + LAST_WORDS, true));
        drop(doing);
    }
}
