//! A snippet and its parts.

use std::fmt;

/// Where a part goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file, with what must be known about it.
    File(String),
    /// A page of the target's user interface.
    Menu(String),
    /// A command line.
    Shell(String),
}

impl Place {
    /// The word for its kind.
    pub fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "File",
            Self::Menu(_) => "Menu",
            Self::Shell(_) => "Shell",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::File(text) | Self::Menu(text) | Self::Shell(text)) = self;
        f.write_str(text)
    }
}

/// How a format writes a line for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comment {
    /// `# …`
    Hash,
    /// `// …`
    Slashes,
    /// `-- …`
    Dashes,
    /// `; …`
    Semicolon,
    /// `<!-- … -->`
    Xml,
    /// It cannot: JSON, fields of a form.
    None,
}

impl Comment {
    /// The text as a comment; as it is where there are none.
    pub fn line(self, text: &str) -> String {
        let line = match self {
            Self::Hash | Self::None => format!("# {text}"),
            Self::Slashes => format!("// {text}"),
            Self::Dashes => format!("-- {text}"),
            Self::Semicolon => format!("; {text}"),
            // Two hyphens would end an XML comment early.
            Self::Xml => return format!("<!-- {} -->", text.replace("--", "- -")),
        };
        line.trim_end().to_owned()
    }
}

/// One thing to paste in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its word on the command line; its own within a snippet.
    pub name: &'static str,
    /// Where it goes.
    pub place: Place,
    /// How its format writes comments.
    pub comment: Comment,
    /// What to paste: whole lines.
    pub text: String,
}

impl Part {
    /// A part of a file.
    pub fn file(
        name: &'static str,
        path: impl Into<String>,
        comment: Comment,
        text: impl Into<String>,
    ) -> Self {
        Self::new(name, Place::File(path.into()), comment, text)
    }

    /// What goes into a form, where nothing but values can be written.
    pub fn menu(name: &'static str, menu: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(name, Place::Menu(menu.into()), Comment::None, text)
    }

    /// Commands for a shell whose comments begin with `#`.
    pub fn shell(name: &'static str, place: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(name, Place::Shell(place.into()), Comment::Hash, text)
    }

    /// A part.
    pub fn new(
        name: &'static str,
        place: Place,
        comment: Comment,
        text: impl Into<String>,
    ) -> Self {
        let mut text = text.into();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        Self {
            name,
            place,
            comment,
            text,
        }
    }
}

/// What to paste, and what to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// What to paste, in the order in which it is to be done.
    pub parts: Vec<Part>,
    /// What makes the target use it.
    pub reload: &'static str,
    /// The target's own checker; empty if it has none.
    pub check: &'static str,
    /// What hardly can be meant.
    pub warnings: Vec<String>,
    /// Where the target is weaker than lanward, and the safer way.
    pub weaknesses: Vec<String>,
    /// What else one must know.
    pub notes: Vec<String>,
}

impl Snippet {
    /// A snippet without parts; `reload` is the command or the button that makes the target use it.
    pub fn new(reload: &'static str) -> Self {
        Self {
            parts: Vec::new(),
            reload,
            check: "",
            warnings: Vec::new(),
            weaknesses: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// With the command that checks the file.
    #[must_use]
    pub fn checked_by(mut self, check: &'static str) -> Self {
        self.check = check;
        self
    }

    /// With one more part.
    #[must_use]
    pub fn with(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Says that something hardly can be meant.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Says where the target is weaker than lanward, and the safer way.
    pub fn weak(&mut self, weakness: impl Into<String>) {
        self.weaknesses.push(weakness.into());
    }

    /// Says what else one must know.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }
}
