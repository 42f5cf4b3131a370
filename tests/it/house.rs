//! The rules of the house: floors, fences, and what each file must have.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a rule that cannot be checked is broken"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The floors from below. Whoever stands in one row is a neighbour, and neighbours do not import each other.
const FLOORS: &[&[&str]] = &[
    &["wire", "address"],
    &["name"],
    &["zone", "rebinding", "cache", "metrics"],
    &["upstream"],
    &["resolver"],
    &["server", "http", "emit", "peer", "doctor"],
    &["config"],
    &["daemon"],
    &["cli"],
];

/// From this floor on there are sockets, clocks, files, tasks and logs.
const FIRST_WITH_THE_WORLD: usize = 3;

/// What nothing below that floor may name.
const THE_WORLD: &[&str] = &[
    "UdpSocket",
    "TcpStream",
    "TcpListener",
    "tokio",
    "tracing",
    "Instant",
    "SystemTime",
    "std::fs",
    "std::env",
];

const LONGEST_FILE: usize = 400;

#[test]
fn every_folder_has_a_floor() {
    let src = root().join("src");
    for entry in fs::read_dir(src).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let known = floor_of(name).is_some() || matches!(name, "lib" | "main");
        assert!(
            known,
            "src/{name} stands on no floor; add it to the list here and in lib.rs"
        );
    }
}

#[test]
fn imports_lead_down() {
    let mut broken = Vec::new();
    for (path, text) in program() {
        let Some((folder, floor)) = folder_of(&path) else {
            continue;
        };
        for (number, line) in code_lines(&text) {
            for target in targets(line) {
                let fine = target == folder || floor_of(target).is_some_and(|other| other < floor);
                if !fine {
                    broken.push(format!("{}:{number}: crate::{target}", shown(&path)));
                }
            }
        }
    }
    assert!(
        broken.is_empty(),
        "imports that lead up or to a neighbour:\n{}",
        broken.join("\n")
    );
}

/// `super` reaches no further than the folder of the floor.
#[test]
fn nobody_leaves_its_folder_by_super() {
    let mut broken = Vec::new();
    for (path, text) in program() {
        let inside = path.strip_prefix(root().join("src")).unwrap();
        let is_mod = inside.file_name().is_some_and(|name| name == "mod.rs");
        let depth = inside.components().count() - usize::from(is_mod);
        for (number, line) in code_lines(&text) {
            let steps = longest_run(line, "super::");
            // From src/wire/name.rs one step leads to wire, two would lead out of it.
            if steps > 0 && steps >= depth {
                broken.push(format!("{}:{number}", shown(&path)));
            }
        }
    }
    assert!(
        broken.is_empty(),
        "`super` leads out of the floor:\n{}",
        broken.join("\n")
    );
}

#[test]
fn the_lower_floors_do_not_know_the_world() {
    let mut broken = Vec::new();
    for (path, text) in program() {
        if folder_of(&path).is_none_or(|(_, floor)| floor >= FIRST_WITH_THE_WORLD) {
            continue;
        }
        for (number, line) in code_lines(&text) {
            // Zone files are read in one place, which knows nothing but files.
            let is_loader = path.ends_with("src/zone/load.rs");
            let world = THE_WORLD
                .iter()
                .filter(|word| !(is_loader && **word == "std::fs"));
            for word in world.filter(|word| names(line, word)) {
                broken.push(format!("{}:{number}: {word}", shown(&path)));
            }
        }
    }
    assert!(broken.is_empty(), "below floor 4:\n{}", broken.join("\n"));
}

