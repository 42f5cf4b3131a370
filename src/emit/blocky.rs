//! Blocky: three blocks of its one YAML file.
//!
//! Source: 0xERR0R/blocky 6eb8f467, docs/configuration.md. Keys and values stand in quotes, because an address in brackets is
//! a list to YAML.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, remark};

/// Blocky.
pub(super) const TARGET: Target = Target {
    name: "blocky",
    title: "Blocky",
    versions: "Blocky 0.32 and later (forward and static: 0.20 and later)",
    runs: Runs::PerhapsInContainer,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let (block, text) = match mode {
        Mode::Forward => ("conditional", forward(plan)),
        Mode::Allow => ("rebindingProtection", protection(plan, false)),
        Mode::Protect => ("rebindingProtection", protection(plan, true)),
        Mode::Static => ("customDNS", own(plan)?),
    };
    let place =
        format!("config.yml; where it has a block {block} already, these lines go into that one");
    let mut snippet =
        Snippet::new("systemctl restart blocky (it reads the file at its start only)")
            .checked_by("blocky validate --config config.yml")
            .with(Part::file("config", place, Comment::Hash, text));
    remarks(&mut snippet, plan, mode);
    Ok(snippet)
}

fn forward(plan: &Plan) -> String {
    let mut text = String::from("conditional:\n  mapping:\n");
    for name in plan.forwarded() {
        line(&mut text, format_args!("    '{name}': '{}'", plan.server()));
    }
    text
}

fn protection(plan: &Plan, on: bool) -> String {
    let mut text = String::from("rebindingProtection:\n");
    if on {
        line(&mut text, format_args!("  enable: true"));
    }
    line(&mut text, format_args!("  allowedDomains:"));
    for suffix in plan.allowed() {
        line(&mut text, format_args!("    - '{}'", suffix.name));
    }
    text
}

fn own(plan: &Plan) -> Result<String, Refusal> {
    let mut text = String::from("customDNS:\n  mapping:\n");
    // A key may stand there once.
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, address) in plan.own()? {
        let addresses = names.entry(name.to_string()).or_default();
        addresses.push(address.to_string());
    }
    for (name, addresses) in names {
        line(
            &mut text,
            format_args!("    '{name}': '{}'", addresses.join(",")),
        );
    }
    Ok(text)
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _fits = writeln!(text, "{line}");
}

fn remarks(snippet: &mut Snippet, plan: &Plan, mode: Mode) {
    match mode {
        Mode::Forward => {
            snippet.note("Blocky does not look for private addresses in what lanward answers, so no exception is needed.");
            snippet.note(
                "upstreams.init.strategy: fast lets Blocky start, and ask lanward, while the internet is down.",
            );
        }
        Mode::Allow | Mode::Protect => {
            snippet.weak(
                "The networks that Blocky blocks are fixed: 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7, loopback, link-local and 0.0.0.0. Addresses \
                 in 100.64.0.0/10, where carrier-grade NAT and Tailscale are, and those behind NAT64 pass.",
            );
            snippet.weak("It judges by the name of the question, so an answer for an excepted domain may lead anywhere by an alias.");
            if mode == Mode::Allow {
                snippet.note("The exceptions matter once the block has the line enable: true, which --mode protect writes.");
            }
            remark::takes_names_below(snippet, plan, "Blocky");
            if mode == Mode::Protect {
                remark::block_lists(snippet, "add 'zen.spamhaus.org' to allowedDomains");
            }
        }
        Mode::Static => {
            snippet.note("Blocky gives the names below these the same address.");
        }
    }
}
