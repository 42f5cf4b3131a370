//! What the data of each type consist of.
//!
//! One table serves both ways of writing data: as text, field by field, and as `\#`, whose octets are proven against it. A type
//! that is not here has only the second form (RFC 3597 §5).

use crate::wire::RecordType;

/// One part of the data. The text is what it is called in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A domain name.
    Name(&'static str),
    /// A number of one octet.
    U8(&'static str),
    /// A number of two octets.
    U16(&'static str),
    /// A number of two octets, or one of these words for it.
    Word16(&'static str, Words),
    /// A number of one octet, or one of these words for it.
    Word8(&'static str, Words),
    /// A number of four octets.
    U32(&'static str),
    /// Seconds in four octets, in text with or without units.
    Time(&'static str),
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A string behind the octet of its length.
    String(&'static str),
    /// One or more such strings, to the end.
    Strings(&'static str),
    /// A word of letters and digits behind the octet of its length (RFC 8659 §4.1).
    Tag,
    /// A string to the end, without a length.
    Text(&'static str),
    /// Octets to the end, in hexadecimal digits, blanks allowed.
    Hex(&'static str),
    /// Octets to the end, in base 64, blanks allowed.
    Base64(&'static str),
    /// A record type.
    Type(&'static str),
    /// A moment in four octets.
    Moment(&'static str),
    /// Octets behind the octet of their length, in hexadecimal digits; may be none.
    Salt,
    /// Octets behind the octet of their length, in base 32.
    Hash,
    /// A bitmap of types to the end (RFC 4034 §4.1.2).
    Types,
    /// Service parameters to the end (RFC 9460 §2.2).
    Parameters,
}

/// Words and what they stand for.
type Words = &'static [(&'static str, u8)];

/// The algorithms of DNSSEC (IANA "DNS Security Algorithm Numbers"), and the two names that BIND shortened.
const ALGORITHMS: Words = &[
    ("RSAMD5", 1),
    ("DH", 2),
    ("DSA", 3),
    ("RSASHA1", 5),
    ("DSA-NSEC3-SHA1", 6),
    ("NSEC3DSA", 6),
    ("RSASHA1-NSEC3-SHA1", 7),
    ("NSEC3RSASHA1", 7),
    ("RSASHA256", 8),
    ("RSASHA512", 10),
    ("ECC-GOST", 12),
    ("ECDSAP256SHA256", 13),
    ("ECDSAP384SHA384", 14),
    ("ED25519", 15),
    ("ED448", 16),
    ("INDIRECT", 252),
    ("PRIVATEDNS", 253),
    ("PRIVATEOID", 254),
];

/// The kinds of certificates (RFC 4398 §2.1).
const CERTIFICATES: Words = &[
    ("PKIX", 1),
    ("SPKI", 2),
    ("PGP", 3),
    ("IPKIX", 4),
    ("ISPKI", 5),
    ("IPGP", 6),
    ("ACPKIX", 7),
    ("IACPKIX", 8),
    ("URI", 253),
    ("OID", 254),
];

const ONE_NAME: &[Field] = &[Field::Name("the target")];
const TWO_NAMES: &[Field] = &[Field::Name("the mailbox"), Field::Name("the second name")];
const RANKED_NAME: &[Field] = &[Field::U16("the preference"), Field::Name("the target")];
const DIGEST: &[Field] = &[
    Field::U16("the key tag"),
    Field::Word8("the algorithm", ALGORITHMS),
    Field::U8("the digest type"),
    Field::Hex("the digest"),
];
const KEY: &[Field] = &[
    Field::U16("the flags"),
    Field::U8("the protocol"),
    Field::Word8("the algorithm", ALGORITHMS),
    Field::Base64("the key"),
];
const ASSOCIATION: &[Field] = &[
    Field::U8("the usage"),
    Field::U8("the selector"),
    Field::U8("the matching type"),
    Field::Hex("the association data"),
];
const SERVICE: &[Field] = &[
    Field::U16("the priority"),
    Field::Name("the target"),
    Field::Parameters,
];

/// The fields of a type in their order.
pub(super) fn of(kind: RecordType) -> Option<&'static [Field]> {
    Some(match kind {
        RecordType::A => &[Field::Ipv4],
        RecordType::AAAA => &[Field::Ipv6],
        RecordType::NS
        | RecordType::MD
        | RecordType::MF
        | RecordType::CNAME
        | RecordType::MB
        | RecordType::MG
        | RecordType::MR
        | RecordType::PTR
        | RecordType::DNAME => ONE_NAME,
        RecordType::MINFO | RecordType::RP => TWO_NAMES,
        RecordType::MX | RecordType::AFSDB | RecordType::RT | RecordType::KX => RANKED_NAME,
        RecordType::TXT | RecordType::SPF => &[Field::Strings("the text")],
        RecordType::DS | RecordType::CDS => DIGEST,
        RecordType::KEY | RecordType::DNSKEY | RecordType::CDNSKEY => KEY,
        RecordType::TLSA | RecordType::SMIMEA => ASSOCIATION,
        RecordType::SVCB | RecordType::HTTPS => SERVICE,
        RecordType::OPENPGPKEY => &[Field::Base64("the key")],
        RecordType::HINFO => &[
            Field::String("the processor"),
            Field::String("the operating system"),
        ],
        RecordType::NSEC => &[Field::Name("the next name"), Field::Types],
        _ => return long(kind),
    })
}

/// The types with more fields, each for itself.
fn long(kind: RecordType) -> Option<&'static [Field]> {
    Some(match kind {
        RecordType::SOA => &[
            Field::Name("the primary server"),
            Field::Name("the mailbox"),
            Field::U32("the serial"),
            Field::Time("the refresh time"),
            Field::Time("the retry time"),
            Field::Time("the expire time"),
            Field::Time("the negative TTL"),
        ],
        RecordType::SRV => &[
            Field::U16("the priority"),
            Field::U16("the weight"),
            Field::U16("the port"),
            Field::Name("the target"),
        ],
        RecordType::PX => &[
            Field::U16("the preference"),
            Field::Name("the first map"),
            Field::Name("the second map"),
        ],
        RecordType::NAPTR => &[
            Field::U16("the order"),
            Field::U16("the preference"),
            Field::String("the flags"),
            Field::String("the services"),
            Field::String("the expression"),
            Field::Name("the replacement"),
        ],
        RecordType::CAA => &[Field::U8("the flags"), Field::Tag, Field::Text("the value")],
        RecordType::URI => &[
            Field::U16("the priority"),
            Field::U16("the weight"),
            Field::Text("the target"),
        ],
        RecordType::SSHFP => &[
            Field::U8("the algorithm"),
            Field::U8("the fingerprint type"),
            Field::Hex("the fingerprint"),
        ],
        RecordType::CERT => &[
            Field::Word16("the certificate type", CERTIFICATES),
            Field::U16("the key tag"),
            Field::Word8("the algorithm", ALGORITHMS),
            Field::Base64("the certificate"),
        ],
        RecordType::CSYNC => &[
            Field::U32("the serial"),
            Field::U16("the flags"),
            Field::Types,
        ],
        _ => return signed(kind),
    })
}

/// The types that only signed zones have.
fn signed(kind: RecordType) -> Option<&'static [Field]> {
    Some(match kind {
        RecordType::RRSIG | RecordType::SIG => &[
            Field::Type("the covered type"),
            Field::Word8("the algorithm", ALGORITHMS),
            Field::U8("the number of labels"),
            Field::Time("the original TTL"),
            Field::Moment("the expiration"),
            Field::Moment("the inception"),
            Field::U16("the key tag"),
            Field::Name("the signer"),
            Field::Base64("the signature"),
        ],
        RecordType::NSEC3 => &[
            Field::U8("the hash algorithm"),
            Field::U8("the flags"),
            Field::U16("the iterations"),
            Field::Salt,
            Field::Hash,
            Field::Types,
        ],
        RecordType::NSEC3PARAM => &[
            Field::U8("the hash algorithm"),
            Field::U8("the flags"),
            Field::U16("the iterations"),
            Field::Salt,
        ],
        _ => return None,
    })
}

/// Whether octets are data of this shape, with no compressed name in them.
pub(super) fn fits(fields: &[Field], data: &[u8]) -> bool {
    let mut rest = data;
    for field in fields {
        match behind(*field, rest) {
            Some(left) => rest = left,
            None => return false,
        }
    }
    rest.is_empty()
}

/// What is left behind a field.
fn behind(field: Field, data: &[u8]) -> Option<&[u8]> {
    match field {
        Field::Name(_) => {
            let (_, end) = crate::wire::Name::read_plain(data, 0).ok()?;
            data.get(end..)
        }
        Field::U8(_) | Field::Word8(..) => data.get(1..),
        Field::U16(_) | Field::Word16(..) | Field::Type(_) => data.get(2..),
        Field::U32(_) | Field::Time(_) | Field::Moment(_) | Field::Ipv4 => data.get(4..),
        Field::Ipv6 => data.get(16..),
        Field::String(_) | Field::Salt => behind_string(data),
        Field::Tag | Field::Hash => data
            .first()
            .filter(|length| **length > 0)
            .and_then(|_| behind_string(data)),
        Field::Strings(_) => {
            let mut rest = behind_string(data)?;
            while !rest.is_empty() {
                rest = behind_string(rest)?;
            }
            Some(rest)
        }
        Field::Text(_) => Some(&[]),
        Field::Hex(_) | Field::Base64(_) => (!data.is_empty()).then_some(&[]),
        Field::Types => behind_types(data),
        Field::Parameters => behind_parameters(data),
    }
}

fn behind_string(data: &[u8]) -> Option<&[u8]> {
    data.get(1 + usize::from(*data.first()?)..)
}

/// Windows in ascending order, each of 1 to 32 octets (RFC 4034 §4.1.2).
fn behind_types(data: &[u8]) -> Option<&[u8]> {
    let mut rest = data;
    let mut last = None;
    while let [window, length @ 1..=32, bits @ ..] = rest {
        if last.is_some_and(|last| last >= *window) {
            return None;
        }
        last = Some(*window);
        rest = bits.get(usize::from(*length)..)?;
    }
    rest.is_empty().then_some(rest)
}

/// Keys in ascending order, each with the length of its value (RFC 9460 §2.2).
fn behind_parameters(data: &[u8]) -> Option<&[u8]> {
    let mut rest = data;
    let mut last = None;
    while let [k0, k1, l0, l1, value @ ..] = rest {
        let key = u16::from_be_bytes([*k0, *k1]);
        if last.is_some_and(|last| last >= key) {
            return None;
        }
        last = Some(key);
        rest = value.get(usize::from(u16::from_be_bytes([*l0, *l1]))..)?;
    }
    rest.is_empty().then_some(rest)
}
