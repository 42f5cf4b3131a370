//! The markers around a snippet, by which a later one takes its place.

use super::Comment;

/// The words of the first line of a block.
pub(super) fn begin(mark: &str) -> String {
    format!(">>> lanward emit {mark} >>>")
}

/// The words of its last line.
pub(super) fn end(mark: &str) -> String {
    format!("<<< lanward emit {mark} <<<")
}

/// What all markers have in common.
const ANY: [&str; 2] = [">>> lanward emit ", "<<< lanward emit "];

/// Why nothing can be replaced. Lines count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unmarked {
    /// There is no first line.
    #[error("it has no line that begins the block")]
    NoBegin,
    /// There is no last line behind the first.
    #[error("line {0} begins the block, and no line behind it ends it")]
    NoEnd(usize),
    /// There are two.
    #[error("the block begins in line {0} and again in line {1}")]
    Twice(usize, usize),
    /// A marker of this or another block stands before its end.
    #[error("the block begins in line {0}, and before it ends there is another marker in line {1}")]
    Nested(usize, usize),
}

/// The text with the block of this mark replaced by `block`; every octet outside of it stays. A block that is indented stays so. Markers
/// are whole lines: the same words behind something else are somebody's text.
pub fn replace(
    text: &[u8],
    comment: Comment,
    mark: &str,
    block: &str,
) -> Result<Vec<u8>, Unmarked> {
    let [begin, end] = [begin(mark), end(mark)].map(|words| comment.line(&words));
    let lines: Vec<&[u8]> = text.split_inclusive(|octet| *octet == b'\n').collect();
    let is = |line: &[u8], marker: &str| line.trim_ascii() == marker.as_bytes();
    let is_marker = |line: &[u8]| {
        let has = |words: &str| {
            line.windows(words.len())
                .any(|part| part == words.as_bytes())
        };
        ANY.into_iter().any(has)
    };
    let mut begins = (0..).zip(&lines).filter(|(_, line)| is(line, &begin));
    let (first, first_line) = begins.next().ok_or(Unmarked::NoBegin)?;
    if let Some((second, _)) = begins.next() {
        return Err(Unmarked::Twice(first + 1, second + 1));
    }
    let mut markers = (0..)
        .zip(&lines)
        .skip(first + 1)
        .filter(|(_, line)| is_marker(line));
    let (last, last_line) = markers.next().ok_or(Unmarked::NoEnd(first + 1))?;
    if !is(last_line, &end) {
        return Err(Unmarked::Nested(first + 1, last + 1));
    }
    let indent: Vec<u8> = (first_line.iter().copied())
        .take_while(|octet| matches!(octet, b' ' | b'\t'))
        .collect();
    // The file's own line ends.
    let line_end: &[u8] = if first_line.ends_with(b"\r\n") {
        b"\r\n"
    } else {
        b"\n"
    };
    let mut out: Vec<u8> = lines
        .iter()
        .take(first)
        .copied()
        .flatten()
        .copied()
        .collect();
    let mut rest = block.lines().peekable();
    while let Some(line) = rest.next() {
        if !line.is_empty() {
            out.extend_from_slice(&indent);
        }
        out.extend_from_slice(line.as_bytes());
        // A file without a line end at its end stays one.
        if rest.peek().is_some() || last_line.ends_with(b"\n") {
            out.extend_from_slice(line_end);
        }
    }
    out.extend(lines.iter().skip(last + 1).copied().flatten().copied());
    Ok(out)
}
