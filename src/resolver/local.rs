//! Replies that need nobody else.

use crate::cache::{self, Freshness};
use crate::metrics::Counter;
use crate::name::embedded::Decoded;
use crate::name::special::{Found, Special};
use crate::rebinding::Findings;
use crate::upstream::Failure;
use crate::wire::edns::ExtendedError;
use crate::wire::header::flag;
use crate::wire::reply::{self, Head};
use crate::wire::types::{class, ede};
use crate::wire::{Name, Query, Rcode, RecordType, Refusal};

use crate::zone::{self, Looked, Zones};

use super::state::State;
use super::{Client, Outcome};

/// How long a client may keep it that a name was blocked, in seconds: short, for exceptions are made to be tried at once.
const BLOCKED_TTL: u32 = 60;
/// How long special-use answers may be kept, in seconds; they never change.
const SPECIAL_TTL: u32 = 10_800;
/// How long the answer to ANY may be kept, in seconds.
const ANY_TTL: u32 = 3_600;
/// The data of the answer to ANY: CPU "RFC8482", an empty operating system (RFC 8482 §4.2).
const ANY_DATA: &[u8] = b"\x07RFC8482\0";

const AUTHORITATIVE: Head<'_> = Head {
    rcode: Rcode::NOERROR,
    flags: flag::AA,
    counts: [0, 0],
    options: &[],
    error: None,
};

/// Answers what is no query that could be resolved.
pub(super) fn refuse(refusal: &Refusal<'_>, client: Client, out: &mut Vec<u8>) -> Outcome {
    match refusal {
        Refusal::Drop => return Outcome::Drop,
        Refusal::Header(header, rcode) => reply::write_header(out, *header, *rcode),
        Refusal::Question(query, rcode) => {
            reply::write_code(out, query, &Head::code(*rcode), client.limit(query));
        }
    }
    Outcome::Reply(Counter::Refused)
}

/// Answers a question of another class than IN: in CH our name and version (RFC 4892), else REFUSED.
pub(super) fn answer_other_class(query: &Query<'_>, limit: usize, out: &mut Vec<u8>) -> Outcome {
    const VERSION: &str = concat!("lanward ", env!("CARGO_PKG_VERSION"));
    let ours = matches!(
        query.question.name.as_wire(),
        b"\x07version\x04bind\0" | b"\x07version\x06server\0"
    );
    if query.question.class != class::CH
        || !ours
        || !matches!(query.question.kind, RecordType::TXT | RecordType::ANY)
    {
        reply::write_code(out, query, &Head::code(Rcode::REFUSED), limit);
        return Outcome::Reply(Counter::Refused);
    }
    reply::start(out, query);
    reply::push_text(out, class::CH, VERSION);
    reply::finish(
        out,
        query,
        &Head {
            counts: [1, 0],
            ..AUTHORITATIVE
        },
        limit,
    );
    Outcome::Reply(Counter::Server)
}

/// Answers ANY by a record that says that there is no answer to it (RFC 8482 §4.2).
pub(super) fn answer_any(query: &Query<'_>, limit: usize, out: &mut Vec<u8>) -> Outcome {
    reply::start(out, query);
    reply::push_record(out, RecordType::HINFO, ANY_TTL, ANY_DATA);
    reply::finish(
        out,
        query,
        &Head {
            counts: [1, 0],
            ..Head::code(Rcode::NOERROR)
        },
        limit,
    );
    Outcome::Reply(Counter::Server)
}

/// Looks into local data.
pub(super) fn look_up(zones: &Zones, query: &Query<'_>, limit: usize, out: &mut Vec<u8>) -> Looked {
    if zones.is_empty() {
        return Looked::Pass;
    }
    zones.answer(query, limit, out)
}

/// Answers with SERVFAIL in place of a chain that cannot be ended.
pub(super) fn fail_chain(
    query: &Query<'_>,
    records: u16,
    limit: usize,
    out: &mut Vec<u8>,
) -> Outcome {
    zone::complete(out, query, records, None, limit);
    Outcome::Reply(Counter::Failed)
}

