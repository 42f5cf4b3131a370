//! The networks that this machine is in.

use std::net::IpAddr;

use ipnet::IpNet;

/// The networks of all interfaces that are up, loopback left out, sorted; empty where the system does not tell.
#[cfg(unix)]
pub fn networks() -> Vec<IpNet> {
    use nix::net::if_::InterfaceFlags;
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else {
        return Vec::new();
    };
    let mut networks: Vec<IpNet> = interfaces
        .filter(|interface| {
            interface.flags.contains(InterfaceFlags::IFF_UP)
                && !interface.flags.contains(InterfaceFlags::IFF_LOOPBACK)
        })
        .filter_map(|interface| {
            let address = to_ip(&interface.address?)?;
            let mask = to_ip(&interface.netmask?)?;
            IpNet::with_netmask(address, mask)
                .ok()
                .map(|net| net.trunc())
        })
        .filter(|net| net.prefix_len() > 0)
        .collect();
    networks.sort();
    networks.dedup();
    networks
}

/// The networks of all interfaces; unknown on this system.
#[cfg(not(unix))]
pub fn networks() -> Vec<IpNet> {
    Vec::new()
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
