//! `$GENERATE`: many records from one line (BIND 9 Administrator Reference Manual, "The $GENERATE Directive").
//!
//! `$` stands for the counter, `$$` and `\$` for the character, `${offset,width,base}` for the counter plus an offset, filled with
//! zeros to a width, in base `d`, `o`, `x`, `X`, or in nibbles `n`, `N`. Data of one word in quotes are taken out of the quotes, as
//! BIND wants data of several words written; here they may also stand without quotes.

use super::lexer::{Lexer, Token};
use super::rdata::Fields;
use super::text::number;
use super::{Fault, File, Reader, ttl_and_type};

/// How many records one line may make.
const MAX_RECORDS: u32 = 65_536;
/// The widest field that a modifier may ask for.
const MAX_WIDTH: u8 = 255;

impl Reader<'_, '_> {
    /// Reads the lines that a template makes, each with its counter.
    pub(super) fn generate(
        &mut self,
        file: &mut File<'_>,
        fields: &mut Fields<'_, '_>,
    ) -> Result<(), Fault> {
        let range = fields.next("the range")?;
        let (start, stop, step) = read_range(range).ok_or_else(|| {
            let problem = format!(
                "{} is no range; allowed: START-STOP or START-STOP/STEP, at most {MAX_RECORDS} values",
                range.shown()
            );
            Fault::new(range.line, problem)
        })?;
        let line = range.line;
        let template = template(fields)?;
        // The owner of generated records is not the owner of the line behind them.
        let owner = file.owner;
        let mut counter = start;
        while counter <= stop {
            let done = expand(&template, counter)
                .map_err(|problem| Fault::new(line, problem))
                .and_then(|text| self.generated(file, &text, line));
            if let Err(fault) = done {
                file.owner = owner;
                let problem = format!("with {counter} for $: {}", fault.problem);
                return Err(Fault::new(line, problem));
            }
            counter = match counter.checked_add(step) {
                Some(next) => next,
                None => break,
            };
        }
        file.owner = owner;
        Ok(())
    }

    fn generated(&mut self, file: &mut File<'_>, text: &[u8], line: u32) -> Result<(), Fault> {
        self.take_octets(line, text.len())?;
        let mut tokens = Vec::new();
        let mut lexer = Lexer::new(text, line);
        let head = lexer
            .entry(&mut tokens)
            .unwrap_or_else(|| Err(Fault::new(line, "nothing is generated")))?;
        self.record(file, head, &tokens)
    }
}

/// The first and last counter and the step between counters.
fn read_range(token: &Token<'_>) -> Option<(u32, u32, u32)> {
    let limit = 0x7fff_ffff;
    let mut parts = token.text.splitn(2, |octet| *octet == b'/');
    let mut ends = parts.next()?.splitn(2, |octet| *octet == b'-');
    let start = number(ends.next()?, limit)?;
    let stop = number(ends.next()?, limit)?;
    let step = match parts.next() {
        Some(step) => number(step, limit)?,
        None => 1,
    };
    let records = stop.checked_sub(start)?.checked_div(step)?;
    (records < MAX_RECORDS).then_some((start, stop, step))
}

/// The text of a line with `$` still in it.
fn template(fields: &mut Fields<'_, '_>) -> Result<Vec<u8>, Fault> {
    let owner = fields.next("the owner")?;
    let mut behind = fields.clone();
    // Read here, so that what is wrong in the head is told without a counter, and to know where the data begin.
    ttl_and_type(&mut behind)?;
    let data = behind.rest();
    let all = fields.rest();
    let head = all.len() - data.len();
    let mut text = Vec::new();
    append(&mut text, owner);
    for token in all.get(..head).unwrap_or_default() {
        append(&mut text, token);
    }
    match data {
        [token] if token.quoted => append_unquoted(&mut text, token.text),
        data => data.iter().for_each(|token| append(&mut text, token)),
    }
    Ok(text)
}

fn append(text: &mut Vec<u8>, token: &Token<'_>) {
    let quote: &[u8] = if token.quoted { b"\"" } else { b"" };
    if !text.is_empty() {
        text.push(b' ');
    }
    for part in [quote, token.text, quote] {
        text.extend_from_slice(part);
    }
}

/// Appends what stood in quotes; a quote inside had a backslash, which goes, too.
fn append_unquoted(text: &mut Vec<u8>, inside: &[u8]) {
    text.push(b' ');
    let mut rest = inside;
    loop {
        rest = match rest {
            [] => return,
            [b'\\', b'"', rest @ ..] => {
                text.push(b'"');
                rest
            }
            [b'\\', octet, rest @ ..] => {
                text.extend([b'\\', *octet]);
                rest
            }
            [octet, rest @ ..] => {
                text.push(*octet);
                rest
            }
        };
    }
}

/// The template with the counter in its places.
fn expand(template: &[u8], counter: u32) -> Result<Vec<u8>, String> {
    let mut text = Vec::with_capacity(template.len() + 16);
    let mut rest = template;
    loop {
        rest = match rest {
            [] => return Ok(text),
            [b'\\', octet, rest @ ..] => {
                text.extend([b'\\', *octet]);
                rest
            }
            [b'$', b'$', rest @ ..] => {
                text.push(b'$');
                rest
            }
            [b'$', b'{', rest @ ..] => {
                let end = rest.iter().position(|octet| *octet == b'}');
                let (inside, rest) = end
                    .and_then(|end| rest.split_at_checked(end))
                    .ok_or("\"${\" is never closed")?;
                write_modified(&mut text, inside, counter)?;
                rest.get(1..).unwrap_or_default()
            }
            [b'$', rest @ ..] => {
                text.extend_from_slice(counter.to_string().as_bytes());
                rest
            }
            [octet, rest @ ..] => {
                text.push(*octet);
                rest
            }
        };
    }
}

