//! What is wrong with the records of a zone, taken together.
//!
//! The reader has proven each record by itself. Here are faults that make a zone mean nothing, as errors, and what is allowed but
//! hardly meant, as warnings.

mod names;
mod report;
mod targets;
#[cfg(test)]
mod tests;
mod view;

use self::report::{Kind, Report};
use self::view::View;
use super::{Finding, Mode, Record};
use crate::name::special::SpecialUse;
use crate::wire::{Name, RecordType};

/// All that is wrong with the zone at `origin`, in the order of its lines. The findings name no file: the caller knows it.
pub fn check(origin: &Name, mode: Mode, records: &[Record], special: &SpecialUse) -> Vec<Finding> {
    let mut report = Report::default();
    for record in records {
        if !record.owner.is_within(origin) {
            let problem = format!("{} is not in the zone {origin}", record.owner);
            report.error(Kind::Outside, record.line, problem);
        }
    }
    let view = View::new(origin, records);
    apex(&view, mode, &mut report);
    for (_, records) in view.names() {
        names::check(&view, records, &mut report);
    }
    swallowed(&view, special, &mut report);
    // A name that is not in an overlay may be known upstream.
    if mode == Mode::Authoritative {
        targets::check(&view, &mut report);
    }
    report.into_findings()
}

/// An authoritative zone says where it begins and how long its denials hold (RFC 1034 §4.2.1, RFC 2308 §3).
fn apex(view: &View<'_>, mode: Mode, report: &mut Report) {
    let origin = view.origin();
    let has = |kind| view.has(origin.as_wire(), kind);
    if mode == Mode::Overlay {
        return;
    }
    if !has(RecordType::SOA) {
        let problem = format!("{origin} has no SOA record; an authoritative zone needs one");
        report.error(Kind::Apex, 0, problem);
    }
    if !has(RecordType::NS) {
        let problem = format!("{origin} has no NS record");
        report.warning(Kind::Apex, 0, problem);
    }
}

/// Names that would be answered otherwise if the zone were not there, each rule told once.
///
/// A zone for name space that the rule itself leaves to the operator, such as `home.arpa`, is what the rule is for.
fn swallowed(view: &View<'_>, special: &SpecialUse, report: &mut Report) {
    let mut told: Vec<Name> = Vec::new();
    for (_, records) in view.names() {
        let Some(record) = records.first() else {
            continue;
        };
        let Some(found) = special.find(&record.owner) else {
            continue;
        };
        let meant = found.routable && view.origin().is_within(&found.zone);
        if meant || told.contains(&found.zone) {
            continue;
        }
        told.push(found.zone);
        let problem = format!(
            "{} falls under the special-use rule for {} ({}); it is answered from here only because zones come first",
            record.owner, found.zone, found.source
        );
        report.warning(Kind::Swallowed, record.line, problem);
    }
}
