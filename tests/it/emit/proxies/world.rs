//! The network around a proxy: a Plex server with a certificate for its name, one that shows somebody else's, a Jellyfin server, and a
//! client from outside.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rcgen::SanType;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use super::media::Media;
use crate::support::authority::Authority;
use crate::support::command::run;
use crate::support::network::ip;

const ID: &str = "0123456789abcdef0123456789abcdef";
const OTHER_ID: &str = "fedcba9876543210fedcba9876543210";
/// Where the client is.
pub(super) const CLIENT: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);
/// Where the proxy is asked.
const PROXY: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 3);

/// A public name, and what the command line says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    pub(super) host: &'static str,
    pub(super) port: u16,
    server: &'static [&'static str],
}

/// The right Plex server.
pub(super) const PLEX: Site = Site {
    host: "plex.example.com",
    port: 443,
    server: &["--plex", "192.168.1.10", "--id", ID],
};
/// One whose certificate is for another id.
pub(super) const STRANGER: Site = Site {
    host: "stranger.example.com",
    port: 9443,
    server: &["--plex", "192.168.1.11", "--id", ID],
};
pub(super) const JELLYFIN: Site = Site {
    host: "jellyfin.example.com",
    port: 8443,
    server: &["--jellyfin", "192.168.1.20"],
};

impl Site {
    pub(super) fn at(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// What `lanward emit` prints for it.
    pub(super) fn emit(self, proxy: &str, more: &[&str]) -> String {
        let port = self.port.to_string();
        let site = ["emit", proxy, "--host", self.host, "--port", &port];
        let ran = run(&[&site, self.server, more].concat());
        assert_eq!(ran.code, Some(0), "emit {proxy}: {}", ran.complaints);
        ran.out
    }
}

/// The name by which the right Plex server is verified.
pub(super) fn plex_name() -> String {
    format!("192-168-1-10.{ID}.plex.direct")
}

/// All of it, in a network of the test's own.
#[derive(Debug)]
pub(super) struct World {
    pub(super) plex: Media,
    pub(super) stranger: Media,
    pub(super) jellyfin: Media,
    front: Authority,
    pub(super) folder: TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        ip("link set lo up");
        for address in [
            "192.168.1.3",
            "192.168.1.10",
            "192.168.1.11",
            "192.168.1.20",
            "203.0.113.9",
        ] {
            ip(&format!("address add {address}/32 dev lo"));
        }
        let plex = proven(&[&format!("*.{ID}.plex.direct")]);
        let stranger = proven(&[&format!("*.{OTHER_ID}.plex.direct")]);
        let front = proven(&[PLEX.host, STRANGER.host, JELLYFIN.host]);
        let folder = tempfile::tempdir().unwrap();
        // The proxy believes both authorities, so that nothing but the name is wrong.
        let roots = [&plex, &stranger].map(|authority| fs::read_to_string(authority.ca()).unwrap());
        fs::write(folder.path().join("roots.pem"), roots.concat()).unwrap();
        let both = front.files().map(|file| fs::read_to_string(file).unwrap());
        fs::write(folder.path().join("both.pem"), both.concat()).unwrap();
        let at = |last: u8, port: u16| SocketAddr::from(([192, 168, 1, last], port));
        Self {
            plex: Media::start(at(10, 32400), Some(&plex)),
            stranger: Media::start(at(11, 32400), Some(&stranger)),
            jellyfin: Media::start(at(20, 8096), None),
            front,
            folder,
        }
    }

    /// A path within the folder of the test.
    pub(super) fn path(&self, file: &str) -> String {
        self.folder.path().join(file).to_str().unwrap().to_owned()
    }

    /// The certificate and the key of the public names.
    pub(super) fn certificate(&self) -> [String; 2] {
        self.front.files()
    }

    /// The text with the paths of this test in place of those of a real machine: certificates, root certificates and nginx's logs.
    /// Nothing else is changed.
    pub(super) fn placed(&self, text: &str) -> String {
        let [certificate, key] = self.certificate();
        let mut text = text.replace(
            "/etc/ssl/certs/ca-certificates.crt",
            &self.path("roots.pem"),
        );
        for Site { host, .. } in [PLEX, STRANGER, JELLYFIN] {
            let live = format!("/etc/letsencrypt/live/{host}");
            text = text
                .replace(&format!("{live}/fullchain.pem"), &certificate)
                .replace(&format!("{live}/privkey.pem"), &key)
                .replace(
                    &format!("/etc/haproxy/certs/{host}.pem"),
                    &self.path("both.pem"),
                );
        }
        text.replace("/var/log/nginx/", &self.path(""))
    }

    /// A connection of the client with this site, encrypted; none if nobody listens.
    pub(super) fn connect(&self, site: Site) -> Option<Line> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&SocketAddr::from((CLIENT, 0)).into()).unwrap();
        socket
            .connect(&SocketAddr::from((PROXY, site.port)).into())
            .ok()?;
        let stream: TcpStream = socket.into();
        let limit = Some(Duration::from_secs(20));
        stream.set_read_timeout(limit).unwrap();
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(self.front.ca()).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(site.host).unwrap();
        let session = ClientConnection::new(Arc::new(config), name).unwrap();
        Some(StreamOwned::new(session, stream))
    }

    /// Sends a request, and gives the whole answer.
    pub(super) fn ask(&self, site: Site, target: &str, more: &str) -> String {
        self.send(site, "GET", target, &format!("{more}\r\n"))
    }

    /// The same with another method, and a body behind the empty line.
    pub(super) fn send(&self, site: Site, method: &str, target: &str, rest: &str) -> String {
        let mut line = self.connect(site).expect("the proxy listens");
        write!(line, "{}", request(site, method, target, rest)).unwrap();
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        loop {
            match line.read(&mut part) {
                Ok(0) => break,
                Ok(count) => answer.extend_from_slice(&part[..count]),
                // Not everybody says good-bye.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => panic!("{target}: {error}"),
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// A connection of the client.
pub(super) type Line = StreamOwned<ClientConnection, TcpStream>;

/// A request of a client that lies about where it is; `rest` is more headers, an empty line and a body.
pub(super) fn request(site: Site, method: &str, target: &str, rest: &str) -> String {
    let connection = if rest.contains("Upgrade: ") {
        "Upgrade"
    } else {
        "close"
    };
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.7\r\nX-Real-IP: 6.6.6.8\r\n\
         Connection: {connection}\r\n{rest}",
        host = site.host
    )
}

/// A server with a certificate for these names.
fn proven(names: &[&str]) -> Authority {
    Authority::with(|params| {
        let names = names.iter().map(|name| (*name).try_into().unwrap());
        params.subject_alt_names = names.map(SanType::DnsName).collect();
    })
}
