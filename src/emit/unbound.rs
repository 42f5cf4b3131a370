//! Unbound, and the clauses that everything built on it shares.
//!
//! Source: unbound.conf(5); measured with 1.17.1 and 1.26.2.

use std::fmt::Write;

use super::remark::{block_lists, takes_names_below};
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// Unbound as it comes.
pub(super) const TARGET: Target = Target {
    name: "unbound",
    title: "Unbound",
    versions: "Unbound 1.9 and later",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut snippet = Snippet::new("unbound-control reload")
        .checked_by("unbound-checkconf")
        .with(Part::file(
            "conf",
            "/etc/unbound/unbound.conf.d/lanward.conf",
            Comment::Hash,
            clauses(plan, mode)?,
        ));
    remarks(&mut snippet, plan, mode);
    Ok(snippet)
}

/// The clauses. They begin with `server:`, also where that was the last one: behind a `forward-zone:` the lines alone are an
/// error.
pub(super) fn clauses(plan: &Plan, mode: Mode) -> Result<String, Refusal> {
    let mut text = String::from("server:\n");
    match mode {
        Mode::Allow => allow(&mut text, plan),
        Mode::Forward => forward(&mut text, plan),
        Mode::Protect => {
            for range in plan.ranges() {
                line(&mut text, format_args!("private-address: {range}"));
            }
            allow(&mut text, plan);
        }
        Mode::Static => {
            for (name, address) in plan.own()? {
                let kind = if address.is_ipv4() { "A" } else { "AAAA" };
                line(
                    &mut text,
                    format_args!("local-data: \"{name}. {kind} {address}\""),
                );
            }
        }
    }
    Ok(text)
}

fn allow(text: &mut String, plan: &Plan) {
    for suffix in plan.allowed() {
        line(text, format_args!("private-domain: \"{}\"", suffix.name));
    }
}

fn forward(text: &mut String, plan: &Plan) {
    for name in plan.forwarded() {
        line(text, format_args!("private-domain: \"{name}\""));
        line(text, format_args!("domain-insecure: \"{name}\""));
    }
    for name in plan.special() {
        // Unbound answers these itself, with nothing in them, unless it is told not to.
        line(text, format_args!("local-zone: \"{name}\" transparent"));
    }
    let server = plan.server();
    if server.ip().is_loopback() {
        line(text, format_args!("do-not-query-localhost: no"));
    }
    for name in plan.forwarded() {
        text.push_str("forward-zone:\n");
        line(text, format_args!("name: \"{name}\""));
        line(text, format_args!("forward-addr: {}", written(server)));
    }
}

/// An address and port as Unbound reads them; `#` would name a TLS certificate, and is accepted without a word.
pub(super) fn written(server: std::net::SocketAddr) -> String {
    match server.port() {
        53 => server.ip().to_string(),
        port => format!("{}@{port}", server.ip()),
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _fits = writeln!(text, "    {line}");
}

/// Where Unbound's protection is weaker, and the safer way.
pub(super) fn remarks(snippet: &mut Snippet, plan: &Plan, mode: Mode) {
    if mode == Mode::Static {
        return;
    }
    snippet.weak(
        "Unbound judges by the owner of a record, so private-domain opens the protection for every site: evil.example CNAME \
         192-168-1-1.ID.plex.direct reaches 192.168.1.1. Safer: --mode static with the names of your own servers and no private-domain at all, also \
         not the lines that --mode protect writes; or clients that ask lanward, with Unbound behind it.",
    );
    snippet.weak(
        "Before 1.25 Unbound lets addresses in HTTPS and SVCB records through for every domain. Safer: a newer Unbound, or again clients that ask \
         lanward.",
    );
    if matches!(mode, Mode::Allow | Mode::Protect) {
        takes_names_below(snippet, plan, "Unbound");
    }
    if mode == Mode::Protect {
        block_lists(
            snippet,
            "add that domain to the private domains (private-domain: \"zen.spamhaus.org\")",
        );
    }
}
