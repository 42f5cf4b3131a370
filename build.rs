//! Tells the program what it was built from, for `lanward --version`.
#![expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script by variables what is built"
)]

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LANWARD_COMMIT");
    let target = env::var("TARGET").unwrap_or_default();
    println!("cargo::rustc-env=LANWARD_TARGET={target}");
    println!("cargo::rustc-env=LANWARD_COMMIT={}", commit());
}

/// The commit: what the variable says, where there is no repository (a source archive, an image); else what git says.
fn commit() -> String {
    if let Ok(said) = env::var("LANWARD_COMMIT")
        && !said.is_empty()
    {
        return said;
    }
    // Builds for trying and testing would be made anew with each commit.
    if env::var("PROFILE").as_deref() == Ok("debug") {
        return "debug build".to_owned();
    }
    repository().unwrap_or_else(|| "unknown commit".to_owned())
}

fn repository() -> Option<String> {
    // A package that was unpacked somewhere inside the repository of something else is not of that one's commit.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let here = env::var("CARGO_MANIFEST_DIR").ok()?;
    if Path::new(&top).canonicalize().ok()? != Path::new(&here).canonicalize().ok()? {
        return None;
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let head = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={head}");
    // What the program is made of.
    let parts = ["src", "zones", "build.rs", "Cargo.toml", "Cargo.lock"];
    for part in parts {
        println!("cargo::rerun-if-changed={part}");
    }
    let mut status = vec!["status", "--porcelain", "--"];
    status.extend(parts);
    let changed = if git(&status)?.is_empty() {
        ""
    } else {
        ", changed"
    };
    Some(format!("{commit}{changed}"))
}

/// What git says, without the line end.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| said.trim().to_owned())
}
