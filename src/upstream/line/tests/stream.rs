//! Connections over plain TCP: what holds for them holds for all.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::far_end::{FarEnd, answer, question, send, serve, serve_some};
use super::{DEADLINE, Sends, ask, ask_all, within};
use crate::upstream::line::stream::SEATS;

#[tokio::test]
async fn many_questions_share_a_connection_and_answers_come_in_any_order() {
    let backwards = |mut stream: TcpStream, _| async move {
        loop {
            let mut questions = Vec::new();
            for _ in 0..25 {
                questions.push(question(&mut stream).await?);
            }
            for question in questions.iter().rev() {
                send(&mut stream, &answer(question, &[])).await?;
            }
        }
    };
    let far = FarEnd::start(backwards).await;
    let line = far.line();
    ask_all(&line, 100).await.unwrap();
    assert_eq!(far.connections(), 1);
}

#[tokio::test]
async fn a_full_connection_gets_a_second_beside_it() {
    let late = |mut stream: TcpStream, _| async move {
        let mut questions = Vec::new();
        while questions.len() < SEATS {
            questions.push(question(&mut stream).await?);
        }
        sleep(Duration::from_millis(100)).await;
        for question in questions {
            send(&mut stream, &answer(&question, &[])).await?;
        }
        serve(stream).await
    };
    let far = FarEnd::start(late).await;
    let line = far.line();
    ask_all(&line, 2 * SEATS).await.unwrap();
    assert_eq!(far.connections(), 2);
    ask_all(&line, SEATS).await.unwrap();
    assert_eq!(far.connections(), 2);
}

#[tokio::test]
async fn the_end_of_a_kept_connection_is_not_noticed() {
    let far = FarEnd::start(|stream, _| serve_some(stream, 1)).await;
    let line = far.line();
    for _ in 0..5 {
        ask(&line, "one.example").await.unwrap();
    }
    assert_eq!(far.connections(), 5);
    ask_all(&line, 30).await.unwrap();
}

/// Nobody makes us a hammer, also not who ends each connection after an answer.
#[tokio::test]
async fn no_more_is_sent_than_may_be() {
    let far = FarEnd::start(|mut stream: TcpStream, _| async move {
        let first = question(&mut stream).await?;
        send(&mut stream, &answer(&first, &[])).await?;
        question(&mut stream).await.map(drop)
    })
    .await;
    for left in [0, 1] {
        let line = far.line();
        ask(&line, "one.example").await.unwrap();
        let before = far.connections();
        let question = super::question("two.example", line.transport());
        let sends = Sends::new(left);
        let answer = line.ask(&question, within(DEADLINE, &sends)).await;
        assert_eq!((answer.is_ok(), sends.left()), (left > 0, 0));
        assert_eq!(far.connections() - before, left);
    }
}

#[tokio::test]
async fn a_fresh_connection_that_fails_is_a_failure() {
    let far = FarEnd::start(|mut stream: TcpStream, _| async move {
        question(&mut stream).await?;
        stream.shutdown().await
    })
    .await;
    let line = far.line();
    let began = Instant::now();
    let failed = ask(&line, "one.example").await.unwrap_err();
    assert!(failed.contains("UnexpectedEof"), "{failed}");
    assert_eq!(far.connections(), 1);
    // Nor is one that ends before anybody can ask.
    let far = FarEnd::start(|stream, _| async move {
        drop(stream);
        Ok(())
    })
    .await;
    let line = far.line();
    ask(&line, "one.example").await.unwrap_err();
    assert!(far.connections() <= 2);
    assert!(began.elapsed() < Duration::from_secs(1));
}

/// Nobody listens, so the system's word for it comes through.
#[tokio::test]
async fn a_refused_connection_says_so() {
    let far = FarEnd::start(|stream, _| serve(stream)).await;
    let line = far.line();
    drop(far);
    sleep(Duration::from_millis(10)).await;
    let failed = ask(&line, "one.example").await;
    assert!(failed.unwrap_err().contains("ConnectionRefused"));
}

/// A router on the way has forgotten the connection: what goes there is lost without a word.
#[tokio::test]
async fn a_connection_that_falls_silent_is_replaced() {
    let forgotten = |mut stream: TcpStream, number| async move {
        if number > 0 {
            return serve(stream).await;
        }
        let first = question(&mut stream).await?;
        send(&mut stream, &answer(&first, &[])).await?;
        loop {
            question(&mut stream).await?;
        }
    };
    let far = FarEnd::start(forgotten).await;
    let line = far.line();
    ask(&line, "one.example").await.unwrap();
    let began = Instant::now();
    ask_all(&line, 10).await.unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(far.connections(), 2);
}

