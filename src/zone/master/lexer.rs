//! Zone-file text to tokens (RFC 1035 §5.1).
//!
//! An entry is what one line says, or several if parentheses hold them together. Tokens are pieces of the file, escapes still in
//! them: what an escape means depends on what the token is, and most tokens have none. A quoted string must end on the line on
//! which it begins, though RFC 1035 allows more, so that a forgotten quote is found where it is missing.

use super::Fault;

/// More tokens than the data of any record can need, so that a file of open parentheses cannot fill the memory.
const MAX_TOKENS: usize = 200_000;

/// One word or quoted string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// As written, without the quotes around it.
    pub(super) text: &'a [u8],
    /// Whether quotes stood around it.
    pub(super) quoted: bool,
    /// The line on which it stands.
    pub(super) line: u32,
}

impl Token<'_> {
    /// Whether it is this word, in any case of letters.
    pub(super) fn is_word(&self, word: &str) -> bool {
        !self.quoted && self.text.eq_ignore_ascii_case(word.as_bytes())
    }

    /// The token as it is shown in a message.
    pub(super) fn shown(&self) -> String {
        shown(self.text)
    }
}

/// Text of a file as it is shown in a message: in quotes, with runs of blanks as one, and cut where it gets long.
pub(super) fn shown(text: &[u8]) -> String {
    const LONGEST: usize = 80;
    let text = String::from_utf8_lossy(text);
    let mut words = text.split_ascii_whitespace();
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        if line.len() > LONGEST {
            break;
        }
        line.push(' ');
        line.push_str(word);
    }
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}", format!("{}…", line.get(..end).unwrap_or_default())),
        None => format!("{line:?}"),
    }
}

/// The head of an entry; its tokens are in the caller's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The line on which it begins.
    pub(super) line: u32,
    /// Whether a blank stands before its first token, so that the owner of the entry before holds.
    pub(super) blank: bool,
}

