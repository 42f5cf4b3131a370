//! Whose names stand under a name: an exception for one under which anybody can have a name is an exception for everybody.

use std::fmt;
use std::sync::LazyLock;

use psl::Psl;

use super::special::SpecialUse;
use crate::wire::Name;

/// Who can have names under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// Nobody but its owner, or this network (special use).
    Household,
    /// Everybody: it is the root.
    Root,
    /// Whoever registers one: a public suffix of the ICANN part of the list.
    Registry(Name),
    /// The customers of a service: a public suffix of the private part.
    Hoster(Name),
}

static SPECIAL: LazyLock<SpecialUse> = LazyLock::new(SpecialUse::new);

/// Who can have names under `name`, by the [Public Suffix List](https://publicsuffix.org/list/). The rule for unlisted top-level
/// domains is not used: `lan` and `corp` are what people call their networks.
pub fn breadth(name: &Name) -> Breadth {
    if *name == Name::ROOT {
        return Breadth::Root;
    }
    if SPECIAL.find(name).is_some() {
        return Breadth::Household;
    }
    let shown = name.to_string();
    let suffix = psl::List
        .suffix(shown.as_bytes())
        .filter(|suffix| suffix.is_known() && suffix.as_bytes() == shown.as_bytes());
    match suffix.and_then(|suffix| suffix.typ()) {
        Some(psl::Type::Icann) => Breadth::Registry(*name),
        Some(psl::Type::Private) => Breadth::Hoster(*name),
        None => Breadth::Household,
    }
}

/// What is wrong with an exception for it, and what to write instead.
impl fmt::Display for Breadth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Household => f.write_str("only its owner has names there"),
            Self::Root => {
                f.write_str("the root is every name; to let all pass, set action = \"report\"")
            }
            Self::Registry(name) => write!(
                f,
                "anybody can register a name under {name}; name your own, such as nas.example.{name}"
            ),
            Self::Hoster(name) => write!(
                f,
                "anybody can get a name under {name}; name your own host there"
            ),
        }
    }
}
