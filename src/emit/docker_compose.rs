//! Docker Compose: which server the containers of a service ask, or what they find in their hosts file.
//!
//! Source: the Compose specification, `services`: `dns`, `extra_hosts`.

use std::fmt::Write;

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// A service of Docker Compose.
pub(super) const TARGET: Target = Target {
    name: "docker-compose",
    title: "Docker",
    versions: "Docker Compose 2 (1 as well, with a line version: above)",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &[Mode::Forward, Mode::Static],
        cannot: &[
            (
                Mode::Allow,
                "it blocks no private answers, so there is nothing to let through",
            ),
            (
                Mode::Protect,
                "it blocks no private answers. With --mode forward the service asks lanward for everything, and lanward blocks them",
            ),
        ],
        ask: "docker compose exec SERVICE getent ahosts",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    // The service's name is for the reader to fill in.
    let mut text = String::from("services:\n  SERVICE:\n");
    if mode == Mode::Static {
        text.push_str("    extra_hosts:\n");
        for (name, address) in plan.own()? {
            // The colon in place of the newer equals sign is read by all versions, before IPv6 addresses, too.
            let _fits = writeln!(text, "      - '{name}:{address}'");
        }
    } else {
        let ip = plan.server_on_port_53(TARGET.title)?;
        let _fits = writeln!(text, "    dns:\n      - '{ip}'");
    }
    let mut snippet = Snippet::new("docker compose up -d")
        .checked_by("docker compose config --quiet")
        .with(Part::file(
            "compose",
            "compose.override.yaml beside compose.yaml, with the service's name for SERVICE",
            Comment::Hash,
            text,
        ));
    if mode == Mode::Static {
        snippet.note("Docker writes these names into the container's /etc/hosts. A program that asks DNS by itself does not see them.");
    } else {
        snippet.note(
            "Docker knows no servers for single domains: the service asks lanward for all names.",
        );
        snippet.note(
            "Where lanward is a service beside it, that has a fixed ipv4_address, and this one waits for it (depends_on with condition \
             service_healthy): while nobody answers, Docker lets each question wait for four seconds.",
        );
        snippet.note("A second address below dns is asked while lanward does not answer; private answers come unchecked from there.");
    }
    Ok(snippet)
}
