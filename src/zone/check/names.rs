//! What is wrong with the records of one name.

use super::super::Record;
use super::report::{Kind, Report};
use super::view::View;
use crate::wire::{Name, RecordType};

/// Looks at the records of one name.
pub(super) fn check(view: &View<'_>, records: &[&Record], report: &mut Report) {
    soa(view, records, report);
    cname(records, report);
    dname(view, records, report);
    ttls(records, report);
}

/// The first record of a type and the first that contradicts it. One that stands there twice is one (RFC 2181 §5).
fn rivals<'a>(
    records: &[&'a Record],
    kind: RecordType,
) -> Option<(&'a Record, Option<&'a Record>)> {
    let mut found = records.iter().filter(|record| record.kind == kind);
    let first = found.next()?;
    Some((first, found.find(|other| other.data != first.data).copied()))
}

fn soa(view: &View<'_>, records: &[&Record], report: &mut Report) {
    let Some((first, second)) = rivals(records, RecordType::SOA) else {
        return;
    };
    if first.owner != *view.origin() {
        let problem = format!(
            "the SOA record of {} is not at the apex {}",
            first.owner,
            view.origin()
        );
        report.error(Kind::Soa, first.line, problem);
    }
    if let Some(second) = second {
        let problem = format!("{} has more than one SOA record", second.owner);
        report.error(Kind::Soa, second.line, problem);
    }
}

/// An alias is all that there is at its name (RFC 1034 §3.6.2), but for the records of DNSSEC (RFC 4034 §3, §4).
fn cname(records: &[&Record], report: &mut Report) {
    let Some((first, second)) = rivals(records, RecordType::CNAME) else {
        return;
    };
    if let Some(second) = second {
        let problem = format!("{} has more than one CNAME record", second.owner);
        report.error(Kind::Cname, second.line, problem);
    }
    let beside = [RecordType::CNAME, RecordType::RRSIG, RecordType::NSEC];
    let other = records.iter().find(|record| !beside.contains(&record.kind));
    if let Some(other) = other {
        let problem = format!(
            "{} has a CNAME record and a record of type {}; an alias has nothing beside it",
            first.owner, other.kind
        );
        report.error(Kind::Cname, first.line.max(other.line), problem);
    }
}

/// Nothing may stand below a redirected name (RFC 6672 §2.4).
fn dname(view: &View<'_>, records: &[&Record], report: &mut Report) {
    if let Some((_, Some(second))) = rivals(records, RecordType::DNAME) {
        let problem = format!("{} has more than one DNAME record", second.owner);
        report.error(Kind::Dname, second.line, problem);
    }
    let Some(first) = records.first() else {
        return;
    };
    let above = view.redirected(&first.owner);
    if let Some((above, _)) = above.and_then(|above| Name::read_plain(above, 0).ok()) {
        let problem = format!("{} is below the DNAME record of {above}", first.owner);
        report.error(Kind::Dname, first.line, problem);
    }
}

fn ttls(records: &[&Record], report: &mut Report) {
    let mut records = records.to_vec();
    // A stable sort: the first of a type is the first in the file.
    records.sort_by_key(|record| record.kind);
    for set in records.chunk_by(|one, other| one.kind == other.kind) {
        let Some(first) = set.first() else {
            continue;
        };
        let (owner, kind) = (first.owner, first.kind);
        if let Some(zero) = set.iter().find(|record| record.ttl == 0) {
            let problem = format!("{owner} {kind} has a TTL of 0, so that nobody may keep it");
            report.warning(Kind::ZeroTtl, zero.line, problem);
        }
        let other = set.iter().find(|record| record.ttl != first.ttl);
        // Signatures live as long as what they sign.
        if let Some(other) = other.filter(|_| kind != RecordType::RRSIG) {
            let smallest = set
                .iter()
                .map(|record| record.ttl)
                .min()
                .unwrap_or_default();
            let problem = format!(
                "the records of {owner} {kind} have different TTLs; the smallest, {smallest}, holds for all (RFC 2181 §5.2)"
            );
            report.warning(Kind::MixedTtl, other.line, problem);
        }
    }
}
