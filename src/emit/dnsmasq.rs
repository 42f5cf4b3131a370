//! dnsmasq, and the lines that everything built on it shares.
//!
//! Source: dnsmasq(8) of 2.93; measured with 2.90 to 2.93.

use std::net::{IpAddr, SocketAddr};

use super::remark::takes_names_below;
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};
use crate::wire::Name;

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
    match mode {
        Mode::Allow => Ok(allow(plan)),
        Mode::Forward => Ok(forward(plan)),
        Mode::Protect => {
            let mut lines = vec!["stop-dns-rebind".to_owned()];
            lines.extend(allow(plan));
            Ok(lines)
        }
        Mode::Static => fixed(plan),
    }
}

fn allow(plan: &Plan) -> Vec<String> {
    let allowed = plan.allowed().iter();
    let lines = allowed.map(|suffix| format!("rebind-domain-ok=/{}/", suffix.name));
    lines.collect()
}

fn forward(plan: &Plan) -> Vec<String> {
    let server = written(plan.server());
    let names = plan.forwarded().iter();
    let servers = names.clone().map(|name| format!("server=/{name}/{server}"));
    let allowed = names.map(|name| format!("rebind-domain-ok=/{name}/"));
    servers.chain(allowed).collect()
}

fn fixed(plan: &Plan) -> Result<Vec<String>, Refusal> {
    let mut lines = Vec::new();
    for names in plan.own()?.chunk_by(|one, other| one.0 == other.0) {
        // `host-record` would give the address back to this name as well, in place of the one from DHCP.
        let records = names.iter();
        lines.extend(records.map(|(name, address)| format!("address=/{name}/{address}")));
        // Without it questions for the name's other types go upstream, and wait there while the line is down. Behind the addresses:
        // before 2.86 what stands last is looked at first, and "no such name" would remain for the other types.
        let first = names.first();
        lines.extend(first.map(|(name, _)| format!("local=/{name}/")));
    }
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

/// What becomes of loopback addresses while the protection is on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Loopback {
    /// They are blocked; how to let them through.
    Blocked(&'static str),
    /// The device lets them through by itself: who does that, and the safer way.
    Passes(&'static str, &'static str),
}

/// Where dnsmasq's protection is weaker, and what it needs besides.
pub(super) fn remarks(snippet: &mut Snippet, plan: &Plan, mode: Mode) {
    let loopback = Loopback::Blocked("add the line rebind-localhost-ok");
    remarks_with(snippet, plan, mode, loopback);
}

/// The same for a device with a way of its own with loopback addresses.
pub(super) fn remarks_with(snippet: &mut Snippet, plan: &Plan, mode: Mode, loopback: Loopback) {
    if mode == Mode::Static {
        fixed_remarks(snippet, plan);
        return;
    }
    snippet.weak(
        "dnsmasq lets addresses in HTTPS and SVCB records through for every domain. Safer: with 2.90 or later the line \
         filter-rr=HTTPS,SVCB, which takes such records out of all answers.",
    );
    if matches!(mode, Mode::Allow | Mode::Protect) {
        snippet.weak(
            "dnsmasq judges by the name of the question, so a name below an excepted domain may lead anywhere by an alias. \
             Safer: --mode forward, with which lanward answers for these domains.",
        );
    }
    if mode == Mode::Protect {
        protection(snippet, loopback);
    }
    if mode == Mode::Forward {
        let names = plan.forwarded().iter();
        let anchors: Vec<String> = names.map(|name| format!("trust-anchor={name}")).collect();
        snippet.note(format!(
            "Where dnsmasq 2.92 or later has the line dnssec, add a line for each domain: {}. Before 2.92 nothing is needed, and such a line would keep \
             dnsmasq from starting.",
            anchors.join(" ")
        ));
    } else {
        takes_names_below(snippet, plan, "dnsmasq");
    }
}

/// What the fixed names bring with them.
fn fixed_remarks(snippet: &mut Snippet, plan: &Plan) {
    snippet
        .note("All names below these have the same addresses, unless they have some of their own.");
    let own = plan.own().unwrap_or_default();
    let is_alike = |pair: &[(Name, IpAddr)]| match pair {
        [one, other] => one.0 == other.0 && one.1.is_ipv4() == other.1.is_ipv4(),
        _ => false,
    };
    if own.windows(2).any(is_alike) {
        snippet.note(
            "Before 2.86 dnsmasq gives one IPv4 and one IPv6 address for a name, not all of them.",
        );
    }
}

/// What `stop-dns-rebind` does not do: rfc1035.c, `private_net` and `private_net6`.
fn protection(snippet: &mut Snippet, loopback: Loopback) {
    let [zero, four, six] = match loopback {
        Loopback::Blocked(_) => ["0.0.0.0/8, ", "127.0.0.0/8, ", "::, ::1, "],
        Loopback::Passes(..) => [""; 3],
    };
    snippet.weak(format!(
        "dnsmasq has a list of its own: {zero}10.0.0.0/8, {four}169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16, the \
         networks for examples, 255.255.255.255, the same within ::ffff:0:0/96, {six}fd00::/8, fe80::/10, fec0::/10 and \
         2001:db8::/32. All else that is not public passes, such as NAT64's 64:ff9b::192.168.1.1, and before 2.92 also 100.64.0.0/10, where \
         carrier-grade NAT and Tailscale are. Safer: clients that ask lanward, with dnsmasq behind it.",
    ));
    match loopback {
        Loopback::Blocked(way) => snippet.note(format!(
            "With DNS block lists (a mail server that asks zen.spamhaus.org) {way}: their answers are in 127.0.0.0/8."
        )),
        Loopback::Passes(device, safer) => snippet.weak(format!(
            "{device} sets rebind-localhost-ok together with the protection, so that loopback addresses pass for every domain: 127.0.0.0/8, \
             0.0.0.0/8, ::1, ::, and the same within ::ffff:0:0/96. Safer: {safer}."
        )),
    }
}
