//! Clients of others at the encrypted doors: hickory-net over TLS, HTTPS, QUIC and HTTP/3.
//!
//! It stands on the same crates for TLS, HTTP and QUIC as the program, and on none of the program's own code.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use hickory_net::DnsHandle;
use hickory_net::h2::HttpsClientStream;
use hickory_net::h3::H3ClientStream;
use hickory_net::quic::QuicClientStream;
use hickory_net::runtime::{RuntimeProvider, Spawn, TokioRuntimeProvider};
use hickory_net::tls::tls_exchange_with_bind_addr;
use hickory_net::xfer::DnsExchange;
use hickory_proto::op::{DnsRequest, DnsRequestOptions, Message};
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Runtime;

use super::authority::{Authority, NAME};
use super::client::{self, PATIENCE};
use super::lanward::Lanward;
use super::reply::Reply;
use super::wire::Query;

/// The path at which DNS is asked for over HTTP.
pub(crate) const PATH: &str = "/dns-query";

/// An encrypted door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Door {
    Tls,
    Https,
    Quic,
    H3,
}

impl Door {
    pub(crate) const ALL: [Self; 4] = [Self::Tls, Self::Https, Self::Quic, Self::H3];

    /// Where a program has it.
    pub(crate) fn of(self, lanward: &Lanward) -> SocketAddr {
        lanward.door(match self {
            Self::Tls => "DNS over TLS",
            Self::Https => "DNS over HTTPS",
            Self::Quic => "DNS over QUIC",
            Self::H3 => "DNS over HTTP/3",
        })
    }

    /// Its key in `[server.tls]`.
    fn key(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Https => "https",
            Self::Quic => "quic",
            Self::H3 => "h3",
        }
    }
}

/// `[server.tls]` with these doors on free ports.
pub(crate) fn section(authority: &Authority, doors: &[Door]) -> String {
    let [certificate, key] = authority.files();
    let mut section =
        format!("[server.tls]\ncertificate = {certificate:?}\nkey = {key:?}\nname = {NAME:?}\n");
    for door in doors {
        section += &[door.key(), " = [\"127.0.0.1:0\"]\n"].concat();
    }
    section
}

/// How TLS is spoken with a server that the authority vouches for.
pub(crate) fn believing(authority: &Authority) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.root()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// One connection to an encrypted door.
pub(crate) struct Caller {
    exchange: DnsExchange<TokioRuntimeProvider>,
    // What runs in the background ends with these.
    _provider: TokioRuntimeProvider,
    runtime: Runtime,
}

impl Caller {
    /// Connects from this address.
    pub(crate) fn connect(
        door: Door,
        server: SocketAddr,
        authority: &Authority,
        source: Ipv4Addr,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let provider = TokioRuntimeProvider::new();
        let (config, from) = (believing(authority), SocketAddr::from((source, 0)));
        let connecting = connect(door, server, config, from, provider.clone());
        let exchange = runtime
            .block_on(connecting)
            .unwrap_or_else(|error| panic!("a connection to {door:?} at {server}: {error}"));
        Self {
            exchange,
            _provider: provider,
            runtime,
        }
    }

    /// Sends a query and gives the reply as it came, but with the query's ID: hickory chooses its own.
    pub(crate) fn ask(&self, query: &[u8]) -> Result<Vec<u8>, String> {
        let message = Message::from_vec(query).map_err(|error| error.to_string())?;
        let request = DnsRequest::new(message, DnsRequestOptions::default());
        let answered = self.runtime.block_on(async {
            let mut replies = self.exchange.send(request);
            tokio::time::timeout(PATIENCE, replies.next()).await
        });
        let mut reply = match answered {
            Ok(Some(Ok(reply))) => reply.into_buffer(),
            other => return Err(format!("{other:?}")),
        };
        reply[..2].copy_from_slice(&query[..2]);
        Ok(reply)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}

async fn connect(
    door: Door,
    server: SocketAddr,
    config: ClientConfig,
    from: SocketAddr,
    provider: TokioRuntimeProvider,
) -> Result<DnsExchange<TokioRuntimeProvider>, hickory_net::NetError> {
    let mut handle = provider.create_handle();
    match door {
        Door::Tls => {
            let name = ServerName::try_from(NAME).unwrap();
            let patience = Duration::from_secs(5);
            tls_exchange_with_bind_addr(server, Some(from), name, config, patience, None, provider)
                .await
        }
        Door::Https => {
            let mut builder = HttpsClientStream::builder(Arc::new(config), provider);
            builder.bind_addr(from);
            builder.exchange(server, NAME.into(), PATH.into()).await
        }
        Door::Quic => {
            let builder = QuicClientStream::builder()
                .crypto_config(config)
                .bind_addr(from);
            let stream = builder.build(server, NAME.into()).await?;
            let (exchange, background) = DnsExchange::from_stream(stream);
            handle.spawn_bg(background);
            Ok(exchange)
        }
        Door::H3 => {
            let builder = H3ClientStream::builder()
                .crypto_config(config)
                .bind_addr(from);
            let stream = builder.build(server, NAME.into(), PATH.into()).await?;
            let (exchange, background) = DnsExchange::from_stream(stream);
            handle.spawn_bg(background);
            Ok(exchange)
        }
    }
}

/// How questions are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Udp,
    Tcp,
    Sealed(Door),
}

impl Way {
    /// The way for the questions that are to come over another one as well.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Udp => Self::Tcp,
            Self::Tcp => Self::Udp,
            Self::Sealed(_) => self,
        }
    }
}

/// Asks one program over one way, from any address of loopback; an encrypted connection is kept for each.
#[derive(Debug)]
pub(crate) struct Asker<'a> {
    lanward: &'a Lanward,
    authority: &'a Authority,
    kept: RefCell<HashMap<(Door, Ipv4Addr), Caller>>,
}

impl<'a> Asker<'a> {
    pub(crate) fn new(lanward: &'a Lanward, authority: &'a Authority) -> Self {
        Self {
            lanward,
            authority,
            kept: RefCell::default(),
        }
    }

    pub(crate) fn ask(&self, way: Way, source: Ipv4Addr, query: &Query) -> Reply {
        let bytes = query.bytes();
        if let Way::Sealed(_) = way {
            let again = Message::from_vec(&bytes).unwrap().to_vec().unwrap();
            assert_eq!(again, bytes, "hickory asks {query} as it is");
        }
        client::check(query, &self.send(way, source, &bytes))
    }

    /// Sends any query and gives the reply as it came.
    pub(crate) fn send(&self, way: Way, source: Ipv4Addr, query: &[u8]) -> Vec<u8> {
        let client = self.lanward.client().from(source);
        let reply = match way {
            Way::Udp => client.try_udp(query, PATIENCE),
            Way::Tcp => {
                let mut stream = client.connect();
                stream.send(query);
                stream.receive(PATIENCE)
            }
            Way::Sealed(door) => return self.send_sealed(door, source, query),
        };
        reply.unwrap_or_else(|| panic!("no reply over {way:?} to {query:02x?}"))
    }

    fn send_sealed(&self, door: Door, source: Ipv4Addr, query: &[u8]) -> Vec<u8> {
        let mut kept = self.kept.borrow_mut();
        let caller = kept.entry((door, source)).or_insert_with(|| {
            let server = door.of(self.lanward);
            assert_eq!(server.ip(), IpAddr::from(Ipv4Addr::LOCALHOST));
            Caller::connect(door, server, self.authority, source)
        });
        caller
            .ask(query)
            .unwrap_or_else(|error| panic!("{door:?}, {query:02x?}: {error}"))
    }
}
