//! Gateways with UniFi OS (Dream Machine, Cloud Gateway, Express).

use std::net::IpAddr;

use serde_json::json;

use super::fields::{form, forms};
use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

const TITLE: &str = "UniFi";

/// A gateway with UniFi OS.
pub(super) const TARGET: Target = Target {
    name: "unifi",
    title: TITLE,
    versions: "UniFi OS gateways (UDM, UCG, UXG) whose Network application has the DNS entry Forward Domain; for a USG see edgeos",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &[Mode::Forward, Mode::Static],
        cannot: &[
            (
                Mode::Allow,
                "it has no protection against DNS rebinding, so private answers pass already. Where they do not, the resolver behind it \
                 blocks them: let the names go to lanward with --mode forward",
            ),
            (
                Mode::Protect,
                "it has no protection against DNS rebinding. Let the clients ask lanward: Settings > Networks > (the network) > DHCP > DNS \
                 Server, with lanward's address",
            ),
        ],
        ask: "dig +short @ROUTER",
        write,
    },
};

const PAGE: &str =
    "Settings > Policy Engine > DNS (older: Settings > Routing > DNS) > Create Entry";

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let snippet = Snippet::new("Add (the entry holds at once; so does one by the API)");
    if mode == Mode::Static {
        let entries = plan.own()?.iter().map(|(name, address)| {
            form(&[
                ("Type", record(*address).to_owned()),
                ("Domain Name", name.to_string()),
                ("IP Address", address.to_string()),
            ])
        });
        let place = format!("{PAGE}, once for each address");
        return Ok(snippet.with(Part::menu("entries", place, forms(entries))));
    }
    let server = plan.server_on_port_53(TITLE)?;
    let entries = plan.forwarded().iter().map(|name| {
        form(&[
            ("Type", "Forward Domain".to_owned()),
            ("Domain Name", name.to_string()),
            ("DNS Server", server.to_string()),
        ])
    });
    let place = format!("{PAGE}, once for each domain");
    let mut snippet = snippet
        .with(Part::menu("entries", place, forms(entries)))
        .with(api(plan, server));
    snippet.weak("UniFi has no protection against DNS rebinding: all other names may lead inside. Safer: clients that ask lanward.");
    Ok(snippet)
}

fn record(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(_) => "Host (A)",
        IpAddr::V6(_) => "Host (AAAA)",
    }
}

fn api(plan: &Plan, server: IpAddr) -> Part {
    let calls = plan.forwarded().iter().map(|name| {
        let entry = json!({
            "type": "FORWARD_DOMAIN",
            "enabled": true,
            "domain": name.to_string(),
            "ipAddress": server.to_string(),
        });
        format!(
            "curl -k -H 'X-API-KEY: KEY' -H 'Content-Type: application/json' -d '{entry}' \
             https://ROUTER/proxy/network/integration/v1/sites/SITE/dns/policies\n"
        )
    });
    Part::shell(
        "api",
        "any, instead of the menu; KEY from Settings > Control Plane > Integrations, SITE from …/integration/v1/sites (each run adds the entries anew)",
        calls.collect::<String>(),
    )
}
