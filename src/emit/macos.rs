//! macOS: a file for each domain that has a resolver of its own.
//!
//! Source: resolver(5).

use std::fmt::Write;

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};
use crate::wire::Name;

/// The resolver of macOS.
pub(super) const TARGET: Target = Target {
    name: "macos",
    title: "macOS",
    versions: "macOS 11 and later",
    runs: Runs::InClient,
    job: Job::Resolver {
        modes: &[Mode::Forward],
        cannot: &[
            (
                Mode::Allow,
                "it blocks no private answers, so there is nothing to let through",
            ),
            (
                Mode::Protect,
                "it blocks no private answers. Have it ask lanward for everything: System Settings > Network > Details > DNS",
            ),
            (
                Mode::Static,
                "/etc/resolver knows no addresses. `lanward emit hosts` writes them for /etc/hosts",
            ),
        ],
        ask: "dscacheutil -q host -a name",
        write,
    },
};

#[expect(clippy::unnecessary_wraps, reason = "other targets refuse")]
fn write(plan: &Plan, _forward: Mode) -> Result<Snippet, Refusal> {
    let server = plan.server();
    let (ip, port) = (server.ip(), server.port());
    let mut text = String::from("sudo mkdir -p /etc/resolver\n");
    for name in plan.forwarded() {
        let _fits = writeln!(
            text,
            "printf 'nameserver %s\\nport %s\\n' {ip} {port} | sudo tee /etc/resolver/{name} >/dev/null"
        );
    }
    let mut snippet = Snippet::new("sudo dscacheutil -flushcache; sudo killall -HUP mDNSResponder")
        .checked_by("scutil --dns")
        // Not to paste: zsh takes lines with # for commands when it is typed to, and `>>>` for where output goes.
        .with(Part::file(
            "resolver",
            "lanward.sh; then in Terminal: sh lanward.sh",
            Comment::Hash,
            text,
        ));
    snippet.note("Do not paste it into Terminal: zsh takes the comments for commands there.");
    snippet.note("To undo it, remove the files. dig, host and nslookup do not read them, and a browser with DNS over HTTPS of its own asks nobody here.");
    let is_local = |name: &&Name| name.labels().last() == Some(b"local");
    if let Some(name) = plan.forwarded().iter().find(is_local) {
        snippet.warn(format!(
            "{name}: names that end in .local are looked up by multicast first, so these answers may come late or not at all"
        ));
    }
    Ok(snippet)
}
