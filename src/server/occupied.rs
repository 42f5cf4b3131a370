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

/// The process whose socket stands in the way of `address`. Of other users and from within a container none is seen.
pub(super) fn holder(address: SocketAddr, protocol: &str) -> Option<Holder> {
    let (_, inode) = sockets(address, protocol).into_iter().next()?;
    find_process(&format!("socket:[{inode}]"))
}

/// Whether it is systemd-resolved that stands in the way, by the addresses that it alone has (systemd-resolved.service(8)).
pub(super) fn by_systemd_resolved(address: SocketAddr, protocol: &str) -> bool {
    const STUBS: [IpAddr; 2] = [
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, 53)),
        IpAddr::V4(Ipv4Addr::new(127, 0, 0, 54)),
    ];
    let sockets = sockets(address, protocol);
    address.port() == 53 && sockets.iter().any(|(at, _)| STUBS.contains(at))
}

/// The sockets that stand in the way, by address and inode.
fn sockets(address: SocketAddr, protocol: &str) -> Vec<(IpAddr, String)> {
    let tables = [
        format!("/proc/net/{protocol}"),
        format!("/proc/net/{protocol}6"),
    ];
    let texts = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok());
    texts
        .flat_map(|table| clashing(&table, address, protocol))
        .collect()
}

/// Those of that port whose address is the same or covers it. TCP sockets count only while they listen (state 0A).
fn clashing(table: &str, wanted: SocketAddr, protocol: &str) -> Vec<(IpAddr, String)> {
    let lines = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let (local, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
        let (address, port) = local.split_once(':')?;
        let address = parse_address(address)?;
        let clashes =
            address == wanted.ip() || address.is_unspecified() || wanted.ip().is_unspecified();
        let listens = protocol == "udp" || *state == "0A";
        (clashes && listens && u16::from_str_radix(port, 16) == Ok(wanted.port()))
            .then(|| (address, (*inode).to_owned()))
    });
    lines.collect()
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

    /// As /proc/net/udp shows them, where 127.0.0.54 stands between others.
    #[test]
    fn systemd_resolved_is_known_by_its_addresses() {
        let line = |address: u32, port: u16| {
            let address = address.swap_bytes();
            format!("\n 1: {address:08X}:{port:04X} 00000000:0000 07 0:0 00:0 0 101 0 4711 2 0 0")
        };
        let table = format!(
            "head{}{}{}",
            line(0xc0a8_0102, 53),
            line(0x7f00_0036, 53),
            line(0x7f00_0035, 5355)
        );
        let all = clashing(&table, "0.0.0.0:53".parse().unwrap(), "udp");
        let found: Vec<String> = all.iter().map(|(at, _)| at.to_string()).collect();
        assert_eq!(found, ["192.168.1.2", "127.0.0.54"]);
        let one = clashing(&table, "192.168.1.2:53".parse().unwrap(), "udp");
        assert_eq!(one, [("192.168.1.2".parse().unwrap(), "4711".to_owned())]);
        assert!(!by_systemd_resolved("127.0.0.53:1".parse().unwrap(), "udp"));
    }
}
