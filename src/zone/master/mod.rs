//! Zone files in the standard format (RFC 1035 §5) to records.
//!
//! Read so that all faults are told at once, up to a number, each with its file, its line and the text of the line; a file with a
//! fault yields no records at all. What the records mean together is not judged here. Included files come through a function, so
//! nothing here touches a disk.

mod directive;
mod dnssec;
mod generate;
mod lexer;
mod rdata;
mod shape;
mod svcb;
#[cfg(test)]
mod tests;
mod text;

use std::path::PathBuf;

use self::lexer::{Entry, Lexer, Token, shown};
use self::rdata::Fields;
use super::Record;
use super::finding::{Finding, Severity};
use crate::wire::{Name, RecordType, read_u32};

/// How many faults are told before reading stops.
const MAX_FINDINGS: usize = 20;

/// A file: where it is said to stand, and what it holds.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its path, for findings.
    pub path: PathBuf,
    /// Its octets.
    pub bytes: Vec<u8>,
}

/// What finds the file that `$INCLUDE` names, or says why it is not to be had.
pub type Open<'a> = dyn FnMut(&str) -> Result<Source, String> + 'a;

/// How much one zone may take, all its included files and generated lines together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Records.
    pub(super) records: usize,
    /// Octets of text.
    pub(super) octets: usize,
    /// Files.
    pub(super) files: usize,
}

/// Far above any zone of one network. A million records take some 300 MB.
pub(super) const LIMITS: Limits = Limits {
    records: 1_000_000,
    octets: 256 << 20,
    files: 1000,
};

/// Reads a zone file; names in it that have no last dot are completed with `origin`.
pub fn read(
    source: &Source,
    origin: &Name,
    open: &mut Open<'_>,
) -> Result<Vec<Record>, Vec<Finding>> {
    read_within(source, (origin, None), open, LIMITS)
}

/// Reads single records as tools print them: names in them are absolute, and a record before which no TTL is stated gets `ttl`.
pub fn read_single(
    source: &Source,
    ttl: u32,
    open: &mut Open<'_>,
) -> Result<Vec<Record>, Vec<Finding>> {
    read_within(source, (&Name::ROOT, Some(ttl)), open, LIMITS)
}

fn read_within(
    source: &Source,
    (origin, ttl): (&Name, Option<u32>),
    open: &mut Open<'_>,
    limits: Limits,
) -> Result<Vec<Record>, Vec<Finding>> {
    let mut reader = Reader {
        open,
        left: limits,
        limits,
        records: Vec::new(),
        findings: Vec::new(),
        default_ttl: ttl,
        last_ttl: None,
        stopped: false,
    };
    let mut file = File {
        source,
        origin: origin.as_wire().to_vec(),
        owner: None,
        depth: 0,
        line: None,
    };
    if let Err(fault) = reader.file(&mut file) {
        reader.report(&file, fault);
    }
    if reader.findings.is_empty() {
        Ok(reader.records)
    } else {
        Err(reader.findings)
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    line: u32,
    problem: String,
}

impl Fault {
    fn new(line: u32, problem: impl Into<String>) -> Self {
        Self {
            line,
            problem: problem.into(),
        }
    }
}

/// A file while it is read.
#[derive(Debug)]
struct File<'f> {
    source: &'f Source,
    /// What completes names, on the wire, its letters as written.
    origin: Vec<u8>,
    /// The owner that holds for entries that begin with a blank.
    owner: Option<Name>,
    /// How many files included one another to get here.
    depth: usize,
    /// The line of the zone's own file that led here; none in that file itself.
    line: Option<u32>,
}

struct Reader<'o, 'c> {
    open: &'o mut Open<'c>,
    limits: Limits,
    left: Limits,
    records: Vec<Record>,
    findings: Vec<Finding>,
    /// From `$TTL`, or from the caller. It holds over the ends of files, as in BIND.
    default_ttl: Option<u32>,
    /// As stated last with a record.
    last_ttl: Option<u32>,
    /// Whether a limit was met, so that all further faults would be its consequences.
    stopped: bool,
}

impl Reader<'_, '_> {
    /// Reads a file to its end, or until there is enough to tell.
    fn file(&mut self, file: &mut File<'_>) -> Result<(), Fault> {
        self.take_octets(0, file.source.bytes.len())?;
        let mut lexer = Lexer::new(&file.source.bytes, 1);
        let mut tokens = Vec::new();
        while !self.stopped && self.findings.len() < MAX_FINDINGS {
            let Some(entry) = lexer.entry(&mut tokens) else {
                break;
            };
            let done = entry.and_then(|head| self.entry(file, head, &tokens));
            if let Err(fault) = done {
                self.report(file, fault);
            }
        }
        Ok(())
    }

