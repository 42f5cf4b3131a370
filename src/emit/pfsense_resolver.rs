//! pfSense's DNS Resolver, which is Unbound.
//!
//! Source: pfSense's unbound.inc: a domain override becomes `private-domain`, `domain-insecure` and `forward-zone`, and what stands in
//! the custom options comes after those.

use super::fields::{form, forms};
use super::{Comment, Job, Mode, Part, Place, Plan, Refusal, Runs, Snippet, Target};
use super::{pfsense, unbound};

/// pfSense with Unbound, as it comes.
pub(super) const TARGET: Target = Target {
    name: "pfsense-resolver",
    title: "pfSense's DNS Resolver",
    versions: "pfSense CE 2.7 and later, pfSense Plus 23.05 and later",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @ROUTER",
        write,
    },
};

const SECTION: &str = "unbound";

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut snippet = Snippet::new(pfsense::RELOAD).checked_by(
        "Save runs unbound-checkconf, and says what is wrong; a restored file is not tried",
    );
    if mode == Mode::Protect {
        snippet = snippet.with(pfsense::protection());
    }
    let special: Vec<String> = plan.special().map(ToString::to_string).collect();
    if mode == Mode::Forward && special.is_empty() {
        snippet =
            snippet
                .with(overrides(plan))
                .with(pfsense::overrides(SECTION, plan, unbound::written));
        snippet.note(
            "A domain override brings its exception from the protection and from DNSSEC with it.",
        );
    } else {
        let clauses = unbound::clauses(plan, mode)?;
        let xml = pfsense::options(SECTION, &clauses);
        snippet = snippet.with(custom(clauses)).with(xml);
        snippet.note("What stands in the custom options already stays, above these lines.");
    }
    if mode == Mode::Forward && !special.is_empty() {
        snippet.note(format!(
            "These are custom options and not domain overrides because Unbound may have answers of its own for {}, which an override leaves in force.",
            special.join(", ")
        ));
    }
    unbound::remarks(&mut snippet, plan, mode);
    Ok(snippet)
}

fn overrides(plan: &Plan) -> Part {
    let server = unbound::written(plan.server());
    let entries = plan.forwarded().iter().map(|name| {
        form(&[
            ("Domain", name.to_string()),
            ("IP Address", server.clone()),
            ("TLS Queries", "not ticked".to_owned()),
            ("Description", "lanward".to_owned()),
        ])
    });
    Part::menu(
        "overrides",
        "Services > DNS Resolver > General Settings > Domain Overrides > Add, once for each domain",
        forms(entries),
    )
}

fn custom(clauses: String) -> Part {
    let place = "Services > DNS Resolver > General Settings > Display Custom Options";
    Part::new(
        "custom",
        Place::Menu(place.to_owned()),
        Comment::Hash,
        clauses,
    )
}
