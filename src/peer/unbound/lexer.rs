//! The words of Unbound's files: clauses and options that end with a colon, and their values.
//!
//! Line ends mean nothing but the end of a comment: `server: port: 53` is three words on one line.
//!
//! Source: util/configlexer.lex of Unbound 1.17 to 1.26.

/// A clause or an option, and where its values begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// The row, from 0.
    pub(super) row: usize,
    /// The word, without its colon.
    pub(super) key: String,
    /// Its values, without quotes.
    pub(super) values: Vec<String>,
}

/// What cannot be read, and where.
pub(super) type Fault = (usize, &'static str);

/// Reads a text, until its end or the first fault, behind which Unbound reads nothing either.
pub(super) fn items(text: &str) -> (Vec<Item>, Option<Fault>) {
    let mut lexer = Lexer { rest: text, row: 0 };
    let mut items = Vec::new();
    loop {
        match lexer.item() {
            Ok(Some(item)) => items.push(item),
            Ok(None) => return (items, None),
            Err(why) => return (items, Some((lexer.row, why))),
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    row: usize,
}

impl Lexer<'_> {
    fn item(&mut self) -> Result<Option<Item>, &'static str> {
        self.skip();
        if self.rest.is_empty() {
            return Ok(None);
        }
        let row = self.row;
        let stop = |c: char| c == ':' || c.is_ascii_whitespace();
        let end = self.rest.find(stop).unwrap_or(self.rest.len());
        let (key, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        let is_word = key.bytes().all(|octet| {
            octet.is_ascii_lowercase() || octet.is_ascii_digit() || matches!(octet, b'-' | b'_')
        });
        let Some(rest) = rest
            .strip_prefix(':')
            .filter(|_| is_word && !key.is_empty())
        else {
            return Err(
                "here a keyword in small letters with a colon is expected; Unbound does not start",
            );
        };
        self.rest = rest;
        let mut values = Vec::new();
        for _ in 0..arity(key) {
            self.skip();
            if self.rest.is_empty() {
                return Err("the last keyword lacks its value; Unbound does not start");
            }
            values.push(self.value()?);
        }
        Ok(Some(Item {
            row,
            key: key.to_owned(),
            values,
        }))
    }

    /// Leaves blanks, line ends and comments behind.
    fn skip(&mut self) {
        loop {
            let start = self.rest.trim_start();
            let blank = self.rest.len() - start.len();
            self.count(blank);
            self.rest = start;
            if !start.starts_with('#') {
                return;
            }
            let end = start.find('\n').unwrap_or(start.len());
            self.rest = start.get(end..).unwrap_or_default();
        }
    }

    /// A value in either kind of quotes, or up to the next blank.
    fn value(&mut self) -> Result<String, &'static str> {
        for quote in ['"', '\''] {
            if let Some(rest) = self.rest.strip_prefix(quote) {
                let end = rest.find([quote, '\n']);
                let found = end.and_then(|end| rest.split_at_checked(end));
                let (value, after) = found
                    .and_then(|(value, after)| Some((value, after.strip_prefix(quote)?)))
                    .ok_or("a quotation mark is missing; Unbound does not start")?;
                self.rest = after;
                return Ok(value.to_owned());
            }
        }
        let end = self
            .rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        Ok(value.to_owned())
    }

    fn count(&mut self, octets: usize) {
        let left = self.rest.get(..octets).unwrap_or_default();
        self.row += left.matches('\n').count();
    }
}

/// How many values stand behind a keyword.
fn arity(key: &str) -> usize {
    match key {
        "server" | "forward-zone" | "stub-zone" | "auth-zone" | "view" | "remote-control"
        | "python" | "dynlib" | "dnstap" | "dnscrypt" | "cachedb" | "ipset" | "rpz" => 0,
        "access-control"
        | "access-control-tag"
        | "access-control-view"
        | "interface-action"
        | "interface-tag"
        | "interface-view"
        | "local-zone"
        | "local-zone-tag"
        | "response-ip"
        | "response-ip-tag"
        | "response-ip-data"
        | "ratelimit-for-domain"
        | "ratelimit-below-domain"
        | "edns-client-string"
        | "wait-limit-netblock"
        | "wait-limit-cookie-netblock" => 2,
        "access-control-tag-action"
        | "access-control-tag-data"
        | "interface-tag-action"
        | "interface-tag-data"
        | "local-zone-override" => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_unbound_does() {
        let text = "server: private-domain:a.example # b\n\n  private-domain:\n 'c.example' local-zone: \"lan.\" static\ninterface: ::0";
        let (items, fault) = items(text);
        let shown: Vec<String> = items
            .iter()
            .map(|item| format!("{} {} {}", item.row, item.key, item.values.join(" ")))
            .collect();
        assert_eq!(
            shown,
            [
                "0 server ",
                "0 private-domain a.example",
                "2 private-domain c.example",
                "3 local-zone lan. static",
                "4 interface ::0"
            ]
        );
        assert_eq!(fault, None);
    }

    #[test]
    fn reading_ends_at_the_first_fault() {
        for text in [
            "server:\nPrivate-Domain: a\nserver:",
            "server:\nprivate-domain: \"a\nb\"",
            "server:\nprivate-domain: a b.example\n",
            "server:\nprivate-domain:",
        ] {
            let (items, fault) = items(text);
            assert!(
                items.len() <= 2 && fault.is_some_and(|(row, _)| row <= 2),
                "{text}"
            );
        }
    }
}
