//! What a reload replaces as a whole.

use std::sync::Arc;

use crate::name::SuffixMap;
use crate::name::embedded::Embedded;
use crate::name::special::{Found, SpecialUse};
use crate::rebinding::Judge;
use crate::upstream::Upstream;
use crate::wire::Name;

use super::views::Views;

/// The proven settings in the form in which questions meet them.
#[derive(Debug)]
pub struct State {
    /// What this network knows by itself.
    pub zones: Views,
    /// Names that are decoded.
    pub embedded: Arc<Embedded>,
    /// Names that never leave the network.
    pub special: SpecialUse,
    /// The protection.
    pub judge: Judge,
    /// Where all other questions go.
    pub upstream: Arc<Upstream>,
    /// The domains whose names are asked upstream each time.
    pub excluded: SuffixMap<()>,
}

impl State {
    /// Whether the answers for a name are not kept.
    pub fn is_excluded(&self, name: &Name) -> bool {
        self.excluded.find(name).is_some()
    }

    /// The special-use rule for a name, unless the operator has a `route` for just this part of the name space: whoever runs
    /// `home.arpa` or the reverse zone of their network on another server says so with a route.
    pub fn special_use(&self, name: &Name, route: Option<&Name>) -> Option<&Found> {
        let found = self.special.find(name)?;
        let overridden =
            found.routable && route.is_some_and(|domain| domain.is_within(&found.zone));
        (!overridden).then_some(found)
    }
}
