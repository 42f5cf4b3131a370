//! Domain names in canonical form.
//!
//! A [`Name`] is what two names are compared by: wire format, ASCII letters in lower case, no compression. It lives on the
//! stack, so the path of a question never allocates for it. The letters as a client wrote them stay in the client's packet;
//! whoever answers copies them from there.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::str::FromStr;

use super::Malformed;
use super::compression::Runs;

/// The longest name on the wire, its root label included, in octets (RFC 1035 §2.3.4).
pub const MAX_NAME: usize = 255;
/// The longest label, in octets (RFC 1035 §2.3.4).
pub const MAX_LABEL: usize = 63;

/// A domain name: lower-case labels in wire format, at most 255 octets.
#[derive(Clone, Copy)]
pub struct Name {
    length: u8,
    octets: [u8; MAX_NAME],
}

impl Name {
    /// The root.
    pub const ROOT: Self = Self {
        length: 1,
        octets: [0; MAX_NAME],
    };

    /// Reads the name at `at` of `message`, following compression pointers (RFC 1035 §4.1.4).
    ///
    /// Returns the name and the offset just behind it. A pointer must lead to before the labels that it ends, so every hop
    /// goes strictly backwards and no loop is possible.
    pub fn read(message: &[u8], at: usize) -> Result<(Self, usize), Malformed> {
        Self::read_where(message, at, |_| true)
    }

    /// Like [`Name::read`], for a message that will be changed: every run of labels that a pointer leads to must be `allowed`.
    pub fn read_where(
        message: &[u8],
        at: usize,
        allowed: impl Fn(Range<usize>) -> bool,
    ) -> Result<(Self, usize), Malformed> {
        let mut name = Self::ROOT;
        let mut filled = 0;
        let mut end = None;
        for run in Runs::new(message, at) {
            let run = run?;
            if end.is_some() && !allowed(run.labels.start..run.end) {
                return Err(Malformed);
            }
            filled = name.append(filled, message.get(run.labels).ok_or(Malformed)?)?;
            end = end.or(Some(run.end));
        }
        name.close(filled)?;
        Ok((name, end.ok_or(Malformed)?))
    }

    /// Reads a name that must not be compressed, as in the question of a query.
    pub fn read_plain(message: &[u8], at: usize) -> Result<(Self, usize), Malformed> {
        let mut name = Self::ROOT;
        let mut filled = 0;
        let mut position = at;
        loop {
            let length = *message.get(position).ok_or(Malformed)?;
            if length == 0 {
                name.close(filled)?;
                return Ok((name, position + 1));
            }
            if usize::from(length) > MAX_LABEL {
                return Err(Malformed);
            }
            let next = position + 1 + usize::from(length);
            let label = message.get(position..next).ok_or(Malformed)?;
            filled = name.append(filled, label)?;
            position = next;
        }
    }

    /// The name whose labels these are, from the left, without the root label.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Malformed> {
        let mut name = Self::ROOT;
        let mut filled = 0;
        for label in labels {
            let length = u8::try_from(label.len()).map_err(|_| Malformed)?;
            if length == 0 || label.len() > MAX_LABEL {
                return Err(Malformed);
            }
            filled = name.append(filled, &[length])?;
            filled = name.append(filled, label)?;
        }
        name.close(filled)?;
        Ok(name)
    }

    /// The name on the wire, root label included.
    pub fn as_wire(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or(&[0])
    }

    /// The labels from the left, without the root label.
    pub fn labels(&self) -> Labels<'_> {
        Labels {
            rest: self.as_wire(),
        }
    }

    /// How many labels the name has, without the root label: 0 to 127.
    pub fn label_count(&self) -> usize {
        self.labels().count()
    }

    /// The name itself and all its ancestors in wire format, longest first, the root last.
    pub fn suffixes(&self) -> Suffixes<'_> {
        Suffixes {
            rest: Some(self.as_wire()),
        }
    }

    /// Whether the name is `ancestor` or lies below it, label by label.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        let wanted = ancestor.as_wire();
        self.suffixes()
            .find(|suffix| suffix.len() <= wanted.len())
            .is_some_and(|suffix| suffix == wanted)
    }

    /// The name without its first label; none for the root.
    pub fn parent(&self) -> Option<Self> {
        let labels = self.labels();
        labels.clone().next()?;
        Self::from_labels(labels.skip(1)).ok()
    }

    /// The ancestor that has so many labels, or the name itself; none if it has fewer.
    pub fn ancestor(&self, labels: usize) -> Option<Self> {
        let above = self.label_count().checked_sub(labels)?;
        Self::from_labels(self.labels().skip(above)).ok()
    }

    /// The name directly below, with this label in front.
    pub fn child(&self, label: &[u8]) -> Result<Self, Malformed> {
        Self::from_labels(std::iter::once(label).chain(self.labels()))
    }

    /// The canonical order of names: label by label from the root, an ancestor before what is below it (RFC 4034 §6.1).
    pub fn canonical_cmp(&self, other: &Self) -> Ordering {
        let [ours, theirs] = [self, other].map(|name| name.labels().collect::<Vec<_>>());
        ours.iter().rev().cmp(theirs.iter().rev())
    }

    fn append(&mut self, filled: usize, octets: &[u8]) -> Result<usize, Malformed> {
        let end = filled + octets.len();
        // One octet stays free for the root label.
        if end >= MAX_NAME {
            return Err(Malformed);
        }
        let place = self.octets.get_mut(filled..end).ok_or(Malformed)?;
        place.copy_from_slice(octets);
        // Length octets are below 64 and so never letters.
        place.make_ascii_lowercase();
        Ok(end)
    }

    fn close(&mut self, filled: usize) -> Result<(), Malformed> {
        *self.octets.get_mut(filled).ok_or(Malformed)? = 0;
        self.length = u8::try_from(filled + 1).map_err(|_| Malformed)?;
        Ok(())
    }
}

