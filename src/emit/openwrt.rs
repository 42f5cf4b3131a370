//! OpenWrt's dnsmasq, by the commands of its configuration.
//!
//! Source: dnsmasq.init of OpenWrt, which hands the values of `server` and `rebind_domain` to dnsmasq as they are; `uci` for the commands.

use super::dnsmasq::{self, Loopback};
use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

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
    if mode == Mode::Static {
        snippet.note("Asked for the name of an address (dig -x), OpenWrt gives the one that stands here, in place of the one from DHCP.");
    } else {
        let loopback = Loopback::Blocked("run the same with rebind_localhost='1'");
        dnsmasq::remarks_with(&mut snippet, plan, mode, loopback);
        snippet.note("A line of dnsmasq that is named here goes into /etc/dnsmasq.conf, which OpenWrt's dnsmasq reads as well.");
        snippet.note(format!(
            "Where Unbound answers instead of dnsmasq, put what `lanward emit unbound --mode {mode}` writes into /etc/unbound/unbound_ext.conf, \
             then service unbound restart."
        ));
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
            None => {
                commands.push(format!("uci set {INSTANCE}.rebind_protection='1'"));
                // As OpenWrt comes, loopback addresses pass.
                commands.push(format!("uci set {INSTANCE}.rebind_localhost='0'"));
            }
        }
    }
    Ok(commands)
}

/// The sections have names of their own, so that a second run meets them again; it takes those of the first away, which may have
/// had more names.
fn fixed(plan: &Plan) -> Result<Vec<String>, Refusal> {
    let mut commands = vec![format!(
        "n=1; while name=$(uci -q get dhcp.lanward_$n.name); do uci -q del_list {INSTANCE}.server=\"/$name/\"; \
         uci -q delete dhcp.lanward_$n; n=$((n+1)); done"
    )];
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
