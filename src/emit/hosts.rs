//! A hosts file, for one machine.
//!
//! Source: hosts(5).

use std::fmt::Write;

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// A hosts file.
pub(super) const TARGET: Target = Target {
    name: "hosts",
    title: "The hosts file",
    versions: "Linux, macOS, Windows and nearly everything else",
    runs: Runs::InClient,
    job: Job::Resolver {
        modes: &[Mode::Static],
        cannot: &[
            (
                Mode::Allow,
                "it blocks nothing, so there is nothing to let through",
            ),
            (
                Mode::Forward,
                "it knows single names, no domains and no servers. The machine's resolver can: `lanward emit systemd-resolved`, macos or windows-nrpt",
            ),
            (
                Mode::Protect,
                "it blocks nothing. Have the machine ask lanward",
            ),
        ],
        ask: "getent ahosts",
        write,
    },
};

fn write(plan: &Plan, _static: Mode) -> Result<Snippet, Refusal> {
    let mut text = String::new();
    for (name, address) in plan.own()? {
        let _fits = writeln!(text, "{address} {name}");
    }
    let place =
        "/etc/hosts (Windows: C:\\Windows\\System32\\drivers\\etc\\hosts, as administrator)";
    let mut snippet =
        Snippet::new("nothing: the file is read for each question; restart a browser")
            .with(Part::file("hosts", place, Comment::Hash, text));
    snippet.note("It helps this machine alone, and only programs that ask the system; when the server gets another address, these lines are wrong.");
    Ok(snippet)
}
