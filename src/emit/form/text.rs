//! A snippet as text: between markers, with what one must know above it.

use super::{Comment, Part, Snippet, block};
use crate::emit::{Emitted, Mode};

/// The longest line of a comment, in characters.
const WIDTH: usize = 100;

/// What stands above a snippet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The target's word.
    pub target: &'static str,
    /// What it is asked to do; none for what stands in front of a media server.
    pub mode: Option<Mode>,
    /// What tells this snippet from others for the same target: the mode, or the name in front of the media server.
    pub subject: String,
    /// The versions that it holds for.
    pub versions: &'static str,
    /// What the snippet does, in one sentence.
    pub purpose: String,
    /// Commands that show whether it works, and what each must say.
    pub verify: Vec<(String, String)>,
}

impl Emitted {
    /// All parts, or the one with this name, as they are to be pasted. A part in a format without comments has its heading in front of it, in
    /// lines that begin with `#`.
    pub fn text(&self, part: Option<&str>) -> String {
        let wanted = |candidate: &&Part| part.is_none_or(|name| candidate.name == name);
        let parts = self.snippet.parts.iter().filter(wanted);
        let blocks: Vec<String> = parts.map(|part| self.block(part)).collect();
        blocks.join("\n")
    }

    /// What a file gets: the whole block, or only the text where the format has no comments.
    pub fn file(&self, part: &Part) -> String {
        match part.comment {
            Comment::None => part.text.clone(),
            _ => self.block(part),
        }
    }

    /// The word by which the markers of a part are known.
    pub fn mark(&self, part: &Part) -> String {
        let Heading {
            target, subject, ..
        } = &self.heading;
        if self.snippet.parts.len() == 1 {
            format!("{target} {subject}")
        } else {
            format!("{target} {subject} {}", part.name)
        }
    }

    fn block(&self, part: &Part) -> String {
        let mut lines = Vec::new();
        for line in self.heading(part) {
            lines.push(part.comment.line(&line));
        }
        let heading = lines.join("\n");
        if part.comment == Comment::None {
            return format!(
                "{heading}\n# What follows is to be entered, without these lines:\n{}",
                part.text
            );
        }
        let mark = self.mark(part);
        let begin = part.comment.line(&block::begin(&mark));
        let end = part.comment.line(&block::end(&mark));
        format!("{begin}\n{heading}\n{}{end}\n", part.text)
    }

    fn heading(&self, part: &Part) -> Vec<String> {
        let Snippet {
            parts,
            reload,
            check,
            warnings,
            weaknesses,
            notes,
        } = &self.snippet;
        let is_first = parts.first() == Some(part);
        let mut lines = Vec::new();
        let mut add = |label: &str, text: &str| lines.extend(wrap(label, text));
        add("", &format!("{}.", self.heading.purpose));
        add(&format!("{}: ", part.place.word()), &part.place.to_string());
        add("Holds for: ", self.heading.versions);
        if !check.is_empty() {
            add("Check: ", check);
        }
        add("Reload: ", reload);
        for (command, result) in &self.heading.verify {
            add("Verify: ", &format!("{command}  # {result}"));
        }
        // Once is enough.
        if is_first {
            let kinds = [
                ("WARNING: ", warnings),
                ("Weaker than lanward: ", weaknesses),
                ("Note: ", notes),
            ];
            for (label, texts) in kinds {
                for text in texts {
                    add(label, text);
                }
            }
        }
        lines
    }
}

/// Breaks a text between words; further lines stand a little to the right. Commands and places are not broken: they would not be
/// pasted whole.
fn wrap(label: &str, text: &str) -> Vec<String> {
    const WHOLE: [&str; 6] = [
        "Check: ", "File: ", "Menu: ", "Reload: ", "Shell: ", "Verify: ",
    ];
    if WHOLE.contains(&label) {
        return vec![format!("{label}{text}")];
    }
    let mut lines = Vec::new();
    let mut line = label.to_owned();
    let mut is_bare = true;
    for word in text.split(' ') {
        if !is_bare && line.len() + 1 + word.len() > WIDTH {
            lines.push(std::mem::replace(&mut line, "  ".to_owned()));
            is_bare = true;
        }
        if !is_bare {
            line.push(' ');
        }
        line.push_str(word);
        is_bare = false;
    }
    lines.push(line);
    lines
}
