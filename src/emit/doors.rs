//! The encrypted doors of lanward, for what leads devices to them.

use std::net::{IpAddr, SocketAddr};

use super::Refusal;
use crate::wire::{Endpoint, Name};

/// The encrypted doors of lanward, as devices reach them.
#[derive(Debug, Clone)]
pub struct Doors {
    /// The name in the certificate.
    pub name: Name,
    /// Where lanward answers without encryption.
    pub server: SocketAddr,
    /// The doors, the best first.
    pub endpoints: Vec<Endpoint>,
    /// The certificate that devices must be told to trust, if nobody else vouches for it and the target wants to know.
    pub root: Option<Root>,
}

/// A certificate that vouches for itself.
#[derive(Debug, Clone)]
pub struct Root {
    /// In DER.
    pub octets: Vec<u8>,
    /// It is an authority's, and not the server's own.
    pub is_authority: bool,
}

impl Doors {
    /// What the snippet does, in one sentence.
    pub(super) fn purpose(&self, title: &str) -> String {
        format!("{title}: where the encrypted doors of {} are", self.name)
    }

    /// What must be there for devices to get anywhere.
    pub(super) fn verify(&self) -> Vec<(String, String)> {
        let port = match self.server.port() {
            53 => String::new(),
            port => format!(" -p {port}"),
        };
        let mut verify = vec![(
            format!("dig @{}{port} _dns.resolver.arpa SVCB", self.server.ip()),
            "says the same doors, as far as this machine can reach them".to_owned(),
        )];
        verify.extend(self.endpoints.iter().find_map(|door| self.knock(door)));
        verify
    }

    /// A question through a door.
    fn knock(&self, door: &Endpoint) -> Option<(String, String)> {
        let name = &self.name;
        let first = door.addresses.first()?;
        let means = match (&door.path, door.protocols.as_slice()) {
            (None, ["dot"]) => "+tls".to_owned(),
            (None, _) => "+quic".to_owned(),
            (Some(path), protocols) => {
                let stream = protocols.contains(&"h2");
                stream.then(|| format!("+https={path}"))?
            }
        };
        let command = format!(
            "kdig @{first} -p {} {means} +tls-ca +tls-hostname={name} {name}",
            door.port
        );
        let says = "says an address, if this machine trusts the certificate";
        Some((command, says.to_owned()))
    }

    /// The first door where this is spoken.
    pub(super) fn door(&self, protocol: &str) -> Option<&Endpoint> {
        let mut doors = self.endpoints.iter();
        doors.find(|door| door.protocols.contains(&protocol))
    }

    /// The first door for DNS over HTTPS, and its address on the web.
    pub(super) fn https(&self) -> Option<(&Endpoint, String)> {
        let door = self.door("h2")?;
        let path = door.path.as_ref()?;
        let port = match door.port {
            443 => String::new(),
            port => format!(":{port}"),
        };
        Some((door, format!("https://{}{port}{path}", self.name)))
    }

    /// All addresses of the doors, each once.
    pub(super) fn addresses(&self) -> Vec<IpAddr> {
        let addresses = self.endpoints.iter().flat_map(|door| &door.addresses);
        let mut addresses: Vec<IpAddr> = addresses.copied().collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
}

/// The refusal of a device for which there is no door.
pub(super) fn no_door_for(title: &str, door: &str) -> Refusal {
    Refusal::new(format!(
        "{title}: none of the doors in [server.tls] is of use there. Open another: {door}"
    ))
}
