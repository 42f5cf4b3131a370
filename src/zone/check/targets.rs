//! Names in data that lead nowhere.

use super::super::Record;
use super::report::{Kind, Report};
use super::view::View;
use crate::wire::{Name, RecordType};

/// Looks at every record that leads to a name of this zone.
pub(super) fn check(view: &View<'_>, report: &mut Report) {
    for (_, records) in view.names() {
        for record in records {
            let Some(target) = target(record).filter(|target| target.is_within(view.origin()))
            else {
                continue;
            };
            if record.kind == RecordType::NS {
                glue(view, record, &target, report);
            } else if !view.exists(&target) {
                let problem = format!(
                    "{} {} leads to {target}, which does not exist",
                    record.owner, record.kind
                );
                report.warning(Kind::Target, record.line, problem);
            }
        }
    }
}

/// Where the target stands in the data of the types that lead somewhere.
fn target(record: &Record) -> Option<Name> {
    let at = match record.kind {
        RecordType::CNAME | RecordType::NS | RecordType::PTR => 0,
        RecordType::MX | RecordType::SVCB | RecordType::HTTPS => 2,
        RecordType::SRV => 6,
        _ => return None,
    };
    let (target, _) = Name::read_plain(&record.data, at).ok()?;
    // The root says that there is no such service (RFC 2782, RFC 7505), or means the owner (RFC 9460 §2.5).
    Some(target).filter(|target| *target != Name::ROOT)
}

/// A name server in this zone needs an address in this zone (RFC 1034 §4.2.1).
fn glue(view: &View<'_>, record: &Record, target: &Name, report: &mut Report) {
    let has_address =
        |name: &[u8]| view.has(name, RecordType::A) || view.has(name, RecordType::AAAA);
    let found = match view.delegation(target) {
        // Whoever serves that other delegation has the address.
        Some(delegation) if delegation != record.owner.as_wire() => true,
        Some(_) => has_address(target.as_wire()),
        None => has_address(&view.answering(target)),
    };
    if !found {
        let problem = format!(
            "{} NS leads to {target}, which has no address in this zone",
            record.owner
        );
        report.warning(Kind::Glue, record.line, problem);
    }
}
