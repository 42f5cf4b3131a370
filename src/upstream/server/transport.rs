//! How questions travel to a server.

use std::fmt;

/// A way to put questions to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// Datagrams, and TCP where an answer does not fit (RFC 1035 §4.2, RFC 7766).
    Udp,
    /// TCP alone (RFC 7766).
    Tcp,
    /// DNS over TLS (RFC 7858).
    Tls,
    /// DNS over HTTPS, with HTTP/2 (RFC 8484).
    Https,
    /// DNS over dedicated QUIC connections (RFC 9250).
    Quic,
    /// DNS over HTTPS, with HTTP/3 (RFC 8484, RFC 9114).
    H3,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Udp,
        Self::Tcp,
        Self::Tls,
        Self::Https,
        Self::Quic,
        Self::H3,
    ];

    /// The word in front of `://`.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Https => "https",
            Self::Quic => "quic",
            Self::H3 => "h3",
        }
    }

    /// The port where nothing else is said.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 53,
            Self::Tls | Self::Quic => 853,
            Self::Https | Self::H3 => 443,
        }
    }

    /// Whether the server must prove who it is, and nobody on the way can read along.
    pub fn is_encrypted(self) -> bool {
        !matches!(self, Self::Udp | Self::Tcp)
    }

    /// Whether questions go to a path of an HTTP server.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Https | Self::H3)
    }
}

/// The word in front of `://`.
impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.scheme())
    }
}
