//! The numbers of the protocol that this program knows by name.

use std::fmt;
use std::str::FromStr;

/// A record type or query type (IANA "Resource Record (RR) TYPEs").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordType(pub u16);

macro_rules! record_types {
    ($($constant:ident = $number:literal $text:literal,)*) => {
        impl RecordType {
            $(#[doc = concat!("`", $text, "`.")] pub const $constant: Self = Self($number);)*

            fn mnemonic(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($text),)*
                    _ => None,
                }
            }
        }

        impl FromStr for RecordType {
            type Err = UnknownType;

            /// Reads a mnemonic or the general form `TYPEnnn` (RFC 3597 §5), in any case.
            fn from_str(text: &str) -> Result<Self, UnknownType> {
                let upper = text.to_ascii_uppercase();
                match upper.as_str() {
                    $($text => Ok(Self($number)),)*
                    other => match other.strip_prefix("TYPE").map(str::parse) {
                        Some(Ok(number)) => Ok(Self(number)),
                        _ => Err(UnknownType(text.to_owned())),
                    },
                }
            }
        }
    };
}

record_types! {
    A = 1 "A", NS = 2 "NS", MD = 3 "MD", MF = 4 "MF", CNAME = 5 "CNAME", SOA = 6 "SOA", MB = 7 "MB", MG = 8 "MG", MR = 9 "MR", NULL = 10 "NULL",
    PTR = 12 "PTR", HINFO = 13 "HINFO", MINFO = 14 "MINFO", MX = 15 "MX", TXT = 16 "TXT", RP = 17 "RP", AFSDB = 18 "AFSDB",
    RT = 21 "RT", SIG = 24 "SIG", KEY = 25 "KEY", PX = 26 "PX", AAAA = 28 "AAAA", LOC = 29 "LOC", NXT = 30 "NXT", SRV = 33 "SRV", NAPTR = 35 "NAPTR",
    KX = 36 "KX", CERT = 37 "CERT", DNAME = 39 "DNAME", OPT = 41 "OPT", DS = 43 "DS", SSHFP = 44 "SSHFP", RRSIG = 46 "RRSIG",
    NSEC = 47 "NSEC", DNSKEY = 48 "DNSKEY", NSEC3 = 50 "NSEC3", NSEC3PARAM = 51 "NSEC3PARAM", TLSA = 52 "TLSA", SMIMEA = 53 "SMIMEA",
    CDS = 59 "CDS", CDNSKEY = 60 "CDNSKEY", OPENPGPKEY = 61 "OPENPGPKEY", CSYNC = 62 "CSYNC", SVCB = 64 "SVCB", HTTPS = 65 "HTTPS", SPF = 99 "SPF", TKEY = 249 "TKEY", TSIG = 250 "TSIG",
    IXFR = 251 "IXFR", AXFR = 252 "AXFR", MAILB = 253 "MAILB", MAILA = 254 "MAILA", ANY = 255 "ANY", URI = 256 "URI", CAA = 257 "CAA",
}

/// A text that names no record type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no record type; allowed: a mnemonic such as A, AAAA, HTTPS, or TYPE and a number up to 65535"
)]
pub struct UnknownType(pub String);

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mnemonic() {
            Some(text) => f.write_str(text),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

/// A class: `IN` for all that is resolved here.
pub mod class {
    /// The Internet.
    pub const IN: u16 = 1;
    /// Chaosnet; today what a server says of itself (RFC 4892).
    pub const CH: u16 = 3;
}

/// A response code, the upper eight bits from the OPT record included (RFC 6895 §2.3): 0 to 4095.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rcode(pub u16);

impl Rcode {
    /// No error.
    pub const NOERROR: Self = Self(0);
    /// The question could not be read.
    pub const FORMERR: Self = Self(1);
    /// The server could not find out.
    pub const SERVFAIL: Self = Self(2);
    /// The name does not exist.
    pub const NXDOMAIN: Self = Self(3);
    /// The server does not do this kind of request.
    pub const NOTIMP: Self = Self(4);
    /// The server will not say.
    pub const REFUSED: Self = Self(5);
    /// A DNAME makes of the name one that is too long (RFC 6672 §3.2).
    pub const YXDOMAIN: Self = Self(6);
    /// An EDNS version that the server does not know (RFC 6891 §9).
    pub const BADVERS: Self = Self(16);
}

impl fmt::Display for Rcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match *self {
            Self::NOERROR => "NOERROR",
            Self::FORMERR => "FORMERR",
            Self::SERVFAIL => "SERVFAIL",
            Self::NXDOMAIN => "NXDOMAIN",
            Self::NOTIMP => "NOTIMP",
            Self::REFUSED => "REFUSED",
            Self::YXDOMAIN => "YXDOMAIN",
            Self::BADVERS => "BADVERS",
            Self(number) => return write!(f, "RCODE{number}"),
        };
        f.write_str(text)
    }
}

/// The info codes of extended DNS errors that this program sends (RFC 8914 §4).
pub mod ede {
    /// Something that no other code names.
    pub const OTHER: u16 = 0;
    /// The keys of a zone are of algorithms that this program does not know.
    pub const UNSUPPORTED_ALGORITHM: u16 = 1;
    /// An answer past its TTL, for want of a better one (RFC 8767).
    pub const STALE: u16 = 3;
    /// Signatures or keys do not fit.
    pub const BOGUS: u16 = 6;
    /// Every signature has expired.
    pub const SIGNATURE_EXPIRED: u16 = 7;
    /// No signature is valid yet.
    pub const SIGNATURE_NOT_YET_VALID: u16 = 8;
    /// No key fits the DS records, or a signature.
    pub const DNSKEY_MISSING: u16 = 9;
    /// A signed zone gave records without signatures.
    pub const RRSIGS_MISSING: u16 = 10;
    /// The key that the DS records mean is no zone key.
    pub const NO_ZONE_KEY: u16 = 11;
    /// It is not proven that the records do not exist.
    pub const NSEC_MISSING: u16 = 12;
    /// The server does not serve yet, or any more.
    pub const NOT_READY: u16 = 14;
    /// Blocked by the operator of this resolver: rebinding.
    pub const BLOCKED: u16 = 15;
    /// An answer past its TTL that says that the name does not exist.
    pub const STALE_NXDOMAIN: u16 = 19;
    /// The server was asked for what it does not hold, without recursion being desired.
    pub const NOT_AUTHORITATIVE: u16 = 20;
    /// No upstream gave an answer that can be used.
    pub const NO_REACHABLE_AUTHORITY: u16 = 22;
    /// There is no way to an upstream, or no room to ask one.
    pub const NETWORK_ERROR: u16 = 23;
    /// The hashes of a zone's NSEC3 records cost too much (RFC 9276 §3.2).
    pub const UNSUPPORTED_NSEC3_ITERATIONS: u16 = 27;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_text() {
        for number in 0..=u16::MAX {
            let kind = RecordType(number);
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("https".parse(), Ok(RecordType::HTTPS));
        for bad in ["", "TYPE", "TYPE65536", "FOO", "TYPE-1"] {
            assert!(bad.parse::<RecordType>().is_err(), "{bad}");
        }
    }
}
