//! What is wrong with a certificate, in words for people.

use rustls::pki_types::UnixTime;
use rustls::{CertificateError, Error};

/// So many characters of what a server says are worth a line.
const MOST_WORDS: usize = 400;

/// Words that hold something which a server said, without what would begin another line in the log or steer a terminal, and not
/// too long. None if they are so already.
pub(in crate::upstream) fn on_one_line(words: &str) -> Option<String> {
    if words.chars().count() <= MOST_WORDS && !words.contains(char::is_control) {
        return None;
    }
    let mut line: String = (words.chars().take(MOST_WORDS))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if words.chars().nth(MOST_WORDS).is_some() {
        line.push('…');
    }
    Some(line)
}

/// So many names of a certificate are worth showing; some have hundreds.
const MOST_NAMES: usize = 5;

/// What went wrong while a server proved itself; what was expected, and what came.
pub(super) fn explain(error: &Error) -> String {
    let words = say(error);
    on_one_line(&words).unwrap_or(words)
}

fn say(error: &Error) -> String {
    let Error::InvalidCertificate(certificate) = error else {
        return error.to_string();
    };
    match certificate {
        CertificateError::ExpiredContext { not_after, time } => format!(
            "the server's certificate ended on {}; this machine's date is {}",
            date(*not_after),
            date(*time)
        ),
        CertificateError::NotValidYetContext { not_before, time } => format!(
            "the server's certificate begins on {}; this machine's date is {}",
            date(*not_before),
            date(*time)
        ),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let shown = presented.iter().take(MOST_NAMES).map(|name| bare(name));
            let mut names = shown.collect::<Vec<_>>().join(", ");
            if presented.len() > MOST_NAMES {
                names.push_str(", …");
            }
            let has = if names.is_empty() { "no name" } else { &names };
            format!("the server's certificate is not for {}; it is for: {has}", expected.to_str())
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate is from an issuer that is not trusted; for a server of your own set ca in [upstream], or write the digest of its key behind it (#sha256/…)".to_owned()
        }
        CertificateError::BadSignature => {
            "a signature is wrong: the server has not the key of its certificate, or that is not from whom it names".to_owned()
        }
        CertificateError::Other(other) => match other.0.downcast_ref() {
            // What `openssl req -x509` makes, and people then name as `ca`.
            Some(webpki::Error::CaUsedAsEndEntity) => {
                "the server's certificate is that of an authority, and none for a server; write the digest of its key behind the server (#sha256/…)".to_owned()
            }
            _ => other.to_string(),
        },
        other => format!("the server's certificate cannot be used: {other}"),
    }
}

/// A name without the words that webpki puts around it: `DnsName("dns.example")`, `IpAddress(192.0.2.1)`.
fn bare(presented: &str) -> &str {
    let inside = |front, back| {
        let rest = presented.strip_prefix(front)?;
        rest.strip_suffix(back)
    };
    let name = inside("DnsName(\"", "\")");
    name.or_else(|| inside("IpAddress(", ")"))
        .unwrap_or(presented)
}

/// The day, as year, month and day of the Gregorian calendar.
fn date(time: UnixTime) -> String {
    // Counted from 1 March of year 0, so that a leap day ends a year (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let days = time.as_secs() / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (day, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_778, "2026-11-21"),
            (24_837, "2038-01-01"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            let time = UnixTime::since_unix_epoch(Duration::from_secs(day * 86_400 + 86_399));
            assert_eq!(date(time), text);
        }
    }
}
