//! The OPT record (RFC 6891) and its options.

use std::time::Duration;

use super::types::{Rcode, RecordType};
use super::{Malformed, Message, read_u16, read_u32};

/// The largest UDP payload that this program sends or asks for, in octets: what passes every common path without fragments
/// (DNS flag day 2020).
pub const PAYLOAD: u16 = 1232;

/// Option codes (IANA "DNS EDNS0 Option Codes (OPT)").
pub mod option {
    /// Client subnet (RFC 7871).
    pub const CLIENT_SUBNET: u16 = 8;
    /// Cookie (RFC 7873).
    pub const COOKIE: u16 = 10;
    /// TCP keep-alive (RFC 7828).
    pub const KEEPALIVE: u16 = 11;
    /// Padding (RFC 7830).
    pub const PADDING: u16 = 12;
    /// Extended DNS error (RFC 8914).
    pub const EXTENDED_ERROR: u16 = 15;
}

/// How long an OPT record is without its options, in octets.
pub const OPT: usize = 11;

/// How long an option is without its data, in octets.
pub const OPTION: usize = 4;

/// What an OPT record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edns<'a> {
    /// The largest UDP payload that the sender can take, in octets.
    pub payload: u16,
    /// The upper eight bits of the response code.
    pub rcode_high: u8,
    /// The EDNS version; only 0 exists.
    pub version: u8,
    /// The sender wants DNSSEC records (RFC 3225).
    pub dnssec_ok: bool,
    /// The options as they came.
    pub options: &'a [u8],
}

impl<'a> Edns<'a> {
    /// Reads an OPT record from its CLASS field on: class, TTL and data have a meaning of their own there (RFC 6891 §6.1.2).
    pub fn from_record(class: u16, ttl: u32, options: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Options(options);
        rest.by_ref().for_each(drop);
        if !rest.0.is_empty() {
            return Err(Malformed);
        }
        let [rcode_high, version, flags, _] = ttl.to_be_bytes();
        Ok(Self {
            payload: class,
            rcode_high,
            version,
            dnssec_ok: flags & 0x80 != 0,
            options,
        })
    }

    /// The options one by one.
    pub fn options(&self) -> Options<'a> {
        Options(self.options)
    }
}

/// Options one by one: code, data, and the whole option as it stands on the wire. Ends before an option that is cut.
#[derive(Debug, Clone)]
pub struct Options<'a>(pub &'a [u8]);

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let code = read_u16(self.0, 0).ok()?;
        let length = usize::from(read_u16(self.0, 2).ok()?);
        let data = self.0.get(4..4 + length)?;
        let (whole, rest) = self.0.split_at_checked(4 + length)?;
        self.0 = rest;
        Some((code, data, whole))
    }
}

/// The options that travel from one side to the other.
///
/// EDNS belongs to one hop, but what this program does not know it does not drop (extended errors, report channels, private
/// codes). Left out is what only the hop itself can mean: cookies, keep-alive, padding; and the client's network, which nobody
/// outside is told.
///
/// Nobody needs more of them than [`MOST_OPTIONS`] octets; whoever sends more passes none.
pub fn passable(options: Options<'_>) -> Vec<u8> {
    let passing = options.filter(|(code, ..)| {
        !matches!(
            *code,
            option::CLIENT_SUBNET | option::COOKIE | option::KEEPALIVE | option::PADDING
        )
    });
    let passed: Vec<u8> = passing.flat_map(|(_, _, whole)| whole).copied().collect();
    if passed.len() > MOST_OPTIONS {
        Vec::new()
    } else {
        passed
    }
}

/// How many octets of options travel on; with them a question still fits a datagram, and a kept answer stays small.
pub const MOST_OPTIONS: usize = 512;

/// An extended DNS error to send: its info code and a text for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtendedError<'a> {
    /// One of [`super::types::ede`].
    pub code: u16,
    /// UTF-8, may be empty.
    pub text: &'a str,
}

/// Appends an OPT record that answers a client: our payload, the upper bits of `rcode`, the DO bit as asked (RFC 3225), the
/// given options as they stand on the wire, and the extended error.
pub fn write_opt(
    out: &mut Vec<u8>,
    rcode: Rcode,
    dnssec_ok: bool,
    options: &[u8],
    error: Option<ExtendedError<'_>>,
) {
    out.push(0);
    out.extend_from_slice(&RecordType::OPT.0.to_be_bytes());
    out.extend_from_slice(&PAYLOAD.to_be_bytes());
    let high = u8::try_from(rcode.0 >> 4).unwrap_or(u8::MAX);
    out.extend_from_slice(&[high, 0, if dnssec_ok { 0x80 } else { 0 }, 0]);
    let length_at = out.len();
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(options);
    if let Some(error) = error {
        write_error(out, error);
    }
    let length = u16::try_from(out.len() - length_at - 2).unwrap_or(0);
    if let Some(place) = out.get_mut(length_at..length_at + 2) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

/// Appends the option of an extended error.
pub(crate) fn write_error(out: &mut Vec<u8>, error: ExtendedError<'_>) {
    let length = u16::try_from(error.text.len() + 2).unwrap_or(2);
    out.extend_from_slice(&option::EXTENDED_ERROR.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&error.code.to_be_bytes());
    if length > 2 {
        out.extend_from_slice(error.text.as_bytes());
    }
}

/// How long the sender of a message keeps the connection that it came by while nothing is asked there, if it says so
/// (RFC 7828 §3.1).
pub fn keepalive(message: &[u8]) -> Option<Duration> {
    let mut options = Message::read(message).ok()?.edns?.options();
    let (_, data, _) = options.find(|(code, ..)| *code == option::KEEPALIVE)?;
    let tenths: [u8; 2] = data.try_into().ok()?;
    Some(Duration::from_millis(
        100 * u64::from(u16::from_be_bytes(tenths)),
    ))
}

/// The extended errors among `options`: info code and text (RFC 8914 §2).
pub fn extended_errors(options: Options<'_>) -> impl Iterator<Item = (u16, String)> {
    options
        .filter(|(code, ..)| *code == option::EXTENDED_ERROR)
        .filter_map(|(_, data, _)| {
            let text = String::from_utf8_lossy(data.get(2..)?).into_owned();
            Some((read_u16(data, 0).ok()?, text))
        })
}

/// Reads the fixed part of a record at `at`, behind its owner name: type, class, TTL and where its data stand.
pub(super) fn record_head(
    message: &[u8],
    at: usize,
) -> Result<(RecordType, u16, u32, std::ops::Range<usize>), Malformed> {
    let kind = RecordType(read_u16(message, at)?);
    let class = read_u16(message, at + 2)?;
    let ttl = read_u32(message, at + 4)?;
    let length = usize::from(read_u16(message, at + 8)?);
    let data = at + 10..at + 10 + length;
    message.get(data.clone()).ok_or(Malformed)?;
    Ok((kind, class, ttl, data))
}