    fn entry(
        &mut self,
        file: &mut File<'_>,
        head: Entry,
        tokens: &[Token<'_>],
    ) -> Result<(), Fault> {
        let directive = tokens
            .first()
            .filter(|token| !token.quoted && token.text.starts_with(b"$"));
        match directive {
            Some(name) => self.directive(file, name, tokens.get(1..).unwrap_or_default()),
            None => self.record(file, head, tokens),
        }
    }

    fn record(
        &mut self,
        file: &mut File<'_>,
        head: Entry,
        tokens: &[Token<'_>],
    ) -> Result<(), Fault> {
        let mut fields = Fields::new(tokens, head.line);
        if !head.blank {
            file.owner = Some(owner(fields.next("the owner")?, &file.origin)?);
        }
        let none = || {
            Fault::new(
                head.line,
                "there is no record before it whose owner it could have",
            )
        };
        let owner = file.owner.ok_or_else(none)?;
        let (ttl, kind) = ttl_and_type(&mut fields)?;
        let mut data = Vec::new();
        rdata::write(&mut data, kind, &mut fields, &file.origin)?;
        let ttl = self.ttl(ttl, kind, &data).ok_or_else(|| {
            let problem = "it has no TTL; put a line such as \"$TTL 1h\" before it";
            Fault::new(head.line, problem)
        })?;
        if self.left.records == 0 {
            let problem = format!("the zone has more than {} records", self.limits.records);
            return self.stop(head.line, problem);
        }
        self.left.records -= 1;
        self.records.push(Record {
            owner,
            kind,
            ttl,
            data: data.into_boxed_slice(),
            line: file.line.unwrap_or(head.line),
        });
        Ok(())
    }

    /// The TTL of a record: its own, else that of `$TTL` (RFC 2308 §4), else the one stated last (RFC 1035 §5.1), else for the
    /// SOA the negative TTL that it holds, as in BIND.
    fn ttl(&mut self, own: Option<u32>, kind: RecordType, data: &[u8]) -> Option<u32> {
        let soa = || {
            let minimum = read_u32(data, data.len().checked_sub(4)?).ok();
            minimum.filter(|_| kind == RecordType::SOA)
        };
        if own.is_some() {
            self.last_ttl = own;
        } else if self.default_ttl.is_none() && self.last_ttl.is_none() {
            self.last_ttl = soa().map(|ttl| ttl.min(0x7fff_ffff));
        }
        own.or(self.default_ttl).or(self.last_ttl)
    }

    /// Counts text against the limit.
    fn take_octets(&mut self, line: u32, octets: usize) -> Result<(), Fault> {
        if let Some(left) = self.left.octets.checked_sub(octets) {
            self.left.octets = left;
            return Ok(());
        }
        let problem = format!(
            "the zone has more than {} octets of text",
            self.limits.octets
        );
        self.stop(line, problem)
    }

    fn stop(&mut self, line: u32, problem: String) -> Result<(), Fault> {
        self.stopped = true;
        Err(Fault::new(line, problem))
    }

    fn report(&mut self, file: &File<'_>, fault: Fault) {
        let above = fault
            .line
            .checked_sub(1)
            .and_then(|line| usize::try_from(line).ok());
        let text =
            above.and_then(|above| file.source.bytes.split(|octet| *octet == b'\n').nth(above));
        let problem = match text {
            Some(text) => format!("{}: {}", shown(text), fault.problem),
            None => fault.problem,
        };
        self.findings.push(Finding {
            severity: Severity::Error,
            file: file.source.path.clone(),
            line: fault.line,
            problem,
        });
    }
}

fn owner(token: &Token<'_>, origin: &[u8]) -> Result<Name, Fault> {
    let wire = name(token, origin)?;
    let malformed = |_| Fault::new(token.line, format!("{} is no name", token.shown()));
    let (owner, _) = Name::read_plain(&wire, 0).map_err(malformed)?;
    Ok(owner)
}

/// A name on the wire, its letters as written.
fn name(token: &Token<'_>, origin: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut wire = Vec::new();
    text::write_name(&mut wire, token.text, origin).map_err(|error| {
        Fault::new(token.line, format!("{} is no name: {error}", token.shown()))
    })?;
    Ok(wire)
}

/// The head of a record behind its owner: TTL and class, in any order or not at all, and the type.
fn ttl_and_type(fields: &mut Fields<'_, '_>) -> Result<(Option<u32>, RecordType), Fault> {
    let mut ttl = None;
    let mut class = false;
    loop {
        let token = fields.next("the type")?;
        let fault = |problem| Fault::new(token.line, problem);
        // No type and no class begins with a digit.
        if ttl.is_none() && token.text.first().is_some_and(u8::is_ascii_digit) {
            ttl = Some(text::ttl(token).map_err(fault)?);
        } else if !class && (token.is_word("IN") || token.is_word("CLASS1")) {
            class = true;
        } else if is_other_class(token) {
            return Err(fault(format!(
                "class {} is not served, only IN",
                token.shown()
            )));
        } else {
            let kind = rdata::record_type(token).map_err(fault)?;
            // Types that ask or carry, and are never data (RFC 6895 §3.1).
            if matches!(kind.0, 0 | 41 | 128..=255) {
                return Err(fault(format!("{kind} does not stand in zones")));
            }
            return Ok((ttl, kind));
        }
    }
}

fn is_other_class(token: &Token<'_>) -> bool {
    let prefix = token.text.get(..5).unwrap_or_default();
    ["CH", "CS", "HS", "ANY", "NONE"]
        .iter()
        .any(|class| token.is_word(class))
        || prefix.eq_ignore_ascii_case(b"CLASS") && !token.is_word("CLASS1")
}