/// Reads the entries of a file, one after the other.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lexer<'a> {
    /// For a text that begins on this line.
    pub(super) fn new(text: &'a [u8], line: u32) -> Self {
        // Editors on Windows put a byte order mark first.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        Self { text, at: 0, line }
    }

    /// The next entry that says anything, its tokens put in place of those in `tokens`. After a fault comes what follows the
    /// line of the fault.
    pub(super) fn entry(&mut self, tokens: &mut Vec<Token<'a>>) -> Option<Result<Entry, Fault>> {
        loop {
            tokens.clear();
            let head = Entry {
                line: self.line,
                blank: matches!(self.peek()?, b' ' | b'\t'),
            };
            match self.tokens(tokens) {
                Ok(()) if tokens.is_empty() => {}
                Ok(()) => return Some(Ok(head)),
                Err(fault) => {
                    self.skip_line();
                    return Some(Err(fault));
                }
            }
        }
    }

    /// Reads up to the end of the entry.
    fn tokens(&mut self, tokens: &mut Vec<Token<'a>>) -> Result<(), Fault> {
        let mut open = None;
        loop {
            match (self.peek(), open) {
                (None, None) => return Ok(()),
                (None, Some(line)) => return Err(Fault::new(line, "\"(\" is never closed")),
                (Some(b'\n'), _) => {
                    self.at += 1;
                    self.line = self.line.saturating_add(1);
                    if open.is_none() {
                        return Ok(());
                    }
                }
                (Some(b' ' | b'\t' | b'\r' | b'\x0c'), _) => self.at += 1,
                (Some(b';'), _) => self.skip_comment(),
                (Some(b'('), None) => {
                    open = Some(self.line);
                    self.at += 1;
                }
                (Some(b'('), Some(line)) => {
                    let problem = format!("\"(\" inside the \"(\" of line {line}");
                    return Err(Fault::new(self.line, problem));
                }
                (Some(b')'), None) => {
                    return Err(Fault::new(self.line, "\")\" without \"(\""));
                }
                (Some(b')'), Some(_)) => {
                    open = None;
                    self.at += 1;
                }
                (Some(first), _) => {
                    if tokens.len() == MAX_TOKENS {
                        return Err(Fault::new(self.line, "too many words in one entry"));
                    }
                    tokens.push(self.token(first)?);
                }
            }
        }
    }

    fn token(&mut self, first: u8) -> Result<Token<'a>, Fault> {
        let quoted = first == b'"';
        let start = self.at;
        if quoted {
            self.skip_quoted()?;
        } else {
            self.skip_word()?;
        }
        let (from, to) = if quoted {
            (start + 1, self.at - 1)
        } else {
            (start, self.at)
        };
        Ok(Token {
            text: self.text.get(from..to).unwrap_or_default(),
            quoted,
            line: self.line,
        })
    }

    /// Goes behind a word. Quotes inside keep blanks and marks together, as in `alpn="h2,h3"` (RFC 9460 §2.1).
    fn skip_word(&mut self) -> Result<(), Fault> {
        while let Some(octet) = self.peek() {
            match octet {
                b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' | b'(' | b')' | b';' => break,
                b'"' => self.skip_quoted()?,
                b'\\' => self.skip_escape(),
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// Goes behind the closing quote.
    fn skip_quoted(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            match self.peek() {
                None | Some(b'\n') => {
                    let problem = "the quote is not closed on its line";
                    return Err(Fault::new(self.line, problem));
                }
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.skip_escape(),
                Some(_) => self.at += 1,
            }
        }
    }

    /// Goes behind a backslash and the octet that it quotes, never over the end of the line.
    fn skip_escape(&mut self) {
        self.at += 1;
        if self.peek().is_some_and(|octet| octet != b'\n') {
            self.at += 1;
        }
    }

    /// Goes to the end of the line, so that the end still ends the entry.
    fn skip_comment(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest
            .iter()
            .position(|&octet| octet == b'\n')
            .unwrap_or(rest.len());
    }

    fn skip_line(&mut self) {
        self.skip_comment();
        if self.peek().is_some() {
            self.at += 1;
            self.line = self.line.saturating_add(1);
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries of a text: line, `_` for a blank first field, tokens, quoted ones in brackets.
    fn entries(text: &str) -> Vec<String> {
        let mut lexer = Lexer::new(text.as_bytes(), 1);
        let mut tokens = Vec::new();
        let mut all = Vec::new();
        while let Some(entry) = lexer.entry(&mut tokens) {
            all.push(match entry {
                Ok(entry) => {
                    let mut shown = format!("{}{}", entry.line, if entry.blank { "_" } else { "" });
                    for token in &tokens {
                        let text = String::from_utf8_lossy(token.text);
                        let quotes = if token.quoted { [" [", "]"] } else { [" ", ""] };
                        shown.push_str(&quotes.join(&text));
                    }
                    shown
                }
                Err(fault) => format!("{}! {}", fault.line, fault.problem),
            });
        }
        all
    }

    #[test]
    fn text_becomes_entries_of_tokens() {
        let cases: [(&str, &[&str]); 16] = [
            ("", &[]),
            ("\n \n; a\n  ; b\r\n", &[]),
            ("a A 1", &["1 a A 1"]),
            ("\u{feff}a\tA\t1\r\n b", &["1 a A 1", "2_ b"]),
            ("a;b\nc ;d", &["1 a", "2 c"]),
            (r#"a "b c" "" d"#, &["1 a [b c] [] d"]),
            (r#""a""b""#, &["1 [a] [b]"]),
            (r#"a "b;(c" d"#, &["1 a [b;(c] d"]),
            (r#"a "b\"c" d\;e f\ g"#, &[r#"1 a [b\"c] d\;e f\ g"#]),
            (r#"k="a b",c d"#, &[r#"1 k="a b",c d"#]),
            ("a ( b ; c )\n\n d\n) e\nf", &["1 a b d e", "5 f"]),
            ("(a\nb)\nc", &["1 a b", "3 c"]),
            ("a(b)c", &["1 a b c"]),
            ("a \\\nb", &["1 a \\", "2 b"]),
            ("a ()", &["1 a"]),
            ("()\na", &["2 a"]),
        ];
        for (text, expected) in cases {
            assert_eq!(entries(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_fault_ends_with_its_line() {
        let cases: [(&str, &[&str]); 6] = [
            (
                "a \"b\nc",
                &["1! the quote is not closed on its line", "2 c"],
            ),
            ("a \"b\\\"", &["1! the quote is not closed on its line"]),
            ("a )\nb", &["1! \")\" without \"(\"", "2 b"]),
            ("a (\nb", &["1! \"(\" is never closed"]),
            (
                "a ( b\nc ( d\ne",
                &["2! \"(\" inside the \"(\" of line 1", "3 e"],
            ),
            (
                "a ( \"\n) b",
                &[
                    "1! the quote is not closed on its line",
                    "2! \")\" without \"(\"",
                ],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(entries(text), expected, "{text:?}");
        }
        let many = "a ".repeat(MAX_TOKENS + 1);
        assert_eq!(entries(&many), ["1! too many words in one entry"]);
    }

    #[test]
    fn text_is_shown_short_and_without_control_characters() {
        assert_eq!(shown(b"  nas\tA  1\r"), "\"nas A 1\"");
        assert_eq!(shown(b"\x1b[31m\xff"), "\"\\u{1b}[31m\u{fffd}\"");
        assert_eq!(shown(&[b'a'; 81]), format!("\"{}…\"", "a".repeat(80)));
        assert_eq!(shown(b"a ".repeat(1000).as_slice()).chars().count(), 83);
    }
}
