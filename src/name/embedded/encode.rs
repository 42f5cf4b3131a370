//! The name that carries an address: the way back.

use std::net::IpAddr;

use super::domain::Domain;
use super::id::Id;
use super::why::WhyNot;
use crate::wire::{Name, RecordType};

/// Why an address has no name under a domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// No answer may hold the address, so a name for it would lead nowhere.
    #[error("{0} is never answered")]
    Refused(IpAddr),
    /// The domain carries no addresses of this family.
    #[error("the domain carries no addresses of the family of {0}")]
    Family(IpAddr),
    /// Names of the domain carry an id, and none is given.
    #[error("names of this domain carry an id ({0}), and none is given")]
    IdMissing(Id),
    /// Names of the domain carry no id, and one is given.
    #[error("names of this domain carry no id")]
    NoId,
    /// The id does not fit the rule.
    #[error("{0}")]
    Id(WhyNot),
    /// The domain is not decoded for this address or this id.
    #[error("{0}")]
    NotCarried(WhyNot),
    /// Every name of the domain leads to the own host.
    #[error("every name of this domain is 127.0.0.1 and ::1; it carries no addresses")]
    Fixed,
    /// The name would be longer than 255 octets.
    #[error("the name would be longer than 255 octets")]
    Long,
    /// The name that was made would be read as another address.
    #[error("a name under this domain cannot carry {0}")]
    Ambiguous(IpAddr),
}

impl Domain {
    /// The name under this domain that carries `address`, in the form that the domain's vendor writes.
    pub fn encode(&self, address: IpAddr, id: Option<&str>) -> Result<Name, EncodeError> {
        if self.refuses(address) {
            return Err(EncodeError::Refused(address));
        }
        if let Some(why) = self.why_uncovered(address) {
            return Err(EncodeError::NotCarried(why));
        }
        let labels = self.grammar().write(address, id)?;
        let labels = labels
            .iter()
            .map(String::as_bytes)
            .chain(self.suffix().labels());
        let name = Name::from_labels(labels).map_err(|_| EncodeError::Long)?;
        if let Some(why) = self.why_not(&name) {
            return Err(EncodeError::NotCarried(why));
        }
        let qtype = if address.is_ipv4() {
            RecordType::A
        } else {
            RecordType::AAAA
        };
        match self.decode(&name, qtype) {
            Some(super::Decoded::Address { address: found, .. }) if found == address => Ok(name),
            _ => Err(EncodeError::Ambiguous(address)),
        }
    }
}
