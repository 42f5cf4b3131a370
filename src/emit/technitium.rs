//! Technitium DNS Server: zones through its API, exceptions and networks in the configuration of its app.
//!
//! Source: TechnitiumSoftware/DnsServer 194bfb57, APIDOCS.md and Apps/DnsRebindingProtectionApp. The app reads its JSON with
//! comments. Its API takes the token as a parameter in all versions, in a header since 15.

use std::fmt::Write;

use serde_json::json;

use super::{Comment, Job, Mode, Part, Place, Plan, Refusal, Runs, Snippet, Target, remark};

/// Technitium DNS Server.
pub(super) const TARGET: Target = Target {
    name: "technitium",
    title: "Technitium DNS Server",
    versions: "Technitium DNS Server 12 and later",
    runs: Runs::PerhapsInContainer,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut snippet =
        Snippet::new("nothing: zones and configuration count as soon as they are saved");
    match mode {
        Mode::Forward => {
            snippet = snippet.with(commands(&forward(plan)));
            snippet = snippet.with(exceptions(&domains(plan.forwarded().iter())));
        }
        Mode::Allow => {
            let names = plan.allowed().iter().map(|suffix| &suffix.name);
            snippet = snippet.with(exceptions(&domains(names)));
        }
        Mode::Protect => snippet = snippet.with(protection(plan)),
        Mode::Static => snippet = snippet.with(commands(&own(plan)?)),
    }
    remarks(&mut snippet, plan, mode);
    Ok(snippet)
}

/// Calls of the API: a path, and its parameters.
fn commands(calls: &[(&str, String)]) -> Part {
    let mut text = String::from(
        ": \"${TECHNITIUM:=http://127.0.0.1:5380}\" \"${TOKEN:?make one: Administration, Sessions, Create Token}\"\n",
    );
    for (path, parameters) in calls {
        let _fits = writeln!(
            text,
            "curl -sS \"$TECHNITIUM/api/zones/{path}\" -d token=\"$TOKEN\" {parameters}"
        );
    }
    let place = "any that reaches the web console, after TOKEN=... and, if it is elsewhere, TECHNITIUM=http://ADDRESS:5380";
    Part::shell("zones", place, text)
}

/// A zone for each domain. The second call gives a zone that was there before the address of now.
fn forward(plan: &Plan) -> Vec<(&'static str, String)> {
    let server = plan.server();
    let there = format!("-d protocol=Udp -d 'forwarder={server}' -d dnssecValidation=false");
    let names = plan.forwarded().iter();
    let calls = names.flat_map(|name| {
        let create = format!("-d zone={name} -d type=Forwarder {there}");
        let record =
            format!("-d zone={name} -d domain={name} -d type=FWD {there} -d overwrite=true");
        [("create", create), ("records/add", record)]
    });
    calls.collect()
}

/// A zone for each server. The first record of a type takes the place of those from before.
fn own(plan: &Plan) -> Result<Vec<(&'static str, String)>, Refusal> {
    let mut calls = Vec::new();
    let is_same = |one: &(crate::wire::Name, std::net::IpAddr), other: &(_, std::net::IpAddr)| {
        one.0 == other.0 && one.1.is_ipv4() == other.1.is_ipv4()
    };
    let mut last = None;
    for chunk in plan.own()?.chunk_by(is_same) {
        let mut is_first = true;
        for (name, address) in chunk {
            if last != Some(name) {
                calls.push(("create", format!("-d zone={name} -d type=Primary")));
                last = Some(name);
            }
            let kind = if address.is_ipv4() { "A" } else { "AAAA" };
            let record = format!(
                "-d zone={name} -d domain={name} -d type={kind} -d ipAddress={address} -d overwrite={is_first}"
            );
            calls.push(("records/add", record));
            is_first = false;
        }
    }
    Ok(calls)
}

/// The page where the app's configuration is.
const PAGE: &str = "Apps > DNS Rebinding Protection > Config";

fn exceptions(domains: &[String]) -> Part {
    let place =
        format!("{PAGE}, in place of privateDomains (with the names that are there besides)");
    let list = serde_json::to_string_pretty(domains).unwrap_or_default();
    let text = format!("\"privateDomains\": {list}");
    Part::new("exceptions", Place::Menu(place), Comment::Slashes, text)
}

fn protection(plan: &Plan) -> Part {
    let place =
        format!("{PAGE}, in place of all that is there; install the app first: Apps > App Store");
    let names = plan.allowed().iter().map(|suffix| &suffix.name);
    let networks: Vec<String> = plan.ranges().iter().map(ToString::to_string).collect();
    let config = json!({
        "enableProtection": true,
        "bypassNetworks": [],
        "privateNetworks": networks,
        "privateDomains": domains(names),
    });
    Part::new(
        "config",
        Place::Menu(place),
        Comment::Slashes,
        format!("{config:#}"),
    )
}

/// The names, and the one that the app comes with.
fn domains<'a>(names: impl Iterator<Item = &'a crate::wire::Name>) -> Vec<String> {
    const OWN: &str = "home.arpa";
    let mut domains: Vec<String> = names.map(ToString::to_string).collect();
    if !domains.iter().any(|name| name == OWN) {
        domains.insert(0, OWN.to_owned());
    }
    domains
}

fn remarks(snippet: &mut Snippet, plan: &Plan, mode: Mode) {
    if mode == Mode::Static {
        snippet.note("These zones are Technitium's own, whose answers the app never changes. A zone that is there already is reported and kept.");
        return;
    }
    snippet.weak(
        "Technitium judges by the owner of a record, so privateDomains opens the protection for every site: evil.example CNAME \
         192-168-1-1.ID.plex.direct reaches 192.168.1.1. Safer: --mode static with the names of your own servers and no privateDomains, or clients \
         that ask lanward, with Technitium behind it.",
    );
    snippet.weak("Only A and AAAA records in the answer are judged: addresses in HTTPS and SVCB records pass.");
    match mode {
        Mode::Forward => {
            snippet.note("By hand: Zones > Add Zone > Conditional Forwarder Zone, with Enable DNSSEC Validation unticked. A zone that is there already is reported and gets the address of now.");
            snippet.note("The exceptions are needed only with the app, which also takes private addresses out of what lanward answers.");
        }
        Mode::Allow => {
            snippet.note("Without the app DNS Rebinding Protection nothing is blocked, and nothing needs to be let through.");
        }
        Mode::Protect => {
            remark::block_lists(snippet, "add \"zen.spamhaus.org\" to privateDomains");
        }
        Mode::Static => {}
    }
    remark::takes_names_below(snippet, plan, "Technitium DNS Server");
}
