//! What is wrong with exceptions, servers and networks, whatever format they stand in.

use super::place::quoted;
use super::{Forward, Kind, Known, Place, Protection, Reading, ranges};
use crate::name::SuffixMap;
use crate::name::breadth::{Breadth, breadth};

/// Finds it.
pub(super) fn find(reading: &mut Reading, known: &Known) {
    find_wide(reading);
    match &reading.protection {
        Protection::Unknown | Protection::Never => {}
        Protection::Off => find_unprotected(reading),
        Protection::On { .. } => {
            find_dropped(reading, known);
            find_missing_ranges(reading);
        }
    }
}

/// An exception for names that anybody can have is an exception for everybody.
fn find_wide(reading: &mut Reading) {
    let mut kept = Vec::new();
    for allowed in std::mem::take(&mut reading.allowed) {
        let wide = breadth(&allowed.name);
        let name = quoted(&allowed.name.to_string());
        let opens = format!("the exception for {name} opens the protection to strangers");
        match wide {
            Breadth::Household => kept.push(allowed),
            Breadth::Root => {
                let problem = format!("{opens}: the root is every name; name your own domain");
                reading.error(&allowed.place, problem);
            }
            Breadth::Registry(_) => reading.error(&allowed.place, format!("{opens}: {wide}")),
            Breadth::Hoster(_) => reading.warning(&allowed.place, format!("{opens}: {wide}")),
        }
    }
    reading.allowed = kept;
}

fn find_unprotected(reading: &mut Reading) {
    let whole = Place::whole(&reading.file.clone());
    let remedy = match reading.kind {
        Kind::Dnsmasq => {
            "add stop-dns-rebind, or print all of it with `lanward emit dnsmasq --mode protect`"
        }
        Kind::Unbound => {
            "add private-address lines: `lanward emit unbound --mode protect` prints them"
        }
        Kind::Pihole => {
            "it has no setting of its own; `lanward emit pihole-v6 --mode protect` prints what to put into misc.dnsmasq_lines"
        }
        Kind::AdguardHome => {
            "it has no setting of its own, only a filter list; `lanward emit adguard-home --mode protect` prints it"
        }
        Kind::ResolvConf => return,
    };
    let title = reading.kind.title();
    reading.warning(
        &whole,
        format!("the protection from DNS rebinding is off, so any web site can reach into this network by way of {title}; {remedy}"),
    );
    if let Some(first) = reading.allowed.first().cloned() {
        let count = reading.allowed.len();
        let more = if count == 1 {
            String::new()
        } else {
            format!(" and {} more", count - 1)
        };
        reading.warning(
            &first.place,
            format!(
                "the exception for {}{more} does nothing while the protection is off",
                first.name
            ),
        );
    }
}

/// Private answers of servers for single domains are dropped like all others, if the domain is not excepted.
fn find_dropped(reading: &mut Reading, known: &Known) {
    let allowed: SuffixMap<()> = (reading.allowed.iter())
        .map(|allowed| (allowed.name, ()))
        .collect();
    let is_dropped = |forward: &Forward| {
        let expects = known.decodes(&forward.name) || forward.is_private();
        expects && !forward.is_reverse() && allowed.find(&forward.name).is_none()
    };
    let dropped: Vec<Forward> = (reading.forwards.iter())
        .filter(|forward| is_dropped(forward))
        .cloned()
        .collect();
    for Forward { place, name, .. } in dropped {
        let remedy = match reading.kind {
            Kind::Unbound => format!("private-domain: \"{name}\" in server:"),
            Kind::AdguardHome => format!("'@@||{name}^' to user_rules"),
            Kind::Pihole => format!("\"rebind-domain-ok=/{name}/\" to misc.dnsmasq_lines"),
            Kind::Dnsmasq | Kind::ResolvConf => format!("rebind-domain-ok=/{name}/"),
        };
        let problem = format!(
            "{name} is asked of servers of its own, but no exception lets their private answers through, and they are dropped: add {remedy}"
        );
        if known.decodes(&name) {
            // It has no others.
            reading.error(&place, problem);
        } else {
            reading.warning(&place, problem);
        }
    }
}

/// Only where the list can be written: others are what their program is.
fn find_missing_ranges(reading: &mut Reading) {
    let Protection::On { place, ranges, .. } = &reading.protection else {
        return;
    };
    if reading.kind != Kind::Unbound {
        return;
    }
    let missing = ranges::missing(ranges).plain;
    let Some(first) = missing.first() else {
        return;
    };
    let place = place.clone();
    let list: Vec<String> = missing.iter().map(ToString::to_string).collect();
    let mut problem = format!(
        "addresses in {} are let through: write private-address: {first} and so on, or print the whole list with `lanward emit unbound --mode \
         protect`",
        list.join(", ")
    );
    if list
        .iter()
        .any(|net| net == "::ffff:0.0.0.0/96" || net == "::ffff:0:0/96")
    {
        problem.push_str(
            ". Of these ::ffff:0:0/96 matters most: an AAAA record with ::ffff:192.168.1.1 leads to 192.168.1.1",
        );
    }
    reading.warning(&place, problem);
}
