//! The networks that this machine is in.

use std::fs;
use std::net::{IpAddr, Ipv6Addr};

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

/// The addresses of this machine at which others may know it for long: without those of a link alone and, where the system tells
/// (Linux), without those that IPv6 changes every day on purpose (RFC 8981).
pub fn lasting_addresses() -> Vec<IpAddr> {
    let fleeting = fleeting_addresses();
    let mut addresses = addresses();
    addresses.retain(|address| match address {
        IpAddr::V4(address) => !address.is_link_local(),
        IpAddr::V6(address) => !address.is_unicast_link_local() && !fleeting.contains(address),
    });
    addresses
}

/// Temporary addresses, from the table of the kernel: address, index, prefix, scope, flags, name (proc(5)).
fn fleeting_addresses() -> Vec<Ipv6Addr> {
    /// `IFA_F_TEMPORARY` in `linux/if_addr.h`.
    const TEMPORARY: u8 = 1;
    let table = fs::read_to_string("/proc/self/net/if_inet6").unwrap_or_default();
    let lines = table.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let flags = u8::from_str_radix(fields.get(4)?, 16).ok()?;
        let address = u128::from_str_radix(fields.first()?, 16).ok()?;
        (flags & TEMPORARY != 0).then(|| Ipv6Addr::from(address))
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
