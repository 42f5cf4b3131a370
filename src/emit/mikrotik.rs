//! MikroTik RouterOS.
//!
//! Source: help.mikrotik.com, DNS: static entries of the type FWD.

use std::net::IpAddr;

use super::{Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target};

const TITLE: &str = "MikroTik RouterOS";

/// MikroTik RouterOS.
pub(super) const TARGET: Target = Target {
    name: "mikrotik",
    title: TITLE,
    versions: "RouterOS 7.1 and later",
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
                "it has no protection against DNS rebinding. Let the clients ask lanward: /ip dhcp-server network set [find] \
                 dns-server=ADDRESS; or let the router ask it for everything: /ip dns set servers=ADDRESS",
            ),
        ],
        ask: "dig +short @ROUTER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let entries = match mode {
        Mode::Static => fixed(plan)?,
        _ => forward(plan)?,
    };
    // What an earlier run added goes first.
    let mut commands = vec![format!(
        "/ip dns static remove [find comment=\"{}\"]",
        comment(mode)
    )];
    let entries = entries.iter();
    commands.extend(
        entries.map(|entry| format!("/ip dns static add {entry} comment=\"{}\"", comment(mode))),
    );
    commands.push("/ip dns cache flush".to_owned());
    let mut snippet = Snippet::new("/ip dns cache flush (the last command)")
        .checked_by("/ip dns static print")
        .with(Part::shell(
            "commands",
            "the router's own (New Terminal, or SSH); a second run changes nothing",
            commands.join("\n"),
        ));
    if mode == Mode::Forward {
        snippet.weak("RouterOS has no protection against DNS rebinding: all other names may lead inside. Safer: clients that ask lanward.");
    }
    snippet.note("Clients may ask the router only with /ip dns set allow-remote-requests=yes; keep port 53 closed to the Internet then.");
    Ok(snippet)
}

/// The mark of our own entries.
fn comment(mode: Mode) -> String {
    format!("lanward {mode}")
}

fn forward(plan: &Plan) -> Result<Vec<String>, Refusal> {
    let server = plan.server_on_port_53(TITLE)?;
    let names = plan.forwarded().iter();
    let entries =
        names.map(|name| format!("type=FWD name={name} match-subdomain=yes forward-to={server}"));
    Ok(entries.collect())
}

fn fixed(plan: &Plan) -> Result<Vec<String>, Refusal> {
    let own = plan.own()?.iter();
    let entries = own.map(|(name, address)| {
        let kind = match address {
            IpAddr::V4(_) => "A",
            IpAddr::V6(_) => "AAAA",
        };
        format!("type={kind} name={name} address={address}")
    });
    Ok(entries.collect())
}
