//! What a target is asked to do.

use std::fmt;

/// What a target is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Let the private answers of the configured domains through.
    Allow,
    /// Hand the questions for those domains to lanward, and let its answers through.
    Forward,
    /// Switch the target's own protection on, for everything that is not allowed.
    Protect,
    /// Answer the fixed names of the household's own servers, without an exception.
    Static,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Allow, Self::Forward, Self::Protect, Self::Static];

    /// All of them, for what is best asked to hand questions on.
    pub(super) const ALL_FORWARD_FIRST: [Self; 4] =
        [Self::Forward, Self::Allow, Self::Protect, Self::Static];

    /// The word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Forward => "forward",
            Self::Protect => "protect",
            Self::Static => "static",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
