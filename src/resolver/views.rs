//! Local data as each client sees them.
//!
//! All see the same zones and hosts. What this server says of itself differs: its address is the one in the client's own
//! network, and a door that a client cannot reach is none.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::zone::Zones;

/// Local data as each client sees them.
#[derive(Debug, Default)]
pub struct Views {
    /// For the clients in a network; the smallest networks first.
    near: Vec<(IpNet, Arc<Zones>)>,
    /// For all others.
    others: Arc<Zones>,
}

impl Views {
    /// What all see.
    pub fn new(zones: Arc<Zones>) -> Self {
        Self {
            near: Vec::new(),
            others: zones,
        }
    }

    /// With something else for the clients in a network.
    #[must_use]
    pub fn seen_from(mut self, network: IpNet, zones: Arc<Zones>) -> Self {
        self.near.push((network, zones));
        self.near
            .sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix_len()));
        self
    }

    /// What a client sees.
    pub fn of(&self, client: IpAddr) -> &Zones {
        let near = self.near.iter();
        let mut near = near.filter(|(network, _)| network.contains(&client));
        near.next().map_or(&self.others, |(_, zones)| zones)
    }
}
