//! A client for DNS over TLS, which shows what it was shown.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, StreamOwned,
    SupportedProtocolVersion,
};
use socket2::{Domain, Socket, Type};

use super::authority::{Authority, NAME};
use super::client::{check, frame};
use super::reply::Reply;
use super::wire::Query;

/// How TLS is spoken by a client that believes these authorities, and takes up sessions again.
pub(crate) fn believing(
    authorities: &[&Authority],
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        let root = CertificateDer::from_pem_file(authority.ca()).unwrap();
        roots.add(root).unwrap();
    }
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// The same, for clients that begin anew with each connection.
pub(crate) fn forgetful(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

/// A connection on which the server has proven itself.
#[derive(Debug)]
pub(crate) struct Dot {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Dot {
    pub(crate) fn connect(address: SocketAddr, config: &Arc<ClientConfig>) -> io::Result<Self> {
        Self::connect_from(Ipv4Addr::LOCALHOST, address, config)
    }

    /// From an address of this machine.
    pub(crate) fn connect_from(
        source: Ipv4Addr,
        address: SocketAddr,
        config: &Arc<ClientConfig>,
    ) -> io::Result<Self> {
        let name = ServerName::try_from(NAME).unwrap();
        let mut session = ClientConnection::new(Arc::clone(config), name).unwrap();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((source, 0)).into())?;
        socket.connect(&address.into())?;
        let mut stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(Self {
            stream: StreamOwned::new(session, stream),
        })
    }

    pub(crate) fn send(&mut self, query: &Query) -> io::Result<()> {
        self.stream.write_all(&frame(&query.bytes()))
    }

    pub(crate) fn receive(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 2];
        self.stream.read_exact(&mut length)?;
        let mut message = vec![0; u16::from_be_bytes(length).into()];
        self.stream.read_exact(&mut message)?;
        Ok(message)
    }

    pub(crate) fn ask(&mut self, query: &Query) -> io::Result<Reply> {
        self.send(query)?;
        Ok(check(query, &self.receive()?))
    }

    /// The certificate that the server showed.
    pub(crate) fn shown(&self) -> CertificateDer<'static> {
        self.stream.conn.peer_certificates().unwrap()[0].clone()
    }

    /// Whether a session was taken up again.
    pub(crate) fn is_resumed(&self) -> bool {
        self.stream.conn.handshake_kind() == Some(HandshakeKind::Resumed)
    }
}
