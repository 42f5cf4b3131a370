//! pfSense's DNS Forwarder, which is dnsmasq.
//!
//! Source: pfSense's services.inc, which splits the custom options at white space and puts two hyphens in front of each word.

use super::dnsmasq::{self, Loopback};
use super::fields::{form, forms};
use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, pfsense};

/// pfSense with dnsmasq.
pub(super) const TARGET: Target = Target {
    name: "pfsense-forwarder",
    title: "pfSense's DNS Forwarder",
    versions: "pfSense CE 2.7 and later, pfSense Plus 23.05 and later",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @ROUTER",
        write,
    },
};

const SECTION: &str = "dnsmasq";

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut snippet = Snippet::new(pfsense::RELOAD)
        .checked_by("Save tries the options, and says what is wrong; a restored file is not tried");
    if mode == Mode::Protect {
        snippet = snippet.with(pfsense::protection());
    }
    let has_override = mode == Mode::Forward && plan.server().port() == 53;
    if has_override {
        snippet =
            snippet
                .with(overrides(plan))
                .with(pfsense::overrides(SECTION, plan, dnsmasq::written));
        snippet.note("A domain override brings its exception from the protection with it.");
    } else {
        let options = dnsmasq::lines_beside_switch(plan, mode)?;
        let options = options.join("\n") + "\n";
        let xml = pfsense::options(SECTION, &options);
        let menu =
            "Services > DNS Forwarder > Custom options (no comments: each word is an option)";
        snippet = snippet.with(Part::menu("custom", menu, options)).with(xml);
        snippet.note("What stands in the custom options already stays, above these lines.");
    }
    if mode == Mode::Forward && !has_override {
        snippet.note("These are custom options and not domain overrides, which take an address without a port.");
    }
    let loopback = Loopback::Passes("pfSense", "clients that ask lanward");
    dnsmasq::remarks_with(&mut snippet, plan, mode, loopback);
    Ok(snippet)
}

fn overrides(plan: &Plan) -> Part {
    let server = plan.server().ip();
    let entries = plan.forwarded().iter().map(|name| {
        form(&[
            ("Domain", name.to_string()),
            ("IP Address", server.to_string()),
            ("Description", "lanward".to_owned()),
        ])
    });
    Part::menu(
        "overrides",
        "Services > DNS Forwarder > Domain Overrides > Add, once for each domain",
        forms(entries),
    )
}
