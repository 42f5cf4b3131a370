//! dnsdist, whose configuration is a Lua program.
//!
//! Source: the manual of 2.1, with what each function says about the version that brought it; measured with 1.7.3, 1.9.16 and 2.1.3.

use std::fmt::{Display, Write};
use std::net::IpAddr;

use super::remark::block_lists;
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, lua};
use crate::wire::Name;

/// dnsdist.
pub(super) const TARGET: Target = Target {
    name: "dnsdist",
    title: "dnsdist",
    versions: "dnsdist 1.7 and later; protect: 1.9.12, 2.0.3 and later",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &[Mode::Forward, Mode::Protect, Mode::Static],
        cannot: &[(
            Mode::Allow,
            "it has no protection of its own, so private answers pass for every domain; --mode protect writes a protection with the exceptions in it",
        )],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let text = match mode {
        Mode::Forward => forward(plan),
        Mode::Static => fixed(plan)?,
        Mode::Protect | Mode::Allow => protect(plan),
    };
    let place = "/etc/dnsdist/dnsdist.conf, in front of every addAction and addResponseAction that is there already";
    let mut snippet = Snippet::new("systemctl restart dnsdist")
        .checked_by("dnsdist --check-config -C /etc/dnsdist/dnsdist.conf")
        .with(Part::file("conf", place, Comment::Dashes, text));
    match mode {
        Mode::Forward => snippet.note(
            "dnsdist has no protection of its own, so private answers pass for every other domain, too; --mode protect writes one.",
        ),
        Mode::Protect | Mode::Allow => {
            snippet.note("Before 1.9.12, and in 2.0.0 to 2.0.2, an answer can make the function that reads it crash dnsdist (CVE-2026-24028).");
            block_lists(&mut snippet, "add 'zen.spamhaus.org.' to the names in domains:add");
            snippet.note("A packet cache that is filled already keeps what it has until it expires: restart dnsdist.");
        }
        Mode::Static => {}
    }
    Ok(snippet)
}

fn forward(plan: &Plan) -> String {
    let names = lua::table(plan.forwarded().iter().map(rooted));
    let server = plan.server();
    lua::block(&format!(
        "-- The name that it asks to see whether lanward is there must be one that lanward answers by itself.\n\
         newServer({{address='{server}', name='lanward', pool='lanward', checkName='{}'}})\n\
         local lanward = newSuffixMatchNode()\nlanward:add({names})\n\
         addAction(SuffixMatchNodeRule(lanward), PoolAction('lanward'))\n",
        rooted(ALWAYS)
    ))
}

/// The name that lanward answers by itself, whatever its configuration says.
const ALWAYS: &str = "localhost";

fn fixed(plan: &Plan) -> Result<String, Refusal> {
    let own = plan.own()?;
    let mut text = String::new();
    for chunk in own.chunk_by(|one, other| one.0 == other.0) {
        let addresses = chunk.iter().map(|(_, address): &(Name, IpAddr)| address);
        let addresses = lua::table(addresses);
        if let Some((name, _)) = chunk.first() {
            // What it has no address of would go on to the server behind it.
            let name = rooted(name);
            let _fits = writeln!(
                text,
                "addAction(QNameRule('{name}'), SpoofAction({addresses}))"
            );
            let _fits = writeln!(
                text,
                "addAction(QNameRule('{name}'), RCodeAction(DNSRCode.NOERROR))"
            );
        }
    }
    Ok(text)
}

fn protect(plan: &Plan) -> String {
    let [with, alone] = lua::allowed(plan);
    let nets = lua::long_table(plan.ranges());
    let with = lua::table(with.iter().map(rooted));
    let alone = lua::names(&alone);
    lua::block(&format!(
        "local private = newNMG()\nfor _, net in ipairs({nets}) do private:addMask(net) end\n\
         -- These domains, with all below them, and these names alone may have private addresses.\n\
         local domains = newSuffixMatchNode()\ndomains:add({with})\nlocal names = {alone}\n{PROTECTION}"
    ))
}

/// What the protection does, behind its lists.
const PROTECTION: &str = include_str!("dnsdist.lua");

/// A name as dnsdist writes names: with the root's dot.
fn rooted(name: impl Display) -> String {
    format!("{name}.")
}
