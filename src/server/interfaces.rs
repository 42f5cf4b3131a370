//! The networks that this machine is in, and its addresses there.

use std::net::IpAddr;

use ipnet::IpNet;

/// An interface that is up, and no loopback.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its addresses, each with the network that it is in.
    pub addresses: Vec<IpNet>,
}

/// The interfaces that are up, loopback left out, sorted; empty where the system does not tell.
#[cfg(unix)]
pub fn links() -> Vec<Link> {
    use nix::net::if_::InterfaceFlags;
    use std::collections::BTreeMap;
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else {
        return Vec::new();
    };
    let mut links: BTreeMap<String, Vec<IpNet>> = BTreeMap::new();
    for interface in interfaces {
        let is_link = interface.flags.contains(InterfaceFlags::IFF_UP)
            && !interface.flags.contains(InterfaceFlags::IFF_LOOPBACK);
        let [address, mask] =
            [interface.address, interface.netmask].map(|address| address.as_ref().and_then(to_ip));
        if let (true, Some(address), Some(mask)) = (is_link, address, mask)
            && let Ok(network) = IpNet::with_netmask(address, mask)
        {
            let addresses = links.entry(interface.interface_name).or_default();
            addresses.push(network);
        }
    }
    let links = links.into_iter().map(|(name, mut addresses)| {
        addresses.sort();
        Link { name, addresses }
    });
    links.collect()
}

/// The interfaces; unknown on this system.
#[cfg(not(unix))]
pub fn links() -> Vec<Link> {
    Vec::new()
}

/// The networks of these interfaces, sorted.
pub fn networks(links: &[Link]) -> Vec<IpNet> {
    let addresses = links.iter().flat_map(|link| &link.addresses);
    let mut networks: Vec<IpNet> = addresses
        .map(IpNet::trunc)
        .filter(|network| network.prefix_len() > 0)
        .collect();
    networks.sort();
    networks.dedup();
    networks
}

/// Whether an address says nothing without the link that it is on (RFC 3927, RFC 4291 §2.5.6).
pub fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// Whether an address is one of this machine's own.
pub fn is_local(address: IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified() || addresses().contains(&address)
}

#[cfg(unix)]
fn addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs();
    interfaces
        .map(|interfaces| {
            interfaces
                .filter_map(|interface| to_ip(&interface.address?))
                .collect()
        })
        .unwrap_or_default()
}

#[cfg(not(unix))]
fn addresses() -> Vec<IpAddr> {
    Vec::new()
}

#[cfg(unix)]
fn to_ip(address: &nix::sys::socket::SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
}