/// The labels of a name, from the left.
#[derive(Debug, Clone)]
pub struct Labels<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (&length, rest) = self.rest.split_first()?;
        if length == 0 {
            return None;
        }
        let (label, rest) = rest.split_at_checked(usize::from(length))?;
        self.rest = rest;
        Some(label)
    }
}

/// A name and its ancestors on the wire, longest first.
#[derive(Debug, Clone)]
pub struct Suffixes<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for Suffixes<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let current = self.rest?;
        let length = usize::from(*current.first()?);
        self.rest = if length == 0 {
            None
        } else {
            current.get(length + 1..)
        };
        Some(current)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_wire() == other.as_wire()
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_wire().hash(state);
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

/// The master-file form without the last dot (RFC 1035 §5.1): octets that are not printable ASCII as `\DDD`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.length == 1 {
            return f.write_str(".");
        }
        for (index, label) in self.labels().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write_label(f, label)?;
        }
        Ok(())
    }
}

fn write_label(f: &mut fmt::Formatter<'_>, label: &[u8]) -> fmt::Result {
    for &octet in label {
        match octet {
            b'.' | b'\\' | b'"' | b';' | b'@' | b'$' | b'(' | b')' => {
                write!(f, "\\{}", char::from(octet))?;
            }
            0x21..=0x7e => write!(f, "{}", char::from(octet))?,
            _ => write!(f, "\\{octet:03}")?,
        }
    }
    Ok(())
}

/// Why a text is no domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Two dots with nothing between them, a leading dot, or no text at all.
    #[error("a label is empty")]
    EmptyLabel,
    /// A label above 63 octets.
    #[error("a label is longer than 63 octets")]
    LongLabel,
    /// More than 255 octets in all.
    #[error("the name is longer than 255 octets")]
    LongName,
    /// A backslash that is followed by neither three digits up to 255 nor a character.
    #[error("a backslash is not followed by a character or by three digits up to 255")]
    Escape,
    /// A blank or control character, or a letter outside ASCII.
    #[error("it holds {0:?}; write names in ASCII, letters of other scripts in their xn-- form")]
    Character(char),
}

/// Reads the master-file form, with or without the last dot.
impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "." {
            return Ok(Self::ROOT);
        }
        let mut labels: Vec<Vec<u8>> = vec![Vec::new()];
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let octet = match character {
                '.' => {
                    labels.push(Vec::new());
                    continue;
                }
                '\\' => escaped(&mut characters)?,
                '!'..='~' => {
                    u8::try_from(character).map_err(|_| NameError::Character(character))?
                }
                _ => return Err(NameError::Character(character)),
            };
            if let Some(label) = labels.last_mut() {
                label.push(octet);
            }
        }
        if labels.len() > 1 && labels.last().is_some_and(Vec::is_empty) {
            labels.pop();
        }
        if labels.iter().any(Vec::is_empty) {
            return Err(NameError::EmptyLabel);
        }
        if labels.iter().any(|label| label.len() > MAX_LABEL) {
            return Err(NameError::LongLabel);
        }
        Self::from_labels(labels.iter().map(Vec::as_slice)).map_err(|Malformed| NameError::LongName)
    }
}

