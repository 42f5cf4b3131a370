//! Lines of dnsmasq's files: an option, and behind `=` what it is set to.
//!
//! Source: `read_file` in option.c of dnsmasq 2.90 to 2.93.

/// The longest line that dnsmasq reads in one piece, in octets: its buffer is one domain name (MAXDNAME) long.
const LONGEST: usize = 1024;

/// An option with its value, if there is one.
pub(super) type Line = (String, Option<String>);

/// Every line that says something, with its row from 0.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, Result<Line, &'static str>)> {
    text.split('\n')
        .enumerate()
        .filter_map(|(row, line)| Some((row, read(line).transpose()?)))
}

fn read(line: &str) -> Result<Option<Line>, &'static str> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.len() > LONGEST {
        return Err(
            "dnsmasq reads at most 1024 octets of a line, and the rest as a line of its own; write several lines",
        );
    }
    let line = plain(line)?;
    let line = line.trim_matches(' ');
    if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(match line.split_once('=') {
        Some((name, value)) => (
            name.trim_end_matches([' ', '=']).to_owned(),
            Some(value.trim_start_matches(' ').to_owned()),
        ),
        None => (line.to_owned(), None),
    }))
}

/// The line without quotes and without its comment, which begins with a `#` behind a blank.
fn plain(line: &str) -> Result<String, &'static str> {
    let mut plain = String::new();
    let mut is_behind_blank = true;
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                is_behind_blank = false;
                loop {
                    match characters.next() {
                        None => return Err("a quotation mark is missing; dnsmasq does not start"),
                        Some('"') => break,
                        Some('\\') => plain.extend(characters.next()),
                        Some(c) => plain.push(c),
                    }
                }
            }
            '#' if is_behind_blank => break,
            c if c.is_ascii_whitespace() => {
                plain.push(' ');
                is_behind_blank = true;
            }
            c => {
                plain.push(c);
                is_behind_blank = false;
            }
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_dnsmasq_does() {
        let line = |text: &str| read(text).unwrap();
        let option = |name: &str, value: &str| Some((name.to_owned(), Some(value.to_owned())));
        assert_eq!(line("# stop-dns-rebind"), None);
        assert_eq!(line("  \t"), None);
        assert_eq!(
            line(" stop-dns-rebind # on"),
            Some(("stop-dns-rebind".to_owned(), None))
        );
        assert_eq!(
            line("server = /d/1.2.3.4#53 # x\r"),
            option("server", "/d/1.2.3.4#53")
        );
        assert_eq!(
            line("server=\"/d/1.2.3.4\""),
            option("server", "/d/1.2.3.4")
        );
        assert!(read("server=\"/d/").is_err());
        assert!(read(&"a".repeat(1024)).is_ok() && read(&"a".repeat(1025)).is_err());
    }
}
