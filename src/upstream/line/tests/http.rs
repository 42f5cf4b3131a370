//! Far ends that speak HTTP/2, and say something else than an answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{Request, Response};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::far_end::{FarEnd, answer};
use super::proof::Proof;
use super::{Line, ask, ask_all};

/// A connection at the far end.
type Http = Connection<TlsStream<TcpStream>, Bytes>;

/// A line to a far end, which gets each connection, and how many there were before.
async fn start<F>(
    serve: impl Fn(Http, usize) -> F + Clone + Send + Sync + 'static,
) -> (FarEnd, Line)
where
    F: Future<Output = Result<(), h2::Error>> + Send + 'static,
{
    let proof = Proof::new();
    let acceptor = TlsAcceptor::from(proof.config(b"h2"));
    let far = FarEnd::start(move |stream, number| {
        let (acceptor, serve) = (acceptor.clone(), serve.clone());
        async move {
            let stream = acceptor.accept(stream).await?;
            let http = h2::server::handshake(stream)
                .await
                .map_err(io::Error::other)?;
            serve(http, number).await.map_err(io::Error::other)
        }
    })
    .await;
    let line = proof.line(&format!("https://{}/dns-query", far.address));
    (far, line)
}

/// The question in a request.
async fn question(request: Request<RecvStream>) -> Vec<u8> {
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("POST", "/dns-query")
    );
    let mut body = request.into_body();
    let mut question = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        question.extend_from_slice(&piece);
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    assert_eq!(question[..2], [0, 0], "the ID is zero");
    question
}

/// A response with this status, media type and body.
fn respond(
    mut to: SendResponse<Bytes>,
    (status, media_type): (u16, &str),
    body: Vec<u8>,
) -> Result<(), h2::Error> {
    let head = Response::builder()
        .status(status)
        .header("content-type", media_type);
    to.send_response(head.body(()).unwrap(), false)?
        .send_data(body.into(), true)
}

const GOOD: (u16, &str) = (200, "application/dns-message");

/// Answers so many requests.
async fn serve_some(http: &mut Http, count: usize) -> Result<(), h2::Error> {
    for _ in 0..count {
        let Some(accepted) = http.accept().await else {
            return Ok(());
        };
        let (request, to) = accepted?;
        let question = question(request);
        tokio::pin!(question);
        // The body comes while the connection moves on.
        let question = tokio::select! {
            question = &mut question => question,
            _ = std::future::poll_fn(|context| http.poll_closed(context)) => return Ok(()),
        };
        respond(to, GOOD, answer(&question, &[]))?;
    }
    Ok(())
}

/// A server that goes away says so; what it did not get to is asked again.
#[tokio::test]
async fn a_server_that_goes_away_is_asked_again() {
    let (far, line) = start(|mut http, number| async move {
        serve_some(&mut http, 3).await?;
        if number == 0 {
            http.graceful_shutdown();
        } else {
            http.abrupt_shutdown(Reason::NO_ERROR);
        }
        std::future::poll_fn(|context| http.poll_closed(context)).await
    })
    .await;
    for _ in 0..12 {
        ask(&line, "one.example").await.unwrap();
    }
    assert!(far.connections() >= 4, "{}", far.connections());
}

/// A stream that is refused was not looked at, and the connection goes on.
#[tokio::test]
async fn a_refused_stream_is_asked_again() {
    let refused = Arc::new(AtomicUsize::new(0));
    let (far, line) = start(move |mut http, _| {
        let refused = Arc::clone(&refused);
        async move {
            loop {
                if refused.fetch_add(1, Ordering::SeqCst) < 2 {
                    if let Some(accepted) = http.accept().await {
                        accepted?.1.send_reset(Reason::REFUSED_STREAM);
                    }
                } else {
                    serve_some(&mut http, 1).await?;
                }
            }
        }
    })
    .await;
    ask(&line, "one.example").await.unwrap();
    ask_all(&line, 5).await.unwrap();
    assert_eq!(far.connections(), 1);
}

#[tokio::test]
async fn what_is_no_answer_is_not_taken_for_one() {
    let cases: [((u16, &str), usize, &str); 5] = [
        ((503, "application/dns-message"), 100, "503"),
        ((301, "text/html"), 100, "301"),
        ((200, "text/html"), 100, "text/html"),
        (GOOD, 65_536, "more than a message"),
        ((200, ""), 10, "in place of"),
    ];
    for (head, length, why) in cases {
        let (far, line) = start(move |mut http, _| async move {
            while let Some(accepted) = http.accept().await {
                respond(accepted?.1, head, vec![0; length])?;
            }
            Ok(())
        })
        .await;
        let failed = ask(&line, "one.example").await.unwrap_err();
        assert!(failed.contains(why), "{why}: {failed}");
        assert_eq!(far.connections(), 1);
    }
}

#[tokio::test]
async fn a_head_without_end_is_cut() {
    let (_far, line) = start(|mut http, _| async move {
        while let Some(accepted) = http.accept().await {
            let mut head = Response::builder().status(200);
            for at in 0..100 {
                head = head.header(format!("x-{at}"), "y".repeat(1000));
            }
            accepted?.1.send_response(head.body(()).unwrap(), false)?;
        }
        Ok(())
    })
    .await;
    ask(&line, "one.example").await.unwrap_err();
}
