//! The markers around a snippet, by which a later one takes its place.

/// The words in which the first line of a block ends.
pub(super) fn begin(mark: &str) -> String {
    format!(">>> lanward emit {mark} >>>")
}

/// The words in which its last line ends.
pub(super) fn end(mark: &str) -> String {
    format!("<<< lanward emit {mark} <<<")
}

/// Why nothing can be replaced.
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
}

/// The text with the block of this mark replaced by `block`; every octet outside of it stays. A block that is indented stays so.
/// Line numbers count from 1.
pub fn replace(text: &[u8], mark: &str, block: &str) -> Result<Vec<u8>, Unmarked> {
    let (begin, end) = (begin(mark), end(mark));
    let lines: Vec<&[u8]> = text.split_inclusive(|octet| *octet == b'\n').collect();
    let has = |line: &[u8], words: &str| {
        let words = words.as_bytes();
        line.windows(words.len()).any(|part| part == words)
    };
    let mut begins = (0..).zip(&lines).filter(|(_, line)| has(line, &begin));
    let (first, first_line) = begins.next().ok_or(Unmarked::NoBegin)?;
    if let Some((second, _)) = begins.next() {
        return Err(Unmarked::Twice(first + 1, second + 1));
    }
    let behind = (0..).zip(&lines).skip(first);
    let (last, last_line) = behind
        .clone()
        .find(|(_, line)| has(line, &end))
        .ok_or(Unmarked::NoEnd(first + 1))?;
    let indent: Vec<u8> = (first_line.iter().copied())
        .take_while(|octet| matches!(octet, b' ' | b'\t'))
        .collect();
    // The file's own line ends.
    let is_dos = last_line.ends_with(b"\r\n") || first_line.ends_with(b"\r\n");
    let mut out: Vec<u8> = lines
        .iter()
        .take(first)
        .copied()
        .flatten()
        .copied()
        .collect();
    for line in block.lines() {
        if !line.is_empty() {
            out.extend_from_slice(&indent);
        }
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(if is_dos { b"\r\n" } else { b"\n" });
    }
    if !last_line.ends_with(b"\n") {
        out.pop();
        if is_dos {
            out.pop();
        }
    }
    out.extend(lines.iter().skip(last + 1).copied().flatten().copied());
    Ok(out)
}
