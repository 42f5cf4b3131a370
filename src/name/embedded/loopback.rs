//! Zones whose every name is the own host, for developers who need certificates or cookies on a real name.

use super::front::Front;
use super::grammar::Carried;

/// Every name below the suffix is `127.0.0.1` and `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Loopback {
    /// Whether the suffix itself is, too; elsewhere it is the project's site.
    pub(super) apex: bool,
    /// The one name right below the suffix that is a site.
    pub(super) site: Option<&'static str>,
}

impl Loopback {
    pub(super) fn read<'a>(&self, front: &Front<'a>) -> Option<Carried<'a>> {
        if front.count() == 0 && !self.apex {
            return None;
        }
        if self
            .site
            .is_some_and(|site| front.only() == Some(site.as_bytes()))
        {
            return None;
        }
        Some(Carried::loopback())
    }
}
