//! OpenWrt's dnsmasq, by the commands of its configuration.
//!
//! Source: dnsmasq.init of OpenWrt, which hands the values of `server` and `rebind_domain` to dnsmasq as they are; `uci` for the commands.

use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, dnsmasq};

/// OpenWrt with dnsmasq, as it comes.
pub(super) const TARGET: Target = Target {
    name: "openwrt",
    title: "OpenWrt's dnsmasq",
    versions: "OpenWrt 19.07 and later",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @ROUTER",
        write,
    },
};

/// The first instance of dnsmasq.
const INSTANCE: &str = "dhcp.@dnsmasq[0]";

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut commands = match mode {
        Mode::Static => fixed(plan)?,
        _ => lists(plan, mode)?,
    };
    commands.push("uci commit dhcp".to_owned());
    commands.push("service dnsmasq restart".to_owned());
    let place = "the router's own, as root (SSH); a second run changes nothing";
    let mut snippet = Snippet::new("service dnsmasq restart (the last command)")
        .checked_by("uci show dhcp")
        .with(Part::shell("uci", place, commands.join("\n")));
    dnsmasq::remarks(&mut snippet, plan, mode);
    if mode != Mode::Static {
        snippet.note("A line of dnsmasq that is named here goes into /etc/dnsmasq.conf, which OpenWrt's dnsmasq reads as well; rebind-localhost-ok is on as OpenWrt comes.");
        snippet.note("Where Unbound answers instead of dnsmasq, put what `lanward emit unbound` writes into /etc/unbound/unbound_ext.conf.");
    }
    if mode == Mode::Forward {
        snippet.note("When lanward moves to another address, take the old one away: uci show dhcp, uci del_list.");
    }
    Ok(snippet)
}

/// dnsmasq's options as values of lists.
fn lists(plan: &Plan, mode: Mode) -> Result<Vec<String>, Refusal> {
    let mut commands = Vec::new();
    for line in dnsmasq::lines(plan, mode)? {
        match line.split_once('=') {
            Some(("server", value)) => commands.extend(once("server", value)),
            Some((_, value)) => commands.extend(once("rebind_domain", value)),
            None => commands.push(format!("uci set {INSTANCE}.rebind_protection='1'")),
        }
    }
    Ok(commands)
}

/// The sections have names of their own, so that a second run meets them again.
fn fixed(plan: &Plan) -> Result<Vec<String>, Refusal> {
    let mut commands = Vec::new();
    for (number, (name, address)) in (1..).zip(plan.own()?) {
        let section = format!("dhcp.lanward_{number}");
        commands.push(format!("uci set {section}='domain'"));
        commands.push(format!("uci set {section}.name='{name}'"));
        commands.push(format!("uci set {section}.ip='{address}'"));
        // Without it questions for the name's other types go upstream, and wait there while the line is down.
        commands.extend(once("server", &format!("/{name}/")));
    }
    Ok(commands)
}

/// A value of a list. It is taken away first, so that it never stands there twice.
fn once(list: &str, value: &str) -> [String; 2] {
    [
        format!("uci -q del_list {INSTANCE}.{list}='{value}'"),
        format!("uci add_list {INSTANCE}.{list}='{value}'"),
    ]
}
