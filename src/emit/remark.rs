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

/// Says that answers of DNS block lists are blocked as well, being in 127.0.0.0/8 (RFC 5782), and what lets those of a list through.
pub(super) fn block_lists(snippet: &mut Snippet, remedy: &str) {
    snippet.note(format!(
        "Answers of DNS block lists are in 127.0.0.0/8, so that a mail server which asks zen.spamhaus.org finds no sender listed any more. Where there is \
         such a server, {remedy}, and so for each of its lists; or have it written here, by [[rebinding.allow]] in lanward's configuration with \
         ranges = [\"127.0.0.0/8\"]."
    ));
}
