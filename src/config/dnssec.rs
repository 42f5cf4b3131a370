//! The part of the file that says whether answers are judged.

use std::path::{Path, PathBuf};

use super::file::{self, File, Text};
use super::finding::Prover;
use super::names;
use crate::upstream::validate::{Anchors, Rule};
use crate::wire::Name;
use crate::zone;

/// How answers are judged.
#[derive(Debug, Clone)]
pub struct Dnssec {
    /// Where chains of trust begin.
    pub anchors: Anchors,
    /// What is done about single domains; the longest counts.
    pub domains: Vec<(Name, Rule)>,
}

const WORDS: [(&str, bool); 2] = [("off", false), ("validate", true)];

/// `dnssec`, `trust_anchor` and `negative_trust_anchors` of `[upstream]`, and `dnssec` of each `[[route]]`. `None`: nothing is judged.
pub(super) fn prove(prover: &mut Prover<'_>, file: &File, folder: &Path) -> Option<Dnssec> {
    let section = &file.upstream;
    let on = (section.dnssec.as_ref())
        .and_then(|text| prover.choose("dnssec", text, &WORDS))
        .unwrap_or(false);
    // The domain of a route is rarely signed under the public root, or under the name that it has here.
    let mut domains = Vec::new();
    for route in &file.route {
        let judged = prove_route(prover, route, on);
        let names = route.domains.get_ref().iter();
        // Names that cannot be read are told elsewhere.
        let names = names.filter_map(|text| text.get_ref().parse().ok());
        let rule = if judged { Rule::Judge } else { Rule::Leave };
        domains.extend(names.map(|name: Name| (name, rule)));
    }
    for text in &section.negative_trust_anchors {
        if let Some(name) = names::read_name(prover, "negative_trust_anchors", text) {
            domains.push((name, Rule::Excuse));
        }
    }
    let anchors = match &section.trust_anchor {
        Some(text) => read_anchors(prover, text, folder)?,
        None => Anchors::default(),
    };
    if on {
        return Some(Dnssec { anchors, domains });
    }
    let idle = [
        ("trust_anchor", section.trust_anchor.as_ref()),
        (
            "negative_trust_anchors",
            section.negative_trust_anchors.first(),
        ),
    ];
    for (key, text) in idle {
        if let Some(text) = text {
            let problem = format!("{key}: without effect, as dnssec is \"off\"");
            prover.warning(Some(text.span()), problem);
        }
    }
    None
}

fn prove_route(prover: &mut Prover<'_>, route: &file::Route, on: bool) -> bool {
    let Some(text) = &route.dnssec else {
        return false;
    };
    let judged = prover.choose("dnssec", text, &WORDS).unwrap_or(false);
    if judged && !on {
        let problem = "dnssec: without effect, as dnssec in [upstream] is \"off\"";
        prover.warning(Some(text.span()), problem);
    }
    judged
}

/// Reads a file of DS or DNSKEY records in zone file format.
fn read_anchors(prover: &mut Prover<'_>, text: &Text, folder: &Path) -> Option<Anchors> {
    let path: PathBuf = folder.join(text.get_ref());
    let mut wrong = |problem: String| {
        prover.error(Some(text.span()), format!("trust_anchor: {problem}"));
    };
    let shown = path.display();
    let records = match zone::load_single(&path) {
        Ok(records) => records,
        Err(findings) => {
            for finding in findings {
                // It names the file, and the place in it.
                wrong(finding.to_string());
            }
            return None;
        }
    };
    if records.is_empty() {
        wrong(format!(
            "{shown}: it holds no record; allowed: DS and DNSKEY records"
        ));
        return None;
    }
    let parts = records
        .iter()
        .map(|record| (record.owner, record.kind, &*record.data));
    Anchors::read(parts)
        .map_err(|error| wrong(format!("{shown}: {error}")))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::fs;

    #[test]
    fn an_anchor_is_proven_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lanward.toml");
        let prove = |anchor: &str| {
            fs::write(folder.path().join("anchor"), anchor).unwrap();
            let text = "[upstream]\ndnssec = \"validate\"\ntrust_anchor = \"anchor\"\n";
            let (settings, findings) = Settings::prove(&file, text);
            let problems = findings.iter().map(ToString::to_string).collect::<Vec<_>>();
            (
                settings.and_then(|settings| settings.upstream.dnssec),
                problems.join("\n"),
            )
        };
        let digest = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF";
        let (dnssec, problems) = prove(&format!(
            "; as tools print it\ncorp.example. IN DS 1 13 2 {digest}\n"
        ));
        assert_eq!(problems, "");
        assert!(dnssec.unwrap().anchors != Anchors::default());
        let cases = [
            ("", "it holds no record"),
            (
                "corp.example. IN A 192.0.2.1\n",
                "A is no trust anchor; allowed: DS and DNSKEY records",
            ),
            (
                &format!("corp.example. IN DS 1 200 2 {digest}\n"),
                "its algorithm is not supported",
            ),
            ("corp.example. IN DS 1 13 2\n", "anchor:1"),
        ];
        for (anchor, words) in cases {
            let (dnssec, problems) = prove(anchor);
            assert!(
                dnssec.is_none() && problems.contains(words),
                "{anchor}: {problems}"
            );
        }
    }
}
