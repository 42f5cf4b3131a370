//! Questions that leave at their time, whatever became of those before: a client that waited would hide what it waited for.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::patient::pace;
use crate::support::client::PATIENCE;
use crate::support::crowd::{Crowd, client};
use crate::support::records::A;
use crate::support::reply::Reply;
use crate::support::wire::Query;

/// So many clients ask in turn, fewer than would be one too busy client.
const CLIENTS: usize = 20;

/// One question, and what became of it.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) sent: Instant,
    pub(crate) reply: Option<Reply>,
    /// Until the reply, or `PATIENCE`.
    pub(crate) took: Duration,
}

impl Asked {
    /// Whether the reply has this address and nothing else.
    pub(crate) fn says(&self, address: &str) -> bool {
        let reply = self.reply.as_ref();
        reply.is_some_and(|reply| {
            let addresses = reply.addresses();
            addresses.len() == 1 && addresses[0].to_string() == address
        })
    }

    /// For the message of a failed test.
    pub(crate) fn summary(&self) -> String {
        let reply = self.reply.as_ref();
        let said = reply.map_or_else(|| "no reply".to_owned(), Reply::summary);
        format!("{} after {:?}: {said}", self.name, self.took)
    }
}

/// Asks `rate` questions a second for the addresses of names, until there is no further name; gives what became of each.
pub(crate) fn ask(
    server: SocketAddr,
    rate: u32,
    mut name: impl FnMut(usize) -> Option<String>,
) -> Vec<Asked> {
    let crowd = Crowd::new(server);
    // How many replies to wait for; not known before all is sent.
    let expected = AtomicUsize::new(usize::MAX);
    thread::scope(|scope| {
        let replies = scope.spawn(|| {
            let mut replies = HashMap::new();
            let mut last = Instant::now();
            while replies.len() < expected.load(Ordering::SeqCst) && last.elapsed() < PATIENCE {
                if let Some((from, bytes)) = crowd.receive(Duration::from_millis(50)) {
                    last = Instant::now();
                    let id = u16::from_be_bytes([bytes[0], bytes[1]]);
                    replies.insert((from, id), (last, bytes));
                }
            }
            replies
        });
        let mut asked = Vec::new();
        pace(rate, |at| {
            let Some(name) = name(at) else { return false };
            let query = Query::new(&name, A).id((at / CLIENTS) as u16);
            let from = client(at % CLIENTS);
            let sent = Instant::now();
            crowd.send(from, &query.bytes());
            asked.push((name, sent, (from, query.id)));
            true
        });
        expected.store(asked.len(), Ordering::SeqCst);
        let mut replies = replies.join().unwrap();
        let with_reply = |(name, sent, key)| {
            let reply = replies.remove(&key);
            let took = reply.as_ref().map_or(PATIENCE, |(at, _)| *at - sent);
            let read = |(_, bytes): (Instant, Vec<u8>)| Reply::parse(&bytes).unwrap();
            Asked {
                name,
                sent,
                took,
                reply: reply.map(read),
            }
        };
        asked.into_iter().map(with_reply).collect()
    })
}
