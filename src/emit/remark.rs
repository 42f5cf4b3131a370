//! What is said of more than one target.

use super::{Plan, Snippet};

/// Says which names are allowed with all below them, though they are meant alone.
pub(super) fn takes_names_below(snippet: &mut Snippet, plan: &Plan, title: &str) {
    let alone = plan.allowed().iter().filter(|suffix| !suffix.subdomains);
    let names: Vec<String> = alone.map(|suffix| suffix.name.to_string()).collect();
    if !names.is_empty() {
        snippet.note(format!(
            "{title} knows no exception for one name alone: all names below {} are let through as well.",
            names.join(", ")
        ));
    }
}
