//! Who asks.

use std::net::IpAddr;

use crate::wire::Query;
use crate::wire::edns::PAYLOAD;

/// Who asks, and through what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The client's address.
    pub address: IpAddr,
    /// How it is reached.
    pub carrier: Carrier,
}

/// What carries a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// A datagram: the reply must fit what the client can take, and what passes without fragments.
    Datagram,
    /// A stream: any message fits.
    Stream,
}

impl Client {
    /// The same client, for a reply that is only a part of the one that it gets.
    pub(super) fn by_stream(self) -> Self {
        Self {
            carrier: Carrier::Stream,
            ..self
        }
    }

    pub(super) fn limit(&self, query: &Query<'_>) -> usize {
        match self.carrier {
            Carrier::Datagram => query.udp_limit(PAYLOAD),
            Carrier::Stream => usize::from(u16::MAX),
        }
    }
}
