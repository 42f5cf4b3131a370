//! Which labels a domain takes as the id that stands between the address and the suffix.
//!
//! The id names a server or an account and decides whose certificate fits; the address does not depend on it. Whether an id
//! exists is not checked, the vendors' own servers do not either; only its form is.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::why::{WhyNot, shown};
use crate::wire::name::MAX_LABEL;

/// A rule for the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// No id: the address stands right before the suffix.
    None,
    /// Any one label of letters, digits, hyphens and underscores.
    Any,
    /// So many hexadecimal digits.
    Hex(u8),
    /// So many letters, digits and hyphens.
    Ldh(u8),
    /// So many letters and digits of base 32: `a` to `z`, `2` to `7` (RFC 4648 §6).
    Base32(u8),
    /// The text form of a UUID, 36 characters (RFC 9562 §4).
    Uuid,
    /// This label only, in lower case.
    Constant(Cow<'static, [u8]>),
}

impl Id {
    /// Whether `label`, in lower case, follows the rule.
    pub(super) fn matches(&self, label: &[u8]) -> bool {
        match self {
            Self::None => false,
            Self::Any => {
                (1..=MAX_LABEL).contains(&label.len()) && label.iter().copied().all(is_host)
            }
            Self::Hex(length) => {
                label.len() == usize::from(*length) && label.iter().all(u8::is_ascii_hexdigit)
            }
            Self::Ldh(length) => {
                label.len() == usize::from(*length) && label.iter().copied().all(is_ldh)
            }
            Self::Base32(length) => {
                label.len() == usize::from(*length)
                    && label
                        .iter()
                        .all(|octet| matches!(octet, b'a'..=b'z' | b'2'..=b'7'))
            }
            Self::Uuid => is_uuid(label),
            Self::Constant(wanted) => label == wanted.as_ref(),
        }
    }

    /// Why `label`, in lower case, does not follow the rule; none if it does.
    pub(super) fn why_not(&self, label: &[u8]) -> Option<WhyNot> {
        if self.matches(label) {
            return None;
        }
        let wanted = match self {
            Self::Hex(length) | Self::Ldh(length) | Self::Base32(length) => usize::from(*length),
            Self::Uuid => UUID,
            Self::None | Self::Any | Self::Constant(_) => label.len(),
        };
        if label.len() == wanted {
            return Some(WhyNot::Id {
                id: shown(label),
                rule: self.clone(),
            });
        }
        Some(WhyNot::IdLength {
            found: label.len(),
            wanted,
        })
    }
}

fn is_host(octet: u8) -> bool {
    is_ldh(octet) || octet == b'_'
}

fn is_ldh(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-'
}

const UUID: usize = 36;

fn is_uuid(label: &[u8]) -> bool {
    label.len() == UUID
        && label.iter().enumerate().all(|(index, octet)| match index {
            8 | 13 | 18 | 23 => *octet == b'-',
            _ => octet.is_ascii_hexdigit(),
        })
}

/// A text that is no rule for an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no rule for an id; allowed: none, any, uuid, constant:LABEL, and hex:N, ldh:N or base32:N with N from 1 to 63"
)]
pub struct IdError(pub String);

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = || IdError(text.to_owned());
        let (word, argument) = text
            .split_once(':')
            .map_or((text, None), |(word, argument)| (word, Some(argument)));
        let length = || {
            let length = argument
                .and_then(|argument| argument.parse::<u8>().ok())
                .ok_or_else(error)?;
            if (1..=MAX_LABEL).contains(&usize::from(length)) {
                Ok(length)
            } else {
                Err(error())
            }
        };
        match (word, argument) {
            ("none", None) => Ok(Self::None),
            ("any", None) => Ok(Self::Any),
            ("uuid", None) => Ok(Self::Uuid),
            ("hex", _) => length().map(Self::Hex),
            ("ldh", _) => length().map(Self::Ldh),
            ("base32", _) => length().map(Self::Base32),
            ("constant", Some(label))
                if (1..=MAX_LABEL).contains(&label.len()) && label.bytes().all(is_host) =>
            {
                Ok(Self::Constant(
                    label.to_ascii_lowercase().into_bytes().into(),
                ))
            }
            _ => Err(error()),
        }
    }
}

/// As the configuration writes it.
impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Any => f.write_str("any"),
            Self::Hex(length) => write!(f, "hex:{length}"),
            Self::Ldh(length) => write!(f, "ldh:{length}"),
            Self::Base32(length) => write!(f, "base32:{length}"),
            Self::Uuid => f.write_str("uuid"),
            Self::Constant(label) => write!(f, "constant:{}", label.escape_ascii()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_read_and_shown_alike() {
        for text in [
            "none",
            "any",
            "uuid",
            "hex:40",
            "ldh:32",
            "base32:32",
            "constant:519b6502d940",
            "ldh:1",
            "ldh:63",
        ] {
            assert_eq!(text.parse::<Id>().unwrap().to_string(), text);
        }
        assert_eq!(
            "constant:ABC".parse::<Id>().unwrap().to_string(),
            "constant:abc"
        );
        for bad in [
            "",
            "hex",
            "hex:",
            "hex:0",
            "hex:64",
            "hex:256",
            "hex:-1",
            "none:1",
            "uuid:36",
            "constant",
            "constant:",
            "constant:a.b",
            "Hex:4",
            "any ",
        ] {
            let error = bad.parse::<Id>().unwrap_err();
            assert!(error.to_string().contains("allowed: none, any"), "{bad}");
        }
    }

    #[test]
    fn a_rule_takes_its_labels_and_no_others() {
        let check = |rule: &str, label: &str, wanted: bool| {
            assert_eq!(
                rule.parse::<Id>().unwrap().matches(label.as_bytes()),
                wanted,
                "{rule} {label}"
            );
        };
        check("hex:4", "09af", true);
        check("hex:4", "09ag", false);
        check("hex:4", "09a", false);
        check("ldh:4", "a-9z", true);
        check("ldh:4", "a_9z", false);
        check("base32:4", "az27", true);
        check("base32:4", "az18", false);
        check("uuid", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true);
        check("uuid", "f81d4fae7dec-11d0-a765-00a0c91e6bf6-", false);
        check("uuid", "f81d4fae-7dec-11d0-a765-00a0c91e6bf", false);
        check("constant:519b6502d940", "519b6502d940", true);
        check("constant:519b6502d940", "519b6502d941", false);
        check("any", "x_Y-1", true);
        check("any", "a.b", false);
        check("any", "", false);
        check("none", "x", false);
    }
}
