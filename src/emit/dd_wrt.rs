//! DD-WRT's dnsmasq.

use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, dnsmasq};

/// DD-WRT.
pub(super) const TARGET: Target = Target {
    name: "dd-wrt",
    title: "DD-WRT",
    versions: "DD-WRT with dnsmasq 2.76 and later",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @ROUTER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    const PAGE: &str = "Services > Services > Dnsmasq";
    let lines = dnsmasq::lines_beside_switch(plan, mode)?;
    let mut snippet = Snippet::new("Apply Settings");
    if mode == Mode::Protect {
        snippet = snippet.with(Part::menu(
            "switch",
            PAGE,
            "No DNS Rebind: Enable (as DD-WRT comes)",
        ));
    }
    let mut snippet = snippet.with(Part::menu(
        "options",
        format!("{PAGE} > Additional Dnsmasq Options, below what stands there already"),
        lines.join("\n"),
    ));
    dnsmasq::remarks(&mut snippet, plan, mode);
    Ok(snippet)
}
