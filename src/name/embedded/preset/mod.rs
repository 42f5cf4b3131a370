//! Domains whose grammar is known, by name.
//!
//! A preset is one service. Most have one suffix; sslip.io and nip.io are one service with two.

mod table;

use super::Domain;
use super::grammar::Grammar;
use super::policy::Scope;
use crate::wire::Name;

/// A service whose names are understood without further configuration.
#[derive(Debug)]
pub struct Preset {
    /// What the configuration calls it: its best-known suffix.
    pub name: &'static str,
    /// The names below which names are decoded.
    pub suffixes: &'static [&'static str],
    /// What it is, in one line.
    pub description: &'static str,
    ttl: u32,
    scope: Scope,
    grammar: Grammar,
}

impl Preset {
    /// Its domains, one for each suffix.
    pub fn domains(&self) -> Vec<Domain> {
        let suffixes = self
            .suffixes
            .iter()
            .filter_map(|suffix| suffix.parse::<Name>().ok());
        let domain = |suffix| {
            Domain::new(suffix, self.grammar.clone())
                .with_preset(self.name)
                .with_scope(self.scope)
                .with_ttl(self.ttl)
        };
        suffixes.map(domain).collect()
    }
}

/// The domains of the preset of this name, in any case; each suffix of a preset is a name of it, too.
pub fn preset(name: &str) -> Option<Vec<Domain>> {
    let named = |preset: &&Preset| {
        preset
            .suffixes
            .iter()
            .any(|suffix| suffix.eq_ignore_ascii_case(name))
    };
    presets().find(named).map(Preset::domains)
}

/// All presets.
pub fn presets() -> impl Iterator<Item = &'static Preset> {
    table::PRESETS.iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_whole_and_found_by_its_name() {
        let mut seen = std::collections::HashSet::new();
        for one in presets() {
            assert_eq!(one.domains().len(), one.suffixes.len(), "{}", one.name);
            assert_eq!(one.suffixes.first(), Some(&one.name));
            assert!(
                !one.description.is_empty()
                    && one.description.len() < 80
                    && !one.description.ends_with('.'),
                "{}",
                one.description
            );
            for suffix in one.suffixes {
                assert!(seen.insert(*suffix), "{suffix} is named twice");
                let domains = preset(&suffix.to_ascii_uppercase()).unwrap();
                assert!(
                    domains
                        .iter()
                        .any(|domain| domain.suffix().to_string() == *suffix
                            && domain.preset() == Some(one.name))
                );
            }
        }
        assert!(preset("xip.io").is_none());
        assert_eq!(preset("nip.io").unwrap().len(), 2);
    }
}
