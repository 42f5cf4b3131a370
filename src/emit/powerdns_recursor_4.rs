//! PowerDNS Recursor with the settings of old.
//!
//! Source: the manual of 4.8; measured with 4.8.8.

use std::fmt::Write;

use super::powerdns_recursor::{CANNOT, MODES, hosts, remarks, script};
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// PowerDNS Recursor with the settings of old.
pub(super) const TARGET: Target = Target {
    name: "powerdns-recursor-4",
    title: "PowerDNS Recursor 4",
    versions: "PowerDNS Recursor 4.5 to 5.0, and later ones with old-style settings",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &MODES,
        cannot: CANNOT,
        ask: "dig +short @RESOLVER",
        write,
    },
};

/// A file for each mode, as for later versions.
fn place(mode: Mode) -> String {
    format!(
        "/etc/powerdns/recursor.d/lanward-{mode}.conf (read where recursor.conf has include-dir=/etc/powerdns/recursor.d)"
    )
}

/// Debian's own file, which loads the root's keys: another one in its place would take them away.
const LUA: &str = "/etc/powerdns/recursor.lua, behind what is there (the file that lua-config-file names; there can be only one)";

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let conf = |text: String| Part::file("conf", place(mode), Comment::Hash, text);
    let snippet = Snippet::new("systemctl restart pdns-recursor").checked_by(
        "pdns_recursor --config-dir=/etc/powerdns --config=check (of the settings, not of Lua)",
    );
    let mut snippet = match mode {
        Mode::Forward => {
            let lua = Part::file("lua", LUA, Comment::Dashes, exemption(plan));
            snippet.with(conf(forward(plan))).with(lua)
        }
        Mode::Static => {
            let hosts = hosts(plan)?;
            let text = format!("export-etc-hosts=yes\netc-hosts-file={}\n", path(&hosts));
            snippet.with(conf(text)).with(hosts)
        }
        Mode::Protect | Mode::Allow => {
            let script = script(plan);
            let text = format!("lua-dns-script={}\n", path(&script));
            snippet.with(conf(text)).with(script)
        }
    };
    remarks(&mut snippet, mode);
    Ok(snippet)
}

fn forward(plan: &Plan) -> String {
    let mut text = String::new();
    for name in plan.forwarded() {
        let _fits = writeln!(text, "forward-zones-recurse+={name}={}", plan.server());
    }
    text
}

fn exemption(plan: &Plan) -> String {
    let mut text = String::new();
    for name in plan.forwarded() {
        let _fits = writeln!(text, "addNTA('{name}', 'answered by lanward')");
    }
    text
}

fn path(part: &Part) -> String {
    part.place.to_string()
}