/// A hard name takes its time; the answer is good, whichever connection it comes by.
#[tokio::test]
async fn a_late_answer_of_a_silent_connection_counts() {
    let slow = |mut stream: TcpStream, number| async move {
        for at in 0.. {
            let question = question(&mut stream).await?;
            let late = if at == 0 && number == 0 { 0 } else { 1500 };
            sleep(Duration::from_millis(late)).await;
            send(&mut stream, &answer(&question, &[])).await?;
        }
        Ok(())
    };
    let far = FarEnd::start(slow).await;
    let line = far.line();
    ask(&line, "one.example").await.unwrap();
    let began = Instant::now();
    ask(&line, "hard.example").await.unwrap();
    let took = began.elapsed();
    assert!(took < Duration::from_millis(2300), "{took:?}");
}

#[tokio::test]
async fn what_answers_nothing_is_not_believed() {
    // The IDs of others, and another question.
    let lie = |change: fn(&mut Vec<u8>)| {
        FarEnd::start(move |mut stream: TcpStream, _| async move {
            let question = question(&mut stream).await?;
            let mut lie = answer(&question, &[]);
            change(&mut lie);
            for _ in 0..15 {
                send(&mut stream, &lie).await?;
            }
            send(&mut stream, &answer(&question, &[])).await?;
            serve(stream).await
        })
    };
    let changes: [fn(&mut Vec<u8>); 2] = [|lie| lie[0] ^= 1, |lie| lie[13] ^= 3];
    for change in changes {
        let far = lie(change).await;
        ask(&far.line(), "one.example").await.unwrap();
    }
    // Nobody is listened to for ever, and what is no message ends it at once.
    let endless = FarEnd::start(|mut stream: TcpStream, _| async move {
        question(&mut stream).await?;
        loop {
            send(&mut stream, &[0; 12]).await?;
        }
    })
    .await;
    let short = FarEnd::start(|mut stream: TcpStream, _| async move {
        question(&mut stream).await?;
        send(&mut stream, &[0; 11]).await?;
        serve(stream).await
    })
    .await;
    for (far, why) in [(endless, "not asked"), (short, "no message")] {
        let failed = ask(&far.line(), "one.example").await;
        let failed = failed.unwrap_err();
        assert!(failed.contains(why), "{failed}");
    }
}

/// The server says for how long it keeps a connection (RFC 7828), and whoever is asked to go goes.
#[tokio::test]
async fn an_idle_connection_is_closed_when_the_server_wants_it() {
    let (ended, mut ends) = mpsc::channel(1);
    let far = FarEnd::start(move |mut stream: TcpStream, _| {
        let ended = ended.clone();
        async move {
            let question = question(&mut stream).await?;
            let asks = question.windows(4).any(|option| option == [0, 11, 0, 0]);
            send(&mut stream, &answer(&question, &[0, 11, 0, 2, 0, 3])).await?;
            let read = stream.read_u8().await;
            let closed = read.is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
            ended.send((asks, closed)).await.map_err(io::Error::other)
        }
    })
    .await;
    let line = far.line();
    ask(&line, "one.example").await.unwrap();
    let began = Instant::now();
    assert_eq!(ends.recv().await, Some((true, true)));
    let took = began.elapsed();
    let expected = Duration::from_millis(250)..Duration::from_secs(3);
    assert!(expected.contains(&took), "{took:?}");
}

#[tokio::test]
async fn a_line_that_is_dropped_closes_its_connections() {
    let open = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&open);
    let far = FarEnd::start(move |stream, _| {
        let open = Arc::clone(&counted);
        async move {
            open.fetch_add(1, Ordering::SeqCst);
            let ended = serve(stream).await;
            open.fetch_sub(1, Ordering::SeqCst);
            ended
        }
    })
    .await;
    let line = far.line();
    ask(&line, "one.example").await.unwrap();
    assert_eq!(open.load(Ordering::SeqCst), 1);
    drop(line);
    let end = Instant::now() + DEADLINE;
    while open.load(Ordering::SeqCst) > 0 {
        assert!(Instant::now() < end, "it stays open");
        sleep(Duration::from_millis(5)).await;
    }
}