/// Answers from the address in the name, or that there is no such record.
pub(super) fn answer_decoded(
    query: &Query<'_>,
    decoded: &Decoded<'_>,
    limit: usize,
    out: &mut Vec<u8>,
) -> Outcome {
    match decoded {
        Decoded::Address { domain, address } => {
            reply::start(out, query);
            reply::push_address(out, *address, domain.ttl());
            reply::finish(
                out,
                query,
                &Head {
                    counts: [1, 0],
                    ..AUTHORITATIVE
                },
                limit,
            );
        }
        Decoded::Nothing { domain, .. } => negative(
            query,
            &Denial {
                zone: domain.suffix(),
                ttl: domain.ttl(),
                rcode: Rcode::NOERROR,
            },
            limit,
            out,
        ),
    }
    Outcome::Reply(Counter::Embedded)
}

/// Answers a special-use name.
pub(super) fn answer_special(
    query: &Query<'_>,
    found: &Found,
    limit: usize,
    out: &mut Vec<u8>,
) -> Outcome {
    let data: Option<Vec<u8>> = match (&found.rule, query.question.kind) {
        (Special::Localhost, RecordType::A) => Some(vec![127, 0, 0, 1]),
        (Special::Localhost, RecordType::AAAA) => {
            Some(std::net::Ipv6Addr::LOCALHOST.octets().to_vec())
        }
        (Special::ReverseLoopback, RecordType::PTR) => Some(b"\x09localhost\0".to_vec()),
        (Special::Empty, RecordType::SOA) if query.question.name == found.zone => {
            Some(reply::soa_data(SPECIAL_TTL))
        }
        (Special::Empty, RecordType::NS) if query.question.name == found.zone => {
            Some(b"\x09localhost\0".to_vec())
        }
        _ => None,
    };
    let exists = match found.rule {
        Special::Localhost | Special::ReverseLoopback | Special::Nothing => true,
        Special::Empty => query.question.name == found.zone,
        Special::Nxdomain => false,
    };
    if let Some(data) = data {
        reply::start(out, query);
        reply::push_record(out, query.question.kind, SPECIAL_TTL, &data);
        reply::finish(
            out,
            query,
            &Head {
                counts: [1, 0],
                ..AUTHORITATIVE
            },
            limit,
        );
    } else {
        let rcode = if exists {
            Rcode::NOERROR
        } else {
            Rcode::NXDOMAIN
        };
        negative(
            query,
            &Denial {
                zone: &found.zone,
                ttl: SPECIAL_TTL,
                rcode,
            },
            limit,
            out,
        );
    }
    Outcome::Reply(Counter::Special)
}

/// Answers a question that does not desire recursion and is not for local data: whoever walks the tree himself is wrong here,
/// and nobody is told what others have asked for.
pub(super) fn refuse_iterative(query: &Query<'_>, limit: usize, out: &mut Vec<u8>) -> Outcome {
    let head = without_answer(
        Rcode::REFUSED,
        ede::NOT_AUTHORITATIVE,
        "ask with recursion desired",
    );
    reply::write_code(out, query, &head, limit);
    Outcome::Reply(Counter::Refused)
}

/// Answers a question for which there is no room.
pub(super) fn overloaded(query: &Query<'_>, limit: usize, out: &mut Vec<u8>) -> Outcome {
    let head = without_answer(
        Rcode::SERVFAIL,
        ede::NETWORK_ERROR,
        "too many questions under way",
    );
    reply::write_code(out, query, &head, limit);
    Outcome::Reply(Counter::Overload)
}

/// Answers whoever asks whether lanward is well when it is about to leave.
pub(super) fn leaving(query: &Query<'_>, limit: usize, out: &mut Vec<u8>) -> Outcome {
    let head = without_answer(Rcode::SERVFAIL, ede::NOT_READY, "lanward is about to end");
    reply::write_code(out, query, &head, limit);
    Outcome::Reply(Counter::Special)
}

fn without_answer(rcode: Rcode, code: u16, text: &str) -> Head<'_> {
    Head {
        error: Some(ExtendedError { code, text }),
        ..Head::code(rcode)
    }
}

