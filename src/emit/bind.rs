//! BIND 9.
//!
//! Source: the BIND 9 Administrator Reference Manual, "options Block Grammar" and "Response Policy Zone (RPZ) Rewriting"; measured
//! with 9.18.49 and 9.20.30.

use std::fmt::Write;
use std::net::SocketAddr;

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
    let snippet = Snippet::new("rndc reload").checked_by("named-checkconf -z");
    match mode {
        Mode::Static => fixed(snippet, plan),
        Mode::Protect => Ok(protect(snippet, plan)),
        Mode::Forward | Mode::Allow => Ok(forward(snippet, plan)),
    }
}

fn forward(snippet: Snippet, plan: &Plan) -> Snippet {
    let mut exempt = String::new();
    // Also while the servers above the domain cannot be reached: their word that it is not signed is then missing.
    list(&mut exempt, "validate-except", plan.forwarded(), ";");
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
    let mut snippet = snippet.with(options(exempt)).with(clauses(zones));
    snippet.note(
        "Where options has deny-answer-addresses, these domains must stand in its except-from, or BIND answers SERVFAIL. \
         --mode protect writes the whole statement, and both snippets go together.",
    );
    snippet.note(ONCE);
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
    list(&mut text, "} except-from", &names, ";");
    // Without it any site could have an alias to an excepted name: BIND judges by the owner of the address.
    list(&mut text, "deny-answer-aliases", &names, "");
    list(&mut text, "except-from", &names, ";");
    let mut snippet = snippet.with(options(text));
    snippet.weak(
        "BIND lets addresses in HTTPS and SVCB records through for every domain. Safer: clients that ask lanward, with BIND behind it.",
    );
    snippet.note("What is blocked is answered with SERVFAIL, all of it, where lanward leaves out what leads inside.");
    if let Some(wider) = plan.wider("BIND") {
        snippet.note(wider);
    }
    snippet.note(ONCE);
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

const ONCE: &str = "Each of these statements may stand in options only once: where one is there, put the names into it.";

fn options(text: String) -> Part {
    let place = "/etc/bind/named.conf.options, between the braces of options { }";
    Part::file("options", place, Comment::Slashes, text)
}

fn clauses(text: String) -> Part {
    Part::file(
        "zones",
        "/etc/bind/named.conf.local",
        Comment::Slashes,
        text,
    )
}

/// `statement { "one"; "other"; }`, a name in each line.
fn list(text: &mut String, statement: &str, names: &[Name], end: &str) {
    line(text, format_args!("{statement} {{"));
    for name in names {
        line(text, format_args!("    \"{name}\";"));
    }
    line(text, format_args!("}}{end}"));
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
