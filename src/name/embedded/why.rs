//! Why a name below a decoded domain carries no address, in words. Only `explain` and its kin call this; it allocates.

use std::fmt;
use std::net::IpAddr;

use super::front::Front;
use super::id::Id;
use super::label;

/// The first thing that keeps a name from being decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNot {
    /// The name is the domain itself.
    Apex,
    /// The first label begins with `_`.
    Attribute,
    /// The name is one that its domain keeps for other use.
    Exception,
    /// Too many or too few labels before the suffix.
    Labels {
        /// So many stand there.
        found: usize,
        /// So many are needed.
        wanted: usize,
        /// Whether more are allowed.
        or_more: bool,
    },
    /// The id is too long or too short.
    IdLength {
        /// The length that the id has.
        found: usize,
        /// The length that it needs.
        wanted: usize,
    },
    /// The id has the length but not the characters of its rule.
    Id {
        /// The id.
        id: String,
        /// What it should be.
        rule: Id,
    },
    /// The configuration lists ids, and this is none of them.
    IdNotListed,
    /// The label is no address at all.
    NoAddress(String),
    /// No label of the name is an address.
    NoneInName,
    /// A number of an IPv4 address is above 255.
    Octet(String),
    /// A number of an IPv4 address begins with zero.
    LeadingZero(String),
    /// The label holds numbers, but not four.
    Numbers {
        /// The label.
        label: String,
        /// So many numbers it holds.
        found: usize,
    },
    /// The domain carries no addresses of this family.
    Family(IpAddr),
    /// Names of this domain are decoded for private and loopback addresses only.
    NotLocal(IpAddr),
    /// The configuration lists networks, and none holds the address.
    OutsideNetworks(IpAddr),
}

impl fmt::Display for WhyNot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apex => f.write_str("it is the domain itself"),
            Self::Attribute => f.write_str("a first label that begins with \"_\" names no host"),
            Self::Exception => f.write_str("the domain keeps this name for its own use"),
            Self::Labels {
                found,
                wanted,
                or_more,
            } => {
                let stand = if *found == 1 {
                    "label stands"
                } else {
                    "labels stand"
                };
                let are = if *wanted == 1 { "is" } else { "are" };
                let more = if *or_more { " or more" } else { "" };
                write!(
                    f,
                    "{found} {stand} before the domain, {wanted}{more} {are} needed"
                )
            }
            Self::IdLength { found, wanted } => {
                write!(f, "the id has {found} characters, {wanted} are needed")
            }
            Self::Id { id, rule } => write!(f, "the id \"{id}\" is not {}", described(rule)),
            Self::IdNotListed => {
                f.write_str("the id is none of those that the configuration lists")
            }
            Self::NoAddress(label) => write!(f, "\"{label}\" is no address"),
            Self::NoneInName => f.write_str("no address stands in the name"),
            Self::Octet(number) => write!(f, "octet {number} is above 255"),
            Self::LeadingZero(number) => write!(f, "leading zero in \"{number}\""),
            Self::Numbers { label, found } => {
                write!(f, "{found} numbers stand in \"{label}\", 4 are needed")
            }
            Self::Family(address) => write!(
                f,
                "the domain carries no {} addresses",
                if address.is_ipv4() { "IPv4" } else { "IPv6" }
            ),
            Self::NotLocal(address) => write!(
                f,
                "{address} is neither private nor loopback; only those are decoded under this domain"
            ),
            Self::OutsideNetworks(address) => write!(
                f,
                "{address} lies in none of the networks that the configuration lists"
            ),
        }
    }
}

fn described(rule: &Id) -> String {
    match rule {
        Id::None => "expected".to_owned(),
        Id::Any => "a label of letters, digits, hyphens and underscores".to_owned(),
        Id::Hex(_) => "made of hexadecimal digits".to_owned(),
        Id::Ldh(_) => "made of letters, digits and hyphens".to_owned(),
        Id::Base32(_) => "made of the letters a to z and the digits 2 to 7".to_owned(),
        Id::Uuid => "a UUID".to_owned(),
        Id::Constant(label) => format!("\"{}\"", label.escape_ascii()),
    }
}

/// A label as a person may read it.
pub(super) fn shown(label: &[u8]) -> String {
    label.escape_ascii().to_string()
}

/// Why a label is no address; called only if it is none.
pub(super) fn not_an_address(text: &[u8]) -> WhyNot {
    let numbers: Vec<&[u8]> = text.split(|octet| *octet == b'-').collect();
    if !numbers
        .iter()
        .all(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
    {
        return WhyNot::NoAddress(shown(text));
    }
    if numbers.len() != 4 {
        return WhyNot::Numbers {
            label: shown(text),
            found: numbers.len(),
        };
    }
    match numbers
        .into_iter()
        .find(|number| label::octet(number).is_none())
    {
        Some(number) if number.first() == Some(&b'0') => WhyNot::LeadingZero(shown(number)),
        Some(number) => WhyNot::Octet(shown(number)),
        None => WhyNot::NoAddress(shown(text)),
    }
}

/// Why no label of a name is an address, where the address may stand anywhere: of the first label that looks like one.
pub(super) fn not_in_labels(front: &Front<'_>) -> WhyNot {
    let mut reasons = front.labels().map(not_an_address);
    reasons
        .find(|why| matches!(why, WhyNot::Octet(_) | WhyNot::LeadingZero(_)))
        .unwrap_or(WhyNot::NoneInName)
}
