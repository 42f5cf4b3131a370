//! The networks that this machine is in, and its addresses there.

use std::fs;
use std::net::{IpAddr, Ipv6Addr};

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

/// The addresses of this machine at which others may know it for long: without those of a link alone and, where the system tells
/// (Linux), without those that IPv6 changes every day on purpose (RFC 8981).
pub fn lasting_addresses() -> Vec<IpAddr> {
    let fleeting = fleeting_addresses();
    let mut addresses = addresses();
    addresses.retain(|address| !is_link_local(*address) && !fleeting.contains(address));
    addresses
}

/// Temporary addresses, from the table of the kernel: address, index, prefix, scope, flags, name (proc(5)).
fn fleeting_addresses() -> Vec<IpAddr> {
    /// `IFA_F_TEMPORARY` in `linux/if_addr.h`.
    const TEMPORARY: u8 = 1;
    let table = fs::read_to_string("/proc/self/net/if_inet6").unwrap_or_default();
    let lines = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let flags = u8::from_str_radix(fields.get(4)?, 16).ok()?;
        let address = u128::from_str_radix(fields.first()?, 16).ok()?;
        (flags & TEMPORARY != 0).then(|| Ipv6Addr::from(address).into())
    });
    lines.collect()
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
