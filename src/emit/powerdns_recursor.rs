//! PowerDNS Recursor with YAML, and the script that all its versions share.
//!
//! Source: the manual of 5.4 (YAML settings, Lua scripts); measured with 4.8.8 and 5.4.9.

use std::fmt::Write;

use super::remark::block_lists;
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, lua};

/// PowerDNS Recursor with YAML.
pub(super) const TARGET: Target = Target {
    name: "powerdns-recursor",
    title: "PowerDNS Recursor",
    versions: "PowerDNS Recursor 5.1 and later (the target for 4.x and 5.0 is powerdns-recursor-4)",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &MODES,
        cannot: CANNOT,
        ask: "dig +short @RESOLVER",
        write,
    },
};

/// What the versions can do, the best first.
pub(super) const MODES: [Mode; 3] = [Mode::Forward, Mode::Protect, Mode::Static];
pub(super) const CANNOT: &[(Mode, &str)] = &[(
    Mode::Allow,
    "it has no protection of its own, so private answers pass for every domain; --mode protect writes a protection with the exceptions in it",
)];

/// A file for each mode: each has the key `recursor`, which may stand in a file once. The files' lists are joined.
fn place(mode: Mode) -> String {
    format!(
        "/etc/powerdns/recursor.d/lanward-{mode}.yml (read where recursor.conf has include_dir: /etc/powerdns/recursor.d)"
    )
}

const SCRIPT: &str = "/etc/powerdns/lanward-rebinding.lua";
const HOSTS: &str = "/etc/powerdns/lanward.hosts";

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let conf = |text: String| Part::file("conf", place(mode), Comment::Hash, text);
    let snippet = Snippet::new("systemctl restart pdns-recursor").checked_by(
        "pdns_recursor --config-dir=/etc/powerdns --config=check (of the YAML, not of Lua)",
    );
    let mut snippet = match mode {
        Mode::Forward => snippet.with(conf(forward(plan))),
        Mode::Static => snippet
            .with(conf(format!(
                "recursor:\n  export_etc_hosts: true\n  etc_hosts_file: {HOSTS}\n"
            )))
            .with(hosts(plan)?),
        Mode::Protect | Mode::Allow => snippet
            .with(conf(format!("recursor:\n  lua_dns_script: {SCRIPT}\n")))
            .with(script(plan)),
    };
    remarks(&mut snippet, mode);
    Ok(snippet)
}

fn forward(plan: &Plan) -> String {
    let mut text = String::from("recursor:\n  forward_zones_recurse:\n");
    let server = plan.server();
    for name in plan.forwarded() {
        let _fits = write!(
            text,
            "    - zone: '{name}'\n      forwarders: ['{server}']\n"
        );
    }
    text.push_str("dnssec:\n  negative_trustanchors:\n");
    for name in plan.forwarded() {
        let _fits = write!(
            text,
            "    - name: '{name}'\n      reason: 'answered by lanward'\n"
        );
    }
    text
}

/// The file with the names of the household's own servers.
pub(super) fn hosts(plan: &Plan) -> Result<Part, Refusal> {
    let mut text = String::new();
    for (name, address) in plan.own()? {
        let _fits = writeln!(text, "{address} {name}");
    }
    Ok(Part::file("hosts", HOSTS, Comment::Hash, text))
}

/// The script that is the protection: one exists in no version.
pub(super) fn script(plan: &Plan) -> Part {
    let [with, alone] = lua::allowed(plan);
    let nets = lua::long_table(plan.ranges());
    let (with, alone) = (lua::table(with), lua::names(&alone));
    let text = format!(
        "local private = newNMG()\nprivate:addMasks({nets})\n\
         -- These domains, with all below them, and these names alone may have private addresses.\n\
         local domains = newDS()\ndomains:add({with})\nlocal names = {alone}\n{PROTECTION}"
    );
    Part::file("script", SCRIPT, Comment::Dashes, text)
}

/// What the script does, behind its lists.
const PROTECTION: &str = include_str!("powerdns_recursor.lua");

/// What one must know about the versions.
pub(super) fn remarks(snippet: &mut Snippet, mode: Mode) {
    match mode {
        Mode::Protect => {
            snippet.note(
                "There is one script: where lua-dns-script (lua_dns_script) names another already, the two functions postresolve must become one.",
            );
            block_lists(snippet, "add 'zen.spamhaus.org' to the names in domains:add of the script");
        }
        Mode::Static => snippet.note(
            "There is one hosts file: where export-etc-hosts (export_etc_hosts) is on already, put the names into the file that is read there.",
        ),
        Mode::Forward => snippet.note(
            "PowerDNS Recursor has no protection of its own, so private answers pass for every other domain, too; --mode protect writes one.",
        ),
        Mode::Allow => {}
    }
}
