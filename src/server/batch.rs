//! Packets by the batch: one system call receives up to 32, one sends their replies (Linux).

use std::array;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage,
    recvmmsg, sendmmsg,
};
use tokio::io::Interest;
use tokio::sync::Notify;

use super::udp::{Door, PACKET, Route};

/// As many as one call takes; more would only make the first wait for the last.
const BATCH: usize = 32;

/// So many batches are swept up at the end; a full receive buffer has no more.
const SWEEPS: usize = 256;

/// How long to rest after trouble that may pass, such as a lack of memory.
const REST: Duration = Duration::from_millis(10);

/// One of our addresses, as the kernel told it and wants it back (RFC 3542 §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Local {
    /// The socket has only one address.
    Bound,
    V4(libc::in_pktinfo),
    V6(libc::in6_pktinfo),
}

/// What came with a packet.
#[derive(Debug, Clone, Copy)]
struct Arrival {
    length: usize,
    route: Route<Local>,
}

/// Serves the socket until the end.
pub(super) async fn run(door: &Arc<Door>) -> io::Result<()> {
    let socket = door.listen()?;
    let mut batch = Batch::new(door.wildcard);
    for _ in 0..SWEEPS {
        serve(door, &socket, &mut batch).await?;
        // What lies in the socket when all else is done: the kernel took it, so its client believes that it was asked. What among it
        // must be asked upstream is under way then; where nothing is waited for any more, a turn is enough for its reply.
        let answered = batch.answer(door);
        tokio::task::yield_now().await;
        batch.send(&door.socket);
        if !matches!(answered, Ok(1..)) {
            break;
        }
    }
    Ok(())
}

