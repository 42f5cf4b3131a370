//! OPNsense's Unbound.
//!
//! Source: OPNsense's templates for Unbound (`dot.conf`, `private_domains.conf`) and its API: an entry under Query Forwarding also becomes
//! `private-domain` and `domain-insecure`.

use serde_json::json;

use super::fields::{form, forms, list};
use super::{Comment, Job, Mode, Part, Plan, Refusal, Runs, Snippet, Target, unbound};

/// OPNsense with Unbound.
pub(super) const TARGET: Target = Target {
    name: "opnsense",
    title: "OPNsense's Unbound",
    versions: "OPNsense 22.7 and later",
    runs: Runs::Elsewhere,
    job: Job::Resolver {
        modes: &Mode::ALL_FORWARD_FIRST,
        cannot: &[],
        ask: "dig +short @ROUTER",
        write,
    },
};

fn write(plan: &Plan, mode: Mode) -> Result<Snippet, Refusal> {
    let mut snippet = Snippet::new("Apply; for the file: configctl unbound restart")
        .checked_by("for the file: configctl unbound check");
    let special: Vec<String> = plan.special().map(ToString::to_string).collect();
    let mut is_only_a_file = mode == Mode::Static;
    match mode {
        Mode::Forward if special.is_empty() => {
            snippet = snippet.with(forwardings(plan)).with(api(plan));
            snippet.note("An entry under Query Forwarding brings its exception from the protection and from DNSSEC with it.");
        }
        Mode::Forward => {
            is_only_a_file = true;
            snippet.note(format!(
                "This is a file and no entry under Query Forwarding because Unbound may have answers of its own for {}, which such an entry leaves in force.",
                special.join(", ")
            ));
        }
        Mode::Allow => snippet = snippet.with(private_domains(plan)),
        Mode::Protect => {
            snippet = snippet
                .with(switch())
                .with(networks(plan))
                .with(private_domains(plan));
        }
        Mode::Static => {}
    }
    let path = "/usr/local/etc/unbound.opnsense.d/lanward.conf";
    let place = if is_only_a_file {
        path.to_owned()
    } else {
        format!("{path}, instead of the menus")
    };
    let clauses = unbound::clauses(plan, mode)?;
    let mut snippet = snippet.with(Part::file("file", place, Comment::Hash, clauses));
    snippet.note("OPNsense's backups do not contain the file.");
    snippet.note(format!(
        "Where Dnsmasq DNS & DHCP answers instead of Unbound, put what `lanward emit dnsmasq --mode {mode}` writes into \
         /usr/local/etc/dnsmasq.conf.d/lanward.conf, then configctl dnsmasq restart."
    ));
    unbound::remarks(&mut snippet, plan, mode);
    Ok(snippet)
}

fn forwardings(plan: &Plan) -> Part {
    let server = plan.server();
    let entries = plan.forwarded().iter().map(|name| {
        form(&[
            ("Enabled", "ticked".to_owned()),
            ("Domain", name.to_string()),
            ("Server IP", server.ip().to_string()),
            ("Server Port", server.port().to_string()),
        ])
    });
    Part::menu(
        "forwardings",
        "Services > Unbound DNS > Query Forwarding > +, once for each domain",
        forms(entries),
    )
}

fn api(plan: &Plan) -> Part {
    let server = plan.server();
    let call = |data: String, path| {
        format!(
            "curl -u KEY:SECRET -H 'Content-Type: application/json' -d '{data}' https://ROUTER/api/unbound/{path}\n"
        )
    };
    let entries = plan.forwarded().iter().map(|name| {
        let entry = json!({ "dot": {
            "enabled": "1",
            "domain": name.to_string(),
            "server": server.ip().to_string(),
            "port": server.port().to_string(),
        }});
        call(entry.to_string(), "settings/addForward")
    });
    let apply = call("{}".to_owned(), "service/reconfigure");
    let text: String = entries.chain([apply]).collect();
    Part::shell(
        "api",
        "any, instead of the menus; KEY and SECRET from System > Access > Users (each run adds the entries anew)",
        text,
    )
}

fn private_domains(plan: &Plan) -> Part {
    Part::menu(
        "private-domains",
        "Services > Unbound DNS > Advanced > Private Domains",
        list(plan.allowed().iter().map(|suffix| suffix.name)),
    )
}

fn switch() -> Part {
    Part::menu(
        "switch",
        "System > Settings > Administration > DNS Rebind Check",
        "Disable DNS Rebinding Checks: not ticked (the protection is on as OPNsense comes)",
    )
}

fn networks(plan: &Plan) -> Part {
    Part::menu(
        "networks",
        "Services > Unbound DNS > Advanced > Rebind protection networks",
        list(plan.ranges()),
    )
}
