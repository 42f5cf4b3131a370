//! Windows: the Name Resolution Policy Table.
//!
//! Source: learn.microsoft.com, Add-DnsClientNrptRule. A namespace with a dot in front is all names below, one without is that
//! name alone.

use std::fmt::Write;

use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// The table that says which server Windows asks for which domain.
pub(super) const TARGET: Target = Target {
    name: "windows-nrpt",
    title: "Windows",
    versions: "Windows 10, Server 2016 and later",
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
                "it blocks no private answers. Have it ask lanward for everything: Settings > Network & internet > DNS server assignment",
            ),
            (
                Mode::Static,
                "the table knows no addresses of names. `lanward emit hosts` writes them for C:\\Windows\\System32\\drivers\\etc\\hosts",
            ),
        ],
        ask: "Resolve-DnsName",
        write,
    },
};

fn write(plan: &Plan, _forward: Mode) -> Result<Snippet, Refusal> {
    let ip = plan.server_on_port_53(TARGET.title)?;
    // Those of an earlier run go first, or each run would add the same again.
    let mut text = String::from(
        "Get-DnsClientNrptRule | Where-Object Comment -eq 'lanward' | Remove-DnsClientNrptRule -Force\n",
    );
    for name in plan.forwarded() {
        let _fits = writeln!(
            text,
            "Add-DnsClientNrptRule -Namespace '.{name}', '{name}' -NameServers '{ip}' -Comment 'lanward'"
        );
    }
    let mut snippet = Snippet::new("Clear-DnsClientCache")
        .checked_by("Get-DnsClientNrptPolicy -Effective")
        .with(Part::shell("rules", "PowerShell as administrator", text));
    snippet.note("The first line alone undoes it. nslookup does not know the table, and a browser with DNS over HTTPS of its own asks nobody here.");
    snippet.note("Where a group policy brings such rules, Windows leaves these out; they belong into that policy then.");
    Ok(snippet)
}
