//! hickory-server as a far end: the only one at hand that speaks DNS over QUIC and over HTTP/3.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::rr::rdata::{A, TXT};
use hickory_proto::rr::{Name, RData, Record};
use hickory_server::Server;
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Runtime;

use super::authority::{Authority, NAME};

/// What every name below `hickory.example` has for an address.
pub(crate) const ADDRESS: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 77);
/// How long it keeps a connection without questions.
const KEPT: Duration = Duration::from_secs(10);

/// A running server with the zone `hickory.example`; it stops when dropped.
#[derive(Debug)]
pub(crate) struct Hickory {
    /// As it stands in the configuration.
    pub(crate) server: String,
    _runtime: Runtime,
}

impl Hickory {
    /// Asked by this transport: `tls`, `https`, `quic` or `h3`.
    pub(crate) fn start(transport: &str, authority: &Authority) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let address = runtime.block_on(listen(transport, authority));
        Self {
            server: format!("{transport}://{NAME}@127.0.0.1:{}", address.port()),
            _runtime: runtime,
        }
    }
}

async fn listen(transport: &str, authority: &Authority) -> SocketAddr {
    let mut server = Server::new(catalog());
    let (any, shown) = ((Ipv4Addr::LOCALHOST, 0), authority.shown());
    let host = Some(NAME.to_owned());
    let address = if matches!(transport, "tls" | "https") {
        let listener = TcpListener::bind(any).await.unwrap();
        let address = listener.local_addr().unwrap();
        if transport == "tls" {
            let config = authority.server(b"dot");
            server
                .register_tls_listener_with_tls_config(listener, KEPT, config)
                .unwrap();
        } else {
            server
                .register_https_listener(listener, KEPT, shown, host, "/dns-query".to_owned())
                .unwrap();
        }
        address
    } else {
        let socket = UdpSocket::bind(any).await.unwrap();
        let address = socket.local_addr().unwrap();
        if transport == "quic" {
            server.register_quic_listener(socket, KEPT, shown).unwrap();
        } else {
            server
                .register_h3_listener(socket, KEPT, shown, host)
                .unwrap();
        }
        address
    };
    tokio::spawn(async move { server.block_until_done().await });
    address
}

/// An address for any name, and a text that fits no datagram.
fn catalog() -> Catalog {
    let origin: Name = "hickory.example.".parse().unwrap();
    let mut zone = InMemoryZoneHandler::<hickory_server::net::runtime::TokioRuntimeProvider>::empty(
        origin.clone(),
        ZoneType::Primary,
        AxfrPolicy::Deny,
    );
    let text = vec!["x".repeat(200); 10];
    let wildcard: Name = "*.hickory.example.".parse().unwrap();
    for record in [
        Record::from_rdata(wildcard.clone(), 300, RData::A(A(ADDRESS))),
        Record::from_rdata(wildcard, 300, RData::TXT(TXT::new(text))),
    ] {
        zone.upsert_mut(record, 0);
    }
    let mut catalog = Catalog::new();
    catalog.upsert(origin.into(), vec![Arc::new(zone)]);
    catalog
}
