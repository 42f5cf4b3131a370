//! Names from the leases of a DHCP server.
//!
//! What a lease says is untrusted: any device may call itself what it likes. So names are checked, a lease never takes a name
//! that the operator gave, and of two leases that want one name the one that has had it longer keeps it.
//!
//! The readers take text and return leases; when to read which file is decided above.

mod dnsmasq;
mod isc;
mod kea;
mod odhcpd;
mod time;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::wire::Name;

/// The software that wrote a lease file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// dnsmasq, also inside Pi-hole, `OpenWrt` and most routers: `/var/lib/misc/dnsmasq.leases`.
    Dnsmasq,
    /// Kea's memfile backend: `/var/lib/kea/kea-leases4.csv`, `kea-leases6.csv`.
    Kea,
    /// ISC dhcpd: `/var/lib/dhcp/dhcpd.leases`.
    Isc,
    /// odhcpd of `OpenWrt`: `/tmp/hosts/odhcpd` or what `leasefile` names.
    Odhcpd,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "dnsmasq" => Ok(Self::Dnsmasq),
            "kea" => Ok(Self::Kea),
            "isc" => Ok(Self::Isc),
            "odhcpd" => Ok(Self::Odhcpd),
            other => Err(format!(
                "{other:?} is no lease format; allowed: \"dnsmasq\", \"kea\", \"isc\", \"odhcpd\""
            )),
        }
    }
}

/// One lease that has a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What the device calls itself.
    pub hostname: String,
    /// Its address.
    pub address: IpAddr,
    /// Since when it has the address, in seconds since 1970, where the file tells.
    pub since: Option<u64>,
    /// Until when, in seconds since 1970; `None`: for ever.
    pub until: Option<u64>,
}

/// The leases in the text of a lease file, in its order; the last word of a file on an address counts. Lines that cannot be
/// read are left out: the DHCP server may be writing just now.
pub fn read(format: Format, text: &str) -> Vec<Lease> {
    let leases = match format {
        Format::Dnsmasq => dnsmasq::read(text),
        Format::Kea => kea::read(text),
        Format::Isc => isc::read(text),
        Format::Odhcpd => odhcpd::read(text),
    };
    last_word(leases)
}

/// What a reader found about an address: a lease, or that it is free again.
struct Word {
    address: IpAddr,
    lease: Option<Lease>,
}

/// The order of first mention stays, the last mention of an address counts.
fn last_word(words: impl IntoIterator<Item = Word>) -> Vec<Lease> {
    let mut order = Vec::new();
    let mut latest: HashMap<IpAddr, Option<Lease>> = HashMap::new();
    for word in words {
        if latest.insert(word.address, word.lease).is_none() {
            order.push(word.address);
        }
    }
    order
        .into_iter()
        .filter_map(|address| latest.remove(&address).flatten())
        .collect()
}

/// Why a lease gets no name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// What the device calls itself is no host name (RFC 952, RFC 1123 §2.1).
    NoHostname,
    /// The name is the operator's, or that of another zone.
    Taken,
    /// Another lease has had the name for longer.
    Held(IpAddr),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHostname => f.write_str("it is no host name"),
            Self::Taken => f.write_str("the name is configured already"),
            Self::Held(address) => write!(f, "{address} has had the name for longer"),
        }
    }
}

/// The names that leases have got, and those that they have not.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Names {
    /// Addresses by name; a device with addresses of both families has both.
    pub given: Vec<(Name, Vec<IpAddr>)>,
    /// What was refused: the name that was wanted, by whom, and why.
    pub refused: Vec<(String, IpAddr, Refusal)>,
}

/// Gives names below `domain` to the leases that hold at `now` (seconds since 1970).
///
/// A name goes to the lease that had it `before`, else to the one that has its address for longest, else to the first in the
/// file. A second address of the same family under a name that is held is another device's and is refused; one of the other
/// family is the same device's as far as a lease file can tell. `taken` says which names are not to be had.
pub fn give_names(
    leases: &[Lease],
    domain: &Name,
    now: u64,
    before: &Names,
    taken: impl Fn(&Name) -> bool,
) -> Names {
    let mut wishes: Vec<(usize, &Lease)> = leases.iter().enumerate().collect();
    wishes.retain(|(_, lease)| lease.until.is_none_or(|until| until > now));
    wishes.sort_by_key(|(place, lease)| {
        let held = before.holds(&lease.hostname, domain, lease.address);
        (!held, lease.since.unwrap_or(u64::MAX), *place)
    });
    let mut names = Names::default();
    let mut given: HashMap<Name, usize> = HashMap::new();
    for (_, lease) in wishes {
        let refusal = match name_below(&lease.hostname, domain) {
            None => Refusal::NoHostname,
            Some(name) if taken(&name) => Refusal::Taken,
            Some(name) => {
                let place = *given.entry(name).or_insert_with(|| {
                    names.given.push((name, Vec::new()));
                    names.given.len() - 1
                });
                let Some((_, addresses)) = names.given.get_mut(place) else {
                    continue;
                };
                let same = |held: &&IpAddr| held.is_ipv4() == lease.address.is_ipv4();
                let Some(held) = addresses.iter().find(same) else {
                    addresses.push(lease.address);
                    continue;
                };
                Refusal::Held(*held)
            }
        };
        names
            .refused
            .push((lease.hostname.clone(), lease.address, refusal));
    }
    names
}

impl Names {
    fn holds(&self, hostname: &str, domain: &Name, address: IpAddr) -> bool {
        name_below(hostname, domain).is_some_and(|name| {
            let mut given = self.given.iter();
            given.any(|(given, addresses)| *given == name && addresses.contains(&address))
        })
    }
}

/// The name of a device below `domain`: the first label of what it calls itself, if that is a host name. Devices that know
/// their domain may write it, but it does not decide where they stand.
fn name_below(hostname: &str, domain: &Name) -> Option<Name> {
    let label = hostname.split('.').next()?.as_bytes();
    let fits = (1..=63).contains(&label.len())
        && label.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
        && label.first() != Some(&b'-')
        && label.last() != Some(&b'-')
        // A number alone reads as an address somewhere.
        && !label.iter().all(u8::is_ascii_digit);
    if !fits {
        return None;
    }
    Name::from_labels(std::iter::once(label).chain(domain.labels())).ok()
}

#[cfg(test)]
mod tests;
