//! One decoded domain: its suffix, its grammar, and what of the addresses that names carry is answered.

use std::net::IpAddr;

use ipnet::IpNet;

use super::front::Front;
use super::grammar::{Carried, Grammar};
use super::loopback::Loopback;
use super::policy::{Scope, is_refused};
use super::shape::Shape;
use super::why::WhyNot;
use super::{Decoded, Nothing};
use crate::wire::{Name, RecordType};

/// What an answer may be kept for if the vendor says nothing else, in seconds. The address never changes, but whether the name
/// is decoded may, by a reload.
const TTL: u32 = 3600;

/// A domain whose names are decoded.
#[derive(Debug, Clone)]
pub struct Domain {
    suffix: Name,
    preset: Option<&'static str>,
    ttl: u32,
    grammar: Grammar,
    scope: Scope,
    ids: Vec<Box<[u8]>>,
    networks: Vec<IpNet>,
    loopback: bool,
}

impl Domain {
    /// Names of the form `[prefix.]address[.id].suffix`.
    pub fn shaped(suffix: Name, shape: Shape) -> Self {
        Self::new(suffix, Grammar::Shape(shape))
    }

    /// Names as under sslip.io, private and loopback addresses only: for those who serve such a zone under a name of their own.
    pub fn sslip(suffix: Name) -> Self {
        Self::new(suffix, Grammar::Sslip).with_scope(Scope::Local)
    }

    /// The suffix and all below it lead to the own host.
    pub fn always_loopback(suffix: Name) -> Self {
        Self::new(
            suffix,
            Grammar::Loopback(Loopback {
                apex: true,
                site: None,
            }),
        )
    }

    pub(super) fn new(suffix: Name, grammar: Grammar) -> Self {
        Self {
            suffix,
            preset: None,
            ttl: TTL,
            grammar,
            scope: Scope::Any,
            ids: Vec::new(),
            networks: Vec::new(),
            loopback: true,
        }
    }

    pub(super) fn with_preset(mut self, preset: &'static str) -> Self {
        self.preset = Some(preset);
        self
    }

    pub(super) fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Decodes only names with one of these ids, in any case; none given: with any that fits.
    #[must_use]
    pub fn with_ids<I>(mut self, ids: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        self.ids = ids
            .into_iter()
            .map(|id| id.as_ref().to_ascii_lowercase().into_boxed_slice())
            .collect();
        self
    }

    /// Decodes only addresses inside these networks; none given: any. Names with other addresses go upstream.
    #[must_use]
    pub fn with_networks(mut self, networks: Vec<IpNet>) -> Self {
        self.networks = networks;
        self
    }

    /// How long an answer may be kept, in seconds.
    #[must_use]
    pub fn with_ttl(mut self, ttl: u32) -> Self {
        self.ttl = ttl;
        self
    }

    /// Whether `127.0.0.1` and `::1` are answered.
    #[must_use]
    pub fn with_loopback(mut self, loopback: bool) -> Self {
        self.loopback = loopback;
        self
    }

    /// The name below which names are decoded.
    pub fn suffix(&self) -> &Name {
        &self.suffix
    }

    /// The preset that brought the domain; none if the configuration describes it.
    pub fn preset(&self) -> Option<&'static str> {
        self.preset
    }

    /// How long an answer may be kept, in seconds.
    pub fn ttl(&self) -> u32 {
        self.ttl
    }

    /// Why no name of this domain can carry `id`, so that a list of ids can be checked when it is loaded.
    pub fn why_not_id(&self, id: &str) -> Option<WhyNot> {
        match &self.grammar {
            Grammar::Shape(shape) => shape.why_not_id(&id.to_ascii_lowercase().into_bytes()),
            _ => super::Id::None.why_not(id.as_bytes()),
        }
    }

    pub(super) fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// What `name`, which lies within the suffix, says to a question of this type.
    pub(super) fn decode(&self, name: &Name, qtype: RecordType) -> Option<Decoded<'_>> {
        let carried = self.grammar.read(&Front::new(name, &self.suffix))?;
        if !self.lists(carried.id) {
            return None;
        }
        let (v4, v6) = (carried.v4.map(IpAddr::V4), carried.v6.map(IpAddr::V6));
        let (wanted, other) = match qtype {
            RecordType::A => (v4, v6),
            RecordType::AAAA => (v6, v4),
            _ => (None, v4.or(v6)),
        };
        let address = wanted.or(other)?;
        if !self.covers(address) {
            return None;
        }
        let why = if self.refuses(address) {
            Nothing::Refused(address)
        } else if wanted.is_some() {
            return Some(Decoded::Address {
                domain: self,
                address,
            });
        } else if matches!(qtype, RecordType::A | RecordType::AAAA) {
            Nothing::OtherFamily(address)
        } else {
            Nothing::OtherType(address)
        };
        Some(Decoded::Nothing { domain: self, why })
    }

    /// Why `name`, which lies within the suffix, is not decoded; none if it is.
    pub(super) fn why_not(&self, name: &Name) -> Option<WhyNot> {
        let front = Front::new(name, &self.suffix);
        let Some(Carried { v4, v6, id }) = self.grammar.read(&front) else {
            return Some(self.grammar.why_not(&front));
        };
        if !self.lists(id) {
            return Some(WhyNot::IdNotListed);
        }
        v4.map(IpAddr::V4)
            .into_iter()
            .chain(v6.map(IpAddr::V6))
            .find_map(|address| self.why_uncovered(address))
    }

    /// Whether no answer may hold `address`.
    pub(super) fn refuses(&self, address: IpAddr) -> bool {
        is_refused(address, self.loopback)
    }

    /// Why names with `address` go on.
    pub(super) fn why_uncovered(&self, address: IpAddr) -> Option<WhyNot> {
        if !self.scope.covers(address) {
            return Some(WhyNot::NotLocal(address));
        }
        if self.covers(address) {
            None
        } else {
            Some(WhyNot::OutsideNetworks(address))
        }
    }

    fn covers(&self, address: IpAddr) -> bool {
        self.scope.covers(address)
            && (self.networks.is_empty()
                || self
                    .networks
                    .iter()
                    .any(|network| network.contains(&address)))
    }

    fn lists(&self, id: Option<&[u8]>) -> bool {
        self.ids.is_empty() || id.is_some_and(|id| self.ids.iter().any(|listed| **listed == *id))
    }
}
