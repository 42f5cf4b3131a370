//! FRITZ!Box.

use super::fields::list;
use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, remark};

const TITLE: &str = "FRITZ!Box";

/// FRITZ!Box.
pub(super) const TARGET: Target = Target {
    name: "fritzbox",
    title: TITLE,
    versions: "FRITZ!OS 7 and later",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &[Mode::Allow],
        cannot: &[
            (
                Mode::Forward,
                "it hands all questions to the same servers. Let the clients ask lanward: Home Network > Network > Network Settings > IPv4 \
                 Settings > Local DNS server, with lanward's address, on port 53",
            ),
            (
                Mode::Protect,
                "its protection is always on, with nothing to set but exceptions: use --mode allow",
            ),
            (
                Mode::Static,
                "it has no DNS entries of its own that could hold such a name. Use --mode allow, or let the clients ask lanward",
            ),
        ],
        ask: "dig +short @fritz.box",
        write,
    },
};

#[expect(clippy::unnecessary_wraps, reason = "other targets refuse")]
fn write(plan: &Plan, _: Mode) -> Result<Snippet, Refusal> {
    let names = plan.allowed().iter().map(|suffix| suffix.name);
    let mut snippet = Snippet::new("Apply; restart the box, or wait until it has forgotten its earlier answers")
        .with(Part::menu(
            "names",
            "Home Network > Network > Network Settings > More Settings > DNS Rebind Protection > Host name exceptions, one in each line",
            list(names),
        ));
    snippet.weak(
        "An exception holds for everything below its domain, and a name there may lead to any address. Safer: clients that ask lanward, which \
         reads the address out of the name (Home Network > Network > Network Settings > IPv4 Settings > Local DNS server, and for IPv6 the \
         DNSv6 server).",
    );
    snippet.note("The box asks for whole host names; a domain covers those below it. It forgets the exceptions with a factory reset.");
    remark::takes_names_below(&mut snippet, plan, TITLE);
    Ok(snippet)
}
