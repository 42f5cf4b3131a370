//! Knot Resolver 6, whose configuration is YAML, with Lua for what YAML has no word for.
//!
//! Source: the manual of 6.0; measured with 6.5.0.

use std::fmt::Write;

use super::knot_resolver_5::{allow, flags, networks, remarks};
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, unbound};

/// Knot Resolver 6.
pub(super) const TARGET: Target = Target {
    name: "knot-resolver-6",
    title: "Knot Resolver 6",
    versions: "Knot Resolver 6.0 and later",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let text = match mode {
        Mode::Allow => script(&allow(plan)),
        Mode::Forward => forward(plan),
        Mode::Protect => format!(
            "options:\n  rebinding-protection: true\n{}",
            script(&format!("{}{}", networks(plan), allow(plan)))
        ),
        Mode::Static => fixed(plan)?,
    };
    let place = "/etc/knot-resolver/config.yaml";
    let mut snippet = Snippet::new("kresctl reload")
        .checked_by("kresctl validate /etc/knot-resolver/config.yaml")
        .with(Part::file("conf", place, Comment::Hash, text));
    remarks(&mut snippet, mode);
    snippet.note(
        "YAML knows each word at the beginning of a line once. Where one of them is there already, put what is below it below that one.",
    );
    if mode != Mode::Static {
        snippet.note(
            "options: query-loopback: true would switch the protection off altogether, without a word.",
        );
    }
    Ok(snippet)
}

/// Lua within YAML: there are no words for exceptions.
fn script(lua: &str) -> String {
    let mut text = String::from("lua:\n  script: |\n");
    for line in lua.lines() {
        let _fits = writeln!(text, "    {line}");
    }
    text
}

fn forward(plan: &Plan) -> String {
    let server = unbound::written(plan.server());
    let mut text = String::from("forward:\n");
    for name in plan.forwarded() {
        let _fits = write!(
            text,
            "  - subtree: '{name}'\n    servers: ['{server}']\n    options:\n      authoritative: false\n      dnssec: false\n"
        );
    }
    text + &script(&flags("suffix", plan.forwarded()))
}

fn fixed(plan: &Plan) -> Result<String, Refusal> {
    let mut text = String::from("local-data:\n  records: |\n");
    for (name, address) in plan.own()? {
        let kind = if address.is_ipv4() { "A" } else { "AAAA" };
        let _fits = writeln!(text, "    {name}. {kind} {address}");
    }
    Ok(text)
}