/// A server that takes questions and says nothing is asked once.
#[tokio::test]
async fn silence_on_a_fresh_connection_is_not_asked_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let far = FarEnd::start(move |mut stream: TcpStream, _| {
        let asked = Arc::clone(&counted);
        async move {
            loop {
                question(&mut stream).await?;
                asked.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let line = far.line();
    let failed = ask(&line, "one.example").await.unwrap_err();
    assert!(failed.contains("TimedOut"), "{failed}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// A server may let nobody have a second connection, or not yet again; what it is about to answer on the first is still good.
#[tokio::test]
async fn a_late_answer_counts_although_no_other_connection_works() {
    let slow = |mut stream: TcpStream, number| async move {
        for at in 0.. {
            if number > 0 {
                return Ok(());
            }
            let question = question(&mut stream).await?;
            sleep(Duration::from_millis(if at == 0 { 0 } else { 1500 })).await;
            send(&mut stream, &answer(&question, &[])).await?;
        }
        Ok(())
    };
    let far = FarEnd::start(slow).await;
    let line = far.line();
    ask(&line, "one.example").await.unwrap();
    ask(&line, "hard.example").await.unwrap();
    assert_eq!(far.connections(), 2);
}

/// Questions whose askers have gone are answered all the same, however many they are.
#[tokio::test]
async fn answers_that_come_too_late_are_no_noise() {
    const COUNT: usize = 3 * SEATS;
    let late = |mut stream: TcpStream, _| async move {
        let mut questions = Vec::new();
        while questions.len() < COUNT {
            questions.push(question(&mut stream).await?);
        }
        for question in questions {
            send(&mut stream, &answer(&question, &[])).await?;
        }
        serve(stream).await
    };
    let far = FarEnd::start(late).await;
    let line = far.line();
    for batch in 0..3 {
        let names: Vec<_> = (0..SEATS)
            .map(|at| format!("n{batch}-{at}.example"))
            .collect();
        let questions: Vec<_> = (names.iter())
            .map(|name| super::question(name, line.transport()))
            .collect();
        let sends: Vec<_> = questions.iter().map(|_| Sends::new(6)).collect();
        let soon = Duration::from_millis(150);
        let asked = (questions.iter().zip(&sends))
            .map(|(question, sends)| line.ask(question, within(soon, sends)));
        let ended = futures_util::future::join_all(asked).await;
        assert!(batch == 2 || ended.iter().all(Result::is_err));
    }
    ask(&line, "one.example").await.unwrap();
    assert_eq!(far.connections(), 1);
}

/// Whoever does not let us in is not knocked at by every question.
#[tokio::test]
async fn a_server_that_lets_nobody_in_is_left_alone_for_a_moment() {
    let far = FarEnd::start(|stream, _| async move {
        drop(stream);
        Ok(())
    })
    .await;
    let line = far.line();
    drop(far);
    sleep(Duration::from_millis(10)).await;
    let (began, mut failed) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(2) {
        ask(&line, "one.example").await.unwrap_err();
        failed += 1;
    }
    assert!(failed <= 12, "{failed} attempts in two seconds");
}

/// Where each connection takes one question only, slow names must not make us open one connection for each.
#[tokio::test]
async fn connections_that_take_few_questions_are_not_many() {
    let hold = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let holds = Arc::clone(&hold);
    let far = FarEnd::start(move |mut stream: TcpStream, _| {
        let hold = holds.load(Ordering::SeqCst);
        async move {
            if hold {
                loop {
                    question(&mut stream).await?;
                }
            }
            serve_some(stream, 1).await
        }
    })
    .await;
    let line = far.line();
    drop(ask_all(&line, 30).await);
    hold.store(true, Ordering::SeqCst);
    let before = far.connections();
    let names: Vec<_> = (0..200).map(|at| format!("slow{at}.example")).collect();
    let questions: Vec<_> = (names.iter())
        .map(|name| super::question(name, line.transport()))
        .collect();
    let sends: Vec<_> = questions.iter().map(|_| Sends::new(6)).collect();
    let soon = Duration::from_millis(900);
    let asked = (questions.iter().zip(&sends))
        .map(|(question, sends)| line.ask(question, within(soon, sends)));
    drop(futures_util::future::join_all(asked).await);
    let opened = far.connections() - before;
    assert!(opened <= 40, "{opened} connections");
}
