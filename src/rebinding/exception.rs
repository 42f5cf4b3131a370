//! Names that may point inside, and where to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::wire::{Name, RecordType};

use super::Findings;

/// What an exception allows that names no ranges: RFC 1918 and unique local addresses. Loopback and link-local lead to the
/// client itself or to its neighbours, so they must be named.
pub const PRIVATE: [IpNet; 4] = [
    v4(Ipv4Addr::new(10, 0, 0, 0), 8),
    v4(Ipv4Addr::new(172, 16, 0, 0), 12),
    v4(Ipv4Addr::new(192, 168, 0, 0), 16),
    v6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
];

const fn v4(address: Ipv4Addr, length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(address, length))
}

const fn v6(address: Ipv6Addr, length: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(address, length))
}

/// A name whose answers may hold addresses that are not public.
///
/// It holds only for answers that lie inside it from end to end: the name of the question and every name of the chain must be
/// its own or one that it names. Else `evil.example CNAME nas.example.com` would use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The name.
    pub domain: Name,
    /// Whether the names below it are meant as well.
    pub subdomains: bool,
    /// Parts of it for which it does not hold: other servers answer for them, which nobody vouched for.
    pub except: Vec<Name>,
    /// The addresses that are allowed.
    pub ranges: Vec<IpNet>,
    /// Names outside `domain`, and all below them, to which its aliases may lead.
    pub alias_to: Vec<Name>,
    /// The clients for which it holds; all if empty.
    pub clients: Vec<IpNet>,
}

impl Exception {
    /// An exception for a name and all below it, for all clients.
    pub fn new(domain: Name, ranges: Vec<IpNet>) -> Self {
        Self {
            domain,
            subdomains: true,
            except: Vec::new(),
            ranges,
            alias_to: Vec::new(),
            clients: Vec::new(),
        }
    }

    /// Whether it is about `name`.
    pub fn covers(&self, name: &Name) -> bool {
        let about = if self.subdomains {
            name.is_within(&self.domain)
        } else {
            *name == self.domain
        };
        about && !self.except.iter().any(|part| name.is_within(part))
    }

    /// Whether it holds for this client and for every name that the answer leads to. The chain begins with a name that it
    /// covers, and every further name is the target of an alias. A DNAME record stands for the CNAME record that it makes, so
    /// it is not looked at itself.
    pub(super) fn holds(&self, client: IpAddr, findings: &Findings) -> bool {
        let for_client =
            self.clients.is_empty() || self.clients.iter().any(|net| net.contains(&client));
        let inside = |name: &Name| {
            self.covers(name) || self.alias_to.iter().any(|suffix| name.is_within(suffix))
        };
        for_client
            && (findings.aliases.iter())
                .filter(|alias| alias.kind != RecordType::DNAME)
                .all(|alias| inside(&alias.target))
    }

    /// Whether it allows the address.
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|net| net.contains(&address))
    }
}

/// Names of the Internet's own machinery whose answers are special by design; can be switched off.
pub fn builtin() -> Vec<Exception> {
    let exact = |domain: &str, ranges: Vec<IpNet>| {
        let domain = domain.parse().ok()?;
        Some(Exception {
            subdomains: false,
            ..Exception::new(domain, ranges)
        })
    };
    [
        // How hosts find out about NAT64 (RFC 7050 §2.2, RFC 8880).
        exact("ipv4only.arpa", vec![v4(Ipv4Addr::new(192, 0, 0, 170), 31)]),
        // How Windows finds out whether there is a network; its AAAA record is a unique local address.
        exact(
            "dns.msftncsi.com",
            vec![v6(
                Ipv6Addr::new(0xfd3e, 0x4f5a, 0x5b81, 0, 0, 0, 0, 1),
                128,
            )],
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
