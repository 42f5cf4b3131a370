//! Patterns of file names, as glob(7) has them: `*`, `?` and `[a-z]`, in any part of a path.

use std::path::{Component, Path, PathBuf};

use super::source::entries;

/// More files than this no pattern gives.
const MOST: usize = 1024;

/// Whether a text has anything of a pattern.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The paths that fit, in order. A folder that cannot be read has none.
pub(super) fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(part) = component else {
            for path in &mut found {
                path.push(component);
            }
            continue;
        };
        let part = part.to_string_lossy();
        if is_pattern(&part) {
            found = found
                .iter()
                .flat_map(|folder| below(folder, &part))
                .take(MOST)
                .collect();
        } else {
            for path in &mut found {
                path.push(&*part);
            }
        }
    }
    found.retain(|path| path.exists());
    found
}

fn below(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let here = Path::new(".");
    let listed = entries(if folder.as_os_str().is_empty() {
        here
    } else {
        folder
    });
    let mut paths = listed.unwrap_or_default();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // A dot in front must be written.
        (pattern.starts_with('.') || !name.starts_with('.')) && fits(pattern, &name)
    });
    paths
}

/// Whether a name fits a pattern.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut pattern, mut name) = (pattern.as_slice(), name.as_slice());
    // Where to go on if the last star takes one more character.
    let mut star: Option<(&[char], &[char])> = None;
    loop {
        let step = match (pattern, name) {
            ([], []) => return true,
            (['*', rest @ ..], _) => {
                star = Some((rest, name));
                Some((rest, name))
            }
            (['?', rest @ ..], [_, after @ ..]) => Some((rest, after)),
            (['[', rest @ ..], [first, after @ ..]) => {
                set(rest, *first).and_then(|(fits, rest)| fits.then_some((rest, after)))
            }
            ([one, rest @ ..], [first, after @ ..]) if one == first => Some((rest, after)),
            _ => None,
        };
        if let Some(step) = step {
            (pattern, name) = step;
        } else if let Some((rest, [_, after @ ..])) = star {
            star = Some((rest, after));
            (pattern, name) = (rest, after);
        } else {
            return false;
        }
    }
}

/// Whether a character is in the set that begins behind `[`, and what follows the set; none if it has no end.
fn set(pattern: &[char], c: char) -> Option<(bool, &[char])> {
    let (negated, pattern) = match pattern {
        ['!' | '^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    // A bracket that stands first is one of the characters.
    let end = pattern.iter().skip(1).position(|c| *c == ']')? + 1;
    let (mut inside, rest) = pattern.split_at_checked(end)?;
    let mut found = false;
    loop {
        inside = match inside {
            [] => break,
            [low, '-', high, rest @ ..] => {
                found |= (*low..=*high).contains(&c);
                rest
            }
            [one, rest @ ..] => {
                found |= *one == c;
                rest
            }
        };
    }
    Some((found != negated, rest.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("*", "", true),
            ("a*b*c", "aXbYbc", true),
            ("a*b*c", "aXbYb", false),
            ("?.conf", "ab.conf", false),
            ("[0-9]*.conf", "5x.conf", true),
            ("[!0-9]*.conf", "5x.conf", false),
            ("[]]x", "]x", true),
            ("[a", "[a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
        let hard = format!("{}b", "*a".repeat(40));
        assert!(!fits(&hard, &"a".repeat(200)));
    }
}
