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

/// dnsmasq's options as values of lists. An old value is taken away first, so that none stands there twice.
fn lists(plan: &Plan, mode: Mode) -> Result<Vec<String>, Refusal> {
    let mut commands = Vec::new();
    for line in dnsmasq::lines(plan, mode)? {
        let (option, value) = line.split_once('=').unwrap_or((&line, "1"));
        let list = match option {
            "server" => "server",
            "rebind-domain-ok" => "rebind_domain",
            _ => {
                commands.push(format!("uci set {INSTANCE}.rebind_protection='{value}'"));
                continue;
            }
        };
        commands.push(format!("uci -q del_list {INSTANCE}.{list}='{value}'"));
        commands.push(format!("uci add_list {INSTANCE}.{list}='{value}'"));
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
    }
    Ok(commands)
}
