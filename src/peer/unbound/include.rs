//! What Unbound's files include.
//!
//! Source: unbound.conf(5), `config_start_include_glob` in util/configlexer.lex; that names are relative to `directory:` was measured
//! with 1.17.1. Where that is not set it is a folder of the build, in which the configuration itself lies, too.

use std::path::{Path, PathBuf};

use super::super::glob;
use super::super::place::quoted;
use super::super::{Place, Reading};

/// Where includes are looked for.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// How deep the file stands that is being read.
    pub(super) depth: usize,
    folder: Option<PathBuf>,
}

impl Files {
    /// `directory:`, from here on.
    pub(super) fn start_from(&mut self, folder: &str) {
        self.folder = Some(PathBuf::from(folder)).filter(|folder| folder.is_absolute());
    }

    /// The files that an include names, with their texts. A pattern may fit none.
    pub(super) fn open(
        &self,
        reading: &mut Reading,
        place: &Place,
        name: &str,
    ) -> Vec<(Place, String)> {
        if !reading.may_include(place, self.depth) {
            return Vec::new();
        }
        if name.is_empty() {
            reading.error(place, "include: names no file; Unbound does not start");
            return Vec::new();
        }
        let beside = reading.file.parent().unwrap_or_else(|| Path::new(""));
        let path = self.folder.as_deref().unwrap_or(beside).join(name);
        let paths = if glob::is_pattern(name) {
            glob::expand(&path)
        } else {
            vec![path]
        };
        let open = |path: PathBuf| {
            if path.is_dir() {
                let problem = format!(
                    "{} is a folder; write a pattern such as {}",
                    quoted(name),
                    quoted(&format!("{name}/*.conf"))
                );
                reading.unread(place, problem);
                return None;
            }
            let file = Place::whole(&path);
            let text = reading.text(&file, place)?;
            Some((file, text))
        };
        paths.into_iter().filter_map(open).collect()
    }
}
