//! Names that carry an address: `192-168-1-10.<id>.plex.direct` and its relatives.
//!
//! The answer is a pure function of the name. So it is right without the internet, and it cannot be rebound: one name never
//! leads to two addresses. That is why a decoded domain needs no exception from the rebinding protection, and must not have
//! one: what does not decode here goes upstream like any other name, with the protection on.
//!
//! Only the name that a client asked for may be decoded, never the target of an alias; the resolver sees to that.

mod akebi;
mod backname;
mod domain;
mod encode;
mod front;
mod grammar;
mod id;
mod label;
mod local_ip;
mod loopback;
mod policy;
mod preset;
mod shape;
mod sslip;
mod traefik;
mod why;

use std::net::IpAddr;

pub use domain::Domain;
pub use encode::EncodeError;
pub use id::{Id, IdError};
pub use label::Writing;
pub use preset::{Preset, preset, presets};
pub use shape::{Families, Shape};
pub use why::WhyNot;

use super::SuffixMap;
use crate::wire::{Name, RecordType};

/// The domains whose names are decoded.
#[derive(Debug, Clone, Default)]
pub struct Embedded {
    domains: SuffixMap<Domain>,
}

impl Embedded {
    /// Of two domains with the same suffix the later one stays.
    pub fn new(domains: impl IntoIterator<Item = Domain>) -> Self {
        Self {
            domains: domains
                .into_iter()
                .map(|domain| (*domain.suffix(), domain))
                .collect(),
        }
    }

    /// What `name` says to a question of this type; none if it carries no address that is decoded here, and so goes on.
    pub fn decode(&self, name: &Name, qtype: RecordType) -> Option<Decoded<'_>> {
        let (_, domain) = self.domains.find(name)?;
        domain.decode(name, qtype)
    }

    /// The domain that `name` is or lies below, decoded or not: all of it is protected name space.
    pub fn domain_of(&self, name: &Name) -> Option<&Domain> {
        self.domains.find(name).map(|(_, domain)| domain)
    }

    /// Why `name`, though below a decoded domain, goes on; none if it is decoded, or not below any.
    pub fn why_not(&self, name: &Name) -> Option<WhyNot> {
        self.domain_of(name)?.why_not(name)
    }

    /// All domains, in their order of entry.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.domains.iter().map(|(_, domain)| domain)
    }
}

/// What a name says to a question.
#[derive(Debug, Clone, Copy)]
pub enum Decoded<'a> {
    /// The one record that answers.
    Address {
        /// The domain whose rules read the name.
        domain: &'a Domain,
        /// Of the family that the question asks for.
        address: IpAddr,
    },
    /// The name is decoded here and has no such record: NODATA.
    Nothing {
        /// The domain whose rules read the name.
        domain: &'a Domain,
        /// Why there is none.
        why: Nothing,
    },
}

/// Why a decoded name has no record of the type that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Nothing {
    /// The name carries an address of the other family.
    #[error("the name carries {0}, which is of the other family")]
    OtherFamily(IpAddr),
    /// The question is for a type other than `A` and `AAAA`.
    #[error("the name carries {0} and has no record of this type")]
    OtherType(IpAddr),
    /// The name carries an address that no answer may hold.
    #[error("the name carries {0}, which is never answered")]
    Refused(IpAddr),
}

#[cfg(test)]
mod tests;