/// Appends the counter as `offset,width,base` want it; width and base may be left out.
fn write_modified(text: &mut Vec<u8>, modifiers: &[u8], counter: u32) -> Result<(), String> {
    let shown = || format!("\"${{{}}}\"", modifiers.escape_ascii());
    let wrong = || {
        format!(
            "{} is not understood; allowed: ${{OFFSET,WIDTH,BASE}}, width up to {MAX_WIDTH}, base d, o, x, X, n or N",
            shown()
        )
    };
    let modifiers = str::from_utf8(modifiers).map_err(|_| wrong())?;
    let mut parts = modifiers.split(',');
    let offset: i64 = parts
        .next()
        .and_then(|part| part.parse().ok())
        .ok_or_else(wrong)?;
    let width: u8 = match parts.next() {
        Some(part) => part.parse().map_err(|_| wrong())?,
        None => 0,
    };
    let base = parts.next().unwrap_or("d");
    if parts.next().is_some() {
        return Err(wrong());
    }
    let value = i64::from(counter)
        .checked_add(offset)
        .and_then(|value| u32::try_from(value).ok())
        .ok_or_else(|| format!("{} is not from 0 to {}", shown(), u32::MAX))?;
    let width = usize::from(width);
    let written = match base {
        "d" => format!("{value:0width$}"),
        "o" => format!("{value:0width$o}"),
        "x" => format!("{value:0width$x}"),
        "X" => format!("{value:0width$X}"),
        "n" => nibbles(value, width),
        "N" => nibbles(value, width).to_ascii_uppercase(),
        _ => return Err(wrong()),
    };
    text.extend_from_slice(written.as_bytes());
    Ok(())
}

/// The hexadecimal digits from the last to the first with dots between them, as in the names of `ip6.arpa`. The width counts
/// the dots, too.
fn nibbles(value: u32, width: usize) -> String {
    let mut text = String::new();
    let mut value = value;
    loop {
        text.extend(char::from_digit(value & 0xf, 16));
        value >>= 4;
        if value == 0 && text.len() >= width {
            return text;
        }
        text.push('.');
        if value == 0 && text.len() >= width {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_is_written_as_wanted() {
        let cases = [
            ("a", 7, "a"),
            ("h-$.$", 7, "h-7.7"),
            (r"$$ \$ \\$", 7, r"$ \$ \\7"),
            ("${0}${1}${-7}", 7, "780"),
            ("${0,3}.${10,3,d}", 7, "007.017"),
            ("${0,4,o} ${0,0,o}", 64, "0100 100"),
            ("${0,4,x} ${0,0,X} ${0,1,x}", 255, "00ff FF ff"),
            ("${0,0,n} ${0,1,n} ${0,3,n} ${0,7,N}", 10, "a a a.0 A.0.0.0"),
            ("${0,0,n}", 0x1234, "4.3.2.1"),
            ("${0,2,n}", 1, "1."),
            ("${0,1,n}", 0x12, "2.1"),
            ("${0,63,n}", 1, &format!("1{}", ".0".repeat(31))),
        ];
        for (template, counter, expected) in cases {
            let text = expand(template.as_bytes(), counter).unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), expected, "{template}");
        }
    }

    #[test]
    fn a_modifier_that_is_wrong_is_told() {
        let wrong = "is not understood; allowed: ${OFFSET,WIDTH,BASE}, width up to 255, base d, o, x, X, n or N";
        let cases = [
            ("${0", "\"${\" is never closed".to_owned()),
            ("${}", format!("\"${{}}\" {wrong}")),
            ("${0,256}", format!("\"${{0,256}}\" {wrong}")),
            ("${0,1,q}", format!("\"${{0,1,q}}\" {wrong}")),
            ("${0,1,d,}", format!("\"${{0,1,d,}}\" {wrong}")),
            ("${-8}", "\"${-8}\" is not from 0 to 4294967295".to_owned()),
        ];
        for (template, expected) in cases {
            assert_eq!(expand(template.as_bytes(), 7), Err(expected), "{template}");
        }
    }

    #[test]
    fn ranges_are_bounded() {
        let cases = [
            ("1-3", Some((1, 3, 1))),
            ("0-0", Some((0, 0, 1))),
            ("1-10/4", Some((1, 10, 4))),
            ("0-65535", Some((0, 65_535, 1))),
            ("0-2147483647/32768", Some((0, 0x7fff_ffff, 32_768))),
            ("0-65536", None),
            ("3-1", None),
            ("1-3/0", None),
            ("1", None),
            ("1-", None),
            ("-1-3", None),
            ("0-2147483648", None),
        ];
        for (text, expected) in cases {
            let token = Token {
                text: text.as_bytes(),
                quoted: false,
                line: 1,
            };
            assert_eq!(read_range(&token), expected, "{text}");
        }
    }
}
