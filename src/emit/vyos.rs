//! VyOS, whose forwarder is the PowerDNS Recursor.
//!
//! Source: `service_dns_forwarding.xml.in` and `system_static-host-mapping.xml.in` of vyos-1x.

use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

/// VyOS.
pub(super) const TARGET: Target = Target {
    name: "vyos",
    title: "VyOS",
    versions: "VyOS 1.4 and later",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &[Mode::Forward, Mode::Static],
        cannot: &[
            (
                Mode::Allow,
                "its forwarder has no protection against DNS rebinding, so private answers pass already. Where they do not, the resolver behind it \
                 blocks them: let the names go to lanward with --mode forward",
            ),
            (
                Mode::Protect,
                "its forwarder has no protection against DNS rebinding. Let the clients ask lanward: set service dhcp-server \
                 shared-network-name NAME subnet NETWORK option name-server ADDRESS; or let VyOS ask it for everything: set service dns \
                 forwarding name-server ADDRESS port PORT",
            ),
        ],
        ask: "dig +short @ROUTER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut commands = vec!["configure".to_owned()];
    match mode {
        Mode::Static => {
            for (name, address) in plan.own()? {
                commands.push(format!(
                    "set system static-host-mapping host-name {name} inet {address}"
                ));
            }
        }
        _ => commands.extend(forward(plan)),
    }
    commands.extend(["commit", "save", "exit"].map(str::to_owned));
    let mut snippet = Snippet::new("commit (among the commands)").with(Part::shell(
        "commands",
        "VyOS's own (SSH or console); a second run changes nothing",
        commands.join("\n"),
    ));
    if mode == Mode::Forward {
        snippet.weak("VyOS has no protection against DNS rebinding: all other names may lead inside. Safer: clients that ask lanward.");
        snippet.note(
            "When lanward moves to another address, take the old one away before the commit, or it is asked as well, for each domain: delete \
             service dns forwarding domain DOMAIN name-server OLD.",
        );
    } else {
        snippet.note("The forwarder answers these names unless ignore-hosts-file is set.");
    }
    Ok(snippet)
}

fn forward(plan: &Plan) -> Vec<String> {
    let server = plan.server();
    let (address, port) = (server.ip(), server.port());
    let commands = plan.forwarded().iter().flat_map(|name| {
        let domain = format!("set service dns forwarding domain {name}");
        [
            format!("{domain} name-server {address} port {port}"),
            format!("{domain} recursion-desired"),
            format!("{domain} addnta"),
        ]
    });
    commands.collect()
}
