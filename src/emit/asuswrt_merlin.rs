//! Asuswrt-Merlin's dnsmasq. ASUS's own firmware has no file for more options.

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, dnsmasq};

/// Asuswrt-Merlin.
pub(super) const TARGET: Target = Target {
    name: "asuswrt-merlin",
    title: "Asuswrt-Merlin",
    versions: "Asuswrt-Merlin 384.6 and later, not ASUS's own firmware",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @ROUTER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let lines = dnsmasq::lines_beside_switch(plan, mode)?;
    let mut snippet = Snippet::new("service restart_dnsmasq")
        .checked_by("after the restart: dnsmasq --test (the lines are then in /etc/dnsmasq.conf)");
    if mode == Mode::Protect {
        snippet = snippet.with(Part::menu(
            "switch",
            "WAN > Internet Connection",
            "Enable DNS Rebind protection: Yes",
        ));
    }
    let mut snippet = snippet.with(Part::file(
        "file",
        "/jffs/configs/dnsmasq.conf.add",
        Comment::Hash,
        lines.join("\n"),
    ));
    snippet.note("The file is read only with Administration > System > Enable JFFS custom scripts and configs: Yes.");
    if mode == Mode::Protect {
        snippet.note("Some versions have the switch under LAN > DHCP Server.");
    }
    dnsmasq::remarks(&mut snippet, plan, mode);
    Ok(snippet)
}
