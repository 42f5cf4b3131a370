//! Many clients behind one socket: each question leaves from the address of its own client, and the reply says whose it is.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::libc::{in_addr, in_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, sendmsg, setsockopt,
    sockopt,
};

/// The clients.
#[derive(Debug)]
pub(crate) struct Crowd {
    socket: UdpSocket,
    server: SockaddrIn,
}

impl Crowd {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let SocketAddr::V4(server) = server else {
            panic!("the crowd has IPv4 addresses")
        };
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true).unwrap();
        // Replies come faster than one thread takes them.
        socket2::SockRef::from(&socket)
            .set_recv_buffer_size(4 << 20)
            .unwrap();
        let server = SockaddrIn::from(server);
        Self { socket, server }
    }

    /// Sends a datagram in the name of a client of 127/8.
    pub(crate) fn send(&self, from: Ipv4Addr, bytes: &[u8]) {
        let source = in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: in_addr {
                s_addr: u32::from_ne_bytes(from.octets()),
            },
            ipi_addr: in_addr { s_addr: 0 },
        };
        let sent = sendmsg(
            self.socket.as_raw_fd(),
            &[IoSlice::new(bytes)],
            &[ControlMessage::Ipv4PacketInfo(&source)],
            MsgFlags::empty(),
            Some(&self.server),
        );
        assert_eq!(sent, Ok(bytes.len()));
    }

    /// The next reply from the server within `limit`, and whose it is.
    pub(crate) fn receive(&self, limit: Duration) -> Option<(Ipv4Addr, Vec<u8>)> {
        self.socket.set_read_timeout(Some(limit)).unwrap();
        let mut buffer = [0; 4096];
        let mut space = nix::cmsg_space!(in_pktinfo);
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let received = recvmsg::<SockaddrIn>(
            self.socket.as_raw_fd(),
            &mut slices,
            Some(&mut space),
            MsgFlags::empty(),
        )
        .ok()?;
        assert_eq!(
            received.address,
            Some(self.server),
            "a reply from whom was asked"
        );
        let client = received
            .cmsgs()
            .unwrap()
            .find_map(|message| match message {
                ControlMessageOwned::Ipv4PacketInfo(info) => {
                    Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()))
                }
                _ => None,
            })?;
        let length = received.bytes;
        Some((client, buffer[..length].to_vec()))
    }
}

/// The client with this number.
pub(crate) fn client(number: usize) -> Ipv4Addr {
    let number = u16::try_from(number).unwrap() + 1;
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 77, high, low)
}
