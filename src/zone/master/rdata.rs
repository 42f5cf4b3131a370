//! The data of a record: text to octets (RFC 1035 §5.1, RFC 3597 §5).
//!
//! hickory-proto has readers for many of these types too. They know neither `\#` nor DNAME, take relative targets of HTTPS for
//! absolute ones, leave escapes in unquoted text, and read a certificate of several words as its first word; so the table in
//! `shape` and the few readers here serve all types, and hickory-proto is what tests compare them with.

use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};

use super::lexer::Token;
use super::shape::{self, Field};
use super::{Fault, dnssec, svcb, text};
use crate::wire::RecordType;

/// The longest data of a record.
const MAX_DATA: usize = 65_535;

/// The tokens of a record that are still to be read.
#[derive(Debug, Clone)]
pub(super) struct Fields<'s, 'a> {
    tokens: &'s [Token<'a>],
    /// The line of the token that was read last, where a missing one is reported.
    line: u32,
}

impl<'s, 'a> Fields<'s, 'a> {
    pub(super) fn new(tokens: &'s [Token<'a>], line: u32) -> Self {
        Self { tokens, line }
    }

    pub(super) fn peek(&self) -> Option<&'s Token<'a>> {
        self.tokens.first()
    }

    pub(super) fn next(&mut self, what: &str) -> Result<&'s Token<'a>, Fault> {
        let missing = || Fault::new(self.line, format!("{what} is missing"));
        let (token, rest) = self.tokens.split_first().ok_or_else(missing)?;
        self.tokens = rest;
        self.line = token.line;
        Ok(token)
    }

    /// The tokens to the end.
    pub(super) fn rest(&mut self) -> &'s [Token<'a>] {
        std::mem::take(&mut self.tokens)
    }

    pub(super) fn end(&self) -> Result<(), Fault> {
        match self.peek() {
            None => Ok(()),
            Some(token) => Err(Fault::new(
                token.line,
                format!("{} is too much here", token.shown()),
            )),
        }
    }

    /// The next token, read by `read`, whose complaint gets the token's line.
    fn read<T>(
        &mut self,
        what: &str,
        read: impl FnOnce(&Token<'a>) -> Result<T, String>,
    ) -> Result<T, Fault> {
        let token = self.next(what)?;
        read(token).map_err(|problem| Fault::new(token.line, problem))
    }
}

/// Appends the data that the fields stand for.
pub(super) fn write(
    out: &mut Vec<u8>,
    kind: RecordType,
    fields: &mut Fields<'_, '_>,
    origin: &[u8],
) -> Result<(), Fault> {
    let shape = shape::of(kind);
    let line = fields.line;
    if fields.peek().is_some_and(|token| token.is_word("\\#")) {
        write_generic(out, fields)?;
        if shape.is_some_and(|shape| !shape::fits(shape, out)) {
            let problem = format!("these octets are no data of type {kind}");
            return Err(Fault::new(line, problem));
        }
    } else if let Some(shape) = shape {
        for field in shape {
            write_field(out, *field, fields, origin)?;
        }
        fields.end()?;
    } else {
        let problem =
            format!("data of type {kind} are written as \\#, their length, and hexadecimal digits");
        return Err(Fault::new(line, problem));
    }
    if out.len() > MAX_DATA {
        let problem = format!("the data are longer than {MAX_DATA} octets");
        return Err(Fault::new(line, problem));
    }
    Ok(())
}

fn write_field(
    out: &mut Vec<u8>,
    field: Field,
    fields: &mut Fields<'_, '_>,
    origin: &[u8],
) -> Result<(), Fault> {
    match field {
        Field::Name(what) => fields.read(what, |token| write_name(out, token, origin)),
        Field::U8(what) => fields.read(what, |token| write_u8(out, token, &[])),
        Field::U16(what) => fields.read(what, |token| write_u16(out, token, &[])),
        Field::Word8(what, words) => fields.read(what, |token| write_u8(out, token, words)),
        Field::Word16(what, words) => fields.read(what, |token| write_u16(out, token, words)),
        Field::U32(what) => fields.read(what, |token| {
            out.extend(number(token, u32::MAX)?.to_be_bytes());
            Ok(())
        }),
        Field::Time(what) => fields.read(what, |token| write_time(out, token)),
        Field::Ipv4 => fields.read("the IPv4 address", |token| {
            let address: Option<Ipv4Addr> = parsed(token);
            let none = || format!("{} is no IPv4 address", token.shown());
            out.extend(address.ok_or_else(none)?.octets());
            Ok(())
        }),
        Field::Ipv6 => fields.read("the IPv6 address", |token| {
            let address: Option<Ipv6Addr> = parsed(token);
            let none = || format!("{} is no IPv6 address", token.shown());
            out.extend(address.ok_or_else(none)?.octets());
            Ok(())
        }),
        Field::String(what) => fields.read(what, |token| text::write_string(out, token)),
        Field::Strings(what) => {
            fields.read(what, |token| text::write_string(out, token))?;
            while fields.peek().is_some() {
                fields.read(what, |token| text::write_string(out, token))?;
            }
            Ok(())
        }
        Field::Tag => fields.read("the tag", |token| write_tag(out, token)),
        Field::Text(what) => fields.read(what, |token| text::write_octets(out, token)),
        Field::Hex(what) => write_encoded(out, what, fields, hex),
        Field::Base64(what) => write_encoded(out, what, fields, base64),
        Field::Type(what) => fields.read(what, |token| dnssec::write_type(out, token)),
        Field::Moment(what) => fields.read(what, |token| dnssec::write_moment(out, token)),
        Field::Salt => fields.read("the salt", |token| dnssec::write_salt(out, token)),
        Field::Hash => fields.read("the next hash", |token| dnssec::write_hash(out, token)),
        Field::Types => write_types(out, fields),
        Field::Parameters => svcb::write(out, fields.rest()),
    }
}

