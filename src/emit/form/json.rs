//! A snippet as data.

use serde_json::{Value, json};

use crate::emit::{Emitted, Part};

impl Emitted {
    /// The same as the text, for programs.
    pub fn json(&self) -> Value {
        let part = |part: &Part| {
            json!({
                "name": part.name,
                "place": { "kind": part.place.word().to_lowercase(), "where": part.place.to_string() },
                "text": part.text,
            })
        };
        let verify =
            |(command, result): &(String, String)| json!({ "command": command, "result": result });
        let snippet = &self.snippet;
        json!({
            "target": self.heading.target,
            "mode": self.heading.mode.map(super::super::Mode::word),
            "purpose": self.heading.purpose,
            "versions": self.heading.versions,
            "parts": snippet.parts.iter().map(part).collect::<Vec<_>>(),
            "check": (!snippet.check.is_empty()).then_some(snippet.check),
            "reload": snippet.reload,
            "verify": self.heading.verify.iter().map(verify).collect::<Vec<_>>(),
            "warnings": snippet.warnings,
            "weaknesses": snippet.weaknesses,
            "notes": snippet.notes,
        })
    }
}
