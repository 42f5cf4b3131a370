//! Packets one by one, for systems without `recvmmsg`.
//!
//! Here a reply leaves from the address that routing chooses, so on a machine with several addresses each should be named in
//! `listen`.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::pin::pin;
use std::sync::Arc;

use tokio::io::Interest;

use super::udp::{Door, PACKET, Route};

/// So many packets are swept up at the end; a full receive buffer has no more.
const SWEEP: usize = 8192;

/// Serves the socket until the end.
pub(super) async fn run(door: &Arc<Door>) -> io::Result<()> {
    let socket = door.listen()?;
    let mut out = Vec::with_capacity(PACKET);
    for _ in 0..SWEEP {
        serve(door, &socket, &mut out).await?;
        // What lies in the socket when all else is done: the kernel took it, so its client believes that it was asked. What among it
        // must be asked upstream is under way then; where nothing is waited for any more, a turn is enough for its reply.
        let Ok((packet, peer)) = receive(&door.socket) else {
            break;
        };
        answer(door, &packet, peer, &mut out);
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Serves the socket until the end was called and nothing is under way.
async fn serve(
    door: &Arc<Door>,
    socket: &tokio::net::UdpSocket,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let mut end = pin!(door.house.finished());
    loop {
        let received = tokio::select! {
            received = socket.async_io(Interest::READABLE, || receive(&door.socket)) => received,
            () = &mut end => return Ok(()),
        };
        match received {
            Ok((packet, peer)) => answer(door, &packet, peer, out),
            // Signals, and news of clients that went away.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::Interrupted | ErrorKind::ConnectionReset
                ) => {}
            Err(error) => return Err(error),
        }
    }
}

fn receive(socket: &UdpSocket) -> io::Result<(Vec<u8>, SocketAddr)> {
    let mut buffer = [0; PACKET];
    let (length, peer) = socket.recv_from(&mut buffer)?;
    Ok((buffer.get(..length).unwrap_or_default().to_vec(), peer))
}

fn answer(door: &Arc<Door>, packet: &[u8], peer: SocketAddr, out: &mut Vec<u8>) {
    let route = Route { peer, local: () };
    let later = |packet, client, permit| {
        let answering = Arc::clone(door);
        door.ask(packet, client, permit, move |reply| {
            send(&answering.socket, &reply, route.peer);
        });
    };
    if door.open().take(packet, peer, out, later) {
        send(&door.socket, out, peer);
    }
}

fn send(socket: &UdpSocket, reply: &[u8], peer: SocketAddr) {
    if let Err(error) = socket.send_to(reply, peer) {
        tracing::debug!(%error, "sending failed");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use arc_swap::ArcSwap;
    use tokio_util::sync::CancellationToken;
    use tokio_util::task::TaskTracker;

    use super::super::access::Rule;
    use super::super::{Access, House};
    use super::*;
    use crate::cache::{Cache, Lifetimes};
    use crate::metrics::Metrics;
    use crate::name::embedded::{Embedded, preset};
    use crate::name::special::SpecialUse;
    use crate::rebinding::{Judge, Policy};
    use crate::resolver::{Resolver, State, Views};
    use crate::upstream::{Group, Upstream};

    /// This door is the one of other systems; here it answers what needs no upstream, and what has none, and ends.
    #[test]
    fn it_answers_and_ends() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let state = State {
            zones: Views::default(),
            embedded: Arc::new(Embedded::new(preset("plex.direct").unwrap())),
            special: SpecialUse::new(),
            judge: Judge::new(Policy::default()),
            upstream: Upstream::new(
                Group::new(
                    Vec::new(),
                    crate::upstream::Policy::default(),
                    &crate::upstream::Gear::default(),
                ),
                Vec::new(),
            )
            .into(),
            excluded: std::iter::empty().collect(),
        };
        let house = House {
            resolver: Arc::new(Resolver::new(
                state,
                Cache::new(1 << 20, Lifetimes::default()),
            )),
            access: Arc::new(ArcSwap::from_pointee(Access::new(&[Rule::Loopback], &[]))),
            seats: Arc::default(),
            metrics: Arc::new(Metrics::new(1)),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            over: CancellationToken::new(),
        };
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let door = Arc::new(Door::new(socket, 0, house.clone()).unwrap());
        let thread = std::thread::spawn(move || runtime.block_on(run(&door)));
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(address).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        for (name, code) in [(&b"\x09localhost\0"[..], 0), (b"\x07example\0", 2)] {
            let mut packet = b"\0\x07\x01\0\0\x01\0\0\0\0\0\0".to_vec();
            packet.extend_from_slice(name);
            packet.extend_from_slice(b"\0\x01\0\x01");
            client.send(&packet).unwrap();
            let mut reply = [0; 512];
            assert!(client.recv(&mut reply).unwrap() > packet.len() - 1);
            assert_eq!((reply[1], reply[3] & 15), (7, code), "{name:?}");
        }
        house.stop.cancel();
        house.tasks.close();
        thread.join().unwrap().unwrap();
    }
}
