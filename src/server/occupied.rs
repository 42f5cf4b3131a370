//! Which process has a port (Linux: /proc; elsewhere nobody says).

use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A process that has a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) name: String,
    id: u32,
}

impl Holder {
    /// Whether it is this process.
    pub(super) fn is_self(&self) -> bool {
        self.id == std::process::id()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.id)
    }
}

/// The process whose socket stands in the way of `address`.
pub(super) fn holder(address: SocketAddr, protocol: &str) -> Option<Holder> {
    let tables = [
        format!("/proc/net/{protocol}"),
        format!("/proc/net/{protocol}6"),
    ];
    let inode = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .find_map(|table| find_inode(&table, address, protocol))?;
    find_process(&format!("socket:[{inode}]"))
}

/// Looks for a socket of that port whose address is the same or covers it. TCP sockets count only while they listen (state 0A).
fn find_inode(table: &str, wanted: SocketAddr, protocol: &str) -> Option<String> {
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let (address, port) = local.split_once(':')?;
        let address = parse_address(address)?;
        let clashes =
            address == wanted.ip() || address.is_unspecified() || wanted.ip().is_unspecified();
        let listens = protocol == "udp" || *state == "0A";
        (clashes && listens && u16::from_str_radix(port, 16) == Ok(wanted.port()))
            .then(|| (*inode).to_owned())
    })
}

/// The kernel prints 32-bit words in the machine's order.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let words: Vec<[u8; 4]> = hex
        .as_bytes()
        .chunks(8)
        .map(|word| {
            u32::from_str_radix(std::str::from_utf8(word).ok()?, 16)
                .ok()
                .map(u32::to_ne_bytes)
        })
        .collect::<Option<_>>()?;
    match words.as_slice() {
        [v4] => Some(Ipv4Addr::from(*v4).into()),
        v6 => <[u8; 16]>::try_from(v6.concat())
            .ok()
            .map(|octets| Ipv6Addr::from(octets).into()),
    }
}

fn find_process(socket: &str) -> Option<Holder> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let id = process.file_name().to_str()?.parse().ok()?;
        let has = |entry: fs::DirEntry| {
            fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == socket)
        };
        fs::read_dir(process.path().join("fd"))
            .ok()?
            .flatten()
            .any(has)
            .then_some(())?;
        let name = fs::read_to_string(process.path().join("comm"))
            .ok()?
            .trim()
            .to_owned();
        Some(Holder { name, id })
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_port_is_found() {
        let own = std::process::id();
        for address in ["127.0.0.1:0", "[::1]:0", "0.0.0.0:0"] {
            let socket = std::net::UdpSocket::bind(address).unwrap();
            assert_eq!(
                holder(socket.local_addr().unwrap(), "udp").map(|holder| holder.id),
                Some(own),
                "{address}"
            );
            let listener = std::net::TcpListener::bind(address).unwrap();
            assert_eq!(
                holder(listener.local_addr().unwrap(), "tcp").map(|holder| holder.id),
                Some(own),
                "{address}"
            );
        }
        assert_eq!(holder("127.0.0.1:1".parse().unwrap(), "udp"), None);
    }
}
