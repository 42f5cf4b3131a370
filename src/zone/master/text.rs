//! The pieces that data consist of: escapes, names, strings, numbers, times.

use super::lexer::Token;
use crate::wire::NameError;
use crate::wire::name::{MAX_LABEL, MAX_NAME};

/// The longest TTL (RFC 2181 §8).
const MAX_TTL: u32 = 0x7fff_ffff;

/// An octet, and whether it was written behind a backslash and so has lost its special meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Octet {
    Plain(u8),
    Escaped(u8),
}

/// A backslash that is followed by neither a character nor three digits up to 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadEscape;

/// The octets that a text with escapes stands for (RFC 1035 §5.1).
#[derive(Debug, Clone)]
pub(super) struct Octets<'a>(pub(super) &'a [u8]);

impl Octets<'_> {
    fn escaped(&mut self) -> Result<Octet, BadEscape> {
        let (value, rest) = match self.0 {
            [first @ b'0'..=b'9', rest @ ..] => {
                let [second @ b'0'..=b'9', third @ b'0'..=b'9', rest @ ..] = rest else {
                    return Err(BadEscape);
                };
                let digit = |octet: &u8| u16::from(octet - b'0');
                let value = digit(first) * 100 + digit(second) * 10 + digit(third);
                (u8::try_from(value).map_err(|_| BadEscape)?, rest)
            }
            [value, rest @ ..] => (*value, rest),
            [] => return Err(BadEscape),
        };
        self.0 = rest;
        Ok(Octet::Escaped(value))
    }
}

impl Iterator for Octets<'_> {
    type Item = Result<Octet, BadEscape>;

    fn next(&mut self) -> Option<Self::Item> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(match first {
            b'\\' => self.escaped(),
            other => Ok(Octet::Plain(other)),
        })
    }
}

/// Appends the name that `text` stands for, its letters as written; one without a last dot is completed with `origin`.
pub(super) fn write_name(out: &mut Vec<u8>, text: &[u8], origin: &[u8]) -> Result<(), NameError> {
    match text {
        b"@" => {
            out.extend_from_slice(origin);
            return Ok(());
        }
        b"." => {
            out.push(0);
            return Ok(());
        }
        b"" => return Err(NameError::EmptyLabel),
        _ => {}
    }
    let start = out.len();
    let mut label = start;
    out.push(0);
    for octet in Octets(text) {
        match octet {
            Err(BadEscape) => return Err(NameError::Escape),
            Ok(Octet::Plain(b'.')) => {
                close_label(out, label)?;
                label = out.len();
                out.push(0);
            }
            Ok(Octet::Plain(octet @ 0x21..=0x7e) | Octet::Escaped(octet)) => out.push(octet),
            Ok(Octet::Plain(_)) => return Err(NameError::Character(odd_character(text))),
        }
        // Checked in the loop, so that a long text stops early.
        if out.len() - start > MAX_NAME + MAX_LABEL {
            return Err(NameError::LongName);
        }
    }
    // Behind a last dot the octet of the label that does not come is the root label.
    if out.len() > label + 1 {
        close_label(out, label)?;
        out.extend_from_slice(origin);
    }
    if out.len() - start > MAX_NAME {
        return Err(NameError::LongName);
    }
    Ok(())
}

/// Writes the length of the label whose length octet stands at `label`.
fn close_label(out: &mut [u8], label: usize) -> Result<(), NameError> {
    match u8::try_from(out.len() - label - 1) {
        Ok(0) => Err(NameError::EmptyLabel),
        Ok(length) if usize::from(length) <= MAX_LABEL => {
            if let Some(place) = out.get_mut(label) {
                *place = length;
            }
            Ok(())
        }
        _ => Err(NameError::LongLabel),
    }
}

/// The first character that cannot stand in a name as it is.
fn odd_character(text: &[u8]) -> char {
    String::from_utf8_lossy(text)
        .chars()
        .find(|character| !('!'..='~').contains(character))
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Appends the octets of a string.
pub(super) fn write_octets(out: &mut Vec<u8>, token: &Token<'_>) -> Result<(), String> {
    for octet in Octets(token.text) {
        match octet {
            Ok(Octet::Plain(b'"')) if !token.quoted => {
                return Err(format!(
                    "{} has a quote inside; put the whole text in quotes, with \\\" for each inside",
                    token.shown()
                ));
            }
            Ok(Octet::Plain(octet) | Octet::Escaped(octet)) => out.push(octet),
            Err(BadEscape) => return Err(bad_escape(token.text)),
        }
    }
    Ok(())
}

/// Appends a string and the octet of its length before it (RFC 1035 §3.3).
pub(super) fn write_string(out: &mut Vec<u8>, token: &Token<'_>) -> Result<(), String> {
    let start = out.len();
    out.push(0);
    write_octets(out, token)?;
    let length = u8::try_from(out.len() - start - 1).map_err(|_| {
        format!(
            "{} is longer than 255 octets; split it into several strings",
            token.shown()
        )
    })?;
    if let Some(place) = out.get_mut(start) {
        *place = length;
    }
    Ok(())
}

/// What is said of a backslash that quotes nothing.
pub(super) fn bad_escape(text: &[u8]) -> String {
    format!("{}: {}", super::lexer::shown(text), NameError::Escape)
}

/// A whole number of at most `limit`, in digits only.
pub(super) fn number(text: &[u8], limit: u32) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter()
        .try_fold(0_u32, |value, octet| match octet {
            b'0'..=b'9' => value.checked_mul(10)?.checked_add(u32::from(octet - b'0')),
            _ => None,
        })
        .filter(|value| *value <= limit)
}