/// Answers a question to which no upstream had an answer. An upstream's own word for it, code and extended errors, is passed on.
pub(super) fn fail(
    query: &Query<'_>,
    failure: &Failure,
    limit: usize,
    out: &mut Vec<u8>,
) -> Counter {
    let error = |code, text| without_answer(Rcode::SERVFAIL, code, text);
    let text;
    let head = match failure {
        Failure::Bogus(bogus) => {
            text = bogus.text();
            error(bogus.reason.code(), text.as_str())
        }
        Failure::NoServer => error(ede::NETWORK_ERROR, "no upstream server is known"),
        Failure::Unasked(_) => error(ede::NETWORK_ERROR, "this machine has no network"),
        Failure::Unreachable(_) => error(ede::NETWORK_ERROR, "no upstream server answered"),
        Failure::Unusable(_) => error(
            ede::NO_REACHABLE_AUTHORITY,
            "no upstream server gave a usable answer",
        ),
        Failure::Refused(answer) => Head {
            options: &answer.options,
            ..Head::code(answer.rcode)
        },
    };
    reply::write_code(out, query, &head, limit);
    Counter::Failed
}

/// Answers in place of an answer that points inside: NODATA, because NXDOMAIN would cut off all other types and names below,
/// REFUSED and SERVFAIL would send the client to its next resolver, and `0.0.0.0` is a target itself.
pub(super) fn block(query: &Query<'_>, text: &str, limit: usize, out: &mut Vec<u8>) {
    reply::start(out, query);
    reply::push_soa(out, query, &query.question.name, BLOCKED_TTL);
    let error = Some(ExtendedError {
        code: ede::BLOCKED,
        text,
    });
    reply::finish(
        out,
        query,
        &Head {
            counts: [0, 1],
            error,
            ..Head::code(Rcode::NOERROR)
        },
        limit,
    );
}

/// The reply that something does not exist: the zone in which it does not, for how long that may be kept, and the code.
struct Denial<'a> {
    zone: &'a Name,
    ttl: u32,
    rcode: Rcode,
}

fn negative(query: &Query<'_>, denial: &Denial<'_>, limit: usize, out: &mut Vec<u8>) {
    let Denial { zone, ttl, rcode } = *denial;

    reply::start(out, query);
    reply::push_soa(out, query, zone, ttl);
    reply::finish(
        out,
        query,
        &Head {
            rcode,
            counts: [0, 1],
            ..AUTHORITATIVE
        },
        limit,
    );
}

/// For `explain`: which local data answered.
pub(super) fn describe_local(zones: &Zones, name: &Name) -> String {
    if zones.is_own(name) {
        "answered by what [server.tls] says of this server, as this client sees it"
    } else {
        "answered from local data"
    }
    .to_owned()
}

/// For `explain`: what was decoded.
pub(super) fn describe_decoded(decoded: &Decoded<'_>) -> String {
    match decoded {
        Decoded::Address { domain, address } => {
            format!("{} names carry their address: {address}", domain.suffix())
        }
        Decoded::Nothing { domain, why } => {
            format!("{} names carry their address: {why}", domain.suffix())
        }
    }
}

/// For `explain`: why nothing was decoded.
pub(super) fn describe_undecoded(state: &State, name: &Name) -> String {
    match (state.embedded.domain_of(name), state.embedded.why_not(name)) {
        (Some(domain), Some(why)) => format!(
            "below {}, but not decoded: {why}; goes on, protected like any other name",
            domain.suffix()
        ),
        _ => "no domain whose names are decoded".to_owned(),
    }
}

/// For `explain`: which rule applies.
pub(super) fn describe_special(found: &Found) -> String {
    format!("{} never leaves the network ({})", found.zone, found.source)
}

/// For `explain`: why no rule applies, though one would.
pub(super) fn describe_ordinary(overridden: Option<&Found>) -> String {
    overridden.map_or_else(
        || "no special-use name".to_owned(),
        |found| {
            format!(
                "{} is for the network alone ({}), but a route of yours is for it",
                found.zone, found.source
            )
        },
    )
}

/// For `explain`: what is kept.
pub(super) fn describe_found(found: Option<&cache::Found<Findings>>) -> String {
    match found.map(|found| found.freshness) {
        None => "nothing kept",
        Some(Freshness::Fresh | Freshness::Ending) => "there is a living entry",
        Some(Freshness::Stale) => "there is a stale entry, for want of a better answer",
    }
    .to_owned()
}
