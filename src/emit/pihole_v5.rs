//! Pi-hole 5: the dnsmasq in it reads a folder.
//!
//! Source: docs.pi-hole.net; FTL carries dnsmasq 2.90 at the end of version 5.

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, dnsmasq};

/// Pi-hole 5.
pub(super) const TARGET: Target = Target {
    name: "pihole-v5",
    title: "Pi-hole 5",
    versions: "Pi-hole 5",
    runs: Runs::PerhapsInContainer,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

/// The folder's file, read after those of Pi-hole.
pub(super) const FILE: &str = "/etc/dnsmasq.d/99-lanward.conf";

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let text = dnsmasq::lines(plan, mode)?.join("\n");
    let mut snippet = Snippet::new("pihole restartdns")
        .checked_by("pihole-FTL dnsmasq-test")
        .with(Part::file("conf", FILE, Comment::Hash, text));
    dnsmasq::remarks(&mut snippet, plan, mode);
    remarks(&mut snippet, mode);
    Ok(snippet)
}

/// What Pi-hole adds to dnsmasq.
pub(super) fn remarks(snippet: &mut Snippet, mode: Mode) {
    if matches!(mode, Mode::Allow | Mode::Forward) {
        snippet.note(
            "Pi-hole leaves the protection of the dnsmasq in it off: rebind-domain-ok matters once stop-dns-rebind is there, which --mode protect \
             writes.",
        );
    }
    if mode == Mode::Forward {
        snippet.note(
            "pihole-FTL -vv says which dnsmasq is in it; the line dnssec is there if Use DNSSEC is on.",
        );
        snippet.note(
            "Conditional forwarding in the settings is no substitute: it takes the questions for addresses of a network along.",
        );
    }
}