/// A time in seconds, or in weeks, days, hours, minutes and seconds as in `1h30m` (RFC 2308 §4 has the plain form, BIND the rest).
pub(super) fn time(text: &[u8]) -> Option<u32> {
    let mut total = 0_u32;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.iter().take_while(|octet| octet.is_ascii_digit());
        let (digits, behind) = rest.split_at_checked(digits.count())?;
        let (unit, behind) = match behind.split_first() {
            None => (1, behind),
            Some((letter, behind)) => (seconds(*letter)?, behind),
        };
        let part = number(digits, u32::MAX)?.checked_mul(unit)?;
        total = total.checked_add(part)?;
        rest = behind;
    }
    (!text.is_empty()).then_some(total)
}

fn seconds(unit: u8) -> Option<u32> {
    Some(match unit.to_ascii_lowercase() {
        b's' => 1,
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86_400,
        b'w' => 604_800,
        _ => return None,
    })
}

/// A time that a record may live.
pub(super) fn ttl(token: &Token<'_>) -> Result<u32, String> {
    time(token.text)
        .filter(|ttl| *ttl <= MAX_TTL)
        .ok_or_else(|| {
            format!(
                "{} is no TTL; allowed: seconds up to {MAX_TTL}, or units as in 1h30m",
                token.shown()
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_and_keep_their_letters() {
        let origin = b"\x04Home\x04arpa\0";
        let cases: [(&str, Result<&[u8], NameError>); 14] = [
            ("@", Ok(b"\x04Home\x04arpa\0")),
            (".", Ok(b"\0")),
            ("NAS", Ok(b"\x03NAS\x04Home\x04arpa\0")),
            ("a.b", Ok(b"\x01a\x01b\x04Home\x04arpa\0")),
            ("a.B.", Ok(b"\x01a\x01B\0")),
            (r"\@", Ok(b"\x01@\x04Home\x04arpa\0")),
            (r"a\.b\046.", Ok(b"\x04a.b.\0")),
            (r"\000\255.", Ok(b"\x02\x00\xff\0")),
            ("*", Ok(b"\x01*\x04Home\x04arpa\0")),
            ("", Err(NameError::EmptyLabel)),
            ("a..b", Err(NameError::EmptyLabel)),
            (".a", Err(NameError::EmptyLabel)),
            (r"a\25", Err(NameError::Escape)),
            ("b\u{fc}cher", Err(NameError::Character('\u{fc}'))),
        ];
        for (text, expected) in cases {
            let mut out = Vec::new();
            let result = write_name(&mut out, text.as_bytes(), origin);
            assert_eq!(result.map(|()| out.as_slice()), expected, "{text}");
        }
    }

    #[test]
    fn names_end_where_the_protocol_says() {
        let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63)].join(".");
        let fits = format!("{long}.{}", "d".repeat(61));
        let cases = [
            (fits.clone(), Ok(())),
            (format!("{fits}."), Ok(())),
            (format!("{fits}d"), Err(NameError::LongName)),
            ("a".repeat(64), Err(NameError::LongLabel)),
            ("a.".repeat(1000), Err(NameError::LongName)),
            ("a".repeat(1000), Err(NameError::LongName)),
        ];
        for (text, expected) in cases {
            assert_eq!(
                write_name(&mut Vec::new(), text.as_bytes(), b"\0"),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn times_have_units() {
        let cases = [
            ("0", Some(0)),
            ("3600", Some(3600)),
            ("1h30m", Some(5400)),
            ("1W2D3H4M5S", Some(788_645)),
            ("1h30", Some(3630)),
            ("4294967295", Some(u32::MAX)),
            ("4294967296", None),
            ("7102w", None),
            ("", None),
            ("h", None),
            ("1x", None),
            ("-1", None),
            ("1h h", None),
        ];
        for (text, expected) in cases {
            assert_eq!(time(text.as_bytes()), expected, "{text}");
        }
    }
}
