//! The log: on standard output, one line for each event.

use std::env;
use std::fmt::{self, Debug, Write};
use std::io::{self, IsTerminal};

use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::lines::Lines;
use crate::config::Log;

/// Begins to log. The libraries below say little that helps, hickory's say who asked what. Gives what the last lines are waited for with.
pub(super) fn start(log: Log) -> io::Result<Lines> {
    let to_stdout = Lines::to_stdout()?;
    let own = Targets::new()
        .with_target("lanward", log.level)
        .with_default(LevelFilter::WARN);
    let registry = tracing_subscriber::registry().with(own);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(to_stdout.clone())
        .log_internal_errors(false)
        .with_target(false);
    if log.json {
        registry.with(lines.json().flatten_event(true)).init();
    } else {
        let fields =
            format::debug_fn(|writer, field, value| write_field(writer, field.name(), value));
        let lines = lines.fmt_fields(fields.delimited(" "));
        registry.with(lines.with_ansi(colours())).init();
    }
    Ok(to_stdout)
}

/// For people at a terminal, unless they want none (no-color.org).
fn colours() -> bool {
    let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !unwanted
}

/// Writes what happened as it is, and everything about it with its name.
fn write_field(writer: &mut dyn Write, name: &str, value: &dyn Debug) -> fmt::Result {
    let mut escaping = Escaping(writer);
    match name {
        "message" => write!(escaping, "{value:?}"),
        // Rust's own words are written so where they are names.
        name => write!(escaping, "{}={value:?}", name.trim_start_matches("r#")),
    }
}

/// Escapes what would begin a line of its own or give orders to a terminal: file names may hold anything.
struct Escaping<'a>(&'a mut dyn Write);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let safe = |character: &char| !character.is_control();
        if text.chars().all(|character| safe(&character)) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|character| {
            if safe(&character) {
                self.0.write_char(character)
            } else {
                write!(self.0, "{}", character.escape_default())
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_is_more_than_a_line() {
        for (name, value, line) in [
            ("message", "ready", "ready"),
            ("r#type", "HTTPS", "type=HTTPS"),
            ("file", "/a\nb\rc\td\0", r"file=/a\nb\rc\td\u{0}"),
            (
                "file",
                "\u{1b}[31m\u{9b}31m gr\u{fc}n",
                "file=\\u{1b}[31m\\u{9b}31m gr\u{fc}n",
            ),
        ] {
            let mut written = String::new();
            write_field(&mut written, name, &format_args!("{value}")).unwrap();
            assert_eq!(written, line);
        }
    }
}
