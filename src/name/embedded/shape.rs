//! The grammar of most domains: `[prefix.]address[.id].suffix`.
//!
//! One struct serves the simple presets and the domains that a configuration describes. What needs rules of its own has a file
//! of its own beside this one.

use std::net::IpAddr;

use super::encode::EncodeError;
use super::front::Front;
use super::grammar::Carried;
use super::id::Id;
use super::label::{self, Writing};
use super::why::{self, WhyNot};

/// Where in a name the address stands, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub(super) id: Id,
    pub(super) prefix: bool,
    pub(super) families: Families,
    pub(super) writing: Writing,
}

/// The families whose addresses a domain carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Families {
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// Both.
    Both,
}

impl Families {
    fn hold(self, address: IpAddr) -> bool {
        match self {
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
            Self::Both => true,
        }
    }
}

impl Shape {
    /// `address.id.suffix`, both families, no labels before the address.
    pub const fn new(id: Id) -> Self {
        Self {
            id,
            prefix: false,
            families: Families::Both,
            writing: Writing::Expanded,
        }
    }

    /// Whether any labels may stand before the address.
    #[must_use]
    pub fn with_prefix(mut self, prefix: bool) -> Self {
        self.prefix = prefix;
        self
    }

    /// Only addresses of these families.
    #[must_use]
    pub fn with_families(mut self, families: Families) -> Self {
        self.families = families;
        self
    }

    /// How addresses are written; [`Writing::Hex`] is also read only where it is set here.
    #[must_use]
    pub fn with_writing(mut self, writing: Writing) -> Self {
        self.writing = writing;
        self
    }

    pub(super) fn read<'a>(&self, front: &Front<'a>) -> Option<Carried<'a>> {
        let wanted = self.labels();
        if front.count() != wanted && !self.prefix {
            return None;
        }
        let mut labels = front.last(wanted)?;
        let address = self.address(labels.next()?)?;
        let id = labels.next();
        if id.is_some_and(|id| !self.id.matches(id)) {
            return None;
        }
        Some(Carried::one(address, id))
    }

    pub(super) fn write(
        &self,
        address: IpAddr,
        id: Option<&str>,
    ) -> Result<Vec<String>, EncodeError> {
        if !self.families.hold(address) {
            return Err(EncodeError::Family(address));
        }
        let label = label::write(address, self.writing);
        let id = match (&self.id, id) {
            (Id::None, None) => return Ok(vec![label]),
            (Id::None, Some(_)) => return Err(EncodeError::NoId),
            (Id::Constant(id), None) => String::from_utf8_lossy(id).into_owned(),
            (rule, None) => return Err(EncodeError::IdMissing(rule.clone())),
            (_, Some(id)) => id.to_ascii_lowercase(),
        };
        match self.id.why_not(id.as_bytes()) {
            Some(why) => Err(EncodeError::Id(why)),
            None => Ok(vec![label, id]),
        }
    }

    pub(super) fn why_not(&self, front: &Front<'_>) -> WhyNot {
        let wanted = self.labels();
        let labels = front
            .last(wanted)
            .filter(|_| self.prefix || front.count() == wanted);
        let Some(mut labels) = labels else {
            return WhyNot::Labels {
                found: front.count(),
                wanted,
                or_more: self.prefix,
            };
        };
        let address = labels.next().unwrap_or_default();
        if let Some(why) = labels.next().and_then(|id| self.id.why_not(id)) {
            return why;
        }
        match self.any_address(address) {
            Some(address) => WhyNot::Family(address),
            None => why::not_an_address(address),
        }
    }

    /// Why `id` does not follow the rule.
    pub(super) fn why_not_id(&self, id: &[u8]) -> Option<WhyNot> {
        self.id.why_not(id)
    }

    fn labels(&self) -> usize {
        if self.id == Id::None { 1 } else { 2 }
    }

    fn address(&self, text: &[u8]) -> Option<IpAddr> {
        self.any_address(text)
            .filter(|address| self.families.hold(*address))
    }

    fn any_address(&self, text: &[u8]) -> Option<IpAddr> {
        let dashed = || {
            label::dashed_v4(text)
                .map(IpAddr::V4)
                .or_else(|| label::dashed_v6(text).map(IpAddr::V6))
        };
        let hex = || {
            label::hex_v4(text)
                .map(IpAddr::V4)
                .or_else(|| label::hex_v6(text).map(IpAddr::V6))
        };
        dashed().or_else(|| {
            if self.writing == Writing::Hex {
                hex()
            } else {
                None
            }
        })
    }
}