/// Serves the socket until the end was called and nothing is under way.
async fn serve(
    door: &Arc<Door>,
    socket: &tokio::net::UdpSocket,
    batch: &mut Batch,
) -> io::Result<()> {
    let mut end = pin!(door.house.finished());
    loop {
        tokio::select! {
            ready = socket.readable() => ready?,
            () = batch.late.filled.notified() => {}
            () = &mut end => return Ok(()),
        }
        let mut answered = Ok(0);
        // Less than a batch means that the queue is empty, which another call would only say again.
        let _drained = socket.try_io(Interest::READABLE, || {
            answered = batch.answer(door);
            match answered {
                Ok(0..BATCH) | Err(Errno::EAGAIN) => Err(io::Error::from(ErrorKind::WouldBlock)),
                _ => Ok(()),
            }
        });
        batch.send(&door.socket);
        match answered {
            // There may be more; those who wait for upstream have their turn first.
            Ok(BATCH) => tokio::task::yield_now().await,
            Ok(_) | Err(Errno::EAGAIN | Errno::EINTR) => {}
            // No batches in this sandbox, or no socket any more.
            Err(
                error @ (Errno::ENOSYS
                | Errno::EPERM
                | Errno::EBADF
                | Errno::ENOTSOCK
                | Errno::EFAULT),
            ) => return Err(error.into()),
            Err(error) => {
                tracing::debug!(%error, "receiving failed");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// Replies to questions that had to wait. They leave together with others: a system call for each would cost more than to
/// write it.
#[derive(Debug, Default)]
struct Late {
    replies: Mutex<Vec<(Vec<u8>, Route<Local>)>>,
    filled: Notify,
}

impl Late {
    fn push(&self, reply: Vec<u8>, route: Route<Local>) {
        self.lock().push((reply, route));
        self.filled.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Vec<u8>, Route<Local>)>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for the packets that come together, and for their replies.
struct Batch {
    buffers: Vec<[u8; PACKET]>,
    headers: MultiHeaders<SockaddrStorage>,
    replies: Vec<(Vec<u8>, Route<Local>)>,
    late: Arc<Late>,
    spare: Vec<Vec<u8>>,
    sender: Sender,
}

impl Batch {
    fn new(wildcard: bool) -> Self {
        Self {
            buffers: vec![[0; PACKET]; BATCH],
            headers: MultiHeaders::preallocate(
                BATCH,
                wildcard.then(|| nix::cmsg_space!(libc::in6_pktinfo)),
            ),
            replies: Vec::with_capacity(BATCH),
            late: Arc::default(),
            spare: Vec::with_capacity(BATCH),
            sender: Sender::new(),
        }
    }

    /// Receives what is there, and answers what can be answered at once. Returns how many packets came.
    fn answer(&mut self, door: &Arc<Door>) -> nix::Result<usize> {
        let (count, arrivals) = receive(door, &mut self.headers, &mut self.buffers)?;
        let opening = door.open();
        for (buffer, arrival) in self
            .buffers
            .iter()
            .zip(arrivals)
            .filter_map(|(buffer, arrival)| Some((buffer, arrival?)))
        {
            let Some(packet) = buffer.get(..arrival.length) else {
                continue;
            };
            let mut out = self.spare.pop().unwrap_or_default();
            let route = arrival.route;
            let later = |packet, client, permit| {
                let late = Arc::clone(&self.late);
                door.ask(packet, client, permit, move |reply| late.push(reply, route));
            };
            if opening.take(packet, route.peer, &mut out, later) {
                self.replies.push((out, route));
            } else {
                self.spare.push(out);
            }
        }
        Ok(count)
    }

    /// Sends the replies that are there.
    fn send(&mut self, socket: &UdpSocket) {
        self.replies.append(&mut self.late.lock());
        self.sender.send(socket, &self.replies);
        let room = BATCH.saturating_sub(self.spare.len());
        self.spare
            .extend(self.replies.drain(..).map(|(out, _)| out).take(room));
    }
}

/// Receives packets, and says how many came. What does not fit a buffer, or comes from nowhere that could be answered, is left out.
fn receive(
    door: &Door,
    headers: &mut MultiHeaders<SockaddrStorage>,
    buffers: &mut [[u8; PACKET]],
) -> nix::Result<(usize, [Option<Arrival>; BATCH])> {
    let mut slices: [[IoSliceMut<'_>; 1]; BATCH] = {
        let mut buffers = buffers.iter_mut();
        array::from_fn(|_| {
            [IoSliceMut::new(
                buffers
                    .next()
                    .map_or(&mut [], |buffer| buffer.as_mut_slice()),
            )]
        })
    };
    let mut arrivals = [None; BATCH];
    let received = recvmmsg(
        door.socket.as_raw_fd(),
        headers,
        slices.iter_mut(),
        MsgFlags::MSG_DONTWAIT,
        None,
    )?;
    let mut count = 0;
    for (place, message) in arrivals.iter_mut().zip(received) {
        *place = arrival(&message, door.wildcard);
        count += 1;
    }
    Ok((count, arrivals))
}

fn arrival(message: &RecvMsg<'_, '_, SockaddrStorage>, wildcard: bool) -> Option<Arrival> {
    if message.flags.contains(MsgFlags::MSG_TRUNC) {
        return None;
    }
    let address = message.address?;
    let v4 = address
        .as_sockaddr_in()
        .map(|v4| SocketAddr::V4((*v4).into()));
    let peer = v4.or_else(|| {
        address
            .as_sockaddr_in6()
            .map(|v6| SocketAddr::V6((*v6).into()))
    })?;
    let local = if wildcard {
        message.cmsgs().ok()?.find_map(|message| local(&message))?
    } else {
        Local::Bound
    };
    Some(Arrival {
        length: message.bytes,
        route: Route { peer, local },
    })
}

/// The address that was asked, made into the one to answer from. The interface is left to routing, but for link-local addresses,
/// which mean nothing without it.
fn local(message: &ControlMessageOwned) -> Option<Local> {
    match *message {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(Local::V4(libc::in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: info.ipi_spec_dst,
            ipi_addr: libc::in_addr { s_addr: 0 },
        })),
        ControlMessageOwned::Ipv6PacketInfo(mut info) => {
            let [first, second, ..] = info.ipi6_addr.s6_addr;
            let link_local = first == 0xfe && second & 0xc0 == 0x80;
            if !link_local {
                info.ipi6_ifindex = 0;
            }
            Some(Local::V6(info))
        }
        _ => None,
    }
}

/// Sends replies, as many at once as leave from the same address.
struct Sender {
    bound: MultiHeaders<SockaddrStorage>,
    v4: MultiHeaders<SockaddrStorage>,
    v6: MultiHeaders<SockaddrStorage>,
}

impl Sender {
    fn new() -> Self {
        Self {
            bound: MultiHeaders::preallocate(BATCH, None),
            v4: MultiHeaders::preallocate(BATCH, Some(nix::cmsg_space!(libc::in_pktinfo))),
            v6: MultiHeaders::preallocate(BATCH, Some(nix::cmsg_space!(libc::in6_pktinfo))),
        }
    }

    fn send(&mut self, socket: &UdpSocket, replies: &[(Vec<u8>, Route<Local>)]) {
        for group in replies.chunk_by(|a, b| a.1.local == b.1.local) {
            let mut rest = group;
            while let [first, ..] = rest {
                let sent = self.send_group(socket, rest, first.1.local).unwrap_or(0);
                // The packet at which the kernel stopped cannot be sent; those behind it may.
                rest = rest.get(sent.max(1)..).unwrap_or_default();
            }
        }
    }

    fn send_group(
        &mut self,
        socket: &UdpSocket,
        group: &[(Vec<u8>, Route<Local>)],
        local: Local,
    ) -> nix::Result<usize> {
        let slices: [[IoSlice<'_>; 1]; BATCH] = array::from_fn(|index| {
            [IoSlice::new(
                group.get(index).map_or(&[], |(reply, _)| reply.as_slice()),
            )]
        });
        let peers: [Option<SockaddrStorage>; BATCH] =
            array::from_fn(|index| group.get(index).map(|(_, route)| route.peer.into()));
        let count = group.len().min(BATCH);
        let (slices, peers) = (
            slices.iter().take(count),
            peers.get(..count).unwrap_or_default(),
        );
        let fd = socket.as_raw_fd();
        let flags = MsgFlags::MSG_DONTWAIT;
        Ok(match &local {
            Local::Bound => sendmmsg(fd, &mut self.bound, slices, peers, [], flags)?.count(),
            Local::V4(info) => sendmmsg(
                fd,
                &mut self.v4,
                slices,
                peers,
                [ControlMessage::Ipv4PacketInfo(info)],
                flags,
            )?
            .count(),
            Local::V6(info) => sendmmsg(
                fd,
                &mut self.v6,
                slices,
                peers,
                [ControlMessage::Ipv6PacketInfo(info)],
                flags,
            )?
            .count(),
        })
    }
}
