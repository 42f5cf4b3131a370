//! FreshTomato's dnsmasq.

use super::dnsmasq::{self, Loopback};
use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// FreshTomato.
pub(super) const TARGET: Target = Target {
    name: "freshtomato",
    title: "FreshTomato",
    versions: "FreshTomato with dnsmasq 2.76 and later",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @ROUTER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    const PAGE: &str = "Advanced > DHCP/DNS/TFTP";
    let lines = dnsmasq::lines_beside_switch(plan, mode)?;
    let mut snippet = Snippet::new("Save");
    if mode == Mode::Protect {
        snippet = snippet.with(Part::menu(
            "switch",
            PAGE,
            "Prevent DNS-rebind attacks: ticked",
        ));
    }
    let mut snippet = snippet.with(Part::menu(
        "options",
        format!("{PAGE} > Dnsmasq custom configuration, below what stands there already"),
        lines.join("\n"),
    ));
    let loopback = Loopback::Passes(
        "FreshTomato",
        "leave that box unticked, and put the line stop-dns-rebind below the others",
    );
    dnsmasq::remarks_with(&mut snippet, plan, mode, loopback);
    Ok(snippet)
}
