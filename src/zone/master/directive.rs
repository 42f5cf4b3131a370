//! What lines with a `$` say: `$ORIGIN` and `$INCLUDE` (RFC 1035 §5.1), `$TTL` (RFC 2308 §4), `$GENERATE` (BIND).

use super::lexer::Token;
use super::rdata::Fields;
use super::text::{self, BadEscape, Octet, Octets};
use super::{Fault, File, Reader, name};

/// How many files may include one another.
const MAX_DEPTH: usize = 8;

impl Reader<'_, '_> {
    /// Does what the directive says.
    pub(super) fn directive(
        &mut self,
        file: &mut File<'_>,
        directive: &Token<'_>,
        tokens: &[Token<'_>],
    ) -> Result<(), Fault> {
        let mut fields = Fields::new(tokens, directive.line);
        if directive.is_word("$ORIGIN") {
            let origin = name(fields.next("the origin")?, &file.origin)?;
            fields.end()?;
            file.origin = origin;
            Ok(())
        } else if directive.is_word("$TTL") {
            let token = fields.next("the TTL")?;
            let ttl = text::ttl(token).map_err(|problem| Fault::new(token.line, problem))?;
            fields.end()?;
            self.default_ttl = Some(ttl);
            Ok(())
        } else if directive.is_word("$INCLUDE") {
            self.include(file, &mut fields)
        } else if directive.is_word("$GENERATE") {
            self.generate(file, &mut fields)
        } else {
            let problem = format!(
                "{} is no directive; allowed: $ORIGIN, $TTL, $INCLUDE, $GENERATE; a name that begins with $ is written \\$",
                directive.shown()
            );
            Err(Fault::new(directive.line, problem))
        }
    }

    /// Reads another file here. Its origin and its owners do not outlive it.
    fn include(&mut self, file: &File<'_>, fields: &mut Fields<'_, '_>) -> Result<(), Fault> {
        let token = fields.next("the file")?;
        let line = token.line;
        let origin = match fields.peek() {
            Some(_) => name(fields.next("the origin")?, &file.origin)?,
            None => file.origin.clone(),
        };
        fields.end()?;
        if file.depth == MAX_DEPTH {
            let problem = format!("more than {MAX_DEPTH} files include one another");
            return self.stop(line, problem);
        }
        if self.left.files <= 1 {
            let problem = format!("the zone has more than {} files", self.limits.files);
            return self.stop(line, problem);
        }
        self.left.files -= 1;
        let path = path(token).ok_or_else(|| Fault::new(line, "it is no file name"))?;
        let source = (self.open)(&path).map_err(|problem| Fault::new(line, problem))?;
        let mut included = File {
            source: &source,
            origin,
            owner: None,
            depth: file.depth + 1,
            line: file.line.or(Some(line)),
        };
        self.file(&mut included)
            .map_err(|fault| Fault { line, ..fault })
    }
}

fn path(token: &Token<'_>) -> Option<String> {
    let octets = Octets(token.text)
        .map(|octet| octet.map(|(Octet::Plain(octet) | Octet::Escaped(octet))| octet));
    let octets: Result<Vec<u8>, BadEscape> = octets.collect();
    let path = String::from_utf8(octets.ok()?).ok()?;
    (!path.is_empty() && !path.contains('\0')).then_some(path)
}
