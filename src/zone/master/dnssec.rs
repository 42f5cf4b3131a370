//! The fields that only signed zones have: moments, salts and hashes (RFC 4034 §3.2, RFC 5155 §3.3, §4.3).

use data_encoding::{BASE32_DNSSEC, HEXLOWER_PERMISSIVE};

use super::lexer::Token;
use super::rdata::record_type;
use super::text;

/// Appends the type that a signature covers.
pub(super) fn write_type(out: &mut Vec<u8>, token: &Token<'_>) -> Result<(), String> {
    out.extend(record_type(token)?.0.to_be_bytes());
    Ok(())
}

/// Appends a moment: seconds since 1970, or `YYYYMMDDHHMMSS` in UTC. Only the lower 32 bits count (RFC 4034 §3.1.5).
pub(super) fn write_moment(out: &mut Vec<u8>, token: &Token<'_>) -> Result<(), String> {
    let none = || {
        format!(
            "{} is no moment; allowed: YYYYMMDDHHMMSS, or seconds since 1970",
            token.shown()
        )
    };
    let seconds = match token.text.len() {
        14 => of_date(token.text).ok_or_else(none)?,
        _ => text::number(token.text, u32::MAX).ok_or_else(none)?,
    };
    out.extend(seconds.to_be_bytes());
    Ok(())
}

fn of_date(digits: &[u8]) -> Option<u32> {
    let part = |range: std::ops::Range<usize>| text::number(digits.get(range)?, 9999);
    let (year, month, day) = (part(0..4)?, part(4..6)?, part(6..8)?);
    let (hour, minute, second) = (part(8..10)?, part(10..12)?, part(12..14)?);
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !fits {
        return None;
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    let days = u64::from(days - 719_469);
    let clock = u64::from(hour * 3600 + minute * 60 + second);
    let [_, _, _, _, low @ ..] = (days * 86_400 + clock).to_be_bytes();
    Some(u32::from_be_bytes(low))
}

/// Appends a salt behind the octet of its length: hexadecimal digits, or `-` for none.
pub(super) fn write_salt(out: &mut Vec<u8>, token: &Token<'_>) -> Result<(), String> {
    let salt = match token.text {
        b"-" => Some(Vec::new()),
        digits => HEXLOWER_PERMISSIVE.decode(digits).ok(),
    };
    behind_length(out, salt, || {
        format!(
            "{} is no salt; allowed: hexadecimal digits, or - for none",
            token.shown()
        )
    })
}

/// Appends a hash behind the octet of its length: base 32 with the extended hex alphabet, without padding.
pub(super) fn write_hash(out: &mut Vec<u8>, token: &Token<'_>) -> Result<(), String> {
    let hash = BASE32_DNSSEC.decode(&token.text.to_ascii_lowercase());
    behind_length(out, hash.ok().filter(|hash| !hash.is_empty()), || {
        format!("{} is no hash in base 32", token.shown())
    })
}

fn behind_length(
    out: &mut Vec<u8>,
    octets: Option<Vec<u8>>,
    none: impl Fn() -> String,
) -> Result<(), String> {
    let octets = octets.ok_or_else(&none)?;
    out.push(u8::try_from(octets.len()).map_err(|_| none())?);
    out.extend(octets);
    Ok(())
}
