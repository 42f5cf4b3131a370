//! Knot Resolver 5, whose configuration is a Lua program.
//!
//! Source: the manual of 5.7, and `rebinding.lua`, which knows `ALLOW_LOCAL`; measured with 5.6.0 and 5.7.5.

use std::fmt::Write;

use super::remark::block_lists;
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, lua, unbound};
use crate::wire::Name;

/// Knot Resolver 5.
pub(super) const TARGET: Target = Target {
    name: "knot-resolver-5",
    title: "Knot Resolver 5",
    versions: "Knot Resolver 5.4 to 5.7",
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
        Mode::Allow => allow(plan),
        Mode::Forward => forward(plan),
        Mode::Protect => protect(plan),
        Mode::Static => fixed(plan)?,
    };
    let place = "/etc/knot-resolver/kresd.conf, in front of every policy.add that is there already";
    let mut snippet = Snippet::new("systemctl restart 'kresd@*'")
        .checked_by("luajit -bl /etc/knot-resolver/kresd.conf /dev/null (its Lua only; there is no other checker)")
        .with(Part::file("conf", place, Comment::Dashes, text));
    remarks(&mut snippet, mode);
    Ok(snippet)
}

/// The rules that except the allowed domains from the protection.
pub(super) fn allow(plan: &Plan) -> String {
    let [with, alone] = lua::allowed(plan);
    flags("suffix", &with) + &flags("domains", &alone)
}

/// The rule that excepts these names from the protection: with all below them (`suffix`) or alone (`domains`).
pub(super) fn flags(rule: &str, names: &[Name]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names = lua::table(names);
    format!(
        "policy.add(policy.{rule}(policy.FLAGS({{'ALLOW_LOCAL'}}), policy.todnames({names})))\n"
    )
}

fn forward(plan: &Plan) -> String {
    let names = lua::table(plan.forwarded());
    let server = unbound::written(plan.server());
    lua::block(&format!(
        "-- STUB does not validate, so that it works while nothing above these domains can be reached.\n\
         local lanward = policy.todnames({names})\n\
         policy.add(policy.suffix(policy.FLAGS({{'ALLOW_LOCAL', 'NO_CACHE'}}), lanward))\n\
         policy.add(policy.suffix(policy.STUB('{server}'), lanward))\n"
    ))
}

fn protect(plan: &Plan) -> String {
    format!(
        "modules.load('rebinding < iterate')\n{}{}",
        networks(plan),
        allow(plan)
    )
}

/// What gives the module the networks that its own list lacks.
pub(super) fn networks(plan: &Plan) -> String {
    let nets = lua::long_table(plan.ranges());
    lua::block(&format!(
        "local prefix = require('kres_modules.renumber').prefix\n\
         for _, net in ipairs({nets}) do\n  \
         table.insert(rebinding.blacklist, prefix(net, net:find(':') and '::' or '0.0.0.0'))\n\
         end\n"
    ))
}

fn fixed(plan: &Plan) -> Result<String, Refusal> {
    let mut text = String::from("modules.load('hints > iterate')\n");
    for (name, address) in plan.own()? {
        let _fits = writeln!(text, "hints.set('{name} {address}')");
    }
    Ok(text)
}

/// Where the protection of Knot Resolver is weaker, and the safer way.
pub(super) fn remarks(snippet: &mut Snippet, mode: Mode) {
    if mode == Mode::Static {
        return;
    }
    snippet.weak(
        "Addresses in HTTPS and SVCB records pass for every domain. Safer: clients that ask lanward, with Knot Resolver behind it.",
    );
    if matches!(mode, Mode::Allow | Mode::Protect) {
        snippet.weak(
            "It judges by the name of the question, so an answer for an excepted domain may lead anywhere by an alias. Safer: --mode forward, with \
             which lanward answers for these domains.",
        );
    }
    if mode == Mode::Allow {
        snippet.weak(
            "The list of its protection is short: 192.0.0.0/24, 198.18.0.0/15, NAT64 and 6to4 are not in it. --mode protect adds what is missing.",
        );
    }
    if mode == Mode::Protect {
        snippet.note("A blocked answer is REFUSED.");
        block_lists(
            snippet,
            "add 'zen.spamhaus.org' to the names behind policy.todnames",
        );
    }
}
