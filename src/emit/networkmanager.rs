//! NetworkManager, with the dnsmasq that it starts by itself.
//!
//! Source: NetworkManager.conf(5) of 1.52, section "main", dns.

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, dnsmasq};

/// NetworkManager.
pub(super) const TARGET: Target = Target {
    name: "networkmanager",
    title: "NetworkManager",
    versions: "NetworkManager 1.8 and later, with the program dnsmasq (Debian: dnsmasq-base)",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @127.0.0.1",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let lines = dnsmasq::lines(plan, mode)?.join("\n");
    let part = |name, path, text| Part::file(name, path, Comment::Hash, text);
    let mut snippet = Snippet::new("systemctl restart NetworkManager")
        .checked_by("dnsmasq --test -C /etc/NetworkManager/dnsmasq.d/lanward.conf")
        .with(part(
            "conf",
            "/etc/NetworkManager/conf.d/lanward.conf",
            "[main]\ndns=dnsmasq\n".to_owned(),
        ))
        .with(part(
            "dnsmasq",
            "/etc/NetworkManager/dnsmasq.d/lanward.conf",
            lines,
        ));
    dnsmasq::remarks(&mut snippet, plan, mode);
    snippet.note(
        "Where systemd-resolved runs, NetworkManager leaves DNS to it: write for systemd-resolved instead.",
    );
    if mode == Mode::Forward && plan.server().ip().is_loopback() && plan.server().port() == 53 {
        snippet.warn(
            "the dnsmasq of NetworkManager takes port 53 of 127.0.0.1 for itself: let lanward listen elsewhere, and name that with --server",
        );
    }
    Ok(snippet)
}
