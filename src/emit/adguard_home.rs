//! AdGuard Home: two lists of its pages, both of which take comments.
//!
//! Its `AdGuardHome.yaml` is no place for a snippet: AdGuard Home writes that file anew, without the comments of others, and
//! stands in the way of whoever edits it while it runs.
//!
//! Source: AdguardTeam/AdGuardHome 75e43ab5 (internal/dnsforward: an answer's addresses are looked up among the rules as text, and a
//! question that `@@` let through is not looked at again), dnsproxy e6e0ae09.

use std::fmt::Write;

use ipnet::IpNet;

use super::pattern::pattern;
use super::remark::block_lists;
use super::{Comment, Job, Mode, Part, Place, Plan, Refusal, Runs, Snippet, Target};

/// AdGuard Home.
pub(super) const TARGET: Target = Target {
    name: "adguard-home",
    title: "AdGuard Home",
    versions: "AdGuard Home 0.107 and later",
    runs: Runs::PerhapsInContainer,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut snippet = Snippet::new("the button Apply below each of the lists");
    if mode == Mode::Forward {
        let mut text = String::new();
        for name in plan.forwarded() {
            line(&mut text, format_args!("[/{name}/]{}", plan.server()));
        }
        let menu = "Settings > DNS settings > Upstream DNS servers, below the lines that are there";
        snippet = snippet.with(Part::new(
            "upstreams",
            Place::Menu(menu.to_owned()),
            Comment::Hash,
            text,
        ));
    }
    let menu = "Filters > Custom filtering rules, below the lines that are there";
    let text = rules(plan, mode)?;
    snippet = snippet.with(Part::new(
        "rules",
        Place::Menu(menu.to_owned()),
        Comment::Hash,
        text,
    ));
    remarks(&mut snippet, mode);
    Ok(snippet)
}

fn rules(plan: &Plan, mode: Mode) -> Result<String, Refusal> {
    let mut text = String::new();
    if mode == Mode::Static {
        for (name, address) in plan.own()? {
            let kind = if address.is_ipv4() { "A" } else { "AAAA" };
            line(
                &mut text,
                format_args!("|{name}^$dnsrewrite=NOERROR;{kind};{address}"),
            );
        }
        return Ok(text);
    }
    if mode == Mode::Forward {
        for name in plan.forwarded() {
            line(&mut text, format_args!("@@||{name}^"));
        }
        return Ok(text);
    }
    if mode == Mode::Protect {
        for pattern in IpNet::aggregate(&plan.ranges().to_vec())
            .iter()
            .filter_map(pattern)
        {
            line(&mut text, format_args!("/{pattern}/"));
        }
    }
    for suffix in plan.allowed() {
        let from = if suffix.subdomains { "||" } else { "|" };
        line(&mut text, format_args!("@@{from}{}^", suffix.name));
    }
    Ok(text)
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _fits = writeln!(text, "{line}");
}

fn remarks(snippet: &mut Snippet, mode: Mode) {
    match mode {
        Mode::Static => {}
        Mode::Forward => {
            snippet.weak("The block lists of AdGuard Home do not count for these domains.");
            snippet.note(
                "At least one upstream without brackets must stand in the list. The rules are needed once AdGuard Home blocks private addresses, for it \
                 looks at lanward's answers as well.",
            );
        }
        Mode::Allow => {
            snippet.note(
                "AdGuard Home lets private answers through by itself, unless a list such as HaGeZi's DNS Rebind Protection or rules such as those of \
                 --mode protect block them.",
            );
        }
        Mode::Protect => {
            snippet.note(
                "AdGuard Home knows addresses as text only; these expressions look at the addresses in answers. It answers 0.0.0.0 or :: in place of \
                 what it blocks.",
            );
            block_lists(snippet, "add the line @@||zen.spamhaus.org^");
            snippet.weak("Addresses of NAT64, 6to4 and Teredo that stand for private ones pass, as do addresses in SVCB records.");
        }
    }
    if matches!(mode, Mode::Allow | Mode::Protect) {
        snippet.weak(
            "It judges by the name of the question, so an answer for an excepted domain may lead anywhere by an alias, and its block lists do not count \
             for that domain. Safer for the aliases: --mode forward, with which lanward answers for these domains.",
        );
    }
}
