//! Snippets for other programs, as `lanward emit` prints them.

mod command;
