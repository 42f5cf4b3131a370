//! Rules of one's own, as far as they are about rebinding.
//!
//! Source: "DNS filtering rules syntax" of AdGuard; `rules/network.go` of urlfilter.

use super::super::place::quoted;
use super::super::{Place, Reading};

/// `@@||DOMAIN^` lets all answers for the domain through; other exceptions are about single names or other things.
pub(super) fn allow(reading: &mut Reading, place: &Place, rule: &str) {
    let Some(pattern) = rule.trim().strip_prefix("@@") else {
        return;
    };
    let (pattern, options) = match pattern.split_once('$') {
        Some((pattern, options)) => (pattern, Some(options)),
        None => (pattern, None),
    };
    let Some(domain) = pattern.strip_prefix("||") else {
        return note(reading, place, rule);
    };
    let Some(domain) = domain
        .strip_suffix('^')
        .or_else(|| domain.strip_suffix("^|"))
    else {
        let problem = format!(
            "{}: without ^ at its end the exception holds for longer names as well, such as {}",
            quoted(rule),
            quoted(&format!("{domain}.example.net"))
        );
        return reading.error(place, problem);
    };
    let limits = options.iter().flat_map(|options| options.split(','));
    if limits.clone().any(|option| option != "important") {
        return note(reading, place, rule);
    }
    if domain.contains('*') {
        if let Some(rest) = domain.strip_prefix("*.") {
            let problem = format!(
                "{}: leaves out the domain itself; write {}, all names below it are meant as well",
                quoted(rule),
                quoted(&format!("@@||{rest}^"))
            );
            reading.warning(place, problem);
            return reading.allow(place, rest);
        }
        return note(reading, place, rule);
    }
    reading.allow(place, domain);
}

fn note(reading: &mut Reading, place: &Place, rule: &str) {
    reading.notes.push(format!(
        "{place}: the exception {} is not for a domain and all below it, and has no like in lanward",
        quoted(rule)
    ));
}

/// Whether a rule is a regular expression over private addresses.
pub(super) fn is_of_addresses(rule: &str) -> bool {
    let rule = rule.trim();
    rule.starts_with('/') && rule.contains("192\\.168")
}
