//! Lua, as far as the configurations of Knot Resolver, PowerDNS Recursor and dnsdist share it.

use std::fmt::Display;

use super::Plan;
use crate::wire::Name;

/// The longest line, in characters.
const WIDTH: usize = 98;

/// A table of strings on one line, for a few of them: `{'one', 'two'}`.
pub(super) fn table(items: impl IntoIterator<Item = impl Display>) -> String {
    let items: Vec<String> = items.into_iter().map(quoted).collect();
    format!("{{{}}}", items.join(", "))
}

/// A table in which one looks names up, each with the root's dot: `{['nas.example.'] = true}`.
pub(super) fn names(names: &[Name]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("['{name}.'] = true"))
        .collect();
    format!("{{{}}}", names.join(", "))
}

/// A table of strings over as many lines as it takes; what stands in front of it is on the first line.
pub(super) fn long_table(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut lines = vec!["{".to_owned()];
    let mut line = String::from(" ");
    for item in items {
        let item = quoted(item);
        if line.len() + item.len() + 2 > WIDTH {
            lines.push(std::mem::replace(&mut line, String::from(" ")));
        }
        line.push(' ');
        line.push_str(&item);
        line.push(',');
    }
    lines.push(line);
    lines.push("}".to_owned());
    lines.join("\n")
}

/// A block of its own, so that its local names are not those of what stands behind it.
pub(super) fn block(text: &str) -> String {
    let mut block = String::from("do\n");
    for line in text.lines() {
        if !line.is_empty() {
            block.push_str("  ");
            block.push_str(line);
        }
        block.push('\n');
    }
    block.push_str("end\n");
    block
}

fn quoted(item: impl Display) -> String {
    format!("'{item}'")
}

/// The domains that are allowed with all below them, and the names that are allowed alone.
pub(super) fn allowed(plan: &Plan) -> [Vec<Name>; 2] {
    let names = |subdomains| {
        let suffixes = plan.allowed().iter();
        let wanted = suffixes.filter(move |suffix| suffix.subdomains == subdomains);
        wanted.map(|suffix| suffix.name).collect()
    };
    [names(true), names(false)]
}
