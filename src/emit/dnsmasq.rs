//! dnsmasq, and the lines that everything built on it shares.
//!
//! Source: dnsmasq(8) of 2.93; measured with 2.90 to 2.93.

use std::net::{IpAddr, SocketAddr};

use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// dnsmasq as it comes.
pub(super) const TARGET: Target = Target {
    name: "dnsmasq",
    title: "dnsmasq",
    versions: "dnsmasq 2.76 and later",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let text = lines(plan, mode)?.join("\n");
    let place =
        "/etc/dnsmasq.d/lanward.conf (read where dnsmasq.conf has conf-dir=/etc/dnsmasq.d/,*.conf)";
    let mut snippet = Snippet::new("systemctl restart dnsmasq (SIGHUP does not read it again)")
        .checked_by("dnsmasq --test")
        .with(Part::file("conf", place, Comment::Hash, text));
    remarks(&mut snippet, plan, mode);
    Ok(snippet)
}

/// One option for each line, without the dashes of the command line.
pub(super) fn lines(plan: &Plan, mode: Mode) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    match mode {
        Mode::Allow => {}
        Mode::Forward => {
            let server = written(plan.server());
            let servers = plan.forwarded().iter();
            lines.extend(servers.map(|name| format!("server=/{name}/{server}")));
            let allowed = plan.forwarded().iter();
            lines.extend(allowed.map(|name| format!("rebind-domain-ok=/{name}/")));
            return Ok(lines);
        }
        Mode::Protect => lines.push("stop-dns-rebind".to_owned()),
        Mode::Static => {
            for (name, address) in plan.own()? {
                lines.push(format!("host-record={name},{address}"));
            }
            return Ok(lines);
        }
    }
    let allowed = plan.allowed().iter();
    lines.extend(allowed.map(|suffix| format!("rebind-domain-ok=/{}/", suffix.name)));
    Ok(lines)
}

/// An address and port as dnsmasq reads them; `@` would name the address to ask from, and is accepted without a word.
pub(super) fn written(server: SocketAddr) -> String {
    let ip: IpAddr = server.ip();
    match server.port() {
        53 => ip.to_string(),
        port => format!("{ip}#{port}"),
    }
}

/// The lines for a device on which a switch stands for `stop-dns-rebind`.
pub(super) fn lines_beside_switch(plan: &Plan, mode: Mode) -> Result<Vec<String>, Refusal> {
    match mode {
        Mode::Protect => lines(plan, Mode::Allow),
        _ => lines(plan, mode),
    }
}

/// Where dnsmasq's protection is weaker, and what it needs besides.
pub(super) fn remarks(snippet: &mut Snippet, plan: &Plan, mode: Mode) {
    if mode == Mode::Static {
        return;
    }
    snippet.weak(
        "dnsmasq lets addresses in HTTPS and SVCB records through for every domain, and before 2.92 also 100.64.0.0/10, where carrier-grade NAT and \
         Tailscale are.",
    );
    snippet.weak(
        "It judges by the name of the question, so an answer for an excepted domain may lead anywhere by an alias.",
    );
    if mode == Mode::Protect {
        snippet.note("With DNS block lists (a mail server that asks zen.spamhaus.org) add the line rebind-localhost-ok: their answers are in 127.0.0.0/8.");
    }
    if mode == Mode::Forward {
        let names = plan.forwarded().iter();
        let anchors: Vec<String> = names.map(|name| format!("trust-anchor={name}")).collect();
        snippet.note(format!(
            "Where dnsmasq 2.92 or later has the line dnssec, add: {}. Before 2.92 nothing is needed, and that line would keep dnsmasq from starting.",
            anchors.join(" ")
        ));
    }
}
