//! systemd-resolved, which hands domains to servers of their own and protects nobody.
//!
//! Source: resolved.conf(5), systemd.dns-delegate(5), dnssec-trust-anchors.d(5); measured with 257 and 262.

use std::fmt::Write;

use super::{Comment, Job, Mode, Part, Plan, Runs, Snippet, Target};

/// systemd-resolved.
pub(super) const TARGET: Target = Target {
    name: "systemd-resolved",
    title: "systemd-resolved",
    versions: "systemd 246 and later",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &[Mode::Forward],
        cannot: &[
            (
                Mode::Allow,
                "it has no protection, so private answers pass for every domain",
            ),
            (
                Mode::Protect,
                "it has no protection; let it ask lanward about everything: DNS=ADDRESS:PORT and Domains=~. in resolved.conf",
            ),
            (
                Mode::Static,
                "it has no names of its own but those in /etc/hosts; `lanward emit hosts` writes them",
            ),
        ],
        ask: "resolvectl query",
        write: |plan, _| Ok(forward(plan)),
    },
};

fn forward(plan: &Plan) -> Snippet {
    let domains: Vec<String> = plan
        .forwarded()
        .iter()
        .map(|name| format!("~{name}"))
        .collect();
    let keys = format!(
        "DNS={}\nDomains={}\n",
        written(plan.server()),
        domains.join(" ")
    );
    let part = |name, path, text| Part::file(name, path, Comment::Hash, text);
    let mut snippet = Snippet::new("systemctl restart systemd-resolved")
        .checked_by("resolvectl status")
        .with(part(
            "delegate",
            "/etc/systemd/dns-delegate.d/lanward.dns-delegate (systemd 258 and later)",
            format!("[Delegate]\n{keys}"),
        ))
        .with(part(
            "conf",
            "/etc/systemd/resolved.conf.d/lanward.conf (before systemd 258, in place of the file above)",
            format!("[Resolve]\n{keys}"),
        ))
        // Only a semicolon begins a comment there: any other line is a name (resolved-dns-trust-anchor.c).
        .with(Part::file(
            "negative",
            "/etc/dnssec-trust-anchors.d/lanward.negative (only where DNSSEC= is not no)",
            Comment::Semicolon,
            anchors(plan),
        ));
    snippet.note(
        "Before systemd 258 lanward is asked about other names as well, for a server in resolved.conf is one for everything.",
    );
    snippet.note(
        "It has no protection, so private answers pass for every domain that it does not ask lanward about.",
    );
    snippet
}

/// Versions before 246 know no port, and need none for 53.
fn written(server: std::net::SocketAddr) -> String {
    match server.port() {
        53 => server.ip().to_string(),
        _ => server.to_string(),
    }
}

/// The domains that are not signed. Such a file takes the place of the built-in list, which therefore is in it.
fn anchors(plan: &Plan) -> String {
    let mut text = String::new();
    for name in plan.forwarded() {
        let _fits = writeln!(text, "{name}");
    }
    text.push_str("; What systemd-resolved knows without such a file:\n");
    for name in BUILTIN {
        let _fits = writeln!(text, "{name}");
    }
    for octet in 16..=31 {
        let _fits = writeln!(text, "{octet}.172.in-addr.arpa");
    }
    text
}

/// `dns_trust_anchor_add_builtin_negative` of systemd 257, without 16.172.in-addr.arpa to 31.172.in-addr.arpa.
const BUILTIN: [&str; 16] = [
    "test",
    "local",
    "home",
    "corp",
    "lan",
    "intranet",
    "internal",
    "private",
    "home.arpa",
    "resolver.arpa",
    "10.in-addr.arpa",
    "168.192.in-addr.arpa",
    "170.0.0.192.in-addr.arpa",
    "171.0.0.192.in-addr.arpa",
    "ipv4only.arpa",
    "d.f.ip6.arpa",
];
