//! The dnsmasq of EdgeOS, and of the UniFi Security Gateway, which is built on it.

use serde_json::json;

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, dnsmasq};

/// EdgeRouter and UniFi Security Gateway.
pub(super) const TARGET: Target = Target {
    name: "edgeos",
    title: "EdgeOS",
    versions: "EdgeOS on an EdgeRouter, and the UniFi Security Gateway (USG)",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @ROUTER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let lines = dnsmasq::lines(plan, mode)?;
    let mut commands = vec!["configure".to_owned()];
    commands
        .extend((lines.iter()).map(|line| format!("set service dns forwarding options {line}")));
    commands.extend(["commit", "save", "exit"].map(str::to_owned));
    let gateway = json!({ "service": { "dns": { "forwarding": { "options": lines } } } });
    let mut snippet = Snippet::new("commit (among the commands); for the file of a USG: force a provisioning in the controller")
        .checked_by("on the router, after the reload: sudo dnsmasq --test")
        .with(Part::shell(
            "commands",
            "EdgeRouter's own (SSH, or CLI in the web interface)",
            commands.join("\n"),
        ))
        .with(Part::file(
            "usg",
            "config.gateway.json in the site's folder on the UniFi controller, only for a USG, which forgets commands",
            Comment::None,
            format!("{gateway:#}"),
        ));
    snippet.note("A line of dnsmasq that is named here is given as the others are: set service dns forwarding options LINE.");
    snippet.note("On a USG: merge it by hand where there is such a file already.");
    dnsmasq::remarks(&mut snippet, plan, mode);
    if mode == Mode::Forward {
        snippet.note(
            "When lanward moves to another address, take the old one away before the commit, or it is asked as well: show service dns \
             forwarding options, then for each domain delete service dns forwarding options server=/DOMAIN/OLD (on a USG: its line in the file).",
        );
    }
    Ok(snippet)
}
