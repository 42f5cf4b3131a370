//! BIND 9.
//!
//! Source: the BIND 9 Administrator Reference Manual, "options Block Grammar" and "Response Policy Zone (RPZ) Rewriting"; measured
//! with 9.18.49 and 9.20.30.

use std::fmt::Write;
use std::net::SocketAddr;

use super::remark::{block_lists, takes_names_below};
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};
use crate::wire::Name;

/// BIND 9 as it comes.
pub(super) const TARGET: Target = Target {
    name: "bind",
    title: "BIND",
    versions: "BIND 9.16 and later",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &[Mode::Forward, Mode::Protect, Mode::Static],
        cannot: &[(
            Mode::Allow,
            "an exception is a part of the statement deny-answer-addresses, which may stand in options only once. --mode protect \
             writes that statement with its exceptions",
        )],
        ask: "dig +short @RESOLVER",
        write,
    },
};

/// The policy zone with the fixed names.
const POLICY: &str = "lanward.rpz";
const POLICY_FILE: &str = "/etc/bind/db.lanward.rpz";

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let snippet = Snippet::new("rndc reload && rndc flush").checked_by("named-checkconf -z");
    match mode {
        Mode::Static => fixed(snippet, plan),
        Mode::Protect => Ok(protect(snippet, plan)),
        Mode::Forward | Mode::Allow => Ok(forward(snippet, plan)),
    }
}

fn forward(snippet: Snippet, plan: &Plan) -> Snippet {
    let mut exempt = String::new();
    // Also while the servers above the domain cannot be reached: their word that it is not signed is then missing.
    list(&mut exempt, "validate-except", plan.forwarded());
    let server = written(plan.server());
    let mut zones = String::new();
    for name in plan.forwarded() {
        // Where BIND would answer such a name itself with an empty zone, the forward zone wins, also one below it.
        line(
            &mut zones,
            format_args!(
                "zone \"{name}\" {{ type forward; forward only; forwarders {{ {server}; }}; }};"
            ),
        );
    }
    let mut guard = String::new();
    deny_aliases(&mut guard, plan.forwarded());
    let place = format!(
        "{OPTIONS}; not where the statement of --mode protect stands, which names these domains as well"
    );
    let mut snippet = snippet
        .with(options(exempt))
        .with(Part::file("aliases", place, Comment::Slashes, guard))
        .with(clauses(zones));
    snippet.weak(
        "BIND judges by the owner of an address, so a name in the except-from of deny-answer-addresses is open to every site: evil.example \
         CNAME 192-168-1-1.ID.plex.direct reaches 192.168.1.1. Safer: never such a name without deny-answer-aliases, which stands below.",
    );
    snippet.note(
        "Where options has deny-answer-addresses, these domains must stand in its except-from, or BIND answers SERVFAIL. --mode protect \
         writes both statements whole, and goes together with this snippet without its part aliases: deny-answer-aliases may stand in \
         options only once.",
    );
    snippet.note(
        "validate-except may stand in options only once: where it is there, add the names to it.",
    );
    snippet
}

fn protect(snippet: Snippet, plan: &Plan) -> Snippet {
    let allowed = plan.allowed().iter().map(|suffix| suffix.name);
    // What lanward answers is meant as well, for the statement is there only once.
    let mut names: Vec<Name> = allowed.chain(plan.forwarded().iter().copied()).collect();
    names.sort_by(Name::canonical_cmp);
    names.dedup();
    let mut text = String::new();
    line(&mut text, format_args!("deny-answer-addresses {{"));
    for range in plan.ranges() {
        line(&mut text, format_args!("    {range};"));
    }
    list(&mut text, "} except-from", &names);
    deny_aliases(&mut text, &names);
    let mut snippet = snippet.with(options(text));
    snippet.weak(
        "BIND lets addresses in HTTPS and SVCB records through for every domain. Safer: clients that ask lanward, with BIND behind it.",
    );
    snippet.note("What is blocked is answered with SERVFAIL, all of it, where lanward leaves out what leads inside.");
    takes_names_below(&mut snippet, plan, "BIND");
    block_lists(
        &mut snippet,
        "add \"zen.spamhaus.org\"; to the except-from of deny-answer-addresses",
    );
    snippet.note(
        "Each of the two statements may stand in options only once: where one is there, put both together.",
    );
    snippet
}

fn fixed(snippet: Snippet, plan: &Plan) -> Result<Snippet, Refusal> {
    let mut records = String::from(
        "$TTL 60\n@ SOA localhost. nobody.invalid. 1 3600 600 86400 60\n@ NS localhost.\n",
    );
    for (name, address) in plan.own()? {
        let kind = if address.is_ipv4() { "A" } else { "AAAA" };
        // Below the policy zone, therefore without a dot at the end.
        line(&mut records, format_args!("{name} {kind} {address}"));
    }
    // At once, also while nobody else can be asked; and whether or not the client wants signatures.
    let policy = format!(
        "response-policy {{ zone \"{POLICY}\"; }} qname-wait-recurse no break-dnssec yes;\n"
    );
    let zone = format!(
        "zone \"{POLICY}\" {{ type primary; file \"{POLICY_FILE}\"; allow-query {{ none; }}; }};\n"
    );
    let names = Part::file("names", POLICY_FILE, Comment::Semicolon, records);
    let mut snippet = snippet
        .with(names)
        .with(options(policy))
        .with(clauses(zone));
    snippet.note(
        "response-policy may stand in options only once: where it is there, add the zone to it.",
    );
    Ok(snippet)
}

/// Without it any site could have an alias to an excepted name: BIND judges by the owner of the address.
fn deny_aliases(text: &mut String, names: &[Name]) {
    line(text, format_args!("deny-answer-aliases {{"));
    for name in names {
        line(text, format_args!("    \"{name}\";"));
    }
    list(text, "} except-from", names);
}

const OPTIONS: &str = "/etc/bind/named.conf.options, between the braces of options { }";

fn options(text: String) -> Part {
    Part::file("options", OPTIONS, Comment::Slashes, text)
}

fn clauses(text: String) -> Part {
    Part::file(
        "zones",
        "/etc/bind/named.conf.local",
        Comment::Slashes,
        text,
    )
}

/// A statement, its names in a line each.
fn list(text: &mut String, statement: &str, names: &[Name]) {
    line(text, format_args!("{statement} {{"));
    for name in names {
        line(text, format_args!("    \"{name}\";"));
    }
    line(text, format_args!("}};"));
}

/// An address and port as BIND reads them.
fn written(server: SocketAddr) -> String {
    match server.port() {
        53 => server.ip().to_string(),
        port => format!("{} port {port}", server.ip()),
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _fits = writeln!(text, "{line}");
}
