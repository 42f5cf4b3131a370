//! The service parameters of SVCB and HTTPS records (RFC 9460 §2, §7, appendix A).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::Fault;
use super::lexer::{Token, shown};
use super::rdata::base64;
use super::text::{BadEscape, Octet, Octets, bad_escape, number};
use crate::wire::svcb::{self, ParameterError, Parameters, WORDS, key};

/// Appends the parameters in the order of their keys, which the wire wants and the text does not.
pub(super) fn write(out: &mut Vec<u8>, tokens: &[Token<'_>]) -> Result<(), Fault> {
    let mut parameters = Parameters::default();
    let mut mandatory_at = 0;
    for token in tokens {
        let fault = |problem| Fault::new(token.line, problem);
        let (key, value) = parameter(token.text).map_err(fault)?;
        if key == key::MANDATORY {
            mandatory_at = token.line;
        }
        parameters.insert(key, value).map_err(|error| {
            let word = key_name(key);
            fault(match error {
                ParameterError::Twice => format!("{word} is there twice"),
                ParameterError::TooLong => format!("{word} is too long"),
            })
        })?;
    }
    // A record that names a mandatory key without having it is of no use to anybody (RFC 9460 §8).
    if let Some(mandatory) = parameters.get(key::MANDATORY) {
        let absent = |key: &u16| *key == key::MANDATORY || parameters.get(*key).is_none();
        if let Some(key) = keys_in(mandatory).find(absent) {
            let problem = format!("mandatory names {}, which is not there", key_name(key));
            return Err(Fault::new(mandatory_at, problem));
        }
    }
    parameters.write(out);
    Ok(())
}

/// A parameter as it is written: `key`, `key=value` or `key="value"`.
fn parameter(text: &[u8]) -> Result<(u16, Vec<u8>), String> {
    let mut parts = text.splitn(2, |octet| *octet == b'=');
    let name = parts.next().unwrap_or_default();
    let key = number_of(name).ok_or_else(|| {
        format!(
            "{} is no service parameter; allowed: {}, or key and a number up to 65534",
            shown(name),
            WORDS.join(", ")
        )
    })?;
    let value = octets(unquoted(parts.next().unwrap_or_default()))?;
    let named = WORDS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    let encoded = if named {
        encode(key, &value)
    } else {
        Some(value)
    };
    let encoded =
        encoded.ok_or_else(|| format!("{} is not what {} takes", shown(text), key_name(key)))?;
    Ok((key, encoded))
}

fn number_of(name: &[u8]) -> Option<u16> {
    let known = WORDS
        .iter()
        .position(|key| name.eq_ignore_ascii_case(key.as_bytes()));
    if let Some(place) = known {
        return u16::try_from(place).ok();
    }
    let (prefix, digits) = name.split_at_checked(3)?;
    if !prefix.eq_ignore_ascii_case(b"key") {
        return None;
    }
    u16::try_from(number(digits, 65_534)?).ok()
}

fn key_name(key: u16) -> String {
    match WORDS.get(usize::from(key)) {
        Some(name) => (*name).to_owned(),
        None => format!("key{key}"),
    }
}

fn unquoted(value: &[u8]) -> &[u8] {
    value
        .strip_prefix(b"\"")
        .and_then(|value| value.strip_suffix(b"\""))
        .unwrap_or(value)
}

/// The value with its escapes read once, as those of any string are.
fn octets(value: &[u8]) -> Result<Vec<u8>, String> {
    Octets(value)
        .map(|octet| match octet {
            Ok(Octet::Plain(octet) | Octet::Escaped(octet)) => Ok(octet),
            Err(BadEscape) => Err(bad_escape(value)),
        })
        .collect()
}

/// The value of a known key on the wire (RFC 9460 §7).
fn encode(key: u16, value: &[u8]) -> Option<Vec<u8>> {
    match key {
        key::MANDATORY => mandatory(value),
        key::ALPN => svcb::alpn(items(value)?),
        key::PORT => {
            let port = u16::try_from(number(value, 65_535)?).ok()?;
            Some(port.to_be_bytes().to_vec())
        }
        key::IPV4HINT => addresses(value, |address: Ipv4Addr| address.octets()),
        key::ECH => base64(value).ok().filter(|list| !list.is_empty()),
        key::IPV6HINT => addresses(value, |address: Ipv6Addr| address.octets()),
        key::DOHPATH => (!value.is_empty()).then(|| value.to_vec()),
        // no-default-alpn and ohttp say all by being there.
        _ => value.is_empty().then(Vec::new),
    }
}

/// The keys, each once and in the order of their numbers (RFC 9460 §8).
fn mandatory(value: &[u8]) -> Option<Vec<u8>> {
    let mut keys = items(value)?
        .iter()
        .map(|name| number_of(name))
        .collect::<Option<Vec<_>>>()?;
    keys.sort_unstable();
    let repeated = keys.windows(2).any(|pair| pair.first() == pair.last());
    (!repeated).then(|| keys.into_iter().flat_map(u16::to_be_bytes).collect())
}

fn keys_in(mandatory: &[u8]) -> impl Iterator<Item = u16> {
    mandatory
        .chunks_exact(2)
        .filter_map(|key| key.try_into().ok())
        .map(u16::from_be_bytes)
}

fn addresses<T: FromStr, const N: usize>(
    value: &[u8],
    to_octets: impl Fn(T) -> [u8; N],
) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for item in items(value)? {
        let address: T = str::from_utf8(&item).ok()?.parse().ok()?;
        out.extend(to_octets(address));
    }
    Some(out)
}

/// The items between commas; a backslash keeps a comma or a backslash in an item (RFC 9460 appendix A.1). One comma at the end
/// is overlooked, since hickory-proto writes one.
fn items(value: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut items = vec![Vec::new()];
    let mut rest = value.strip_suffix(b",").unwrap_or(value).iter();
    while let Some(&octet) = rest.next() {
        if octet == b',' {
            items.push(Vec::new());
            continue;
        }
        let octet = if octet == b'\\' { *rest.next()? } else { octet };
        items.last_mut()?.push(octet);
    }
    items.iter().all(|item| !item.is_empty()).then_some(items)
}
