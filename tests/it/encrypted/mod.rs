//! The encrypted doors, knocked at by clients of others.

mod certificate;
mod dot;
mod reload;

use std::net::SocketAddr;
use std::path::Path;

use crate::support::authority::{Authority, NAME};
use crate::support::lanward::Lanward;
use crate::support::upstream::Upstream;

/// lanward with all its doors open, the authority that vouches for it, and its upstream.
struct House {
    authority: Authority,
    upstream: Upstream,
    lanward: Lanward,
}

impl House {
    fn open() -> Self {
        Self::with("")
    }

    /// With `more` at the end of the configuration.
    fn with(more: &str) -> Self {
        let authority = Authority::new();
        let upstream = Upstream::start();
        let lanward = Lanward::start(&[upstream.address], &(section(&authority) + more));
        Self {
            authority,
            upstream,
            lanward,
        }
    }

    /// Where the door for DNS over TLS is.
    fn tls(&self) -> SocketAddr {
        self.lanward.door("DNS over TLS")
    }
}

/// `[server.tls]` with all doors on free ports.
fn section(authority: &Authority) -> String {
    let [certificate, key] = authority.files();
    format!(
        "[server.tls]\ncertificate = {certificate:?}\nkey = {key:?}\nname = {NAME:?}\ntls = [\"127.0.0.1:0\"]\n"
    )
}

/// `[server.tls]` with a certificate of lanward's own, kept in this folder, and `more`.
fn own(folder: &Path, more: &str) -> String {
    let folder = folder.display();
    format!(
        "[server.tls]\nself_signed = true\nstate = \"{folder}\"\ntls = [\"127.0.0.1:0\"]\n{more}"
    )
}
