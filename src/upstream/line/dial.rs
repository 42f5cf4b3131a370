//! The way to a server: TCP, and the choice among several addresses.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// How long an address may take before the next one is tried beside it (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);

/// How long the system waits for the far end to confirm what was sent before it gives a connection up.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNCONFIRMED: Duration = Duration::from_secs(4);

/// Opens at all addresses, each a little later than the one before or as soon as that has failed; the first that opens is taken.
pub(super) async fn first<T, F: Future<Output = io::Result<T>>>(
    addresses: &[SocketAddr],
    open: impl Fn(SocketAddr) -> F,
) -> io::Result<T> {
    let mut rest = addresses.iter();
    let mut running = FuturesUnordered::new();
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "no address is known");
    loop {
        if let Some(address) = rest.next() {
            running.push(open(*address));
        } else if running.is_empty() {
            return Err(failed);
        }
        tokio::select! {
            Some(opened) = running.next() => match opened {
                Ok(opened) => return Ok(opened),
                Err(error) => failed = error,
            },
            () = sleep(STAGGER), if rest.len() > 0 => {}
        }
    }
}

/// Connects to an address over TCP.
pub(super) async fn tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    // A question is one small write, and nothing follows that it could wait for.
    stream.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(UNCONFIRMED))?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    /// Opens what has an even port; port 6 only after a minute.
    async fn open(address: SocketAddr) -> io::Result<u16> {
        match address.port() {
            6 => {
                sleep(Duration::from_secs(60)).await;
                Ok(6)
            }
            odd if odd % 2 == 1 => Err(io::ErrorKind::ConnectionRefused.into()),
            even => Ok(even),
        }
    }

    #[tokio::test]
    async fn the_first_address_that_opens_is_taken() {
        for (ports, taken) in [
            (&[2, 4][..], 2),
            (&[1, 4], 4),
            (&[6, 4], 4),
            (&[6, 1, 2], 2),
        ] {
            let addresses: Vec<_> = ports.iter().copied().map(address).collect();
            assert_eq!(first(&addresses, open).await.unwrap(), taken, "{ports:?}");
        }
        let refused = first(&[address(1), address(3)], open).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let none = first(&[], open).await.unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::NotFound);
    }
}
