//! Service parameters: what SVCB and HTTPS records (RFC 9460 §2.2), and options of DHCP (RFC 9463), say of a service.

use std::collections::BTreeMap;

/// The numbers of parameters (IANA "Service Parameter Keys").
pub mod key {
    /// Parameters without which the record is of no use.
    pub const MANDATORY: u16 = 0;
    /// What is spoken.
    pub const ALPN: u16 = 1;
    /// Where.
    pub const PORT: u16 = 3;
    /// IPv4 addresses.
    pub const IPV4HINT: u16 = 4;
    /// Keys for an encrypted greeting.
    pub const ECH: u16 = 5;
    /// IPv6 addresses.
    pub const IPV6HINT: u16 = 6;
    /// The template of the URI for DNS over HTTPS (RFC 9461 §5).
    pub const DOHPATH: u16 = 7;
}

/// The words of parameters, each at the place of its number.
pub const WORDS: [&str; 9] = [
    "mandatory",
    "alpn",
    "no-default-alpn",
    "port",
    "ipv4hint",
    "ech",
    "ipv6hint",
    "dohpath",
    "ohttp",
];

/// Why a parameter cannot be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterError {
    /// There is one with this number.
    Twice,
    /// The value has more than 65535 octets.
    TooLong,
}

/// Parameters, each once, in the order of their numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<u16, Vec<u8>>);

impl Parameters {
    /// Adds one, its value as it stands on the wire.
    pub fn insert(&mut self, key: u16, value: Vec<u8>) -> Result<(), ParameterError> {
        if value.len() > usize::from(u16::MAX) {
            return Err(ParameterError::TooLong);
        }
        match self.0.insert(key, value) {
            None => Ok(()),
            Some(_) => Err(ParameterError::Twice),
        }
    }

    /// The value of one.
    pub fn get(&self, key: u16) -> Option<&[u8]> {
        self.0.get(&key).map(Vec::as_slice)
    }

    /// Appends them.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (key, value) in &self.0 {
            out.extend(key.to_be_bytes());
            out.extend(u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
            out.extend(value);
        }
    }
}

/// The value of `alpn` (RFC 9460 §7.1.1); none if a protocol has no octets, or more than 255.
pub fn alpn<T: AsRef<[u8]>>(protocols: impl IntoIterator<Item = T>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for protocol in protocols {
        let protocol = protocol.as_ref();
        let length = u8::try_from(protocol.len())
            .ok()
            .filter(|length| *length > 0);
        out.push(length?);
        out.extend(protocol);
    }
    Some(out)
}
