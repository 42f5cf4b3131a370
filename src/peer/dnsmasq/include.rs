//! What dnsmasq's files include: `conf-file`, `conf-dir` with its endings, `servers-file`.
//!
//! Source: dnsmasq(8), and `one_opt` in option.c; that relative names start where the program runs was measured with 2.90.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::place::quoted;
use super::super::source::entries;
use super::super::{Place, Reading};

/// What has been included so far.
#[derive(Debug, Default)]
pub(super) struct Included {
    /// How deep the file stands that is being read.
    pub(super) depth: usize,
    /// dnsmasq reads each file once.
    seen: BTreeSet<PathBuf>,
}

/// The files that an option names, with their texts.
pub(super) fn files(
    included: &mut Included,
    reading: &mut Reading,
    place: &Place,
    (name, value): (&str, &str),
) -> Vec<(Place, String)> {
    if !reading.may_include(place, included.depth) {
        return Vec::new();
    }
    let mut parts = value.split(',');
    let path = Path::new(parts.next().unwrap_or_default());
    let path = if path.is_absolute() {
        path.to_owned()
    } else {
        let folder = reading.file.parent().unwrap_or_else(|| Path::new(""));
        let found = folder.join(path);
        let problem = format!(
            "{}: dnsmasq looks for it where it is started, as a service in /; write the whole path, such as {}",
            quoted(value),
            quoted(&found.display().to_string())
        );
        reading.warning(place, problem);
        found
    };
    if name != "conf-dir" {
        return open(included, reading, place, &path).into_iter().collect();
    }
    let endings: Vec<&str> = parts.collect();
    match entries(&path) {
        Ok(mut paths) => {
            paths.retain(|path| is_read(path, &endings));
            let files = paths.iter();
            files
                .filter_map(|path| open(included, reading, place, path))
                .collect()
        }
        Err(error) => {
            let folder = quoted(&path.display().to_string());
            let problem = format!("{folder} cannot be read: {error}; dnsmasq does not start");
            reading.unread(place, problem);
            Vec::new()
        }
    }
}

fn open(
    included: &mut Included,
    reading: &mut Reading,
    from: &Place,
    path: &Path,
) -> Option<(Place, String)> {
    if let Ok(whole) = path.canonicalize()
        && !included.seen.insert(whole)
    {
        return None;
    }
    let file = Place::whole(path);
    let text = reading.text(&file, from)?;
    Some((file, text))
}

/// Which files of a folder dnsmasq reads: none of an editor, and by their endings, where `*` in front of one takes only those that
/// have it, and nothing in front leaves those out.
fn is_read(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let of_editor = name.ends_with('~')
        || name.starts_with('.')
        || name.starts_with('#') && name.ends_with('#');
    let mut wanted = endings
        .iter()
        .filter_map(|ending| ending.strip_prefix('*'))
        .filter(|ending| !ending.is_empty())
        .peekable();
    let is_wanted = wanted.peek().is_none() || wanted.any(|ending| name.ends_with(ending));
    let is_left_out = endings.iter().any(|ending| {
        let plain = !ending.starts_with('*') && !ending.is_empty();
        plain && name.ends_with(ending)
    });
    !of_editor && is_wanted && !is_left_out && path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_by_the_endings_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str, endings: &[&str]| {
            let path = folder.path().join(name);
            std::fs::write(&path, "").unwrap();
            is_read(&path, endings)
        };
        assert!(read("a.conf", &["*.conf"]) && read("a.conf", &[]) && read("a.conf", &[".bak"]));
        assert!(!read("a.conf.bak", &["*.conf"]) && !read("a.bak", &[".bak"]));
        assert!(!read("a.conf~", &[]) && !read(".a.conf", &[]) && !read("#a#", &[]));
        assert!(!is_read(folder.path(), &[]));
    }
}
