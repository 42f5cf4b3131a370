//! dnscrypt-proxy, with its lists in files of their own.
//!
//! Source: `example-dnscrypt-proxy.toml` of 2.1.18 and `plugin_block_ip.go`; measured with 2.1.8 and 2.1.18.

use std::fmt::Write;

use ipnet::{IpNet, Ipv4Net};

use super::remark::block_lists;
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// dnscrypt-proxy.
pub(super) const TARGET: Target = Target {
    name: "dnscrypt-proxy",
    title: "dnscrypt-proxy",
    versions: "dnscrypt-proxy 2.1.0 and later",
    runs: Runs::Anywhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @RESOLVER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let snippet = Snippet::new("systemctl restart dnscrypt-proxy")
        .checked_by("dnscrypt-proxy -config /etc/dnscrypt-proxy/dnscrypt-proxy.toml -check");
    let (sections, files) = match mode {
        Mode::Forward => ([FORWARDING, ""], vec![forwarding(plan)]),
        Mode::Static => ([CLOAKING, ""], vec![cloaking(plan)?]),
        Mode::Allow => ([ALLOWED, ""], vec![allowed(plan)]),
        Mode::Protect => ([BLOCKED, ALLOWED], vec![blocked(plan), allowed(plan)]),
    };
    let place = match mode {
        Mode::Forward | Mode::Static => {
            "/etc/dnscrypt-proxy/dnscrypt-proxy.toml, in front of its first line in [brackets]"
        }
        Mode::Allow | Mode::Protect => "/etc/dnscrypt-proxy/dnscrypt-proxy.toml, at its end",
    };
    let snippet = snippet.with(Part::file("conf", place, Comment::Hash, sections.concat()));
    let mut snippet = files.into_iter().fold(snippet, Snippet::with);
    remarks(&mut snippet, mode);
    Ok(snippet)
}

const FORWARDING: &str = "forwarding_rules = '/etc/dnscrypt-proxy/lanward-forwarding-rules.txt'\n";
const CLOAKING: &str = "cloaking_rules = '/etc/dnscrypt-proxy/lanward-cloaking-rules.txt'\n";
const ALLOWED: &str =
    "[allowed_names]\nallowed_names_file = '/etc/dnscrypt-proxy/lanward-allowed-names.txt'\n";
const BLOCKED: &str =
    "[blocked_ips]\nblocked_ips_file = '/etc/dnscrypt-proxy/lanward-blocked-ips.txt'\n";

/// A list of its own, in the folder of the configuration.
fn list(name: &'static str, text: String) -> Part {
    let path = format!("/etc/dnscrypt-proxy/lanward-{name}.txt");
    Part::file(name, path, Comment::Hash, text)
}

fn forwarding(plan: &Plan) -> Part {
    let mut text = String::new();
    for name in plan.forwarded() {
        let _fits = writeln!(text, "{name} {}", plan.server());
    }
    list("forwarding-rules", text)
}

fn cloaking(plan: &Plan) -> Result<Part, Refusal> {
    let mut text = String::new();
    for (name, address) in plan.own()? {
        let _fits = writeln!(text, "={name} {address}");
    }
    Ok(list("cloaking-rules", text))
}

fn allowed(plan: &Plan) -> Part {
    let mut text = String::new();
    for suffix in plan.allowed() {
        let mark = if suffix.subdomains { "*." } else { "=" };
        let _fits = writeln!(text, "{mark}{}", suffix.name);
    }
    list("allowed-names", text)
}

/// Networks of IPv4 stand there as prefixes as well, for before 2.1.16 a network is ignored without a word. Since then only a network
/// catches an IPv6 address with an IPv4 address in it.
fn blocked(plan: &Plan) -> Part {
    let mut text = String::new();
    for range in plan.ranges() {
        if let IpNet::V4(net) = range {
            prefixes(&mut text, *net);
        }
        let _fits = writeln!(text, "{range}");
    }
    list("blocked-ips", text)
}

/// A network as prefixes of whole octets: `172.16.*`, `172.17.*` and so on. One that is smaller than 256 addresses stands there address by
/// address.
fn prefixes(text: &mut String, net: Ipv4Net) {
    let octets = net.prefix_len().div_ceil(8).max(1);
    for part in net.subnets(octets * 8).into_iter().flatten() {
        let shown: Vec<String> = (part.network().octets().iter())
            .take(usize::from(octets))
            .map(u8::to_string)
            .collect();
        let rest = if octets < 4 { ".*" } else { "" };
        let _fits = writeln!(text, "{}{rest}", shown.join("."));
    }
}

fn remarks(snippet: &mut Snippet, mode: Mode) {
    if matches!(mode, Mode::Allow | Mode::Protect) {
        snippet.weak("Addresses in HTTPS and SVCB records pass for every domain. Safer: clients that ask lanward.");
        snippet.weak(
            "It judges by the name of the question, so an answer for an excepted domain may lead anywhere by an alias.",
        );
        snippet.weak("Answers of servers in its forwarding rules are never judged.");
        snippet.note(
            "A line in [brackets] may stand in the file once. Where it is there already, put the line below it below that one.",
        );
    }
    match mode {
        Mode::Protect => {
            snippet.weak("Before 2.1.16 the lines with IPv6 networks are ignored without a word.");
            block_lists(snippet, "add the line *.zen.spamhaus.org to the allowed names");
        }
        Mode::Forward => snippet.note(
            "Where forwarding_rules names another file already, put the lines of lanward-forwarding-rules.txt into that one.",
        ),
        Mode::Static => snippet.note(
            "Where cloaking_rules names another file already, put the lines of lanward-cloaking-rules.txt into that one.",
        ),
        Mode::Allow => {}
    }
}