#[test]
fn nothing_is_unsafe_skipped_or_left_for_later() {
    // Written in two pieces, so that this file keeps the rule.
    let forbidden = [
        ["un", "safe "],
        ["un", "safe{"],
        ["#[ig", "nore"],
        ["#[should", "_panic"],
        ["TO", "DO"],
        ["FIX", "ME"],
    ]
    .map(|halves| halves.concat());
    let mut broken = Vec::new();
    for (path, text) in everything() {
        for (number, line) in text.lines().enumerate() {
            for word in forbidden.iter().filter(|word| line.contains(word.as_str())) {
                broken.push(format!("{}:{}: {word}", shown(&path), number + 1));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in everything() {
        assert!(
            text.starts_with("//! "),
            "{} does not begin with //!",
            shown(&path)
        );
    }
}

#[test]
fn no_file_is_too_long() {
    for (path, text) in program() {
        let own = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = own.lines().count();
        assert!(lines <= LONGEST_FILE, "{}: {lines} lines", shown(&path));
    }
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut inside = false;
    let mut before = "";
    for line in text.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside && line.contains(" = ") && !line.starts_with('#') {
            let why = line.rsplit_once("# ").is_some_and(|(_, why)| why.len() > 5);
            assert!(why || before.starts_with("# "), "no reason given: {line}");
        }
        before = line;
    }
}

#[test]
fn the_example_configuration_shows_every_key() {
    let source = fs::read_to_string(root().join("src/config/file.rs")).unwrap();
    let path = root().join("etc/lanward.toml");
    let example =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let missing: Vec<String> = keys(&source, "File", "")
        .into_iter()
        .filter(|key| !shows(&example, key))
        .collect();
    assert!(
        missing.is_empty(),
        "etc/lanward.toml does not show: {}",
        missing.join(", ")
    );
}

/// The keys below a structure of the configuration file, as `table.key`.
fn keys(source: &str, structure: &str, path: &str) -> Vec<String> {
    let start = format!("struct {structure} {{\n");
    let body = source.split(start.as_str()).nth(1);
    let body = body.unwrap_or_else(|| panic!("no structure {structure} in src/config/file.rs"));
    let body = body.split("\n}").next().unwrap();
    let mut found = Vec::new();
    let mut renamed = None;
    for line in body.lines().map(str::trim) {
        if let Some((_, rest)) = line.split_once("rename = \"") {
            renamed = rest.split('"').next();
        }
        let field = line
            .strip_prefix("pub(super) ")
            .and_then(|line| line.split_once(": "));
        let Some((name, kind)) = field else {
            continue;
        };
        let key = format!("{path}{}", renamed.take().unwrap_or(name));
        let inner = kind
            .trim_end_matches(',')
            .trim_start_matches("Option<")
            .trim_start_matches("Spanned<")
            .trim_start_matches("Vec<")
            .trim_end_matches('>');
        if source.contains(&format!("struct {inner} {{\n")) {
            found.extend(keys(source, inner, &format!("{key}.")));
        } else {
            found.push(key);
        }
    }
    found
}

/// Whether the example has `key = …` below the header of its table, in a comment or not.
fn shows(example: &str, key: &str) -> bool {
    let (table, key) = key.rsplit_once('.').unwrap_or(("", key));
    let mut current = String::new();
    for line in example.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        let header = line.trim_start_matches('[').trim_end_matches(']');
        let is_table = |name: &str| {
            name.chars()
                .all(|c| c == '.' || c == '_' || c.is_ascii_lowercase())
        };
        if line.starts_with('[') && line.ends_with(']') && is_table(header) {
            header.clone_into(&mut current);
        } else if current == table {
            let found = line
                .split_once('=')
                .is_some_and(|(word, _)| word.trim() == key);
            if found {
                return true;
            }
        }
    }
    false
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program's own files: tests beside the code may look anywhere.
fn program() -> Vec<(PathBuf, String)> {
    let mut files = files_in("src");
    let is_test = |path: &Path| {
        path.file_stem().is_some_and(|name| name == "tests")
            || path.components().any(|part| part.as_os_str() == "tests")
    };
    files.retain(|(path, _)| !is_test(path.strip_prefix(root()).unwrap()));
    files
}

fn everything() -> Vec<(PathBuf, String)> {
    ["src", "tests", "benches"]
        .into_iter()
        .flat_map(files_in)
        .collect()
}

fn files_in(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty(), "{folder} is empty");
    files.sort();
    files
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

fn floor_of(folder: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&folder))
}

/// The folder of a file and its floor; none for `lib.rs` and `main.rs`.
fn folder_of(path: &Path) -> Option<(&str, usize)> {
    let inside = path.strip_prefix(root().join("src")).ok()?;
    let folder = inside.components().next()?.as_os_str().to_str()?;
    Some((folder, floor_of(folder)?))
}

/// The lines of the program with their numbers: no comments, and nothing from the tests at the end on.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = text.split("\n#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// What stands behind each `crate::` of a line; of `crate::{a, b::c}` each first word.
fn targets(line: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = |text: &'_ str| text.find(|c| !is_word(c)).unwrap_or(text.len());
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        if before.is_some_and(is_word) {
            continue;
        }
        let rest = line.get(at + "crate::".len()..).unwrap_or_default();
        match rest.strip_prefix('{') {
            Some(list) => found.extend(list.split(',').filter_map(|one| {
                let one = one.trim();
                one.get(..first(one)).filter(|word| !word.is_empty())
            })),
            None => found.extend(rest.get(..first(rest))),
        }
    }
    found
}

/// Whether a line has `word` as a word of its own.
fn names(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn longest_run(line: &str, step: &str) -> usize {
    let mut longest = 0;
    let mut rest = line;
    while let Some(at) = rest.find(step) {
        let run = rest.get(at..).unwrap_or_default();
        let mut steps = 0;
        let mut tail = run;
        while let Some(next) = tail.strip_prefix(step) {
            (steps, tail) = (steps + 1, next);
        }
        longest = longest.max(steps);
        rest = tail;
    }
    longest
}

#[test]
fn the_rules_see_what_breaks_them() {
    assert_eq!(targets("use crate::wire::Name;"), ["wire"]);
    assert_eq!(targets("use crate::{cache::Key, wire};"), ["cache", "wire"]);
    assert_eq!(targets("x: crate::config::Size, mycrate::y"), ["config"]);
    assert_eq!(longest_run("super::super::a + super::b", "super::"), 2);
    assert!(names("use tokio::net;", "tokio") && !names("let notokio = 1;", "tokio"));
    let source = "struct File {\n    pub(super) a: A,\n    pub(super) b: Vec<B>,\n}\nstruct A {\n    pub(super) x: Option<Text>,\n}\nstruct B {\n    #[serde(default, rename = \"note\")]\n    pub(super) _note: u8,\n}\n";
    assert_eq!(keys(source, "File", ""), ["a.x", "b.note"]);
    let example = "[a]\n# x = 1\n[[b]]\nnote = \"\"\n";
    assert!(shows(example, "a.x") && shows(example, "b.note") && !shows(example, "a.note"));
}
