//! What is known of names on the way from a trust anchor to a record: where signed zones begin, and with which keys.
//!
//! Nearly every answer needs the same few zones, so what was proven about a name is kept, for as long as the records that prove
//! it live. Questions that need the same unknown zone wait for one look-up.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::key::Zone;
use super::{Bogus, Reason};
use crate::upstream::Failure;
use crate::wire::Name;

/// How much memory it may take, in octets.
const CAPACITY: u64 = 4 << 20;
/// The shortest time for which something is kept: answers that may not be kept must not cost a chain of questions each.
const SHORTEST: Duration = Duration::from_secs(5);
/// The longest: whoever signs a zone that was not signed waits no longer than this.
const LONGEST: Duration = Duration::from_secs(3600);
/// How long a broken link is kept: whoever repairs it waits no longer than this, and whoever asks all the time does not make us
/// ask all the time (RFC 9520 §3.2).
const BROKEN: Duration = Duration::from_secs(10);

/// What begins at a name.
#[derive(Debug, Clone)]
pub(super) enum Status {
    /// A signed zone.
    Signed(Arc<Zone>),
    /// A zone that is not signed, or not in a way that can be verified: then with the extended error that says so.
    Unsigned(Option<u16>),
    /// No zone.
    Same,
    /// Nothing: neither the name nor what would lie below it exists.
    Nothing,
}

/// A proven status and the time until which it holds; or where the chain breaks.
#[derive(Debug)]
struct Node {
    status: Result<Status, Bogus>,
    until: Duration,
}

/// What is known, by name.
#[derive(Debug)]
pub(super) struct Zones {
    nodes: Cache<Name, Arc<Node>, Octets>,
}

#[derive(Debug, Clone, Copy)]
struct Octets;

impl Weighter<Name, Arc<Node>> for Octets {
    fn weight(&self, _: &Name, node: &Arc<Node>) -> u64 {
        let keys = match &node.status {
            Ok(Status::Signed(zone)) => zone.size(),
            _ => 0,
        };
        u64::try_from(keys + 1024).unwrap_or(u64::MAX)
    }
}

impl Zones {
    pub(super) fn new() -> Self {
        let expected = usize::try_from(CAPACITY / 2048).unwrap_or(usize::MAX);
        Self {
            nodes: Cache::with_weighter(expected, CAPACITY, Octets),
        }
    }

    /// What begins at `name`: as it is known at `now`, or as `prove` finds out, with the seconds for which that holds. If
    /// `again`, a broken link is looked at again. Failures to find out are not kept, and neither is it that a question had spent
    /// its budget when it came here: another one may do better.
    pub(super) async fn at(
        &self,
        name: &Name,
        (now, again): (Duration, bool),
        prove: impl Future<Output = Result<(Status, u32), Failure>>,
    ) -> Result<Status, Failure> {
        let living = |node: &Arc<Node>| now < node.until && !(again && node.status.is_err());
        self.nodes.remove_if(name, |node| !living(node));
        let node = self.nodes.get_or_insert_async(name, async {
            let (status, kept) = match prove.await {
                Ok((status, seconds)) => {
                    let kept = Duration::from_secs(seconds.into());
                    (Ok(status), kept.clamp(SHORTEST, LONGEST))
                }
                Err(Failure::Bogus(bogus)) if bogus.reason != Reason::TooMuch => {
                    (Err(*bogus), BROKEN)
                }
                Err(failure) => return Err(failure),
            };
            let until = now + kept;
            Ok(Arc::new(Node { status, until }))
        });
        let status = node.await?.status.clone();
        status.map_err(|bogus| Failure::Bogus(Box::new(bogus)))
    }
}
