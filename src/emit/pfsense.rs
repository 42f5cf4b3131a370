//! What both resolvers of pfSense share: the switch of the protection, and how config.xml keeps their options.
//!
//! Source: pfSense's unbound.inc, services.inc and `system_advanced_admin.php`.

use std::net::SocketAddr;

use data_encoding::BASE64;

use super::{Comment, Part, Plan};

/// What makes both use what is entered, or restored.
pub(super) const RELOAD: &str =
    "Save, then Apply Changes; for config.xml: restore it, after which pfSense reboots";

/// The protection, which is one switch for both.
pub(super) fn protection() -> Part {
    Part::menu(
        "switch",
        "System > Advanced > Admin Access > DNS Rebind Check",
        "Disable DNS Rebinding Checks: not ticked (the protection is on as pfSense comes)",
    )
}

/// The options of a resolver as config.xml keeps them.
pub(super) fn options(section: &str, options: &str) -> Part {
    let options = BASE64.encode(options.as_bytes());
    xml(
        section,
        "as its <custom_options>, which hold base64; where there are some already: decode both, put these lines below those, encode",
        format!("<custom_options>{options}</custom_options>\n"),
    )
}

/// The domain overrides of a resolver as config.xml keeps them, with the server as that resolver reads it.
pub(super) fn overrides(section: &str, plan: &Plan, written: fn(SocketAddr) -> String) -> Part {
    let server = written(plan.server());
    let names = plan.forwarded().iter();
    let overrides = names.map(|name| {
        format!(
            "<domainoverrides>\n  <domain>{name}</domain>\n  <ip>{server}</ip>\n  <descr>lanward</descr>\n\
             </domainoverrides>\n"
        )
    });
    xml(
        section,
        "beside the <domainoverrides> that are there",
        overrides.collect(),
    )
}

fn xml(section: &str, place: &str, text: String) -> Part {
    let place = format!(
        "config.xml, instead of the menu: within <{section}>, {place} (Diagnostics > Backup & Restore)"
    );
    Part::file("xml", place, Comment::Xml, text)
}
