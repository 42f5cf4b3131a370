//! CoreDNS: server blocks of its Corefile.
//!
//! Source: coredns/coredns 4b26cced3, the pages of its plugins `forward`, `hosts` and `reload`.

use std::fmt::Write;

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// CoreDNS as it comes.
pub(super) const TARGET: Target = Target {
    name: "coredns",
    title: "CoreDNS",
    versions: "CoreDNS 1.5 and later",
    runs: Runs::PerhapsInContainer,
    job: Job::Resolver {
        modes: MODES,
        cannot: CANNOT,
        ask: "dig +short @RESOLVER",
        write,
    },
};

/// What CoreDNS can do.
pub(super) const MODES: &[Mode] = &[Mode::Forward, Mode::Static];

/// What it cannot do.
pub(super) const CANNOT: &[(Mode, &str)] = &[
    (
        Mode::Allow,
        "it blocks no private answers, so there is nothing to let through",
    ),
    (
        Mode::Protect,
        "it has no such protection, and the plugins that add one must be compiled in and leave much out. Have it ask a protected resolver: in the \
         block .:53 write forward . with lanward's address",
    ),
];

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let place = "Corefile (/etc/coredns/Corefile), beside the block .:53; another port there belongs here as well";
    let reload = "kill -USR1 with the process id of coredns (with the line reload in .:53 nothing: it looks every 30 seconds)";
    let mut snippet = Snippet::new(reload).with(Part::file(
        "corefile",
        place,
        Comment::Hash,
        blocks(plan, mode)?,
    ));
    remarks(&mut snippet, mode);
    Ok(snippet)
}

/// The server blocks, one for each name.
pub(super) fn blocks(plan: &Plan, mode: Mode) -> Result<String, Refusal> {
    let mut text = String::new();
    if mode != Mode::Static {
        for name in plan.forwarded() {
            let server = plan.server();
            open(&mut text, name);
            line(&mut text, format_args!("    cache 30"));
            line(&mut text, format_args!("    forward . {server}"));
            line(&mut text, format_args!("}}"));
        }
        return Ok(text);
    }
    let own = plan.own()?;
    for chunk in own.chunk_by(|one, other| one.0 == other.0) {
        let Some((name, _)) = chunk.first() else {
            continue;
        };
        open(&mut text, name);
        line(&mut text, format_args!("    hosts {{"));
        for (name, address) in chunk {
            line(&mut text, format_args!("        {address} {name}"));
        }
        line(&mut text, format_args!("    }}"));
        line(&mut text, format_args!("}}"));
    }
    Ok(text)
}

fn open(text: &mut String, name: &crate::wire::Name) {
    line(text, format_args!("{name}:53 {{"));
    line(text, format_args!("    errors"));
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _fits = writeln!(text, "{line}");
}

/// What else one must know.
pub(super) fn remarks(snippet: &mut Snippet, mode: Mode) {
    if mode == Mode::Forward {
        snippet.note("CoreDNS neither validates DNSSEC nor blocks private answers, so no exceptions are needed.");
    }
    snippet.weak(
        "CoreDNS has no protection from rebinding: for all other domains it hands private answers out. Safer: in the block .:53 write forward . with \
         lanward's address, so that lanward judges every answer.",
    );
}