fn escaped(characters: &mut std::str::Chars<'_>) -> Result<u8, NameError> {
    let first = characters.next().ok_or(NameError::Escape)?;
    let Some(hundreds) = first.to_digit(10) else {
        return u8::try_from(first)
            .ok()
            .filter(u8::is_ascii)
            .ok_or(NameError::Escape);
    };
    let mut digit = || {
        characters
            .next()
            .and_then(|c| c.to_digit(10))
            .ok_or(NameError::Escape)
    };
    let value = hundreds * 100 + digit()? * 10 + digit()?;
    u8::try_from(value).map_err(|_| NameError::Escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn text_and_wire_are_two_forms_of_one_name() {
        let cases = [
            ("example.org", &b"\x07example\x03org\0"[..], "example.org"),
            ("ExAmPlE.ORG.", b"\x07example\x03org\0", "example.org"),
            (".", b"\0", "."),
            (r"a\.b.c", b"\x03a.b\x01c\0", r"a\.b.c"),
            (
                r"\000\255\032.x",
                b"\x03\x00\xff\x20\x01x\0",
                r"\000\255\032.x",
            ),
        ];
        for (text, wire, shown) in cases {
            assert_eq!(name(text).as_wire(), wire, "{text}");
            assert_eq!(name(text).to_string(), shown);
            assert_eq!(Name::read_plain(wire, 0).unwrap(), (name(text), wire.len()));
        }
    }

    #[test]
    fn what_is_no_name_says_why() {
        let long_label = "a".repeat(64);
        let long_name = vec!["abcdefg"; 32].join(".");
        let cases = [
            ("", NameError::EmptyLabel),
            ("a..b", NameError::EmptyLabel),
            (".a", NameError::EmptyLabel),
            ("..", NameError::EmptyLabel),
            (long_label.as_str(), NameError::LongLabel),
            (long_name.as_str(), NameError::LongName),
            (r"a\25", NameError::Escape),
            (r"a\256", NameError::Escape),
            ("a\\", NameError::Escape),
            ("a b", NameError::Character(' ')),
            ("b\u{fc}cher", NameError::Character('\u{fc}')),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Name>(), Err(error), "{text:?}");
        }
        assert_eq!(
            vec!["a"; 127]
                .join(".")
                .parse::<Name>()
                .unwrap()
                .label_count(),
            127
        );
    }

    #[test]
    fn pointers_lead_backwards_only() {
        let message = b"\x03org\0\x07example\xc0\x00\x03www\xc0\x05";
        assert_eq!(
            Name::read(message, 15).unwrap(),
            (name("www.example.org"), 21)
        );
        for bad in [
            &b"\xc0\x00"[..],
            b"\x01a\xc0\x00",
            b"\xc0\x02\0",
            b"\x01a\xc0",
            b"\x40a\0",
            b"\x05ab\0",
            b"",
        ] {
            assert_eq!(Name::read(bad, 0), Err(Malformed), "{bad:?}");
        }
        assert_eq!(Name::read_plain(message, 5), Err(Malformed));
    }

    #[test]
    fn a_long_chain_of_pointers_ends() {
        let chain = |hops: u16| {
            let mut message = vec![0];
            for hop in 0..hops {
                let target = if hop == 0 { 0 } else { 1 + (hop - 1) * 2 };
                message.extend((0xc000 | target).to_be_bytes());
            }
            Name::read(&message, message.len() - 2)
        };
        assert_eq!(chain(127).unwrap().0, Name::ROOT);
        assert_eq!(chain(128), Err(Malformed));
        assert_eq!(chain(8000), Err(Malformed));
    }

    #[test]
    fn within_is_decided_label_by_label() {
        let zone = name("plex.direct");
        for inside in ["plex.direct", "a.PLEX.direct", "b.a.plex.direct"] {
            assert!(name(inside).is_within(&zone), "{inside}");
        }
        for outside in [
            "direct",
            "notplex.direct",
            r"a\.plex.direct",
            r"x\004plex.direct",
            "plex.direct.evil.com",
            ".",
        ] {
            assert!(!name(outside).is_within(&zone), "{outside}");
        }
        assert!(zone.is_within(&Name::ROOT));
        assert_eq!(name("a.b").parent(), Some(name("b")));
        assert_eq!(Name::ROOT.parent(), None);
        assert_eq!(name("a.b.c").ancestor(2), Some(name("b.c")));
        assert_eq!(name("a.b").ancestor(0), Some(Name::ROOT));
        assert_eq!(name("a.b").ancestor(3), None);
        assert_eq!(name("b.c").child(b"*"), Ok(name("*.b.c")));
    }

    #[test]
    fn the_canonical_order_is_that_of_rfc_4034() {
        let ordered = [
            ".",
            "example",
            "a.example",
            "yljkjljk.a.example",
            "Z.a.example",
            "zABC.a.EXAMPLE",
            "z.example",
            r"\001.z.example",
            "*.z.example",
            r"\200.z.example",
        ];
        for pair in ordered.windows(2) {
            let order = name(pair[0]).canonical_cmp(&name(pair[1]));
            assert_eq!(order, Ordering::Less, "{pair:?}");
        }
    }
}
