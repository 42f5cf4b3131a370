//! Far ends that speak DNS over QUIC, and leave questions without an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Connection, Endpoint, RecvStream, SendStream, ServerConfig};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::far_end::answer;
use super::proof::Proof;
use super::{Line, Sends, ask, ask_all, question as to_ask, within};
use crate::upstream::Transport;

/// A line to a far end, which gets each connection; how many there were; and what keeps the far end alive.
fn start<F>(
    serve: impl Fn(Connection, usize) -> F + Send + 'static,
) -> (Line, Arc<AtomicUsize>, Endpoint)
where
    F: Future<Output = ()> + Send + 'static,
{
    let proof = Proof::new();
    let crypto = QuicServerConfig::try_from(proof.config(b"doq")).unwrap();
    let config = ServerConfig::with_crypto(Arc::new(crypto));
    let endpoint = Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap();
    let line = proof.line(&format!("quic://{}", endpoint.local_addr().unwrap()));
    let connections = Arc::new(AtomicUsize::new(0));
    let (listening, counted) = (endpoint.clone(), Arc::clone(&connections));
    drop(Handle::current().spawn(async move {
        while let Some(incoming) = listening.accept().await {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            if let Ok(connection) = incoming.await {
                drop(Handle::current().spawn(serve(connection, number)));
            }
        }
    }));
    (line, connections, endpoint)
}

/// The next stream, and the question on it.
async fn next(connection: &Connection) -> Option<(SendStream, RecvStream, Vec<u8>)> {
    let (send, mut receive) = connection.accept_bi().await.ok()?;
    // Nothing but one question comes on a stream.
    let question = receive.read_to_end(65_537).await.unwrap();
    assert_eq!(
        usize::from(question[0]) << 8 | usize::from(question[1]),
        question.len() - 2
    );
    assert_eq!(question[2..4], [0, 0], "the ID is zero");
    Some((send, receive, question[2..].to_vec()))
}

async fn reply(mut send: SendStream, message: &[u8]) {
    let length = u16::try_from(message.len()).unwrap();
    let frame = [&length.to_be_bytes()[..], message].concat();
    send.write_all(&frame).await.unwrap();
    send.finish().unwrap();
    // Whoever asked may be gone by now.
    drop(send.stopped().await);
}

/// Answers so many questions.
async fn serve_some(connection: &Connection, count: usize) {
    for _ in 0..count {
        let Some((send, _, question)) = next(connection).await else {
            return;
        };
        reply(send, &answer(&question, &[])).await;
    }
}

#[tokio::test]
async fn many_questions_share_a_connection() {
    let (line, connections, _far) = start(|connection, _| async move {
        serve_some(&connection, usize::MAX).await;
    });
    ask_all(&line, 150).await.unwrap();
    // The second one is there because a hundred at a time fill the first.
    assert!(connections.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn the_end_of_a_connection_is_not_noticed() {
    let (line, connections, _far) = start(|connection, _| async move {
        serve_some(&connection, 5).await;
        connection.close(0_u32.into(), b"");
    });
    for _ in 0..11 {
        ask(&line, "one.example").await.unwrap();
    }
    assert!(connections.load(Ordering::SeqCst) >= 3);
}

#[tokio::test]
async fn a_stream_without_an_answer_is_a_failure() {
    let cases: [(&[u8], &str); 3] = [
        (&[], "ends before"),
        (&[0, 12, 0, 0], "ends before"),
        (&[0, 3, 1, 2, 3], "Noise"),
    ];
    for (octets, why) in cases {
        let (line, connections, _far) = start(move |connection, _| async move {
            while let Some((mut send, ..)) = next(&connection).await {
                send.write_all(octets).await.unwrap();
                send.finish().unwrap();
            }
        });
        let failed = ask(&line, "one.example").await.unwrap_err();
        assert!(failed.contains(why), "{failed}");
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }
    let (line, ..) = start(|connection, _| async move {
        while let Some((mut send, ..)) = next(&connection).await {
            send.reset(2_u32.into()).unwrap();
        }
    });
    ask(&line, "one.example").await.unwrap_err();
}

/// A server hears that nobody waits any more (RFC 9250 §4.3.1), and the connection serves the next question.
#[tokio::test]
async fn who_gives_up_says_so() {
    let (line, connections, _far) = start(|connection, _| async move {
        let (send, ..) = next(&connection).await.unwrap();
        let code = timeout(Duration::from_secs(5), send.stopped()).await;
        assert_eq!(code.unwrap().unwrap(), Some(3_u32.into()));
        serve_some(&connection, usize::MAX).await;
    });
    let question = to_ask("late.example", Transport::Quic);
    let sends = Sends::new(1);
    let soon = within(Duration::from_millis(300), &sends);
    line.ask(&question, soon).await.unwrap_err();
    ask(&line, "one.example").await.unwrap();
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

/// What a server sends without being asked lies in our memory until somebody reads it, which nobody does.
#[tokio::test]
async fn a_server_cannot_fill_our_memory() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let (line, _, _far) = start(move |connection, _| {
        let sent = Arc::clone(&counted);
        async move {
            let short = Duration::from_millis(100);
            while let Ok(Ok(mut stream)) = timeout(short, connection.open_uni()).await {
                while let Ok(Ok(())) = timeout(short, stream.write_all(&[0; 4096])).await {
                    sent.fetch_add(4096, Ordering::SeqCst);
                }
            }
        }
    });
    ask(&line, "one.example").await.unwrap_err();
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent <= 1 << 20, "{sent} octets");
}

/// The reason that a server gives goes into the log: it is there, on one line, and no long one.
#[tokio::test]
async fn the_words_of_a_server_stay_on_their_line() {
    let (line, ..) = start(|connection, _| async move {
        let reason = format!("\nERROR: all is lost \x1b[2J{}", "a".repeat(700));
        connection.close(5_u32.into(), reason.as_bytes());
    });
    let failed = ask(&line, "one.example").await.unwrap_err();
    assert!(failed.contains("all is lost"), "{failed}");
    assert!(!failed.contains(char::is_control), "{failed:?}");
    assert!(failed.len() < 500, "{failed:?}");
}