/// `\#`, how many octets follow, and the octets (RFC 3597 §5).
fn write_generic(out: &mut Vec<u8>, fields: &mut Fields<'_, '_>) -> Result<(), Fault> {
    fields.next("\\#")?;
    let wanted = fields.read("the length", |token| number(token, u16::MAX.into()))?;
    let line = fields.line;
    if fields.peek().is_some() {
        write_encoded(out, "the data", fields, hex)?;
    }
    if usize::try_from(wanted) == Ok(out.len()) {
        return Ok(());
    }
    let problem = format!("{} octets follow, not {wanted}", out.len());
    Err(Fault::new(line, problem))
}

fn write_name(out: &mut Vec<u8>, token: &Token<'_>, origin: &[u8]) -> Result<(), String> {
    text::write_name(out, token.text, origin)
        .map_err(|error| format!("{} is no name: {error}", token.shown()))
}

type Words = [(&'static str, u8)];

fn write_u8(out: &mut Vec<u8>, token: &Token<'_>, words: &Words) -> Result<(), String> {
    let value = word_or_number(token, words, u8::MAX.into())?;
    out.extend(value.to_be_bytes().last());
    Ok(())
}

fn write_u16(out: &mut Vec<u8>, token: &Token<'_>, words: &Words) -> Result<(), String> {
    let [_, _, high, low] = word_or_number(token, words, u16::MAX.into())?.to_be_bytes();
    out.extend([high, low]);
    Ok(())
}

fn word_or_number(token: &Token<'_>, words: &Words, limit: u32) -> Result<u32, String> {
    match words.iter().find(|(word, _)| token.is_word(word)) {
        Some((_, value)) => Ok(u32::from(*value)),
        None => number(token, limit),
    }
}

fn write_time(out: &mut Vec<u8>, token: &Token<'_>) -> Result<(), String> {
    let none = || {
        format!(
            "{} is no time; allowed: seconds, or units as in 1h30m",
            token.shown()
        )
    };
    let time = text::time(token.text).ok_or_else(none)?;
    out.extend(time.to_be_bytes());
    Ok(())
}

fn write_tag(out: &mut Vec<u8>, token: &Token<'_>) -> Result<(), String> {
    if token.text.is_empty() || !token.text.iter().all(u8::is_ascii_alphanumeric) {
        let problem = format!("{} is no tag; allowed: letters and digits", token.shown());
        return Err(problem);
    }
    text::write_string(out, token)
}

/// Appends what all tokens to the end stand for together, at least one octet or what `\#` wants.
fn write_encoded(
    out: &mut Vec<u8>,
    what: &str,
    fields: &mut Fields<'_, '_>,
    decode: impl FnOnce(&[u8]) -> Result<Vec<u8>, String>,
) -> Result<(), Fault> {
    let first = fields.next(what)?;
    let rest = fields.rest();
    let mut joined = first.text.to_vec();
    for token in rest {
        joined.extend_from_slice(token.text);
    }
    let octets = decode(&joined).map_err(|problem| Fault::new(first.line, problem))?;
    if octets.is_empty() {
        return Err(Fault::new(first.line, format!("{what} is missing")));
    }
    out.extend(octets);
    Ok(())
}

fn hex(digits: &[u8]) -> Result<Vec<u8>, String> {
    HEXLOWER_PERMISSIVE.decode(digits).map_err(|_| {
        format!(
            "{} is not an even number of hexadecimal digits",
            super::lexer::shown(digits)
        )
    })
}

pub(super) fn base64(digits: &[u8]) -> Result<Vec<u8>, String> {
    BASE64
        .decode(digits)
        .map_err(|_| format!("{} is not base 64", super::lexer::shown(digits)))
}

/// Windows of 256 types each, one bit for a type, no octets of zeros at their ends (RFC 4034 §4.1.2).
fn write_types(out: &mut Vec<u8>, fields: &mut Fields<'_, '_>) -> Result<(), Fault> {
    let mut kinds = Vec::new();
    while fields.peek().is_some() {
        let kind: RecordType = fields.read("a type", |token| record_type(token))?;
        kinds.push(kind.0.to_be_bytes());
    }
    kinds.sort_unstable();
    for window in kinds.chunk_by(|one, other| one.first() == other.first()) {
        let mut bits = Vec::with_capacity(32);
        for &[_, low] in window {
            bits.resize(usize::from(low / 8) + 1, 0_u8);
            if let Some(octet) = bits.last_mut() {
                *octet |= 0x80 >> (low % 8);
            }
        }
        let length = u8::try_from(bits.len()).unwrap_or(32);
        out.extend(window.first().map(|[high, _]| *high));
        out.push(length);
        out.extend(bits);
    }
    Ok(())
}

pub(super) fn record_type(token: &Token<'_>) -> Result<RecordType, String> {
    let text = str::from_utf8(token.text).unwrap_or_default();
    text.parse().map_err(|_| {
        format!(
            "{} is no record type; allowed: a mnemonic such as A, AAAA, HTTPS, or TYPE and a number up to 65535",
            token.shown()
        )
    })
}

fn number(token: &Token<'_>, limit: u32) -> Result<u32, String> {
    text::number(token.text, limit)
        .ok_or_else(|| format!("{} is no number from 0 to {limit}", token.shown()))
}

fn parsed<T: std::str::FromStr>(token: &Token<'_>) -> Option<T> {
    str::from_utf8(token.text).ok()?.parse().ok()
}
