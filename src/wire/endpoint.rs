//! An encrypted door of a resolver, as devices are told of it (RFC 9461, RFC 9463).

use std::fmt;
use std::net::IpAddr;

use super::Name;
use super::svcb::{Parameters, alpn, key};

/// An encrypted door of a resolver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// What is spoken there (IANA "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs"): `dot`, `doq`, `h2`, `h3`.
    pub protocols: Vec<&'static str>,
    /// Its port.
    pub port: u16,
    /// Where it is.
    pub addresses: Vec<IpAddr>,
    /// Where DNS is on a web server, such as `/dns-query`.
    pub path: Option<String>,
}

impl Endpoint {
    /// The data of an SVCB record for it (RFC 9461 §4), with its addresses as hints: who asks needs no second question.
    pub fn record_data(&self, priority: u16, name: &Name) -> Vec<u8> {
        let mut parameters = self.basic();
        for (key, octets) in [(key::IPV4HINT, self.v4()), (key::IPV6HINT, self.v6())] {
            if !octets.is_empty() {
                let _fits = parameters.insert(key, octets);
            }
        }
        let mut data = priority.to_be_bytes().to_vec();
        data.extend(name.as_wire());
        parameters.write(&mut data);
        data
    }

    /// The service parameters of a DHCP option, which has the addresses in a place of their own (RFC 9463 §3.1.8).
    pub fn parameters(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.basic().write(&mut out);
        out
    }

    /// Its IPv4 addresses on the wire.
    pub fn v4(&self) -> Vec<u8> {
        let addresses = self.addresses.iter();
        let octets = addresses.filter_map(|address| match address {
            IpAddr::V4(v4) => Some(v4.octets()),
            IpAddr::V6(_) => None,
        });
        octets.flatten().collect()
    }

    /// Its IPv6 addresses on the wire.
    pub fn v6(&self) -> Vec<u8> {
        let addresses = self.addresses.iter();
        let octets = addresses.filter_map(|address| match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => Some(v6.octets()),
        });
        octets.flatten().collect()
    }

    /// The template of its URI, without server and port (RFC 8484 §4.1).
    fn template(&self) -> Option<String> {
        self.path.as_ref().map(|path| format!("{path}{{?dns}}"))
    }

    /// The port stands there also where it is the usual one, so that nobody has to know which that is.
    fn basic(&self) -> Parameters {
        let mut parameters = Parameters::default();
        let values = [
            (key::ALPN, alpn(&self.protocols)),
            (key::PORT, Some(self.port.to_be_bytes().to_vec())),
            (key::DOHPATH, self.template().map(String::into_bytes)),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                // No configuration file has a path of so many octets, and each key is there once.
                let _fits = parameters.insert(key, value);
            }
        }
        parameters
    }
}

impl fmt::Display for Endpoint {
    /// The parameters in the words of zone files, without the addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "alpn={} port={}", self.protocols.join(","), self.port)?;
        match self.template() {
            Some(template) => write!(f, " dohpath={template}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9460 appendix D.2 shows the form; keys ascend.
    #[test]
    fn data_are_as_the_rfcs_have_them() {
        let endpoint = Endpoint {
            protocols: vec!["h3", "h2"],
            port: 443,
            addresses: vec!["192.168.1.2".parse().unwrap(), "fd00::2".parse().unwrap()],
            path: Some("/q".to_owned()),
        };
        let data = endpoint.record_data(1, &"a.b".parse().unwrap());
        let expected: &[&[u8]] = &[
            b"\0\x01\x01a\x01b\0",
            b"\0\x01\0\x06\x02h3\x02h2",
            b"\0\x03\0\x02\x01\xbb",
            b"\0\x04\0\x04\xc0\xa8\x01\x02",
            b"\0\x06\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02",
            b"\0\x07\0\x08/q{?dns}",
        ];
        assert_eq!(data, expected.concat());
        let without_hints = [expected[1], expected[2], expected[5]].concat();
        assert_eq!(endpoint.parameters(), without_hints);
        assert_eq!(endpoint.to_string(), "alpn=h3,h2 port=443 dohpath=/q{?dns}");
    }
}
